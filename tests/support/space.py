"""A ZeroGPU Space without a GPU: python -m tests.support.space CHECKPOINT FOLDER; prints JSON lines.

The package spaces is the real one, with its patches of torch, its queues and its forked process. Played are the
service that hands GPUs out, and what only a CUDA build of torch has: its version and the start of CUDA over there.
"""

import json
import os
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import torch

from app.caching.codebook import load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.generation.events import Step
from app.generation.request import Request
from app.models.open_sora.model import load

ASKED: list[tuple[str, dict[str, str]]] = []  # of the service: what, and with which parameters
GPU = {"idle": False, "nvidiaIndex": 0, "nvidiaUUID": "GPU-0", "allowToken": "token"}
STEPS = 3


class Service(BaseHTTPRequestHandler):
    """Hands out a GPU that is not there, to whoever asks."""

    def do_POST(self) -> None:
        """Answer /schedule, /allow and /release."""
        url = urlsplit(self.path)
        ASKED.append((url.path, {name: values[0] for name, values in parse_qs(url.query).items()}))
        body = json.dumps(GPU if url.path == "/schedule" else None).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


def main() -> None:
    """A run, one that is stopped, one that fails over there, and another run after it."""
    checkpoint, folder = Path(sys.argv[1]), Path(sys.argv[2])
    _become_a_space()
    from app.jobs import zerogpu
    from tests.support.open_sora import SIZE

    (torch.randn(1000, 1000) @ torch.randn(1000, 1000)).relu()  # Sprites has used all threads here before the fork
    zerogpu.fetch_weights = lambda model: None
    runs: list[tuple[str, Callable[..., Any]]] = [
        ("whole", lambda *_, **__: load(checkpoint, SIZE)),
        ("stopped", lambda *_, **__: load(checkpoint, SIZE)),
        ("failed", lambda *_, **__: torch.zeros(2).view(3)),
        ("after", lambda *_, **__: load(checkpoint, SIZE)),
    ]
    method = AdaCacheConfig(load_codebook("fast"))
    for seed, (name, loader) in enumerate(runs):
        zerogpu.load_model = loader
        request = Request("open-sora-1.2", "A red fox", method, seed=seed, steps=STEPS, guidance=7.0)
        (folder / name).mkdir(parents=True)
        ASKED.clear()
        stop, told, asking = Flag(), [], ""
        for event in zerogpu.generate_pair(request, folder / name, stop=stop):
            told.append(type(event).__name__)
            asking = asking or getattr(event, "message", "")
            if name == "stopped" and isinstance(event, Step):
                stop.set()
        said = getattr(event, "message", "")
        files = sorted(path.name for path in (folder / name).iterdir())
        print(
            json.dumps(
                {"run": name, "events": told, "said": said, "asking": asking, "asked": ASKED, "files": files}
            ),
            flush=True,
        )


def _become_a_space() -> None:
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    Thread(target=service.serve_forever, daemon=True).start()
    os.environ["SPACES_ZERO_GPU"] = "true"
    os.environ["SPACES_ZERO_DEVICE_API_URL"] = f"http://127.0.0.1:{service.server_port}"
    played: Any = torch
    played.version.cuda = "12.8"
    played._C._cuda_init = lambda: None
    played.cuda._is_in_bad_fork = torch.cuda.is_available  # no, and it can be pickled
    import spaces.zero.torch  # the package reads the variables and patches torch

    assert torch.cuda.is_available(), "spaces did not patch torch"
    spaces.zero.torch.init = lambda uuid: None
    spaces.zero.torch.move = lambda callback=None: None


if __name__ == "__main__":
    main()
