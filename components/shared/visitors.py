"""Visitors: who asks, told by tab or address, and the login that a server may ask them for."""

import os
from collections.abc import Mapping

import gradio as gr

from app.jobs.limits import SEPARATOR, Limits

LOGIN = "ADACACHE_LOGIN"


def visitor_key(visitor: gr.Request, limits: Limits) -> str:
    """The tab, and before it the address where addresses count.

    A Space's proxy names the address; it can be forged, and then only the queue's length limits a visitor.
    """
    session = visitor.session_hash or ""
    if not limits.one_run_per_address:
        return session
    forwarded = visitor.headers.get("x-forwarded-for", "").split(",")[0].strip()
    address = forwarded or (visitor.client.host if visitor.client else "")
    return f"{address.replace(SEPARATOR, '')}{SEPARATOR}{session}"


def login(environment: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """The name and password that ADACACHE_LOGIN asks for; none where it is not set."""
    given = environment.get(LOGIN, "")
    if not given:
        return None
    user, colon, password = given.partition(":")
    if not (user and colon and password):
        raise ValueError(f"{LOGIN} must be user:password with neither of them empty")
    return user, password
