"""Panels written as ES modules: how a gr.HTML finds its module in assets/web, and what the page's head loads.

User text travels in props and reaches the DOM by textContent in those modules, never through a template.
"""

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import file_digest
from pathlib import Path
from shutil import copyfile
from time import time
from typing import Any

import gradio as gr
import plotly
from gradio.utils import get_upload_folder

from app.common.files import atomic_path
from app.common.paths import WEB
from app.common.sentences import INTERNAL, sentence

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
log = logging.getLogger(__name__)
BOOT = (WEB / "shared" / "boot.js").read_text()


def panel(module: str, elem_id: str, events: tuple[str, ...] = (), **props: Any) -> gr.HTML:
    """A component drawn by assets/web/<module>.js: its `mount({element, trigger, props, watch, server})`.

    `events` are those it triggers under names of its own; Gradio looks for them in the script it is given.
    """
    named = f"// Events of its own: {', '.join(map(repr, events))}\n" if events else ""
    return gr.HTML(
        html_template="",
        js_on_load=named + BOOT.replace("__FOLDER__", str(WEB)).replace("__NAME__", module),
        elem_id=elem_id,
        apply_default_css=False,
        **props,
    )


def packed(props: dict[str, Any]) -> dict[str, Any]:
    """Many values as one prop, which the script unpacks; NaN and infinity have no place in it.

    Gradio's page copies each value within a prop on its own, several times an update: a hundred steps are as many
    thousand copies.
    """
    return {"packed": json.dumps(props, separators=(",", ":"), allow_nan=False)}


def news(**what: Any) -> dict[str, Any]:
    """What a panel's script is to notice even where it says the same again: an equal value tells it nothing."""
    return {**what, "at": time()}


def serve_assets(*folders: Path) -> None:
    """Let the browser read the page's own files in place."""
    gr.set_static_paths([WEB, PLOTLY, *folders])


def served(path: Path) -> str:
    """A copy the browser may fetch, under a name nobody can guess; the runs folder itself is not served.

    Whole or not there: what a full disk cuts off would be taken for the copy the next time.
    """
    with path.open("rb") as file:
        folder = Path(get_upload_folder()) / file_digest(file, "sha256").hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / path.name
    if not copy.is_file():
        with atomic_path(copy) as temporary:
            copyfile(path, temporary)
    return str(copy)


def uploaded(path: object) -> Path:
    """A file the browser has uploaded; a ValueError if it names any other."""
    found = Path(path).resolve() if isinstance(path, str) and "\0" not in path else None
    if found is None or Path(get_upload_folder()).resolve() not in found.parents or not found.is_file():
        raise ValueError("the upload is not there; try again")
    return found


def data_uri(data: bytes, kind: str) -> str:
    """Bytes as an address that needs no request."""
    return f"data:{kind};base64,{b64encode(data).decode()}"


def answered(answer: Callable[[Any], dict[str, Any] | None], asked: Any) -> dict[str, Any]:
    """The answer to a question of a script, if only that it was done, or what stands against it in a sentence."""
    try:
        return answer(asked) or {}
    except ValueError as error:
        return {"error": sentence(error)}
    except OSError as error:
        return {"error": sentence(error)}
    except Exception:
        log.exception("a question was not answered")
        return {"error": sentence(INTERNAL)}


def head(rooms: Sequence[str]) -> str:
    """Fetch Plotly beside the page, which plots.js runs once the controls are there; show one room at a time."""
    template = (WEB / "shared" / "head.html").read_text()
    hidden = ", ".join(f"body:not(.in-{room}) #{room}" for room in rooms)
    return template.replace("__PLOTLY__", str(PLOTLY)).replace("__HIDDEN__", hidden)
