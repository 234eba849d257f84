"""measure(setting) -> FullSize: what a step of a full-size model costs on a device, and AdaCache as in the paper.

The paper's numbers of computed steps are reached by codebooks chosen on a recording of the same random weights,
whose distances are no video's: nothing here speaks of quality.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import median

import torch

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.policy import CachePolicy, NoCache
from app.caching.registry import build_policy
from app.common.validation import whole
from app.evaluation.paper import table_1
from app.generation.denoiser import Denoiser, clock
from app.generation.video import preview_webp
from app.lab.calibrate import Wish, choose, score_family
from app.lab.objective import OBJECTIVES
from app.lab.record import record
from app.lab.recording import MIN_SECONDS
from app.models.base import VideoModel
from app.models.open_sora.card import CARD
from app.models.open_sora.sizes import SIZES
from app.models.published import PublishedModel
from app.models.size import Size
from app.selftest.full_size import Architecture, random_open_sora

BASELINE_STEPS = 8  # timed of a baseline; all of its steps compute the same
EVERY_OTHER = AdaCacheConfig(Codebook((1.0,), (2,)))
REUSING_STEPS = 8  # of a run that reuses every other step, from which a reused step is timed
# Computed steps of 30 that the FLOPs of the paper's Table 1 imply, by its rows.
TABLE_1_STEPS = {"adacache-fast": 12.4, "adacache-slow": 20.4}


@dataclass(frozen=True)
class Setting:
    """What is measured: a size and a number of steps; counts: computed steps wished, by the paper's row."""

    title: str
    size: Size
    steps: int
    counts: Mapping[str, float] = field(default_factory=dict)
    built: Architecture = Architecture()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        whole("steps of a measured run", self.steps, REUSING_STEPS, 1000)


SETTINGS = (
    Setting("480p, 2 s, 30 steps", SIZES.size("480p", "9:16", "2s"), 30, TABLE_1_STEPS),
    Setting("720p, 2 s, 100 steps", SIZES.size("720p", "9:16", "2s"), 100),
)


@dataclass(frozen=True)
class Accelerated:
    """A whole run with AdaCache; the ratio is of latencies with decoding, as the paper's."""

    row: str
    computed: int
    seconds: float  # of denoising
    ratio: float
    efficiency: float  # speedup of denoising over steps / computed: 1 if reusing and measuring cost nothing
    paper: float | None  # its ratio, on an A100


@dataclass(frozen=True)
class FullSize:
    """What was measured of a setting. Bytes are none where the device does not tell them."""

    setting: str
    steps: int
    computed_seconds: float
    reused_seconds: float
    decode_seconds: float
    preview_seconds: float  # what the page adds to a step that it shows
    planned_bytes: int
    peak_bytes: int | None
    runs: tuple[Accelerated, ...]

    def lines(self) -> list[str]:
        """As the command prints it."""
        peak = "not told here" if self.peak_bytes is None else f"{self.peak_bytes / 2**30:.1f} GB"
        return [
            f"{self.setting}: a computed step {self.computed_seconds:.3f} s, "
            f"a reused one {self.reused_seconds:.4f} s, decoding {self.decode_seconds:.2f} s, "
            f"a preview {self.preview_seconds:.3f} s; "
            f"peak memory {peak}, planned {self.planned_bytes / 2**30:.1f} GB",
            *(
                f"  {run.row}: {run.computed} of {self.steps} steps computed, {run.ratio:.2f}x with decoding "
                f"(paper {'-' if run.paper is None else f'{run.paper:.2f}x'}), efficiency {run.efficiency:.2f}"
                for run in self.runs
            ),
        ]


def measure(setting: Setting, device: torch.device, dtype: torch.dtype) -> FullSize:
    """Measure a setting with random weights on a device."""
    model = random_open_sora(device, dtype, setting.size, setting.built)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    baseline = _run(model, NoCache(), setting.steps, BASELINE_STEPS)
    computed = median(record.seconds for record in baseline.records)
    reusing = _run(model, build_policy(EVERY_OTHER), setting.steps, REUSING_STEPS)
    reused = median(record.seconds for record in reusing.records if record.computed == "none")
    decode = _seconds(model, lambda: baseline.decode())
    preview = _seconds(model, lambda: preview_webp(model.preview(baseline.latent), model.card.fps))
    books = codebooks(model, setting)
    published = table_1()[CARD.id].rows
    runs = []
    for row, book in books.items():
        run = _run(model, build_policy(AdaCacheConfig(book)), setting.steps, setting.steps)
        whole_seconds = computed * setting.steps
        count = len(run.computed_steps)
        runs.append(
            Accelerated(
                row,
                count,
                run.seconds,
                (whole_seconds + decode) / (run.seconds + decode),
                whole_seconds / run.seconds / (setting.steps / count),
                published[row].speedup if row in published else None,
            )
        )
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    return FullSize(
        setting.title,
        setting.steps,
        computed,
        reused,
        decode,
        preview,
        model.parts.plan.peak,
        peak,
        tuple(runs),
    )


def codebooks(model: VideoModel, setting: Setting) -> dict[str, Codebook]:
    """For each wished count the codebook that comes nearest to it on a recording of this very run."""
    if not setting.counts:
        return {}
    made = record(model, "", seed=0, steps=setting.steps, guidance=model.card.guidance)
    free = replace(made, computed_seconds=1.0, reused_seconds=MIN_SECONDS)  # so that steps alone are counted
    scores = score_family([free], AdaCacheConfig(Codebook((1.0,), (1,))), OBJECTIVES["probe"])
    return {
        row: choose(scores, [0], Wish(setting.steps / count)).codebook for row, count in setting.counts.items()
    }


def _run(model: VideoModel, policy: CachePolicy, steps: int, made: int) -> Denoiser:
    """A run of which so many steps are made."""
    conditioning = model.encode_prompt("")
    run = Denoiser.start(model, conditioning, policy, seed=0, steps=steps, guidance=model.card.guidance)
    for _ in range(made):
        run.advance()
    return run


def _seconds(model: PublishedModel, act: Callable[[], object]) -> float:
    """How long something takes the second time it is done."""
    there = torch.zeros((), device=model.parts.plan.device)
    act()
    started = clock(there)
    act()
    return clock(there) - started
