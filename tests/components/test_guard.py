"""The guard of the web server: what it lets through, what it answers itself, and how it slows guessing down."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from components.shared.guard import FREE_ATTEMPTS, LONGEST_WAIT, MAX_BODY, Attempts, Guard
from components.shared.turns import asker_gone
from components.shared.visitors import address_of, trust_no_proxy_by_itself

App = Callable[[Any, Any, Any], Awaitable[None]]


def ask(
    app: App,
    path: str,
    body: bytes,
    attempts: Attempts | None = None,
    kind: str = "application/json",
    room: bool = False,
) -> int:
    """POST a body through the guard to an app; returns the status."""
    sent: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", kind.encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": ("9.9.9.9", 1)}
    guard = Guard(app, lambda: room, attempts or Attempts())
    with ThreadPoolExecutor(1) as thread:  # Playwright keeps a loop running in the main one
        thread.submit(asyncio.run, guard(scope, receive, send)).result()
    assert len(sent[-1]["body"]) <= 400
    return int(sent[0]["status"])


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An app that reads the body and says yes, or no to a login with a wrong password."""
    body = (await receive())["body"]
    status = 400 if b"wrong" in body else 200
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def broken(scope: Any, receive: Any, send: Any) -> None:
    raise KeyError("/srv/secret/path")


def login(attempts: Attempts, name: str, password: str) -> int:
    return ask(
        echo,
        "/login",
        f"username={name}&password={password}".encode(),
        attempts,
        "application/x-www-form-urlencoded",
    )


def test_bodies_are_bounded_and_what_breaks_is_answered() -> None:
    assert ask(echo, "/gradio_api/queue/join", b"x") == 200
    assert ask(echo, "/gradio_api/queue/join", b"x" * (MAX_BODY + 1)) == 413
    assert ask(echo, "/gradio_api/component_server", b"x" * (MAX_BODY + 1)) == 413
    assert ask(broken, "/gradio_api/queue/join", b"x") == 400
    assert ask(echo, "/gradio_api/upload", b"x") == 507  # this guard's cache is full


def test_an_upload_is_bounded_and_nothing_else_passes_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.shared.guard.MAX_UPLOAD", 2 * MAX_BODY)
    for path in ("/gradio_api/run/upload", "/gradio_api/call/upload", "/gradio_api/api/upload", "/upload"):
        assert ask(echo, path, b"x" * (MAX_BODY + 1), room=True) == 413, path
    assert ask(echo, "/gradio_api/upload", b"x" * (MAX_BODY + 1), room=True) == 200
    assert ask(echo, "/space/gradio_api/upload", b"x" * (2 * MAX_BODY + 1), room=True) == 413


def test_wrong_passwords_cost_time_and_a_right_one_forgives() -> None:
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    tried = [login(attempts, "anna", "wrong") for _ in range(300)]
    assert tried.count(400) == FREE_ATTEMPTS
    assert set(tried) == {400, 429}
    assert login(attempts, "anna", "right") == 429  # not even this is looked at before the wait is over
    waits = []
    for _ in range(10):
        waits.append(attempts.wait("9.9.9.9"))
        now[0] += attempts.wait("9.9.9.9")
        assert login(attempts, "anna", "wrong") == 400
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
    assert attempts.wait("9.9.9.9") == LONGEST_WAIT
    assert attempts.wait("8.8.8.8") == 0
    now[0] += LONGEST_WAIT
    assert login(attempts, "anna", "right") == 200
    assert attempts.failed == {}


@pytest.mark.parametrize("name", ["anna%20", "%20anna", "anna%09", "anna%0A"])
def test_a_name_counts_letter_by_letter(name: str) -> None:
    assert login(Attempts(), "anna", "right") == 200
    assert login(Attempts(), name, "right") == 400


def test_whoever_works_on_an_answer_hears_that_the_browser_has_left() -> None:
    heard = []

    async def working(scope: Any, receive: Any, send: Any) -> None:
        gone = asker_gone.get()
        assert gone is not None
        await receive()
        for _ in range(100):
            await asyncio.sleep(0)
            if gone.is_set():
                heard.append(True)
                break
        await echo(scope, lambda: asyncio.sleep(0, {"body": b""}), send)

    assert ask(working, "/gradio_api/component_server", b"{}") == 200
    assert heard == [True]


class Tab:
    """What gradio tells of a request."""

    def __init__(self, forwarded: str = "") -> None:
        self.session_hash = "tab"
        self.headers = {"x-forwarded-for": forwarded}
        self.client = type("Client", (), {"host": "10.0.0.1"})()


def test_a_forged_address_stands_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    environment: dict[str, str] = {}
    trust_no_proxy_by_itself(environment)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", environment["FORWARDED_ALLOW_IPS"])
    assert address_of(Tab("6.6.6.6")) == ""  # type: ignore[arg-type]


def test_a_named_proxy_tells_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"FORWARDED_ALLOW_IPS": "10.0.0.0/8"}
    trust_no_proxy_by_itself(environment)
    assert environment == {"FORWARDED_ALLOW_IPS": "10.0.0.0/8"}
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.0/8")  # uvicorn has put the address in its place by then
    assert address_of(Tab("6.6.6.6")) == "10.0.0.1"  # type: ignore[arg-type]
