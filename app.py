"""AdaCache Studio in the browser: python app.py [--host ADDRESS] [--port 7860] [--runs ./runs] [--share]."""

import argparse
import os
import sys
from errno import EADDRINUSE
from pathlib import Path
from socket import SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket

from app.common.endings import catch_signals, quiet_interrupt, run

quiet_interrupt()
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
if "SPACES_ZERO_GPU" in os.environ:
    import spaces  # noqa: F401  # patches torch, so before anything that imports it

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware

from app.common.paths import WEB
from app.jobs.zerogpu import prepare
from app.runs.archive import MAX_ZIP_BYTES
from app.runs.store import RunStore
from components.page import build
from components.rooms import rooms
from components.shared.cache import MAX_BYTES, own_cache, size
from components.shared.guard import Guard, misfit
from components.shared.theme import theme
from components.shared.visitors import login, trust_no_proxy_by_itself
from components.shared.web import head

MAX_QUEUE = 32
MAX_PORT = 65_535
THREADS = 40  # for questions and presses, which never wait long
STYLES = ("shared/base", "shared/codebook", "shared/controls", "tour/tour")


def launch(page: gr.Blocks, host: str | None, port: int | None, share: bool = False, wait: bool = True) -> str:
    """Serve the page without telling strangers more than needed; returns its address."""
    page.queue(max_size=MAX_QUEUE)
    waiting = sum(
        event.concurrency_limit for event in page.fns.values() if isinstance(event.concurrency_limit, int)
    )
    _, local, _ = page.launch(
        server_name=host,  # none: GRADIO_SERVER_NAME, which a Space sets, or this machine only
        server_port=port,
        max_threads=THREADS + waiting,  # each of those that follow a run may keep one, and Stop needs another
        share=share,
        inbrowser=wait and has_screen(),
        prevent_thread_lock=not wait,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        run_history=False,
        auth=login(),
        max_file_size=MAX_ZIP_BYTES,
        app_kwargs={
            "middleware": [Middleware(Guard, has_room=lambda: size(Path(get_upload_folder())) < MAX_BYTES)],
            "exception_handlers": {RequestValidationError: misfit},
        },
        footer_links=[],
        theme=theme(),
        css_paths=[
            *(WEB / f"{name}.css" for name in STYLES),
            *(style for room in rooms() for style in room.styles),
        ],
        head=head([room.id for room in rooms()]),
    )
    return str(local)


def has_screen() -> bool:
    """Whether a browser opened here would be seen by somebody."""
    return sys.platform == "darwin" or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def main() -> None:
    """Read the flags and serve until interrupted."""
    parser = argparse.ArgumentParser(description="AdaCache Studio: adaptive caching of video diffusion, live")
    parser.add_argument(
        "--host", help="address to listen on; 0.0.0.0 for the network (default: this machine only)"
    )
    parser.add_argument("--port", type=_port, help="port; the first free one from 7860 on by default")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder every run is written into")
    parser.add_argument("--share", action="store_true", help="also make a public link through gradio.live")
    flags = parser.parse_args()
    try:
        login()
    except ValueError as error:
        parser.error(str(error))
    try:
        check_address(flags.host, flags.port)
    except OSError as error:
        place = f"{flags.host or 'this machine'}, port {flags.port or 'any'}"
        if error.errno == EADDRINUSE:
            parser.error(f"port {flags.port} is in use; choose another one with --port")
        parser.error(f"cannot listen on {place}: {error.strerror}")
    trust_no_proxy_by_itself()
    catch_signals()
    prepare()
    runs = flags.runs.resolve()
    try:
        with own_cache():
            launch(build(runs), flags.host, flags.port, flags.share)
    except OSError as error:
        if "empty port" not in str(error):  # gradio's words where every port that it tried is taken
            raise
        parser.error(f"port {flags.port or 'from 7860 on'} is in use; choose another one with --port")
    finally:
        RunStore(runs).close()


def check_address(host: str | None, port: int | None) -> None:
    """An OSError where nothing can listen there; gradio would try a hundred ports and say that they are in use."""
    if host is None and port is None:
        return
    kind, *_, address = getaddrinfo(host or "127.0.0.1", port or 0, type=SOCK_STREAM)[0]
    with socket(kind, SOCK_STREAM) as trial:
        trial.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # a server that has just ended is none
        trial.bind(address)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; accepted: 1 to {MAX_PORT}")
    return int(text)


if __name__ == "__main__":
    run(main)
