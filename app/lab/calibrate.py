"""Find a codebook for a wished speedup or error from recordings, instead of eyeballing thresholds.

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
from app.lab.recording import Recording
from app.lab.replay import Replay
from app.lab.simulate import check_probe, simulate

FIRST_THRESHOLDS = 24
SPACINGS = (0.25, 0.5, 1.0, 2.0)  # of the first threshold
FOLDS = 4


@dataclass(frozen=True)
class Candidate:
    """A codebook with its mean predicted speedup and error over some recordings."""

    codebook: Codebook
    speedup: float
    error: float


@dataclass(frozen=True)
class Calibration:
    """The chosen codebook, the front it lies on, and how the same choice did on prompts it had not seen.

    held_out: for each fold, mean predicted speedup and error on the recordings left out of the choice.
    """

    chosen: Candidate
    front: tuple[Candidate, ...]
    held_out: tuple[tuple[float, float], ...]

    @property
    def held_out_speedup(self) -> tuple[float, float]:
        """Mean and standard deviation over the folds."""
        return mean(s for s, _ in self.held_out), pstdev(s for s, _ in self.held_out)


def calibrate(
    recordings: list[Recording],
    method: AdaCacheConfig,
    *,
    speedup: float | None = None,
    error: float | None = None,
) -> Calibration:
    """Choose the codebook of least error at `speedup`, or of largest speedup within `error`.

    `method` gives everything but the codebook. A ValueError says why there is no choice.
    """
    return calibrate_scores(score_family(recordings, method), len(recordings), speedup=speedup, error=error)


def calibrate_scores(
    scores: dict[Codebook, list[tuple[float, float]]],
    count: int,
    *,
    speedup: float | None = None,
    error: float | None = None,
) -> Calibration:
    """The same from the scores of the family on `count` recordings."""
    check_wish(speedup, error, count)
    everyone = range(count)
    chosen = choose(scores, everyone, speedup, error)
    held_out = []
    for fold in range(min(FOLDS, count)):
        left_out = [i for i in everyone if i % FOLDS == fold]
        rest = [i for i in everyone if i % FOLDS != fold]
        codebook = choose(scores, rest, speedup, error).codebook
        judged = _candidate(codebook, scores[codebook], left_out)
        held_out.append((judged.speedup, judged.error))
    return Calibration(chosen, pareto_front(scores, everyone), tuple(held_out))


def check_wish(speedup: float | None, error: float | None, count: int, steps: int | None = None) -> None:
    """A ValueError where no recordings, whatever they hold, can fulfil a wish: `count` of them, `steps` each."""
    if (speedup is None) == (error is None):
        raise ValueError("calibrate for either a speedup or an error")
    if speedup is not None:
        number("the wished speedup", speedup, 0, math.inf)
        if speedup <= 1:
            raise ValueError(f"the wished speedup must be above 1, got {speedup:g}")
        if steps is not None and speedup > steps:
            raise ValueError(f"{steps} steps allow at most {steps}x, the wished speedup is {speedup:g}")
    if error is not None:
        number("the wished error", error, 0, math.inf)
        if error <= 0:
            raise ValueError(f"the wished error must be positive, got {error:g}")
    if count < 2:
        raise ValueError(f"calibration needs at least 2 recordings, got {count}")


def score_family(
    recordings: list[Recording], method: AdaCacheConfig, poll: Callable[[], None] = lambda: None
) -> dict[Codebook, list[tuple[float, float]]]:
    """Predicted (speedup, error) of every codebook of the family on every recording; `poll` may break it off."""
    ladders = _ladders(min(recording.max_lag for recording in recordings))
    scores = {}
    rows = _thresholds(recordings, method)
    replays = [Replay(recording, method) for recording in recordings]
    for thresholds in rows:
        for rates in ladders:
            codebook = Codebook(thresholds[: len(rates)], rates)
            if codebook not in scores:
                poll()
                scores[codebook] = [replay.score(codebook) for replay in replays]
    return scores


def choose(
    scores: dict[Codebook, list[tuple[float, float]]],
    recordings: Iterable[int],
    speedup: float | None,
    error: float | None,
) -> Candidate:
    """The best candidate over some recordings, within 2 % of the wished speedup or within the wished error."""
    chosen = list(recordings)
    candidates = [_candidate(codebook, per_recording, chosen) for codebook, per_recording in scores.items()]
    if speedup is not None:
        nearest = min(abs(c.speedup - speedup) for c in candidates)
        if nearest > 0.1 * speedup:
            reach = [c.speedup for c in candidates]
            allowed = f"{min(reach):.2f} to {max(reach):.2f}"
            raise ValueError(f"no codebook of the family gives {speedup:g}x; these recordings allow {allowed}")
        close = [c for c in candidates if abs(c.speedup - speedup) <= max(nearest, 0.02 * speedup)]
        return min(close, key=lambda c: c.error)
    assert error is not None
    within = [c for c in candidates if c.error <= error]
    if not within:
        raise ValueError(f"no codebook of the family keeps the error within {error:g}")
    return max(within, key=lambda c: c.speedup)


def pareto_front(
    scores: dict[Codebook, list[tuple[float, float]]], recordings: Iterable[int]
) -> tuple[Candidate, ...]:
    """The candidates that no other beats in both speedup and error, slowest first."""
    chosen = list(recordings)
    candidates = [_candidate(codebook, per_recording, chosen) for codebook, per_recording in scores.items()]
    front: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: (-c.speedup, c.error)):
        if not front or candidate.error < front[-1].error:
            front.append(candidate)
    return tuple(reversed(front))


def _candidate(codebook: Codebook, per_recording: list[tuple[float, float]], chosen: list[int]) -> Candidate:
    picked = [per_recording[index] for index in chosen]
    return Candidate(codebook, mean(s for s, _ in picked), mean(e for _, e in picked))


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
