"""The converged reference: what a prompt and seed look like when sampling is no longer the error.

200 steps of DPM-Solver++(2M), made once per prompt and seed and kept. Against it the unaccelerated baseline has an
error of its own: differences between methods that are smaller than that are not worth having.
"""

from pathlib import Path

import numpy as np

from app.caching.policy import NoCache
from app.common.files import atomic_path
from app.generation.denoiser import Denoiser
from app.models.base import Frames, VideoModel

STEPS = 200


def converged_video(model: VideoModel, prompt: str, seed: int, guidance: float, path: Path) -> Frames | None:
    """The reference (frames, height, width, 3), kept in a file; none where the solver does not fit the model."""
    if not model.card.flow:
        return None
    if path.is_file():
        frames: Frames = np.load(path)
        return frames
    steps = min(STEPS, model.card.max_steps)
    conditioning = model.encode_prompt(prompt)
    run = Denoiser.start(
        model, conditioning, NoCache(), seed=seed, steps=steps, guidance=guidance, solver="dpm-2m"
    )
    video = run.finish().decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        np.save(temporary, video)
    return video
