"""What the server answers to the Lab's scripts: simulated schedules, the Pareto front, and figures."""

import math
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import mean
from threading import Lock
from typing import Any

from app.caching.codebook import Codebook
from app.caching.latent_signals import LATENT_SIGNALS
from app.caching.method import REUSES
from app.lab.bound import mean_bound
from app.lab.calibrate import Scores, Wish, calibrate_scores, pareto_front, score_family
from app.lab.latent_signals import between_steps
from app.lab.measured import MEASURED, shipped
from app.lab.objective import usual_objective
from app.lab.prediction_fit import shipped_fit
from app.lab.prediction_plot import predicted_against_real
from app.lab.recorded_figures import FIGURES
from app.lab.recording import Recording
from app.lab.rescale import rescaled
from app.lab.rival import even_rival, even_rivals
from app.lab.signal_comparison import GOOD_DB, LEAST, compare_signals, steps_needed
from app.lab.simulate import Simulation, simulate
from app.models.base import ModelCard
from components.lab.pictures import Pictures
from components.lab.recordings import Library
from components.lab.selection import Selection, asked_codebook, read_number, read_signal
from components.shared.codebook import codebook_props, preset_props
from components.shared.turns import Poll, Turns
from components.shared.visitors import asker_of
from components.shared.web import data_uri

EVERY_STEP = Codebook((1.0,), (1,))
FRONTS_KEPT = 16
MAX_WORK = 60_000  # about ten seconds of one core


@dataclass
class Answers:
    """Answers questions over a library; a ValueError is the answer in words."""

    library: Library
    cards: Mapping[str, ModelCard]
    pictures: Pictures = field(default_factory=Pictures)
    lock: Lock = field(default_factory=Lock)
    turns: Turns = field(default_factory=Turns)
    _scores: OrderedDict[object, Scores] = field(default_factory=OrderedDict)

    def opening(self, asked: object) -> dict[str, Any]:
        """What the Lab starts from: recordings, presets, the default codebook, and whether motion counts."""
        card = next(iter(self.cards.values()))
        return {
            "recordings": self.library.listing(asker_of(asked)),
            "presets": preset_props(),
            "preset": card.codebook,
            "motion": card.motion_fits,
            "reuses": [{"id": name, "title": title} for name, title in REUSES.items()],
            "signals": list(LATENT_SIGNALS),
        }

    def measured(self, asked: object) -> dict[str, Any]:
        """The matrix D of every selected recording, and the change of each block where several were probed."""
        selection = Selection.read(asked, self.library)
        return {
            name: {
                "lags": recording.distances,
                "blocks": list(recording.block_changes.items()) if len(recording.blocks) > 1 else [],
            }
            for name, recording in selection.recordings.items()
        }

    def simulated(self, asked: object) -> dict[str, Any]:
        """The schedule of a codebook on every selected recording, and beside it the one without motion."""
        selection, codebook = Selection.read(asked, self.library), asked_codebook(asked)
        plain = self._simulate(replace(selection, motion=False), codebook)
        chosen = self._simulate(selection, codebook) if selection.motion else plain
        runs, without = self._predicted(selection, chosen), self._predicted(selection, plain)
        means = {"mean": mean_of(runs), "mean_plain": mean_of(without)}
        return {"runs": runs, "plain": without, **means, "between": between(selection)}

    def rescaled(self, asked: object) -> dict[str, Any]:
        """A codebook in the units of the question's signal, from those of the one it had before."""
        selection, codebook = Selection.read(asked, self.library), asked_codebook(asked)
        before = replace(selection, signal=read_signal(asked, "before"))
        recordings = list(selection.recordings.values())
        self._check_work(selection)
        old, new = (chosen.method(recordings[0], codebook, self.cards) for chosen in (before, selection))
        with self.turns.turn(asker_of(asked)) as poll:
            return codebook_props(rescaled(recordings, old, new, poll))

    def front(self, asked: object) -> dict[str, Any]:
        """The Pareto front of the family of codebooks on the selected recordings, and the optimal bound."""
        selection = Selection.read(asked, self.library)
        self._check_work(selection)
        with self.turns.turn(asker_of(asked)) as poll:
            recordings = list(selection.recordings.values())
            objective = usual_objective(recordings)
            candidates = pareto_front(self._score(selection, poll), range(len(recordings)), objective)
            bound = None if objective.of_picture else mean_bound(recordings, poll)
            even = even_rivals(recordings, selection.reuse, objective) if objective.of_picture else []
        return {
            "points": [{"speedup": c.speedup, "loss": c.loss, **codebook_props(c.codebook)} for c in candidates],
            "picture": objective.of_picture,
            "bound": bound,
            "even": [(rival.speedup, rival.loss) for rival in even],
        }

    def calibrated(self, asked: object) -> dict[str, Any]:
        """The codebook for a wished speedup, with what to expect of it in words."""
        selection, wish = Selection.read(asked, self.library), read_number(asked, "speedup")
        count = len(selection.recordings)
        if count < 2:
            raise ValueError("calibration needs at least 2 recordings; select more on the left")
        self._check_work(selection)
        with self.turns.turn(asker_of(asked)) as poll:
            recordings = list(selection.recordings.values())
            objective = usual_objective(recordings)
            found = calibrate_scores(self._score(selection, poll), count, Wish(wish), objective)
            rival = even_rival(recordings, found, selection.reuse, objective)
        held_out, spread = found.held_out_speedup
        words = (
            f"{found.chosen.speedup:.2f}×, {objective.text(found.chosen.loss)} on {count} recordings, simulated; "
            f"on held-out ones {held_out:.2f} ± {spread:.2f}×, {objective.text(found.held_out_loss)} over "
            f"{len(found.held_out)} folds. {rival.sentence(objective, found.held_out_loss)}"
        )
        return {**codebook_props(found.chosen.codebook), "words": words}

    def fitted(self, asked: object) -> dict[str, Any]:
        """How far predicted pictures come true: the shipped fit of the page's first model, as words and a plot."""
        fit = shipped_fit(next(iter(self.cards.values())).id)
        if fit is None:
            return {"words": "How far predicted pictures come true was not measured for this model.", "plot": ""}
        words = (
            f"{len(fit.pairs)} schedules over {fit.prompts} prompts, generated for real; each prompt predicted by "
            f"what was fitted on the others. Spearman {fit.correlation:.2f}, mean absolute error "
            f"{fit.mean_error_db:.1f} dB."
        )
        return {"words": words, "plot": data_uri(predicted_against_real(fit).encode(), "image/svg+xml")}

    def figure(self, asked: object) -> dict[str, Any]:
        """A figure of the paper over the selected recordings, also as the files to download."""
        selection = Selection.read(asked, self.library)
        kind = asked.get("kind") if isinstance(asked, dict) else None
        if not isinstance(kind, str) or kind not in (*FIGURES, *MEASURED):
            raise ValueError(f"figures are {', '.join((*FIGURES, *MEASURED))}")
        recordings = list(selection.recordings.values())
        figure = FIGURES[kind](recordings) if kind in FIGURES else shipped(kind, recordings)
        of = {(curve.prompt, curve.seed): curve for curve in figure.curves}
        found = {name: of.get((r.prompt, r.seed)) for name, r in selection.recordings.items()}
        curves = {name: {"x": curve.x, "values": curve.values} for name, curve in found.items() if curve}
        table = signal_table(recordings) if kind == "signals" else []
        files = {"json": figure.to_json(), "csv": figure.to_csv()}
        return {"title": figure.title, "curves": curves, "table": table, **files}

    def _simulate(self, selection: Selection, codebook: Codebook) -> dict[str, Simulation]:
        return {
            name: simulate(recording, selection.method(recording, codebook, self.cards))
            for name, recording in selection.recordings.items()
        }

    def _predicted(self, selection: Selection, simulations: Mapping[str, Simulation]) -> dict[str, dict[str, Any]]:
        """The simulations as the scripts draw them, with the PSNR predicted of the picture where that is known."""
        return {
            name: {
                **simulation_props(simulation),
                **self.pictures.predicted(selection.recordings[name], simulation.computed, selection.reuse),
            }
            for name, simulation in simulations.items()
        }

    def _score(self, selection: Selection, poll: Poll) -> Scores:
        key = (*selection.recordings, selection.motion, selection.reuse, selection.signal)
        with self.lock:
            scores = self._scores.get(key)
        if scores is None:
            recordings = list(selection.recordings.values())
            method = selection.method(recordings[0], EVERY_STEP, self.cards)
            scores = score_family(recordings, method, usual_objective(recordings), poll)
        with self.lock:
            self._scores[key] = scores
            self._scores.move_to_end(key)
            while len(self._scores) > FRONTS_KEPT:
                self._scores.popitem(last=False)
        return scores

    def _check_work(self, selection: Selection) -> None:
        """A ValueError where strangers would wait too long for the answer to one of them."""
        if self.library.public and (wanted := work_of(selection.recordings.values())) > MAX_WORK:
            raise ValueError(
                f"these recordings are {wanted / MAX_WORK:.1f} times as much as this shared page works out at "
                "once; select fewer of them or shorter ones"
            )


def between(selection: Selection) -> dict[str, Any] | None:
    """A latent signal from step to step of the recorded runs; none of the recordings' own residual."""
    if selection.signal is None:
        return None
    return {name: between_steps(recording, selection.signal) for name, recording in selection.recordings.items()}


def signal_table(recordings: list[Recording]) -> list[list[str]]:
    """How the signals compare on recordings, a row a signal, below its head."""
    try:
        needed = steps_needed(shipped("steps", recordings))
    except ValueError:  # not measured for all of them
        needed = {}
    rows = [["Signal", "spread between videos", f"correlation with the steps needed for {GOOD_DB:.0f} dB"]]
    for row in compare_signals(recordings, needed):
        told = f"of {LEAST} videos or more" if row.correlation is None else f"{row.correlation:+.2f}"
        rows.append([row.signal, f"{row.spread:.1f}×", told])
    return rows


def work_of(recordings: Iterable[Recording]) -> float:
    """The work of a front and its bound, which go with steps x lags and steps x steps x lags of a recording."""
    return sum(r.steps * r.max_lag * (1 + r.steps / 1000) for r in recordings)


def simulation_props(simulation: Simulation) -> dict[str, Any]:
    """A simulation as the scripts draw it: what was looked up in each computed step, and the rate it chose."""
    return {
        "computed": simulation.computed,
        "looked": [finite(decision.regularised) for decision in simulation.decisions],
        "rates": [decision.rate for decision in simulation.decisions],
        "speedup": simulation.speedup,
        "error": simulation.error,
    }


def finite(value: float | None) -> float | None:
    """A number JSON can hold."""
    return value if value is not None and math.isfinite(value) else None


def mean_of(runs: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """Means over the selected recordings; of the picture only where all of them can tell."""
    known = [run["db"] for run in runs.values() if run["db"] is not None]
    known_errors = [run["error"] for run in runs.values() if run["error"] is not None]
    off = [run["db_off"] for run in runs.values() if run["db_off"] is not None]
    return {
        "speedup": mean(run["speedup"] for run in runs.values()),
        "error": mean(known_errors) if len(known_errors) == len(runs) else None,
        "db": mean(known) if len(known) == len(runs) else None,
        "db_off": mean(off) if len(off) == len(runs) else None,
    }
