"""Measured quality as the page shows it: a figure a registered metric, or why there is none."""

from collections.abc import Mapping

from app.metrics.registry import metrics
from app.models.size import Size

NOT_MEASURED = "not measured in this run"


def quality_props(quality: Mapping[str, float | None] | None, size: Size | None) -> list[dict[str, str]]:
    """One entry a metric, in order; `reason` says why a finished run has no value, and is empty otherwise.

    quality: of a summary; none before there is one. size: of the video, by which a metric may not be defined.
    """
    return [
        {
            "id": id,
            "title": metric.title,
            "unit": metric.unit,
            "about": f"{metric.description} {metric.better.capitalize()} is better.",
            "value": "" if (value := (quality or {}).get(id)) is None else f"{value:.{metric.digits}f}",
            "reason": _reason(metric.refusal(size.height, size.width) if size else "")
            if quality is not None and value is None
            else "",
        }
        for id, metric in metrics().items()
    ]


def _reason(refusal: str) -> str:
    return refusal or NOT_MEASURED
