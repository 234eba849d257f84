"""Explanation: AdaCache's decision in one step, as lines of arithmetic with the run's own numbers filled in.

Every line holds as it is printed: it carries as many digits as it takes for its terms to give its result.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation, default_window, regularisation
from app.caching.record import StepRecord, json_number

Curve = Literal["raw", "normalised", "motion", "score", "gradient", "factor", "regularised", "rate"]
Terms = tuple[str, float]  # arithmetic as printed, and what it gives
FEWEST, MOST = 3, 17  # significant digits; 17 tell any two floats apart
RESULT_DIGITS = 4


@dataclass(frozen=True)
class Line:
    """One term of a decision.

    curve: the curve on the page that shows it; name: what it is; terms: the arithmetic, empty for what was
    measured; result: the number it gives. `x ÷ y`, `x × y`, `x ^ y`, `|x|`, `x + y` and `x − y` mean what they do
    on paper.
    """

    curve: Curve
    name: str
    terms: str
    result: str
    applied: bool = True  # false where motion regularisation is off and the line says what it would have been


@dataclass(frozen=True)
class Explanation:
    """Why a step was computed or reused, and what was decided in it."""

    step: int
    summary: str
    lines: tuple[Line, ...] = ()
    row: int | None = None  # of the codebook, if it was looked up
    outcome: str = ""
    score: float | None = None  # of motion
    gradient: float | None = None  # as it is added to the score
    factor: float | None = None  # on the distance: their sum

    def to_json(self) -> dict[str, Any]:
        """As the page reads it."""
        numbers = {name: json_number(getattr(self, name)) for name in ("score", "gradient", "factor")}
        return {**asdict(self), **numbers}


def explain(
    method: AdaCacheConfig,
    motion: MotionRegularisation,
    record: StepRecord,
    before: StepRecord | None,
    steps: int,
) -> Explanation:
    """The decision in one step of the accelerated side, of a run of `steps`.

    motion: the model's own settings, by which the factor is told that is not applied where `method` has none;
    before: the computed step before, none at the first.
    """
    if record.computed == "none" and before is not None:
        return Explanation(record.step, _reused(method, before, record.step))
    return _Teller(method, motion, steps, record, before).explanation()


@dataclass(frozen=True)
class _Teller:
    """Tells one computed step."""

    method: AdaCacheConfig
    model_motion: MotionRegularisation
    steps: int
    record: StepRecord
    before: StepRecord | None

    @property
    def official(self) -> bool:
        return self.method.formula == "official"

    def explanation(self) -> Explanation:
        """The whole step; the first has nothing to compare with."""
        record = self.record
        if self.before is None or record.row is None or record.regularised is None:
            again = "" if record.rate is None else f" Step {record.step + record.rate} is computed next."
            return Explanation(record.step, f"Computed: nothing is kept yet to compare with.{again}")
        if record.motion is None:  # a latent signal has none
            lines = (*self._change(), *self._product())
            return Explanation(record.step, self._why(self.before), lines, record.row, self._outcome())
        score, gradient, motion = self._motion()
        lines = (*self._change(), *motion, *self._product())
        return Explanation(
            record.step,
            self._why(self.before),
            lines,
            record.row,
            self._outcome(),
            score=score,
            gradient=abs(gradient) if self.official else gradient,
            factor=regularisation(score, gradient, self.method.formula),
        )

    def _why(self, before: StepRecord) -> str:
        due = before.step + (before.rate or 1)
        if self.record.step == due:
            return f"Computed: step {before.step} chose rate {before.rate}, which ends here."
        return (
            f"Forced: the released code computes the last two steps whatever the rate; step {before.step} chose "
            f"rate {before.rate}, due in step {due}. It divides by that rate all the same."
        )

    def _change(self) -> list[Line]:
        """The change of the residual, and what it is divided by."""
        record, before, method = self.record, self.before, self.method
        assert before is not None
        probes = (
            "" if isinstance(method.locations, str) or len(method.locations) == 1 else ", mean over the probes"
        )
        kind = {"l1": "L1", "l2": "L2", "cosine": "cosine"}[method.distance]
        what = f"the {method.residual} residual" if method.latent_signal is None else method.residual
        of = f"{kind} change of {what} since step {before.step}{probes}"
        elapsed = (before.rate or 1) if self.official else record.step - before.step
        by = "the rate before" if self.official else "the steps since"
        pace = method.pace(self.steps)
        if pace != 1.0:
            by += f", in steps of {method.made_for}"
        distance, normalised = _number(record.distance), _number(record.normalised)

        divisor = f"{elapsed}" if pace == 1.0 else f"({elapsed} ÷ ({self.steps} ÷ {method.made_for}))"

        def terms(digits: int) -> Terms:
            raw = figure(distance, digits)
            return f"{raw} ÷ {divisor}", _read(raw) / (elapsed / pace)

        return [
            Line("raw", of, "", figure(distance, RESULT_DIGITS)),
            _line("normalised", f"per step: divided by {by}", terms, normalised),
        ]

    def _motion(self) -> tuple[float, float, list[Line]]:
        """Motion score, its gradient, and the lines of both; by the model's settings where they do not count."""
        record, applied = self.record, self.method.motion is not None
        settings = self.method.motion or self.model_motion
        measured = _number(record.motion)
        score, told = self._score(settings, measured, applied)
        gradient, line = self._gradient(settings, score, self._score_before(settings), applied)
        factor = regularisation(score, gradient, self.method.formula)

        def terms(digits: int) -> Terms:
            own, slope = figure(score, digits), figure(gradient, digits)
            value = regularisation(_read(own), _read(slope), self.method.formula)
            return f"{own} + " + (f"|{slope}|" if self.official else f"({slope})"), value

        name = "motion factor: score + |gradient|" if self.official else "motion factor, Eq. 9: score + gradient"
        return score, gradient, [*told, line, _line("factor", name, terms, factor, applied)]

    def _score(self, settings: MotionRegularisation, measured: float, applied: bool) -> tuple[float, list[Line]]:
        shown = Line("motion", "motion between frames", "", figure(measured, RESULT_DIGITS), applied)
        if not self.official:
            return measured, [shown]
        first, last = settings.window or default_window(self.steps)
        score = settings.score(measured, self.record.step, self.steps)
        if not first <= self.record.step <= last:
            return score, [shown, Line("score", f"score: 1 outside steps {first} to {last}", "", "1", applied)]
        reference, power, divisor = settings.reference, settings.power, settings.divisor

        def terms(digits: int) -> Terms:
            by, motion = "" if divisor == 1.0 else f" ÷ {divisor:.12g}", figure(measured, digits)
            value = settings.score(_read(motion), self.record.step, self.steps)
            return f"({motion} ÷ {reference:.12g}) ^ {power:.12g}{by}", value

        name = "score: motion over its reference, to a power"
        return score, [shown, _line("score", name, terms, score, applied)]

    def _score_before(self, settings: MotionRegularisation) -> float:
        """The score of the computed step before; 1 where it measured none."""
        before = self.before
        if before is None or before.motion is None:
            return 1.0
        return settings.score(before.motion, before.step, self.steps) if self.official else before.motion

    def _gradient(
        self, settings: MotionRegularisation, score: float, previous: float, applied: bool
    ) -> tuple[float, Line]:
        record, before = self.record, self.before
        assert before is not None
        scale = settings.gradient_scale if self.official else float(settings.gradient_scale > 0)
        elapsed = (before.rate or 1) if self.official else record.step - before.step
        pace = self.method.pace(self.steps)
        if not self.official and before.row is None:  # its score is not in the record; the gradient tells it
            own = self.method.motion or MotionRegularisation()
            if own.gradient_scale > 0:
                previous = score - _number(record.motion_gradient) * elapsed / pace
            elif scale > 0:
                return 0.0, Line("gradient", "gradient: the score of step 1 was not kept", "", "0", applied)
        gradient = scale * (score - previous) / (elapsed / pace)

        def terms(digits: int) -> Terms:
            by = f"{elapsed}" if pace == 1.0 else f"({elapsed} ÷ ({self.steps} ÷ {self.method.made_for}))"
            now, then = figure(score, digits), figure(previous, digits)
            return f"{scale:.12g} × ({now} − {then}) ÷ {by}", scale * (_read(now) - _read(then)) / (elapsed / pace)

        name = f"gradient: change of the score since step {before.step}, per step"
        return gradient, _line("gradient", name, terms, gradient, applied)

    def _product(self) -> list[Line]:
        record = self.record
        normalised, regularised = _number(record.normalised), _number(record.regularised)
        name = "looked up in the codebook"
        if self.method.motion is None:
            return [Line("regularised", name, "", figure(regularised, RESULT_DIGITS))]
        factor = regularisation(_number(record.motion_score), _number(record.motion_gradient), self.method.formula)

        def terms(digits: int) -> Terms:
            change, times = figure(normalised, digits), figure(factor, digits)
            return f"{change} × " + (f"({times})" if factor < 0 else times), _read(change) * _read(times)

        return [_line("regularised", name, terms, regularised)]

    def _outcome(self) -> str:
        """Where the distance falls, the rate of that row, and the step that is computed next."""
        record, codebook = self.record, self.method.codebook
        row, value = record.row, _number(record.regularised)
        assert row is not None
        low = 0.0 if row == 0 else codebook.thresholds[row - 1]
        high = math.inf if row == len(codebook.rates) - 1 else codebook.thresholds[row]
        rate = f"row {row + 1}, rate {codebook.rates[row]}"
        pace = self.method.pace(self.steps)
        if pace != 1.0:
            rate += f" × {self.steps} ÷ {self.method.made_for} = {record.rate}"
        if math.isnan(value):
            place = "Not a number falls below no threshold: the last row"
        else:
            place = _between(value, low, high)
        return f"{place}: {rate}. {self._next()}"

    def _next(self) -> str:
        following = self.record.step + (self.record.rate or 1)
        forced = self.steps - 1 if self.official else self.steps + 1
        following = min(following, max(self.record.step + 1, forced))
        if following > self.steps:
            return "No later step is computed."
        return f"Step {following} is computed next."


def figure(value: float, digits: int) -> str:
    """A number in so many significant digits, without an exponent where a person would not use one."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e6):
        return ("−" if value < 0 else "") + f"{size:.{digits - 1}e}"
    decimals = max(0, digits - 1 - (math.floor(math.log10(size)) if size else 0))
    text = f"{value:.{min(decimals, 20)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def _line(curve: Curve, name: str, terms: Callable[[int], Terms], recorded: float, applied: bool = True) -> Line:
    """A line with the fewest digits by which its terms give its result; `recorded` is what the run noted."""
    result = figure(recorded, RESULT_DIGITS)
    for digits in range(FEWEST, MOST + 1):
        text, value = terms(digits)
        if figure(value, RESULT_DIGITS) == result or not math.isfinite(recorded):
            break
    return Line(curve, name, text, result, applied)


def _between(value: float, low: float, high: float) -> str:
    """A value between its thresholds, with as many digits as it takes to see on which side it is."""
    for digits in range(RESULT_DIGITS, MOST + 1):
        text = figure(value, digits)
        shown = _read(text)
        if low <= shown < high or not math.isfinite(value):
            break
    if low == 0.0:
        return f"{text} < {high:.12g}" if math.isfinite(high) else f"{text}, the only row"
    return f"{low:.12g} ≤ {text}" + (f" < {high:.12g}" if math.isfinite(high) else "")


def _read(text: str) -> float:
    """The number that `figure` printed."""
    return {"infinite": math.inf, "not a number": math.nan}.get(text) or float(text.replace("−", "-"))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _reused(method: AdaCacheConfig, before: StepRecord, step: int) -> str:
    how = "adds the residuals of" if method.reuse == "hold" else "extrapolates the residuals up to"
    return f"Reused: {how} step {before.step}, which chose rate {before.rate}; {step - before.step} steps ago."
