"""Visitors: who asks, told by tab or address, and the login that a server may ask them for."""

import os
from collections.abc import Mapping, MutableMapping

import gradio as gr

from app.jobs.limits import SEPARATOR, Limits

LOGIN = "ADACACHE_LOGIN"
PROXIES = "FORWARDED_ALLOW_IPS"  # addresses of proxies whose X-Forwarded-For is believed, with commas between


def visitor_key(tab: gr.Request, limits: Limits, visitor: str = "") -> str:
    """The tab, and before it who counts as one visitor: an address that can be believed, else the visitor's id.

    An address is that of the connection, or what a proxy named in FORWARDED_ALLOW_IPS says of it (uvicorn reads
    it). Behind a proxy that is not named there all visitors have one address, and none is counted by it.
    """
    session = (tab.session_hash or "").replace(SEPARATOR, "")
    if not limits.one_run_per_address:
        return session
    address = tab.client.host if tab.client and os.environ.get(PROXIES) else ""
    return f"{(address or visitor or session).replace(SEPARATOR, '')}{SEPARATOR}{session}"


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
