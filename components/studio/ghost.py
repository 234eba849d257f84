"""Ghosts: what the server answers about the run that the Studio shows, under the controls' AdaCache settings.

Answers rest on the recording that the run kept of its baseline; where it kept none, the answer says why.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from app.caching.methods.adacache import AdaCacheConfig
from app.generation.kept_baseline import RECORDING
from app.generation.request import Request
from app.lab.ghost import RecordedRun
from app.lab.recording import load_recording
from app.models.base import ModelCard
from app.runs.run import Run, load_run
from app.runs.store import RunStore
from components.lab.queries import finite
from components.shared.codebook import read_codebook
from components.shared.visitors import asker_of
from components.studio.form import Form
from components.studio.method import ADACACHE, read_method

FIRST = "first"  # the run that ships with the Studio
KEPT = 16
AGAIN = "generate it again for one"


@dataclass
class Ghosts:
    """Runs asked about last, each with its recording. Questions come from browsers and are checked here."""

    store: RunStore
    cards: Mapping[str, ModelCard]
    first_run: Path
    lock: Lock = field(default_factory=Lock)
    _known: OrderedDict[Path, RecordedRun] = field(default_factory=OrderedDict)

    def answer(self, asked: object) -> dict[str, Any]:
        """The schedule that would run, and what is predicted of it; `same` where it is what did run."""
        known, request = self._recorded(asked), self.request(asked)
        assert request.adacache is not None
        found = known.ghost(request.adacache)
        decisions = found.simulation.decisions
        return {
            "key": request.key(),
            "same": request.key() == known.trace.request.key(),
            "computed": found.simulation.computed,
            "rates": [decision.rate for decision in decisions],
            "looked": [finite(decision.regularised) for decision in decisions],
            "speedup": found.speedup,
            "db": finite(found.db),
        }

    def request(self, asked: object) -> Request:
        """The shown run's request with the controls' AdaCache; a ValueError where they ask for something else.

        asked: "settings", the values of all controls, or none while they are the run's; "codebook", its rows.
        """
        run, settings = self._run(asked), _field(asked, "settings")
        codebook = read_codebook(_field(asked, "codebook"))
        if settings is None and (method := run.request.adacache) is not None:
            return replace(run.request, method=replace(method, codebook=codebook))
        if not isinstance(settings, list):
            raise ValueError("the page does not fit this server; reload it")
        form = replace(Form.of(settings), codebook=_field(asked, "codebook"))
        if form.model != run.request.model:
            raise ValueError("no ghost: the settings are of another model than the run that is shown")
        if form.method != ADACACHE:
            raise ValueError("no ghost: the settings are of another method than AdaCache")
        chosen = read_method(self.cards[run.request.model], form)
        assert isinstance(chosen, AdaCacheConfig)
        return replace(run.request, method=chosen)

    def _run(self, asked: object) -> Run:
        run_id = _field(asked, "run")
        try:
            run = load_run(self.first_run, FIRST) if run_id == FIRST else self.store.get(run_id, asker_of(asked))
        except ValueError:
            raise ValueError("no ghost: the run that is shown is not among yours") from None
        if run.request.model not in self.cards:
            raise ValueError("no ghost: the model of this run is not here")
        return run

    def _recorded(self, asked: object) -> RecordedRun:
        run = self._run(asked)
        with self.lock:
            if (known := self._known.get(run.folder)) is not None:
                return known
        if not (run.folder / RECORDING).is_file():
            raise ValueError(_why_none(run))
        try:
            known = RecordedRun(run.trace, run.summary, load_recording(run.folder / RECORDING))
        except ValueError:
            raise ValueError("no ghost: the recording beside this run is not one of its baseline") from None
        with self.lock:
            self._known[run.folder] = known
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return known


def _why_none(run: Run) -> str:
    if run.about.imported:
        return f"no ghost: this imported run brought no recording of its baseline; {AGAIN}"
    if run.summary["baseline_measured"]:
        return "no ghost: the baseline is of an earlier run, which kept no recording"
    return f"no ghost: this run kept no recording of its baseline; {AGAIN}"


def _field(asked: object, name: str) -> Any:
    if not isinstance(asked, dict) or name not in asked:
        raise ValueError("the page does not fit this server; reload it")
    return asked[name]
