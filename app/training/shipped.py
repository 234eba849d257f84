"""Everything that ships and hangs on the weights of Sprites, made anew by one command: make sprites-assets

What fits today's weights (app/training/made.py) is left alone, so that the command goes on where it was stopped.
"""

import argparse
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.common.paths import ROOT
from app.training.made import mark, stale

COMPARED = (
    "adacache-slow,adacache-fast,adacache-sprites-medium,adacache-sprites-fast,adacache-sprites-faster,"
    "adacache-sprites-fast-moreg,even-8,even-10,even-12,even-15,even-18,teacache-0.1,teacache-0.2,first-block-0.1,"
    "magcache-2.5x,easycache-0.1,seacache-0.4,adacache-slow+forecast,adacache-fast+forecast,"
    "adacache-sprites-medium+forecast,adacache-sprites-fast+forecast,adacache-sprites-faster+forecast,"
    "even-8+forecast,even-10+forecast,even-12+forecast,even-15+forecast,even-18+forecast,teacache-0.1+forecast,"
    "teacache-0.2+forecast,magcache-2.5x+forecast,seacache-0.4+forecast,dicache-0.1,dicache-0.15,pab-slow,pab-fast,"
    "tgate,delta-dit,fewer-steps-10,fewer-steps-15,fewer-steps-10+dpm-2m,fewer-steps-15+dpm-2m,even-10+forecast-2,"
    "first-block-0.1+forecast,easycache-0.1+forecast,teacache-0.3,teacache-0.3+forecast,"
    "adacache-sprites-fast-moreg+forecast"
)


@dataclass(frozen=True)
class Artefact:
    """One thing that ships: the modules that make it, and what of their folder becomes which file.

    `{work}` in an argument stands for the artefact's folder, where a long command keeps what it has, and
    `{workers}` for the number of processes that share a long one.
    """

    name: str
    commands: tuple[str, ...]  # what follows "python -m", words separated by spaces
    copies: tuple[tuple[str, str], ...] = ()  # (file in the folder, file in the repository)


# In this order: recordings are made with the codebooks, what is measured on recordings after them.
ARTEFACTS = (
    Artefact("codebooks", ("app.training.codebooks --recordings {work}",)),
    Artefact("magcache", ("app.training.magcache",)),
    Artefact("recordings", ("app.training.recordings",)),
    Artefact("figures", ("app.training.figures",)),
    Artefact("first-run", ("app.training.first_run",)),
    Artefact("gallery", ("app.training.gallery",)),
    Artefact(
        "predictions",
        ("app predictions --workers {workers} --out {work}",),
        (
            ("sprites.json", "assets/predictions/sprites.json"),
            ("sprites.svg", "docs/predictions.svg"),
        ),
    ),
    Artefact(
        "classifier",
        (
            "app judge --clips 200 --seed 0 --method none --out {work}",
            "app judge --clips 12 --seed 0 --method none --out {work}",  # the first of them, for the sheet
        ),
        (("sheet.png", "docs/sprites.png"),),
    ),
    Artefact(
        "comparison",
        (f"app compare --seeds 0 --methods {COMPARED} --workers {{workers}} --out {{work}}",),
        (
            ("table.json", "assets/compare/sprites.json"),
            ("plot.svg", "docs/compare.svg"),
        ),
    ),
    Artefact(
        "adaptivity",
        (
            "app calibrate --prompts assets/prompts/calibration.txt --formula paper --speedup 2.84"
            " --objective worst-picture --signals temporal-attn,velocity-length --out {work}/book.json",
            "app adaptivity --prompts assets/prompts/adaptivity.txt --seeds 0 --budget 10 --reuse hold"
            " --formula paper --codebook {work}/book.json --residual velocity-length --workers {workers}"
            " --out {work}",
        ),
        (("videos.jsonl", "docs/adaptivity.jsonl"),),
    ),
    Artefact(
        "study",
        (
            "app study create --prompts assets/prompts/compare.txt --pair adacache-sprites-slow:pab-slow"
            " --pair adacache-sprites-faster:adacache-sprites-faster-moreg --out assets/studies/sprites.zip",
        ),
    ),
)


def make(artefact: Artefact, work: Path, workers: int = 1, root: Path = ROOT) -> None:
    """Run the commands of one artefact and put its files in place; an error of a command ends here."""
    folder = work / artefact.name
    folder.mkdir(parents=True, exist_ok=True)
    for command in artefact.commands:
        words = [word.format(work=folder, workers=workers) for word in command.split()]
        subprocess.run([sys.executable, "-m", *words], cwd=root, check=True)
    for source, target in artefact.copies:
        shutil.copyfile(folder / source, root / target)


def main() -> None:
    """Make what is stale, or what is named; print what is left alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for rows and recordings on the way")
    parser.add_argument("--only", nargs="+", choices=[a.name for a in ARTEFACTS], help="these, stale or not")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes that share a long command")
    options = parser.parse_args()
    waiting = stale([artefact.name for artefact in ARTEFACTS])
    for artefact in ARTEFACTS:
        if artefact.name in (options.only or waiting):
            print(f"{artefact.name}: {waiting.get(artefact.name, 'asked for')}", flush=True)
            make(artefact, options.work.resolve(), options.workers)
            mark(artefact.name)
        else:
            why = "not asked for" if artefact.name in waiting else "fits the weights"
            print(f"{artefact.name}: left alone, {why}", flush=True)


if __name__ == "__main__":
    main()
