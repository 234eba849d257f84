"""Figures of the paper that need generating again: quality against fewer steps, and quality at a capped budget.

Fig. 2 (left): not every video breaks at the same number of steps. Fig. 3: the same number of computed steps,
spread over schedules of different lengths. Both measure a recording's request against its own unaccelerated run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.policy import CachePolicy, NoCache
from app.caching.schedule import Scheduled
from app.common.paths import FIGURES
from app.generation.denoiser import Denoiser
from app.lab.figures import Curve, Figure
from app.lab.recording import Recording
from app.metrics.quality.psnr import psnr
from app.metrics.quality.ssim import ssim
from app.models.base import Frames, VideoModel

FEWER = (4, 6, 8, 10, 12, 15, 20, 25)
BUDGET = 10  # computed steps
INTERVALS = (1, 2, 3, 5, 10)
REFERENCE_STEPS = 100
QUANTITIES = ("psnr_db", "ssim")


@dataclass(frozen=True)
class Quality:
    """Measures videos of one request against its reference."""

    model: VideoModel
    recording: Recording
    reference: Frames
    values: dict[str, list[float | None]] = field(default_factory=lambda: {name: [] for name in QUANTITIES})

    def add(self, video: Frames) -> None:
        """Measure one more video."""
        self.values["psnr_db"].append(psnr(self.reference, video))
        self.values["ssim"].append(ssim(self.reference, video))

    def curve(self, x: tuple[int, ...]) -> Curve:
        """What was measured, one value for each x."""
        values = {name: tuple(measured) for name, measured in self.values.items()}
        return Curve(self.recording.prompt, self.recording.seed, values, x)


def steps_figure(model: VideoModel, recordings: list[Recording], on_run: Callable[[], None]) -> Figure:
    """Quality of shorter schedules against the recording's own (Fig. 2, left)."""
    curves = []
    for recording in recordings:
        fewer = tuple(steps for steps in FEWER if steps < recording.asked)
        quality = Quality(model, recording, video(model, recording, recording.asked, NoCache()))
        for steps in fewer:
            quality.add(video(model, recording, steps, NoCache()))
            on_run()
        curves.append(quality.curve(fewer))
    title = "Quality of fewer steps, against all of them (Fig. 2, left)"
    return Figure(title, QUANTITIES, tuple(curves), x="steps")


def budget_figure(model: VideoModel, recordings: list[Recording], on_run: Callable[[], None]) -> Figure:
    """Quality of a fixed number of computed steps, reused at intervals over longer schedules (Fig. 3)."""
    lengths = tuple(BUDGET * interval for interval in INTERVALS)
    curves = []
    for recording in recordings:
        quality = Quality(model, recording, video(model, recording, REFERENCE_STEPS, NoCache()))
        for steps, interval in zip(lengths, INTERVALS, strict=True):
            quality.add(video(model, recording, steps, Scheduled(FixedIntervalConfig(interval))))
            on_run()
        curves.append(quality.curve(lengths))
    title = f"Quality of {BUDGET} computed steps in longer schedules, against {REFERENCE_STEPS} (Fig. 3)"
    return Figure(title, QUANTITIES, tuple(curves), x="base steps")


MEASURED: dict[str, Callable[[VideoModel, list[Recording], Callable[[], None]], Figure]] = {
    "steps": steps_figure,
    "budget": budget_figure,
}
RUNS = {"steps": len(FEWER), "budget": len(INTERVALS)}  # a recording, apart from its reference


def video(model: VideoModel, recording: Recording, steps: int, policy: CachePolicy) -> Frames:
    """The video of a recording's request in so many steps."""
    run = Denoiser.start(
        model,
        model.encode_prompt(recording.prompt),
        policy,
        seed=recording.seed,
        steps=steps,
        guidance=recording.guidance,
    )
    return run.finish().decode()


def shipped(kind: str, recordings: list[Recording], folder: Path = FIGURES) -> Figure:
    """The measured curves of some recordings from assets/figures; a ValueError says how to measure others."""
    models = {recording.model for recording in recordings}
    path = folder / f"{next(iter(models))}-{kind}.json"
    figure = Figure.load(path) if len(models) == 1 and path.is_file() else None
    wanted = {(recording.prompt, recording.seed) for recording in recordings}
    curves = [curve for curve in figure.curves if (curve.prompt, curve.seed) in wanted] if figure else []
    if figure is None or len(curves) < len(wanted):
        raise ValueError(f"not measured for all of these recordings; python -m app figure {kind} measures it")
    return Figure(figure.title, figure.quantities, tuple(curves), figure.x)
