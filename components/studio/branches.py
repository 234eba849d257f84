"""What the charts show of a method's branches: its rows and windows so far, and the signal by which it decides."""

from dataclasses import replace
from typing import Any

from app.caching.policy import RunShape
from app.caching.record import COLUMNS, StepRecord
from app.caching.strips import Strips, strips_of
from app.models.base import ModelCard
from components.studio.view import View


def strips_in(view: View, card: ModelCard) -> Strips | None:
    """The strips of the accelerated side so far; none before its first step."""
    told = view.sides["accelerated"].records
    records = [StepRecord.from_json({name: record[name] for name in COLUMNS}) for record in told]
    if not records:
        return None
    return strips_of(view.request.method, _run(view, card, records), records)


def branches_props(view: View, card: ModelCard) -> dict[str, Any]:
    """The rows, the share they computed of `of` whole steps, and the signal with its threshold."""
    strips = strips_in(view, card)
    if strips is None:
        return {}
    of = _of(view)
    method = view.request.method
    return {
        **strips.to_json(),
        "in_part": strips.in_part,
        "share": strips.share(of),
        "of": of,
        "curves": [{"measured": curve.measured, "about": curve.about} for curve in method.curves],
        "threshold": method.limit(view.request.steps),
    }


def share_in_part(view: View, card: ModelCard) -> float:
    """The share of branches computed so far, where steps are computed in part; 0 where whole steps count."""
    strips = strips_in(view, card)
    return strips.share(_of(view)) if strips is not None and strips.in_part else 0.0


def _of(view: View) -> int:
    """Whole steps that a share is of: the baseline's, or while the side is made those it made so far."""
    side = view.sides["accelerated"]
    return view.steps["baseline"] if side.done else len(side.records)


def _run(view: View, card: ModelCard, records: list[StepRecord]) -> RunShape:
    """The run as its method knew it; a side with steps of its own has those it made so far."""
    run = card.run_shape(view.timesteps)
    if view.steps["accelerated"] == view.steps["baseline"]:
        return run
    return replace(run, timesteps=tuple(record.timestep for record in records))
