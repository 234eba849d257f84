"""Table 1: quality and latency of the baseline, Delta-DiT, T-GATE, PAB and AdaCache."""

from app.caching.names import named_method
from app.evaluation.comparison.plan import BASELINE
from app.evaluation.paper import Published, table_1
from app.evaluation.tables.table import Line, PaperTable, adacache_name
from app.models.base import ModelCard

TITLES = {
    "delta-dit": "Delta-DiT",
    "tgate": "T-GATE",
    "pab-fast": "PAB-fast",
    "pab-slow": "PAB-slow",
    "adacache-fast": "AdaCache-fast",
    "adacache-fast-moreg": "AdaCache-fast (w/ MoReg)",
    "adacache-slow": "AdaCache-slow",
}


def lines(card: ModelCard, steps: int) -> list[Line]:
    """The paper's rows, without those of methods that the model does not offer."""
    published = table_1().get(card.id)
    rows = published.rows if published else {}
    found = [Line(card.title, "Baseline", BASELINE, None, rows.get(BASELINE, Published()))]
    for row, title in TITLES.items():
        name = _name(card, row, steps)
        try:
            method = named_method(name, card.id, card.motion)
        except ValueError:
            continue  # published settings of another model
        found.append(Line(card.title, title, name, method, rows.get(row, Published())))
    return found


def _name(card: ModelCard, row: str, steps: int) -> str:
    if not row.startswith("adacache-"):
        return row
    speed = row.split("-")[1]
    return adacache_name(card, speed, steps, "-moreg" if row.endswith("-moreg") else "")


TABLE = PaperTable("table1", "Table 1: quality and latency", lines)
