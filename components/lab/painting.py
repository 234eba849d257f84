"""What the server answers about a schedule painted by hand: what it is predicted to save and to cost, how locked
steps are best filled up, and its file.
"""

import json
from dataclasses import dataclass
from statistics import mean
from typing import Any

from app.caching.method import ReuseOption
from app.caching.methods.listed_steps import ListedStepsConfig
from app.caching.schedule_file import MAX_BYTES, ScheduleFile, parse_schedule
from app.common.validation import as_whole, whole
from app.lab.recording import MAX_STEPS, Recording
from app.lab.search import Locks, best_schedule
from app.lab.simulate import planned
from components.lab.pictures import Pictures
from components.lab.queries import finite, mean_of
from components.lab.recordings import Library
from components.lab.selection import Selection, read_field
from components.shared.turns import Turns
from components.shared.visitors import asker_of

MAX_SEARCHED = 360  # steps over all recordings of a search on a shared server: about ten seconds of one core
LEAST_GAIN = 0.005  # dB that show


@dataclass(frozen=True)
class Painting:
    """Answers questions about painted schedules over a library; a ValueError is the answer in words."""

    library: Library
    pictures: Pictures
    turns: Turns

    def painted(self, asked: object) -> dict[str, Any]:
        """Predicted speedup, error and PSNR of a painted schedule on every selected recording, and their means."""
        selection = Selection.read(asked, self.library)
        method = read_schedule(asked, selection.reuse)
        runs = {}
        for name, recording in selection.recordings.items():
            found = planned(recording, method)
            runs[name] = {
                "computed": found.computed,
                "speedup": found.speedup,
                "error": finite(found.error),
                **self.pictures.predicted(recording, found.computed, method.reuse),
            }
        return {"runs": runs, "mean": mean_of(runs)}

    def filled(self, asked: object) -> dict[str, Any]:
        """The steps of best predicted picture: as many as are painted, with the locked ones as they are."""
        selection = Selection.read(asked, self.library)
        method = read_schedule(asked, selection.reuse)
        locked = read_steps(asked, "locked")
        locks = Locks(frozenset(locked) & set(method.steps), frozenset(locked) - set(method.steps))
        recordings = list(selection.recordings.values())
        check_search(self.library, recordings)
        predictors = [self.pictures.of(recording) for recording in recordings]
        with self.turns.turn(asker_of(asked)) as poll:
            found = best_schedule(predictors, len(method.steps), method.reuse, locks=locks, poll=poll)
        before, after = (
            mean(float(p.db([steps], method.reuse)[0]) for p in predictors) for steps in (method.steps, found)
        )
        of = f"{len(found)} computed steps" + (f", mean of {len(predictors)}" if len(predictors) > 1 else "")
        if after <= before + LEAST_GAIN:
            return {"computed": method.steps, "words": f"The search found nothing better with {of}."}
        words = f"Searched: predicted {after:.1f} dB, before {before:.1f} dB, with {of}."
        return {"computed": found, "words": words}

    def kept(self, asked: object) -> dict[str, Any]:
        """A painted schedule as the name and text of its file."""
        selection = Selection.read(asked, self.library)
        recording = next(iter(selection.recordings.values()))
        computed = read_schedule(asked, selection.reuse).steps
        kept = ScheduleFile(recording.steps, computed, selection.reuse, recording.model)
        name = f"schedule-{len(computed)}-of-{recording.steps}.json"
        return {"name": name, "text": json.dumps(kept.to_json(), indent=2)}

    def schedule(self, asked: object) -> dict[str, Any]:
        """What a schedule's file holds."""
        given = asked.get("text") if isinstance(asked, dict) else None
        if not isinstance(given, str) or len(given) > MAX_BYTES:
            raise ValueError(f"a schedule of at most {MAX_BYTES // 1000} kB is accepted")
        return parse_schedule(given).to_json()


def read_schedule(asked: object, reuse: ReuseOption) -> ListedStepsConfig:
    """The computed steps of a question as a method; a ValueError says what is wrong with them."""
    return ListedStepsConfig(read_steps(asked, "computed"), reuse=reuse)


def read_steps(asked: object, name: str) -> tuple[int, ...]:
    """A list of steps in a question."""
    steps = read_field(asked, name, list)
    if len(steps) > MAX_STEPS:
        raise ValueError(f"a schedule has at most {MAX_STEPS} steps, got {len(steps)}")
    return tuple(_step(value) for value in steps)


def _step(value: object) -> int:
    whole("a step", value := as_whole(value), 1, MAX_STEPS)
    assert isinstance(value, int)
    return value


def check_search(library: Library, recordings: list[Recording]) -> None:
    """A ValueError where strangers would wait too long for a search over recordings."""
    total = sum(recording.steps for recording in recordings)
    if library.public and total > MAX_SEARCHED:
        raise ValueError(
            f"these recordings have {total} steps in all, this shared page searches over {MAX_SEARCHED} at once; "
            "select fewer of them or shorter ones"
        )
