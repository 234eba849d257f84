"""The scripts of the page: their unit tests, run by node's own runner where node is installed."""

import json
import math
import shutil
import subprocess
from random import Random

import pytest

from app.caching.codebook import Codebook
from tests.support.paths import ROOT

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed; tests/browser drives the scripts in Chromium")
def test_the_scripts_pass_their_unit_tests() -> None:
    assert NODE is not None
    files = sorted((ROOT / "tests" / "web").glob("*.test.js"))
    assert files
    done = subprocess.run([NODE, "--test", *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(NODE is None, reason="node is not installed; the preview is drawn by the script")
def test_the_preview_of_a_dragged_threshold_decides_as_a_run_does() -> None:
    """Random codebooks and distances, the thresholds themselves, NaN and infinity among them."""
    assert NODE is not None
    random, cases, expected = Random(0), [], []
    for _ in range(300):
        rows = random.randint(1, 8)
        thresholds = sorted({round(random.uniform(0.001, 1), 4) for _ in range(rows)})
        rates = sorted((random.randint(1, 12) for _ in thresholds), reverse=True)
        codebook = Codebook(tuple(thresholds), tuple(rates))
        distances = [*thresholds, 0.0, math.inf, math.nan, *(random.uniform(0, 1.2) for _ in range(5))]
        cases.append({"thresholds": thresholds, "rates": rates, "distances": list(map(str, distances))})
        expected.append([codebook.rate(distance) for distance in distances])
    script = f"""
        import {{ rateOf }} from {json.dumps((ROOT / "assets/web/shared/codebook-editing.js").as_uri())};
        import {{ number }} from {json.dumps((ROOT / "assets/web/shared/format.js").as_uri())};
        import {{ readFileSync }} from "node:fs";
        const read = (text) => (Number.isFinite(Number(text)) ? Number(text) : number(text));
        const cases = JSON.parse(readFileSync(0, "utf8"));
        const rates = cases.map((given) => given.distances.map((text) => rateOf(given, read(text))));
        console.log(JSON.stringify(rates));
    """
    command = [NODE, "--input-type=module", "--eval", script]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected
