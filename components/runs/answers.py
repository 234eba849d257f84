"""What the server answers to the scripts of the Runs room. Every question names the browser that asks.

Questions come from strangers: ids, visitors and uploads are checked by the store and by `uploaded`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.caching.titles import detailed_title
from app.common.sentences import sentence
from app.common.timestamps import display_time
from app.models.base import ModelCard
from app.runs.archive import export_zip, import_zip
from app.runs.clip import poster
from app.runs.difference import differing_settings, distance_curve
from app.runs.run import Run
from app.runs.share_card import read_card, settings_text
from app.runs.store import RunStore
from components.shared.quality import quality_props
from components.shared.share_card import carded
from components.shared.visitors import asker_of
from components.shared.web import data_uri, served, uploaded

MAX_LISTED = 500
MAX_COMPARED = 6
FIGURES = (
    "speedup",
    "computed_steps",
    "baseline_seconds",
    "accelerated_seconds",
    "peak_cache_bytes",
)


@dataclass(frozen=True)
class Answers:
    """Answers questions over a store; a ValueError is the answer in words."""

    store: RunStore
    cards: Mapping[str, ModelCard]

    def listing(self, asked: object) -> dict[str, Any]:
        """The visitor's runs, newest first, and those of them that are damaged."""
        runs, damaged = self.store.runs(asker_of(asked)), self.store.damaged(asker_of(asked))
        return {
            "runs": [self._listed(run) for run in runs[:MAX_LISTED]],
            "count": len(runs),
            "damaged": [{"id": run.id, "reason": sentence(run.reason)} for run in damaged[:MAX_LISTED]],
        }

    def deleted(self, asked: object) -> dict[str, Any]:
        """Delete a run; it can be restored for a while."""
        self.store.delete(_field(asked, "id"), asker_of(asked))
        return {}

    def restored(self, asked: object) -> dict[str, Any]:
        """Bring a deleted run back."""
        self.store.restore(_field(asked, "id"), asker_of(asked))
        return {}

    def exported(self, asked: object) -> dict[str, Any]:
        """A run as one zip the browser may fetch."""
        run = self.store.get(_field(asked, "id"), asker_of(asked))
        with TemporaryDirectory() as folder:
            path = Path(folder) / f"adacache-run-{run.id}.zip"
            export_zip(run, path)
            return {"path": served(path), "name": path.name}

    def carded(self, asked: object) -> dict[str, Any]:
        """A run's share card, an MP4 or a GIF."""
        return carded(self.store, asked)

    def imported(self, asked: object) -> dict[str, Any]:
        """Add an uploaded zip, or say that its run is there; of a share card, an MP4, answer the settings.

        The upload is removed if this visitor sent it.

        The page names an upload after its visitor, an id that nobody else knows; others go by age.
        """
        path, visitor = uploaded(_field(asked, "path")), asker_of(asked)
        try:
            if path.suffix == ".mp4":
                # As text: an object of JavaScript's would bring a codebook's thresholds in another order.
                return {"settings": settings_text(read_card(path))}
            before = {run.id for run in self.store.runs(visitor)}
            run = import_zip(self.store, path, visitor)
            return {"added": run.id, "known": run.id in before}
        finally:
            if visitor and path.stem == visitor:
                path.unlink(missing_ok=True)

    def compared(self, asked: object) -> dict[str, Any]:
        """Several runs: what differs, what was measured, their accelerated videos, schedules and curves."""
        ids = _field(asked, "ids")
        if not isinstance(ids, list) or not 2 <= len(ids) <= MAX_COMPARED:
            raise ValueError(f"two to {MAX_COMPARED} runs can be compared")
        runs = [self.store.get(run_id, asker_of(asked)) for run_id in ids]
        return {
            "differing": differing_settings([run.request for run in runs]),
            "runs": [self._compared(run) for run in runs],
            "steps": max(len(run.trace.records["baseline"]) for run in runs),
        }

    def _listed(self, run: Run) -> dict[str, Any]:
        request, summary = run.request, run.summary
        card = self.cards.get(request.model)
        picture = poster(run.folder)
        return {
            "id": run.id,
            "prompt": request.prompt,
            "model": card.title if card else request.model,
            "method": detailed_title(request.method, request.model),
            "seed": request.seed,
            "size": str(request.size or ""),
            "steps": len(run.trace.records["baseline"]),
            "speedup": summary["speedup"],
            "doubts": " ".join(summary["speed_notes"]),
            "computed": summary["computed_steps"],
            "quality": quality_props(summary["quality"], request.size or (card.size if card else None)),
            "made": display_time(run.about.made),
            "reused": display_time(run.baseline_measured) if summary["baseline_measured"] else "",
            "imported": run.about.imported,
            "opens": card is not None,
            "poster": data_uri(picture, "image/webp") if picture else "",
        }

    def _compared(self, run: Run) -> dict[str, Any]:
        card = self.cards.get(run.request.model)
        size = run.request.size or (card.size if card else None)
        return {
            **self._listed(run),
            **{name: run.summary[name] for name in FIGURES},
            "video": served(run.video("accelerated")),
            "curve": distance_curve(run),
            "schedule": [
                {"step": record.step, "computed": record.computed} for record in run.trace.records["accelerated"]
            ],
            "aspect": size.aspect if size else 16 / 9,
            "fps": card.fps if card else 8.0,
        }


def _field(asked: object, name: str) -> Any:
    if not isinstance(asked, dict) or name not in asked:
        raise ValueError("the page does not fit this server; reload it")
    return asked[name]
