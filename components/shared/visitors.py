"""Visitors: whose a run is, told by the login or by the id a browser gave itself, and the login itself."""

import os
from collections.abc import Mapping, MutableMapping
from hashlib import sha256

import gradio as gr

from app.runs.store import read_visitor

LOGIN = "ADACACHE_LOGIN"
PROXIES = "FORWARDED_ALLOW_IPS"  # addresses of proxies whose X-Forwarded-For is believed, with commas between


def visitor_of(given: object) -> str:
    """Whose a run is: the login's where the server asks for one, on every device; else that browser's."""
    known = login()
    return _id(f"login {known[0]}") if known else read_visitor(given)


def asker_of(asked: object) -> str:
    """Whose a question of a panel is; panels send their visitor with it."""
    return visitor_of(asked.get("visitor") if isinstance(asked, dict) else None)


def program_of(given: object, caller: gr.Request) -> str:
    """The same for a program; one that names no visitor is known by its session."""
    return visitor_of(given) or _id(f"session {caller.session_hash or ''}")


def address_of(caller: gr.Request) -> str:
    """Where a request comes from, if a proxy named in FORWARDED_ALLOW_IPS tells it (uvicorn reads it); else empty.

    Behind a proxy that is not named there all visitors have one address, and none is counted by it.
    """
    return caller.client.host if caller.client and os.environ.get(PROXIES) else ""


def trust_no_proxy_by_itself(environment: MutableMapping[str, str] = os.environ) -> None:
    """Have uvicorn believe X-Forwarded-For of the proxies named only; its default is every one on this machine."""
    environment.setdefault(PROXIES, "")


def login(environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """The name and password that ADACACHE_LOGIN asks for; none where it is not set."""
    given = environment.get(LOGIN, "")
    if not given:
        return None
    user, colon, password = given.partition(":")
    if not (user and colon and password):
        raise ValueError(f"{LOGIN} must be user:password with neither of them empty")
    return user, password


def _id(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:32]
