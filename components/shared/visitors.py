"""Visitors: whose a run is, told by the login or by the id a browser gave itself, and the login itself."""

import os
from collections.abc import Mapping
from hashlib import sha256

import gradio as gr

from app.runs.store import read_visitor

LOGIN = "ADACACHE_LOGIN"


def visitor_of(given: object) -> str:
    """Whose a run is: the login's where the server asks for one, on every device; else that browser's."""
    known = login()
    return _id(f"login {known[0]}") if known else read_visitor(given)


def program_of(given: object, caller: gr.Request) -> str:
    """The same for a program; one that names no visitor is known by its session."""
    return visitor_of(given) or _id(f"session {caller.session_hash or ''}")


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
