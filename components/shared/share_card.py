"""The share card of a run as the page offers it: made when it is asked for, and served for the browser to keep."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.runs.share_card import ENDINGS, write_card
from app.runs.store import RunStore
from components.shared.visitors import asker_of
from components.shared.web import served


def carded(store: RunStore, asked: object) -> dict[str, Any]:
    """A card of a kept run that this visitor may see; a ValueError is the answer in words."""
    if not isinstance(asked, dict) or not {"id", "kind"} <= asked.keys():
        raise ValueError("the page does not fit this server; reload it")
    kinds = [ending.removeprefix(".") for ending in ENDINGS]
    if asked["kind"] not in kinds:
        raise ValueError(f"a share card is of the kind {' or '.join(kinds)}")
    run = store.get(asked["id"], asker_of(asked))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"adacache-{run.id}.{asked['kind']}"
        write_card(run, path)
        return {"path": served(path), "name": path.name}
