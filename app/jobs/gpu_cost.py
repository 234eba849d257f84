"""What a run costs of a borrowed GPU, in seconds: said before it starts, and what is asked for.

Seconds are TFLOPs over the rate of the card, which is learned from the steps of every run; until there was one it
is taken from the paper's A100.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from statistics import median
from threading import Lock

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.record import StepRecord
from app.generation.request import Request
from app.lab.velocities import INTERVAL
from app.metrics.countable import Workload
from app.metrics.flops import COUNTABLE, TERA, step_count
from app.models.registry import card

# The paper's Table 1: 3230 TFLOPs in 54 s on an A100, 60 a second; half an H200, as ZeroGPU lends, has 1.6 times
# its peak.
FIRST_RATE = 90.0
MARGIN = 1.2  # asked for beyond the estimate: what is not back in time is lost
STEP_TFLOPS = 120.0  # of a model that cannot be counted: a step of Open-Sora at the paper's size, rounded up
LOADING_SECONDS = 60  # up to 25 GB of weights from the disk to the GPU
TEXT_TOKENS = 300  # what every T5 caption is padded to, at most
MOST_SECONDS = 300  # that one turn at a GPU may ask for
DAILY = "a visitor has about 120 s a day, 210 s with a free account"
FORCED = 4  # steps that AdaCache computes beside those its rates choose: two at either end
FEWEST = 3  # steps of a run from which a rate is learned


@dataclass
class Rates:
    """TFLOPs a second that models have shown on the card that is lent here."""

    known: dict[str, float] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, model: str) -> float:
        """The rate of a model's latest run; before one, the slowest known."""
        with self.lock:
            return self.known.get(model) or min(self.known.values(), default=FIRST_RATE)

    def learn(self, request: Request, records: Iterable[StepRecord]) -> None:
        """Take over what the computed steps of a run have shown."""
        seconds = [record.seconds for record in records if record.computed == "all"]
        if len(seconds) >= FEWEST and (typical := median(seconds)) > 0:
            with self.lock:
                self.known[request.model] = tflops(request)[0] / typical


RATES = Rates()


@dataclass(frozen=True)
class Cost:
    """Seconds of a GPU that a run asks for, a turn each: both sides at once, or the baseline before the other."""

    turns: tuple[int, ...]

    @property
    def refusal(self) -> str | None:
        """Why it cannot be made here; none where it can."""
        if max(self.turns) <= MOST_SECONDS:
            return None
        return (
            f"this run would take {max(self.turns)} s of a GPU at a time, and {MOST_SECONDS} s may be asked for; "
            "choose fewer steps or a smaller size"
        )

    def __str__(self) -> str:
        total = sum(self.turns)
        turns = "" if len(self.turns) == 1 else f" in {len(self.turns)} turns, the baseline first"
        return f"Asking for {total} s of a GPU{turns}; {DAILY}"


def cost_of(request: Request, *, kept: bool) -> Cost:
    """What a run costs; `kept`: its baseline is there already. In two turns where one would be too long."""
    second = accelerated_seconds(request)
    if kept:
        return Cost((second,))
    whole = _seconds(request, request.steps + most_computed(request), 2)
    return Cost((whole,)) if whole <= MOST_SECONDS else Cost((baseline_seconds(request), second))


def baseline_seconds(request: Request) -> int:
    """Of the baseline alone, without its video."""
    return _seconds(request, request.steps, 0)


def accelerated_seconds(request: Request) -> int:
    """Of the accelerated side against a baseline that is there: its first step is made anew, both are decoded."""
    return _seconds(request, 1 + most_computed(request), 2)


def recording_seconds(request: Request) -> int:
    """Of a recording: the baseline, and its reference run that computes every third step."""
    return _seconds(request, request.steps + ceil(request.steps / INTERVAL), 2)


def most_computed(request: Request) -> int:
    """Steps that the accelerated side computes at most: AdaCache's lowest rate bounds it, other methods all."""
    method, steps = request.method, request.method.run_steps(request.steps)
    if not isinstance(method, AdaCacheConfig):
        return steps
    lowest = method.rate(len(method.codebook.rates) - 1, steps)
    return min(steps, ceil(steps / lowest) + FORCED)


def tflops(request: Request) -> tuple[float, float]:
    """TFLOPs of a step and of decoding a video; of models that cannot be counted, a step that is large enough."""
    if request.model not in COUNTABLE:
        return STEP_TFLOPS, STEP_TFLOPS
    size = request.size or card(request.model).size
    work = Workload(size.height, size.width, size.frames, request.steps, TEXT_TOKENS)
    step = step_count(request.model, work)
    total = step.rest.total + sum(count.total for count in step.branches.values())
    return total / TERA, COUNTABLE[request.model].decode(work).total / TERA


def _seconds(request: Request, steps: int, decodings: int) -> int:
    step, decoding = tflops(request)
    computing = (steps * step + decodings * decoding) / RATES.of(request.model)
    return LOADING_SECONDS + ceil(MARGIN * computing)
