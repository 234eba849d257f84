"""Everything that ships and hangs on the weights of Sprites: python -m app.training.shipped

After every training: the Lab's recordings, the paper's figures measured on them, and the gallery and the run that
the page opens with. Codebooks are calibrated by app.training.codebooks before, on recordings of their own.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from tqdm import tqdm

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.common.files import write_json
from app.common.paths import ASSETS, FIGURES, FIRST_RUN, GALLERY, RECORDINGS
from app.generation.events import Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.measured import MEASURED, RUNS
from app.lab.recording import Recording
from app.models.base import VideoModel
from app.models.registry import load_model
from app.training.gallery import make_gallery, weights_hash
from app.training.recordings import PROMPTS, record_all

MODEL = "sprites"
FIRST_PROMPT = "a car moving right fast in the desert"


def main() -> None:
    """Make all of it anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ASSETS, help="folder of assets to write into")
    out = parser.parse_args().out
    model = load_model(MODEL)
    recordings = record_all(model, out / RECORDINGS.relative_to(ASSETS))
    measure_figures(model, recordings, out / FIGURES.relative_to(ASSETS))
    clips = dict(zip(PROMPTS, recordings, strict=True))
    make_gallery(model, clips, out / GALLERY.relative_to(ASSETS), weights_hash())
    make_first_run(model, out / FIRST_RUN.relative_to(ASSETS))


def measure_figures(model: VideoModel, recordings: list[Recording], folder: Path) -> None:
    """The figures of the paper that need generating, on all recordings."""
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(total=len(recordings) * sum(RUNS.values()), unit="run") as bar:
        for kind, make in MEASURED.items():
            figure = make(model, recordings, lambda: bar.update() and None)
            write_json(folder / f"{model.card.id}-{kind}.json", figure.to_json(), compact=True)


def make_first_run(model: VideoModel, folder: Path) -> None:
    """The run that the page shows before anything is generated, its baseline undisturbed."""
    card = model.card
    method = AdaCacheConfig(presets()[card.codebook].codebook, motion=card.motion)
    request = Request(card.id, FIRST_PROMPT, method, steps=card.steps, guidance=card.guidance)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as making:
        *_, last = generate_pair(request, Path(making), sequential=True, load=lambda _: model)
        if isinstance(last, Failed):
            raise RuntimeError(last.message)
        shutil.copytree(making, folder, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
