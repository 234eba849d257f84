"""Paths of the files that ship with the project: one constant for each folder or file of assets/.

Nothing else in the code spells out where assets lie.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"

CODEBOOKS = ASSETS / "codebooks"  # one JSON a preset
METHODS = ASSETS / "methods"  # published settings, one JSON a model
COMPARISONS = ASSETS / "compare"  # tables of python -m app compare
RECORDINGS = ASSETS / "recordings"  # baselines recorded for the Lab
GALLERY = ASSETS / "gallery"  # clips of the recordings for the page's first view
PREDICTIONS = ASSETS / "predictions"  # how well the Lab predicts pictures, one JSON a model
FIGURES = ASSETS / "figures"  # figures of the paper that need generating
PALETTE = ASSETS / "palette.json"  # the colours of families of methods, light and dark
PROMPT_LIBRARY = ASSETS / "prompts.json"  # the paper's prompts by figure
PAPER = ASSETS / "paper"  # the numbers of the paper's tables
COMPARISON_PROMPTS = ASSETS / "prompts" / "compare.txt"
SPRITES = ASSETS / "sprites"  # weights, vocabulary and first run of the embedded model
FIRST_RUN = SPRITES / "first_run"
OPEN_SORA_SIZES = ASSETS / "open_sora" / "sizes.json"
MODEL_NEEDS = ASSETS / "models" / "needs.json"  # memory of the published diffusers models
STUDIES = ASSETS / "studies"  # user studies that ship, without answers
WEB = ASSETS / "web"  # scripts and styles of the page, a folder a room
