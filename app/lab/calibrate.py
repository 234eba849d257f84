"""Find a codebook for a wished speedup or quality from recordings, instead of eyeballing thresholds.

The family: thresholds a, a + b, a + 2b, ... over a ladder of rates, the shape of every published codebook. Each
member is simulated on every recording; what is best on some prompts is then judged on the others.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from statistics import mean, pstdev

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.common.validation import number
from app.lab.objective import OBJECTIVES, Objective, usual_objective
from app.lab.recording import Recording
from app.lab.replay import Replay
from app.lab.simulate import check_probe, simulate

FIRST_THRESHOLDS = 24
SPACINGS = (0.25, 0.5, 1.0, 2.0)  # of the first threshold
FOLDS = 4
MAX_DB = 200.0
PROBE = OBJECTIVES["probe"]

Score = tuple[float, float]  # predicted speedup and loss on one recording
Scores = dict[Codebook, list[Score]]


@dataclass(frozen=True)
class Wish:
    """What a codebook is calibrated for: a speedup, or the largest loss it may have; one of them."""

    speedup: float | None = None
    loss: float | None = None  # of the objective: an error of the probe, or dB of PSNR with the sign turned

    def __post_init__(self) -> None:
        if (self.speedup is None) == (self.loss is None):
            raise ValueError("calibrate for either a speedup or a quality")
        if self.speedup is not None:
            number("the wished speedup", self.speedup, 0, math.inf)
            if self.speedup <= 1:
                raise ValueError(f"the wished speedup must be above 1, got {self.speedup:g}")

    @classmethod
    def of(
        cls,
        objective: Objective,
        speedup: float | None = None,
        error: float | None = None,
        db: float | None = None,
    ) -> "Wish":
        """From what a person asks for; a ValueError where the objective does not speak of it."""
        if error is not None:
            number("the wished error", error, 0, math.inf)
            if error <= 0:
                raise ValueError(f"the wished error must be positive, got {error:g}")
            if objective.of_picture:
                raise ValueError("an error is of the probe: give --objective probe, or --db for the picture")
        if db is not None:
            number("the wished PSNR", db, 0, MAX_DB)
            if not objective.of_picture:
                raise ValueError("dB are of the picture: give --objective picture or worst-picture")
        if error is not None and db is not None:
            raise ValueError("calibrate for either a speedup or a quality")
        return cls(speedup, -db if db is not None else error)

    def check(self, count: int, steps: int) -> None:
        """A ValueError where no recordings, whatever they hold, can fulfil it: `count` of them, `steps` each."""
        if self.speedup is not None and self.speedup > steps:
            raise ValueError(f"{steps} steps allow at most {steps}x, the wished speedup is {self.speedup:g}")
        check_count(count)


@dataclass(frozen=True)
class Candidate:
    """A codebook with its mean predicted speedup and its loss over some recordings."""

    codebook: Codebook
    speedup: float
    loss: float


@dataclass(frozen=True)
class Calibration:
    """The chosen codebook, the front it lies on, and how the same choice did on prompts it had not seen.

    held_out: for each fold, mean predicted speedup and loss on the recordings left out of the choice.
    """

    chosen: Candidate
    front: tuple[Candidate, ...]
    held_out: tuple[Score, ...]

    @property
    def held_out_speedup(self) -> tuple[float, float]:
        """Mean and standard deviation over the folds."""
        return mean(s for s, _ in self.held_out), pstdev(s for s, _ in self.held_out)

    @property
    def held_out_loss(self) -> float:
        """Mean over the folds."""
        return mean(loss for _, loss in self.held_out)


def calibrate(
    recordings: list[Recording],
    method: AdaCacheConfig,
    *,
    speedup: float | None = None,
    db: float | None = None,
    error: float | None = None,
    objective: Objective | None = None,
) -> Calibration:
    """Choose the best codebook at a wished speedup, or the fastest within a wished predicted PSNR or error.

    `method` gives everything but the codebook; objective: by default the mean predicted picture where the
    recordings can tell it, the probe for a wished error. A ValueError says why there is no choice.

    >>> calibrate(recordings, AdaCacheConfig(load_codebook("fast")), speedup=2.0).chosen.codebook  # doctest: +SKIP
    """
    if objective is None:
        objective = PROBE if error is not None else usual_objective(recordings)
    wish = Wish.of(objective, speedup, error, db)
    return calibrate_scores(score_family(recordings, method, objective), len(recordings), wish, objective)


def calibrate_scores(scores: Scores, count: int, wish: Wish, objective: Objective = PROBE) -> Calibration:
    """The same from the scores of the family on `count` recordings."""
    check_count(count)
    everyone = range(count)
    chosen = choose(scores, everyone, wish, objective)
    held_out = []
    for fold in range(min(FOLDS, count)):
        left_out = [i for i in everyone if i % FOLDS == fold]
        rest = [i for i in everyone if i % FOLDS != fold]
        codebook = choose(scores, rest, wish, objective).codebook
        judged = _candidate(codebook, scores[codebook], left_out, objective)
        held_out.append((judged.speedup, judged.loss))
    return Calibration(chosen, pareto_front(scores, everyone, objective), tuple(held_out))


def check_count(count: int) -> None:
    """A ValueError for too few recordings."""
    if count < 2:
        raise ValueError(f"calibration needs at least 2 recordings, got {count}")


def score_family(
    recordings: list[Recording],
    method: AdaCacheConfig,
    objective: Objective = PROBE,
    poll: Callable[[], None] = lambda: None,
) -> Scores:
    """Predicted speedup and loss of every codebook of the family on every recording; `poll` may break it off."""
    ladders = _ladders(min(recording.max_lag for recording in recordings))
    scores: Scores = {}
    rows = _thresholds(recordings, method)
    replays = [Replay(recording, method, objective.loss(recording, method.reuse)) for recording in recordings]
    for thresholds in rows:
        for rates in ladders:
            codebook = Codebook(thresholds[: len(rates)], rates)
            if codebook not in scores:
                poll()
                scores[codebook] = [replay.score(codebook) for replay in replays]
    return scores


def choose(scores: Scores, recordings: Iterable[int], wish: Wish, objective: Objective = PROBE) -> Candidate:
    """The best candidate over some recordings, within 2 % of the wished speedup or within the wished loss."""
    chosen = list(recordings)
    candidates = [
        _candidate(codebook, per_recording, chosen, objective) for codebook, per_recording in scores.items()
    ]
    if (speedup := wish.speedup) is not None:
        nearest = min(abs(c.speedup - speedup) for c in candidates)
        if nearest > 0.1 * speedup:
            reach = [c.speedup for c in candidates]
            allowed = f"{min(reach):.2f} to {max(reach):.2f}"
            raise ValueError(f"no codebook of the family gives {speedup:g}x; these recordings allow {allowed}")
        close = [c for c in candidates if abs(c.speedup - speedup) <= max(nearest, 0.02 * speedup)]
        return min(close, key=lambda c: c.loss)
    most = wish.loss
    assert most is not None
    within = [c for c in candidates if c.loss <= most]
    if not within:
        best = objective.text(min(c.loss for c in candidates))
        raise ValueError(f"no codebook of the family reaches {objective.text(most)}; the best has {best}")
    return max(within, key=lambda c: c.speedup)


def pareto_front(scores: Scores, recordings: Iterable[int], objective: Objective = PROBE) -> tuple[Candidate, ...]:
    """The candidates that no other beats in both speedup and loss, slowest first."""
    chosen = list(recordings)
    candidates = [
        _candidate(codebook, per_recording, chosen, objective) for codebook, per_recording in scores.items()
    ]
    front: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.speedup, c.loss)):
        if not front or candidate.loss < front[-1].loss:
            front.append(candidate)
    return tuple(reversed(front))


def _candidate(
    codebook: Codebook, per_recording: list[Score], chosen: list[int], objective: Objective
) -> Candidate:
    picked = [per_recording[index] for index in chosen]
    return Candidate(codebook, mean(s for s, _ in picked), objective.over([loss for _, loss in picked]))


def _ladders(max_rate: int) -> list[tuple[int, ...]]:
    """Rates falling by 1 or 2 from a top rate to 1, or held above 2."""
    ladders = {
        tuple(range(top, floor - 1, -1)) for top in range(2, max_rate + 1) for floor in (1, 2) if floor < top
    }
    ladders |= {(*range(top, 1, -2), 1) for top in range(4, max_rate + 1, 2)}
    return sorted(ladders)


def _thresholds(recordings: list[Recording], method: AdaCacheConfig) -> list[tuple[float, ...]]:
    """Threshold rows on the scale of the distances that the method looks up on these recordings."""
    looked_up = []
    for recording in recordings:
        every_step = replace(method, codebook=Codebook((1.0,), (1,)))
        check_probe(recording, every_step)
        decisions = simulate(recording, every_step).decisions
        looked_up += [d.regularised for d in decisions if d.regularised is not None and d.regularised > 0]
    looked_up.sort()
    low, high = looked_up[len(looked_up) // 50] / 4, looked_up[-1 - len(looked_up) // 20]
    ratio = (high / low) ** (1 / (FIRST_THRESHOLDS - 1))
    firsts = [low * ratio**i for i in range(FIRST_THRESHOLDS)]
    return [
        tuple(float(f"{first * (1 + spacing * i):.4g}") for i in range(100))
        for first in firsts
        for spacing in SPACINGS
    ]
