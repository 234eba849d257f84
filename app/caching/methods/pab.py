"""Pyramid Attention Broadcast: each kind of attention is computed every so many steps within a timestep window.

Zhao et al. 2024 (arXiv 2408.12588); decisions as in VideoSys (videosys/core/pab/pab_mgr.py).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch

from app.caching.branches import Branch
from app.caching.fields import Field
from app.caching.method import Method, MethodKind
from app.caching.policy import Granularity, Plan, RunShape
from app.caching.registry import register
from app.caching.rows import BranchRow, Window, kind_row
from app.caching.schedule import Scheduled
from app.common.validation import number, whole

Precision = Literal["float32", "bfloat16"]
MAX_RANGE = 1000
MAX_BLOCK = 1000
MAX_TIMESTEP = 1000


@dataclass(frozen=True)
class MLPBroadcast:
    """MLP residuals computed at a listed timestep are reused in the `steps` steps after it.

    timesteps: whole numbers; those that a run does not visit have no effect. blocks: where, in both parts.
    """

    timesteps: tuple[int, ...]
    blocks: tuple[int, ...]
    steps: int = 2

    def __post_init__(self) -> None:
        for name, values, high in (
            ("MLP broadcast timestep", self.timesteps, MAX_TIMESTEP),
            ("MLP broadcast block", self.blocks, MAX_BLOCK),
        ):
            if not isinstance(values, tuple) or not values:
                raise ValueError(f"{name}s must be listed, got {values!r}")
            for value in values:
                whole(name, value, 0, high)
        whole("MLP broadcast steps", self.steps, 1, MAX_RANGE)


@dataclass(frozen=True)
class PABConfig(Method):
    """Broadcast ranges and their window.

    spatial, temporal, cross: steps per computed one for each attention, 1 for no broadcast. Steps are counted from
    the start of the run, so the first one inside the window need not be computed. window: (low, high), exclusive,
    on the timestep cut to a whole number. precision: in which timesteps are compared; the released pipeline runs
    in bfloat16, and only so do Open-Sora's timesteps meet its MLP keys.
    """

    spatial: int = 2
    temporal: int = 4
    cross: int = 6
    window: tuple[float, float] = (450, 930)
    mlp: MLPBroadcast | None = None
    precision: Precision = "float32"

    granularity: ClassVar[Granularity] = "branches"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("spatial", "temporal", "cross"):
            whole(f"{name} range", getattr(self, name), 1, MAX_RANGE)
        if not isinstance(self.window, tuple) or len(self.window) != 2:
            raise ValueError(f"PAB window must be timesteps (low, high), got {self.window!r}")
        for end in self.window:
            number("PAB window", end, 0, MAX_TIMESTEP)
        if self.window[0] >= self.window[1]:
            raise ValueError(f"PAB window must be timesteps (low, high) with low < high, got {self.window}")
        if self.precision not in get_args(Precision):
            known = ", ".join(get_args(Precision))
            raise ValueError(f"PAB precision must be one of {known}, got {self.precision!r}")

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """What each step computes; a ValueError where the model does not show attention and MLP apart."""
        run.require_attention("PAB")
        timesteps = whole_timesteps(run.timesteps, self.precision)
        return tuple(
            frozenset(branch for branch in run.branches if not self._reuses(index, timesteps, branch))
            for index in range(run.steps)
        )

    def rows(self, run: RunShape) -> tuple[BranchRow, ...]:
        """The three kinds of attention, and the MLPs by whether they are broadcast."""
        listed = () if self.mlp is None else self.mlp.blocks
        others = tuple(block for block in range(run.depth) if block not in listed)
        return (
            *kind_row(run, "spatial", "spatial attention", ("attn",), ("spatial",)),
            *kind_row(run, "temporal", "temporal attention", ("attn",), ("temporal",)),
            *kind_row(run, "cross", "cross-attention", ("cross",)),
            *kind_row(run, "MLP", "MLPs that are broadcast", ("mlp",), blocks=listed),
            *kind_row(run, "other MLPs" if listed else "MLP", "MLPs, always computed", ("mlp",), blocks=others),
        )

    def windows(self, run: RunShape) -> tuple[Window, ...]:
        """Where attention is broadcast, and the steps after each MLP timestep that the run visits."""
        timesteps = whole_timesteps(run.timesteps, self.precision)
        low, high = self.window
        inside = [step for step, t in enumerate(timesteps, start=1) if low < t < high]
        found = []
        if inside:
            about = f"broadcast window, timesteps {low:g} to {high:g}"
            found.append(Window(about, (inside[0], inside[-1]), ("spatial", "temporal", "cross")))
        if self.mlp is not None and any(block < run.depth for block in self.mlp.blocks):
            starts = sorted(timesteps.index(key) + 1 for key in self.mlp.timesteps if key in timesteps)
            found += [
                Window("MLP broadcast", (start, min(start + self.mlp.steps, run.steps)), ("MLP",))
                for start in starts
            ]
        return tuple(found)

    def _reuses(self, index: int, timesteps: list[int], branch: Branch) -> bool:
        if branch.kind == "mlp":
            return self.mlp is not None and reuses_mlp(self.mlp, timesteps, index, branch.block)
        every = (
            self.cross if branch.kind == "cross" else self.spatial if branch.part == "spatial" else self.temporal
        )
        return index % every != 0 and self.window[0] < timesteps[index] < self.window[1]


def whole_timesteps(timesteps: tuple[float, ...], precision: Precision) -> list[int]:
    """Timesteps as the released code sees them: rounded to the precision it runs in, then cut."""
    rounded = torch.tensor(timesteps, dtype=torch.float32).to(getattr(torch, precision))
    return [int(timestep) for timestep in rounded.tolist()]


def reuses_mlp(mlp: MLPBroadcast, timesteps: list[int], index: int, block: int) -> bool:
    """Whether the step lies within a broadcast that an earlier step began; keys compare by value, as upstream."""
    current = timesteps[index]
    if block not in mlp.blocks or current in mlp.timesteps:
        return False
    starts = [timesteps.index(key) for key in mlp.timesteps if key in timesteps]
    return any(current in timesteps[start + 1 : start + 1 + mlp.steps] for start in starts)


register(
    MethodKind(
        name="pab",
        title="Pyramid Attention Broadcast",
        description="In the middle of the schedule attention changes little from step to step, and the kinds "
        "differ: spatial attention changes most, temporal less, cross-attention least. Each is therefore "
        "computed every so many steps, the pyramid, and its output broadcast to the steps between; some MLPs "
        "likewise. The schedule is the same for every video.",
        source="Zhao et al. 2024, arXiv 2408.12588; github.com/NUS-HPC-AI-Lab/VideoSys",
        config=PABConfig,
        build=Scheduled,
        order=12,
        fields=(
            Field("spatial", "Spatial attention: one step in", "1 computes it in every step."),
            Field("temporal", "Temporal attention: one step in", "It changes less, and can wait longer."),
            Field("cross", "Cross-attention: one step in", "It changes least of the three."),
            Field(
                "window", "Broadcast window", "Timesteps, 1000 being pure noise; outside of it all is computed."
            ),
            Field("mlp", "Broadcast MLPs too", "Off: MLPs are computed in every step."),
            Field("mlp.timesteps", "Computed at timesteps", "Those a run does not visit have no effect."),
            Field("mlp.blocks", "In blocks", "Counted from 0, spatial and temporal alike."),
            Field("mlp.steps", "Reused in the next … steps", "After each of these timesteps."),
            Field("precision", "Precision of timesteps", "The released pipeline runs in bfloat16."),
        ),
        attention=True,
    )
)
