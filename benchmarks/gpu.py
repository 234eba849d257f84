"""Full-size random weights on this machine's GPU, as docs/gpu.md shows them: python -m benchmarks.gpu

Measures what `python -m app selftest` measures on a GPU and writes docs/gpu.md with the card's name. Without a GPU
it exits 1 and leaves the file as it is.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import torch

from app.common.files import atomic_path
from app.common.paths import ROOT
from app.models.runtime.device import device_name
from app.selftest.measure import SETTINGS, FullSize, measure

PAGE = ROOT / "docs" / "gpu.md"


def main() -> int:
    """Measure every setting, print one JSON line each, and write the page."""
    if not torch.cuda.is_available():
        print(
            f"there is no GPU that PyTorch {torch.__version__} can use; {PAGE.name} stays as it is",
            file=sys.stderr,
        )
        return 1
    device = torch.device("cuda", torch.cuda.current_device())
    found = []
    for setting in SETTINGS:
        found.append(measure(setting, device, torch.bfloat16))
        print(json.dumps(asdict(found[-1])), flush=True)
    write(PAGE, page(device_name(), found))
    return 0


def page(card: str, found: Sequence[FullSize]) -> str:
    """The page: what was measured where, a table of the steps, one of the runs, and what they cannot say."""
    steps = [
        f"| {one.setting} | {one.computed_seconds:.3f} | {one.reused_seconds:.4f} | {one.decode_seconds:.2f} "
        f"| {one.preview_seconds:.3f} | {gigabytes(one.peak_bytes)} | {gigabytes(one.planned_bytes)} |"
        for one in found
    ]
    runs = [
        f"| {one.setting} | {run.row} | {run.computed} of {one.steps} | {run.seconds:.2f} | {run.ratio:.2f}x "
        f"| {'-' if run.paper is None else f'{run.paper:.2f}x'} | {run.efficiency:.2f} |"
        for one in found
        for run in one.runs
    ]
    return "\n".join(
        [
            "# On a GPU",
            "",
            f"Measured on one {card}, {date.today()}, PyTorch {torch.__version__}, bfloat16, by",
            "`python -m benchmarks.gpu`: Open-Sora 1.2 at full size with random weights, so what is said here is",
            "speed and memory, not quality.",
            "",
            "| setting | computed step, s | reused step, s | decoding, s | preview, s | peak memory | planned |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *steps,
            "",
            "Latency of a whole run with AdaCache at the numbers of computed steps that the FLOPs of the paper's",
            "Table 1 imply; ratios with decoding, the paper's on one A100. Efficiency is the speedup of denoising",
            "over steps / computed. A baseline's seconds are the median of its first steps times their number.",
            "",
            "| setting | method | computed | denoising, s | ratio | paper | efficiency |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *runs,
            "",
        ]
    )


def gigabytes(size: int | None) -> str:
    """Bytes as the tables show them."""
    return "-" if size is None else f"{size / 2**30:.1f} GB"


def write(path: Path, text: str) -> None:
    """Write the page, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
