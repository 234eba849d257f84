"""Runs through the real package spaces: what a ZeroGPU Space does, as far as it goes without a GPU."""

import json
import subprocess
import sys
from pathlib import Path

from app.common.paths import ROOT


def test_runs_end_stop_and_fail_over_there_and_the_next_one_works(checkpoint: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.space", str(checkpoint), str(tmp_path)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert made.returncode == 0, made.stderr[-2000:]
    lines = [json.loads(line) for line in made.stdout.splitlines() if line.startswith("{")]
    whole, stopped, failed, after = lines
    for run in (whole, after):
        assert run["events"][:2] == ["Loading", "Started"]
        assert run["events"][-1] == "Compared"
        assert run["events"].count("Step") == 2 * 3
        assert {"baseline.mp4", "accelerated.mp4", "recording.json", "trace.json"} <= set(run["files"])
    assert stopped["events"][-1] == "Stopped"
    assert stopped["events"].count("Step") == 1
    assert failed["events"] == ["Loading", "Failed"]
    assert failed["said"] == "ZeroGPU worker error: RuntimeError"
    for run in lines:
        (first, asked), *rest = run["asked"]
        assert first == "/schedule"
        assert f"Asking for {asked['durationSeconds']} s of a GPU" in run["asking"]
        assert [what for what, _ in rest if what != "/allow"] == ["/release"]
