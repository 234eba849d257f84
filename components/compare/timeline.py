"""Timelines: what every step of a kept run cost, in seconds and in compute, for barcodes on one axis."""

from typing import Any

from app.caching.strips import strips_of
from app.generation.timing import step_compute
from app.models.base import ModelCard
from app.runs.run import Run


def timeline(run: Run, card: ModelCard) -> dict[str, Any]:
    """The accelerated side: seconds and compute of each step, and the share of its branches that was computed."""
    records = run.trace.records["accelerated"]
    shape = card.run_shape(tuple(record.timestep for record in records))
    strips = strips_of(run.request.method, shape, records)
    compute, unit = step_compute(run.request, card.size, records, strips)
    return {
        "seconds": [record.seconds for record in records],
        "compute": list(compute),
        "unit": unit,
        "computed": list(strips.steps),
        "share": strips.share(len(run.trace.records["baseline"])),
    }


def baseline_timeline(run: Run) -> dict[str, Any]:
    """The same of the baseline, which computes all of every step."""
    records = run.trace.records["baseline"]
    whole = [1.0] * len(records)
    return {
        "seconds": [record.seconds for record in records],
        "compute": whole,
        "unit": "",
        "computed": whole,
        "share": 1.0,
    }
