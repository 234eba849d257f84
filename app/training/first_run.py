"""The run that the page opens with: python -m app.training.first_run

Generated with the model's own settings, its baseline undisturbed, into assets/sprites/first_run.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.common.paths import FIRST_RUN
from app.generation.events import Failed
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.pair_recorder import PairRecorder
from app.models.base import VideoModel
from app.models.registry import load_model

FIRST_PROMPT = "many balloons rising slowly in the sky"


def make_first_run(model: VideoModel, folder: Path) -> None:
    """Generate the pair and put its files into the folder once all are there."""
    card = model.card
    method = AdaCacheConfig(presets()[card.codebook].codebook, motion=card.motion)
    request = Request(card.id, FIRST_PROMPT, method, steps=card.steps, guidance=card.guidance)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as making:
        *_, last = generate_pair(
            request, Path(making), sequential=True, load=lambda _: model, watch=PairRecorder.of
        )
        if isinstance(last, Failed):
            raise RuntimeError(last.message)
        shutil.copytree(making, folder, dirs_exist_ok=True)


def main() -> None:
    """Make it anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FIRST_RUN)
    make_first_run(load_model("sprites"), parser.parse_args().out)


if __name__ == "__main__":
    main()
