"""Guard of the web server: requests too large or not of its form end in one line, logins cannot be guessed.

It stands before gradio's routes as ASGI middleware.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.common.sentences import sentence
from app.runs.archive import MAX_ZIP_BYTES
from components.shared.turns import asker_gone

MAX_BODY = 6_000_000  # of every request but an upload
MAX_UPLOAD = MAX_ZIP_BYTES + 1_000_000  # one file and its form; gradio's own limit is for each of a thousand files
MAX_LOGIN_BODY = 20_000
UPLOAD, LOGIN, QUESTION = "/gradio_api/upload", "/login", "/component_server"
FREE_ATTEMPTS = 3  # wrong passwords in a row before each of the next ones costs twice the wait of the last
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds
MAX_ADDRESSES = 10_000
log = logging.getLogger(__name__)


class TooLarge(Exception):
    """A body went beyond its limit while it was read."""


@dataclass
class Attempts:
    """Wrong passwords in a row by address, and how long each must wait before it may try again."""

    clock: Callable[[], float] = monotonic
    failed: dict[str, tuple[int, float]] = field(default_factory=dict)  # address: how many, until when to wait

    def wait(self, address: str) -> float:
        """Seconds until this address may try again."""
        return max(0.0, self.failed.get(address, (0, 0.0))[1] - self.clock())

    def note(self, address: str, right: bool) -> None:
        """Remember how an attempt ended."""
        count = 0 if right else self.failed.pop(address, (0, 0.0))[0] + 1
        if right:
            self.failed.pop(address, None)
            return
        late = count - FREE_ATTEMPTS
        wait = 0.0 if late < 0 else min(LONGEST_WAIT, FIRST_WAIT * 2**late)
        self.failed[address] = (count, self.clock() + wait)
        while len(self.failed) > MAX_ADDRESSES:
            del self.failed[next(iter(self.failed))]


@dataclass
class Guard:
    """The middleware; `has_room` says whether the cache may take another upload."""

    app: ASGIApp
    has_room: Callable[[], bool]
    attempts: Attempts = field(default_factory=Attempts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, method = scope["path"].rstrip("/"), scope["method"]
        if method == "POST" and path.endswith(LOGIN):
            await self._login(scope, receive, send)
            return
        upload = method == "POST" and path.endswith(UPLOAD)
        if upload and not self.has_room():
            await _answer(507, "the server has no room for another upload at the moment; try again later")(
                scope, receive, send
            )
            return
        limit = MAX_UPLOAD if upload else MAX_BODY
        receive = _bounded(receive, limit)
        if method == "POST" and path.endswith(QUESTION):
            await self._question(scope, receive, send)
            return
        await self._pass_on(scope, receive, send, limit)

    async def _question(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell whoever works on the answer when the browser that asked has left."""
        try:
            body = await _read(receive)
        except TooLarge:
            await _too_large(MAX_BODY)(scope, receive, send)
            return
        gone = Event()
        asker_gone.set(gone)

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        watching = asyncio.create_task(watch())
        try:
            await self._pass_on(scope, _again(body), send)
        finally:
            watching.cancel()

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, limit: int = MAX_BODY) -> None:
        """Let gradio answer; what breaks there was asked in a form it does not know."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except TooLarge:
            if not begun:
                await _too_large(limit)(scope, receive, send)
        except OSError as error:
            log.warning("the disk: %s", error.strerror)
            if not begun:
                await _answer(507, sentence(error))(scope, receive, send)
        except Exception as error:
            log.warning("refused %s %s: %s", scope["method"], scope["path"][:100], type(error).__name__)
            log.debug("refused", exc_info=error)
            if not begun:
                await _answer(400, "this request does not fit the server")(scope, receive, send)

    async def _login(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names count letter by letter, which gradio strips; and after wrong passwords comes a wait."""
        address = (scope.get("client") or ("",))[0]
        if wait := self.attempts.wait(address):
            said = f"too many wrong passwords; try again in {wait:.0f} s"
            await _answer(429, said)(scope, receive, send)
            return
        try:
            body = await _read(_bounded(receive, MAX_LOGIN_BODY))
            name = (await Request(scope, _again(body)).form()).get("username", "")
        except Exception:
            await _answer(400, "a login is a form with username and password")(scope, receive, send)
            return
        if not isinstance(name, str) or name != name.strip():
            self.attempts.note(address, right=False)
            await _answer(400, "Incorrect credentials.")(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.attempts.note(address, right=message["status"] < 400)
            await send(message)

        await self._pass_on(scope, _again(body), sending)


async def misfit(request: Request, error: Exception) -> JSONResponse:
    """The answer to a body that is not of the form its route takes; without what was sent."""
    places: list[str] = []
    if isinstance(error, RequestValidationError):
        places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
    return JSONResponse({"detail": f"this request does not fit the server; check {', '.join(places)[:150]}"}, 422)


def _answer(status: int, said: str) -> Callable[[Scope, Receive, Send], Any]:
    return JSONResponse({"detail": said, "error": said}, status)


def _too_large(limit: int) -> Callable[[Scope, Receive, Send], Any]:
    return _answer(413, f"a request of at most {limit} bytes is read")


def _bounded(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return receiving


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _again(body: bytes) -> Receive:
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving
