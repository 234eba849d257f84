"""What adapting is worth on the selected recordings, as the Lab's scripts ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.common.validation import as_whole, whole
from app.lab.predicted_marks import MarkName, predicted_marks
from app.lab.simulate import simulate
from app.models.base import ModelCard
from components.lab.painting import check_search
from components.lab.pictures import Pictures
from components.lab.recordings import Library
from components.lab.selection import Selection, asked_codebook, read_field
from components.shared.turns import Turns
from components.shared.visitors import asker_of

TITLES: dict[MarkName, str] = {
    "even": "Even steps",
    "shared": "Best schedule shared by all",
    "own": "Each video's own",
    "codebook": "The codebook",
}
MAX_BUDGET = 1000


@dataclass
class Worth:
    """Answers over a library; a ValueError is the answer in words."""

    library: Library
    cards: Mapping[str, ModelCard]
    pictures: Pictures
    turns: Turns

    def worth(self, asked: object) -> dict[str, Any]:
        """The four marks: computed steps, mean and worst decile in dB, and the schedule of each recording."""
        selection, codebook = Selection.read(asked, self.library), asked_codebook(asked)
        recordings = list(selection.recordings.values())
        check_search(self.library, recordings)
        chosen = [simulate(r, selection.method(r, codebook, self.cards)).computed for r in recordings]
        budget = as_whole(read_field(asked, "budget", object))
        whole("the budget", budget, 1, MAX_BUDGET)
        assert isinstance(budget, int)
        predictors = [self.pictures.of(recording) for recording in recordings]
        with self.turns.turn(asker_of(asked)) as poll:
            found = predicted_marks(predictors, budget, selection.reuse, chosen, poll)
        return {
            "marks": [
                {
                    "id": name,
                    "title": TITLES[name],
                    **marked.mark.to_json(),
                    "schedules": dict(zip(selection.recordings, marked.schedules, strict=True)),
                }
                for name, marked in found.items()
            ]
        }
