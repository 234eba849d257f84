"""VBench scores: sixteen dimensions, normalised and weighted into a total as on its leaderboard.

Huang et al. 2024 (arXiv 2311.17982); bounds and weights are those of Vchitect/VBench, scripts/constant.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.common.files import read_json
from app.common.validation import is_number, shown

Group = Literal["quality", "semantic"]
GROUP_WEIGHT: dict[Group, float] = {"quality": 4.0, "semantic": 1.0}  # in the total
MAX_BYTES = 50_000_000


@dataclass(frozen=True)
class Dimension:
    """One thing VBench measures, as a number from `low` to `high` that counts from 0 to 1."""

    id: str  # as result files and the package name it
    group: Group
    low: float = 0.0
    high: float = 1.0
    weight: float = 1.0  # in its group

    def normalised(self, score: float) -> float:
        """A raw score between the bounds, as a share."""
        return (score - self.low) / (self.high - self.low)


DIMENSIONS = (
    Dimension("subject_consistency", "quality", 0.1462),
    Dimension("background_consistency", "quality", 0.2615),
    Dimension("temporal_flickering", "quality", 0.6293),
    Dimension("motion_smoothness", "quality", 0.706, 0.9975),
    Dimension("dynamic_degree", "quality", weight=0.5),
    Dimension("aesthetic_quality", "quality"),
    Dimension("imaging_quality", "quality"),
    Dimension("object_class", "semantic"),
    Dimension("multiple_objects", "semantic"),
    Dimension("human_action", "semantic"),
    Dimension("color", "semantic"),
    Dimension("spatial_relationship", "semantic"),
    Dimension("scene", "semantic", high=0.8222),
    Dimension("appearance_style", "semantic", 0.0009, 0.2855),
    Dimension("temporal_style", "semantic", high=0.364),
    Dimension("overall_consistency", "semantic", high=0.364),
)
BY_ID = {dimension.id: dimension for dimension in DIMENSIONS}


@dataclass(frozen=True)
class VBenchScore:
    """The aggregates, 0 to 1; none where a dimension they are made of was not measured.

    The official script counts a missing dimension as a raw 0, which no video has; here it is named instead.
    """

    quality: float | None
    semantic: float | None
    total: float | None
    missing: tuple[str, ...]


def aggregate(raw: Mapping[str, float]) -> VBenchScore:
    """Quality, semantic and total of raw scores by dimension."""
    groups = {group: _group(raw, group) for group in GROUP_WEIGHT}
    known = [(GROUP_WEIGHT[group], value) for group, value in groups.items() if value is not None]
    total = sum(w * value for w, value in known) / sum(GROUP_WEIGHT.values()) if len(known) == 2 else None
    missing = tuple(dimension.id for dimension in DIMENSIONS if dimension.id not in raw)
    return VBenchScore(groups["quality"], groups["semantic"], total, missing)


def read_results(path: Path) -> dict[str, float]:
    """Raw scores of a result file of the package, `{"dimension": [score, [video, ...]], ...}`.

    A ValueError names what is wrong with it.
    """
    value = read_json(path, MAX_BYTES)
    if not isinstance(value, dict) or not value:
        raise ValueError(f"{path.name}: scores by dimension are needed, got {shown(value)}")
    scores = {}
    for name, result in value.items():
        if name not in BY_ID:
            raise ValueError(f"{path.name}: no dimension {name[:40]!r}; there are: {', '.join(BY_ID)}")
        score = result[0] if isinstance(result, list) and result else None
        if not is_number(score) or not 0 <= score <= 1:  # type: ignore[operator]  # it is a number
            raise ValueError(f"{path.name}: {name} needs a score within 0 and 1, got {shown(score)}")
        scores[name] = float(score)  # type: ignore[arg-type]  # it is a number
    return scores


def _group(raw: Mapping[str, float], group: Group) -> float | None:
    own = [dimension for dimension in DIMENSIONS if dimension.group == group]
    if any(dimension.id not in raw for dimension in own):
        return None
    weighted = sum(dimension.weight * dimension.normalised(raw[dimension.id]) for dimension in own)
    return weighted / sum(dimension.weight for dimension in own)
