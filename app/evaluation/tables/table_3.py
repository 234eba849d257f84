"""Table 3: what each part of AdaCache is worth, and at which sizes; of these, those that the model makes.

The codebook is that of the fast variant throughout: the paper states no other thresholds for L2, cosine or other
residuals, so that a metric on another scale chooses other rates, here as there.
"""

from dataclasses import replace

from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method
from app.evaluation.comparison.plan import BASELINE
from app.evaluation.paper import table_3
from app.evaluation.tables.table import Line, PaperTable, adacache_name
from app.models.base import ModelCard
from app.models.size import Size

SIZES = "b"  # the part whose rows are a variant, a resolution and a length
STRIDES = (1, 2, 4)  # frames between which motion is measured, for "multi-step"


def lines(card: ModelCard, steps: int) -> list[Line]:
    """Parts a to f; those that are the fast variant itself are measured once."""
    name = adacache_name(card, "fast", steps)
    fast = named_method(name, card.id, card.motion)
    assert isinstance(fast, AdaCacheConfig)
    by_row: dict[str, tuple[str, Method | None]] = {
        "none": (BASELINE, None),
        **dict.fromkeys(("adacache", "l1", "mid", "temporal-attn", "fast"), (name, fast)),
        "moreg": ("moreg", replace(fast, motion=card.motion)),
        "moreg-without-gradient": (
            "moreg-without-gradient",
            replace(fast, motion=replace(card.motion, gradient_scale=0.0)),
        ),
        "moreg-multi-step": ("moreg-multi-step", replace(fast, motion=replace(card.motion, strides=STRIDES))),
        "l2": ("l2", replace(fast, distance="l2")),
        "cosine": ("cosine", replace(fast, distance="cosine")),
        "start": ("start", replace(fast, locations="start")),
        "end": ("end", replace(fast, locations="end")),
        "multiple": ("multiple", replace(fast, locations=(0, (card.depth - 1) // 2, card.depth - 1))),
        "spatial-attn": ("spatial-attn", replace(fast, residual="spatial-attn")),
        "cross": ("cross", replace(fast, residual="cross")),
        "mlp": ("mlp", replace(fast, residual="mlp")),
        **{speed: _variant(card, speed, steps) for speed in ("medium", "slow")},
    }
    found: list[Line] = []
    size: Size | None
    for part, published in table_3().items():
        for row, paper in published.rows.items():
            variant, size = row, None
            if part == SIZES:
                variant, resolution, length = row.split("-")
                try:
                    size = card.requested_size(resolution, length=length)
                except ValueError:
                    continue  # a size that the model does not make
            found.append(Line(f"({part}) {published.setting}", row, *by_row[variant], paper, size))
    return found


def _variant(card: ModelCard, speed: str, steps: int) -> tuple[str, Method]:
    name = adacache_name(card, speed, steps)
    return name, named_method(name, card.id, card.motion)


TABLE = PaperTable("table3", "Table 3: ablations", lines)
