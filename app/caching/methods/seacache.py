"""SeaCache: TeaCache on an input that is filtered as noise would be removed from it, so that only content counts.

Park et al. 2026 (arXiv 2602.18993); filter and decisions as in jiwoogit/SeaCache.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from app.caching.branches import Branch
from app.caching.fields import Field
from app.caching.method import MethodKind, WholeStackMethod
from app.caching.methods.teacache import TeaCache, TeaCacheConfig
from app.caching.policy import RunShape, Signal
from app.caching.registry import register
from app.caching.rows import Curve, Window
from app.common.validation import number

MAX_THRESHOLD = 1000.0
MARGIN = 1e-6  # keeps signal and noise away from 0
EPSILON = 1e-16  # keeps frequency 0 and an empty spectrum from dividing by 0
AXES = (1, 2, 3)  # frames, height and width of (batch, frames, height, width, channels)


@dataclass(frozen=True)
class SeaCacheConfig(WholeStackMethod):
    """threshold: skipped while the summed relative change of the filtered input stays below it."""

    threshold: float = 0.3

    curves: ClassVar[tuple[Curve, ...]] = (
        Curve("distance", "change of the filtered input since the step before"),
        Curve("regularised", "summed since the last computed step"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        number("SeaCache threshold", self.threshold, 0, MAX_THRESHOLD)

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """The last step."""
        return (Window("always computed", (run.steps, run.steps), tuple(row.name for row in self.rows(run))),)


@dataclass
class SeaCache(TeaCache):
    """Filters the input for the noise of its timestep, then sums its changes with no polynomial."""

    config: TeaCacheConfig
    measuring: int = 6  # the filtered input, its difference, and two complex spectra while it is filtered
    _timesteps: tuple[float, ...] = field(default=())

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Only the input is observed."""
        self._timesteps = run.timesteps
        return super().start(run)

    def observe_signal(self, signal: Signal, value: Tensor) -> None:
        """Filter the modulated input (batch, frames, height, width, channels), measure its change and decide."""
        if value.dim() != 5:
            raise ValueError(
                "SeaCache filters over frames, height and width, which this model does not show apart"
            )
        all_frames = self._sharding.all_frames(value, dim=1)  # the filter's waves go through all of them
        clean = filtered(all_frames, self._timesteps[self._step - 1])
        super().observe_signal(signal, self._sharding.own_frames(clean, dim=1))


def filtered(tokens: Tensor, timestep: float) -> Tensor:
    """What a Wiener filter for content of spectrum 1 / f^3 leaves of tokens at `timestep` (0 to 1000)."""
    noise = min(max(timestep / 1000, MARGIN), 1 - MARGIN)
    signal = min(max(1 - timestep / 1000, MARGIN), 1 - MARGIN)
    gain = torch.ones([1] * tokens.dim(), device=tokens.device)
    for axis in AXES:
        frequency = torch.fft.fftfreq(tokens.shape[axis], device=tokens.device).abs()
        spectrum = 1 / (frequency**3 + EPSILON)
        along = signal * spectrum / (signal**2 * spectrum + noise**2 + EPSILON)
        gain = gain * along.view([-1 if place == axis else 1 for place in range(tokens.dim())])
    spectrum = torch.fft.fftn(tokens.float(), dim=AXES)
    return torch.fft.ifftn(spectrum * (gain / gain.mean()), dim=AXES).real.contiguous()


def build(config: SeaCacheConfig) -> SeaCache:
    """TeaCache's decisions, with the change itself as the estimate."""
    return SeaCache(TeaCacheConfig(config.threshold, reuse=config.reuse, solver=config.solver))


register(
    MethodKind(
        name="seacache",
        title="SeaCache",
        description="The first block's modulated input, in which TeaCache measures changes, is mostly noise in "
        "early steps. SeaCache first filters it along frames, height and width as a denoiser for that noise "
        "level would, low frequencies passing first, and sums the relative changes of what is left until a "
        "threshold is reached.",
        source="arXiv 2602.18993; github.com/jiwoogit/SeaCache",
        config=SeaCacheConfig,
        build=build,
        order=9,
        fields=(Field("threshold", "Threshold", "Steps are reused while the summed change is below it."),),
        setting="threshold",
        points=("0.2", "0.4", "0.8"),
        signals=frozenset({"modulated-input"}),
    )
)
