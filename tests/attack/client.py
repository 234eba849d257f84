"""A browser's requests without a browser: events, questions to panels, uploads and links of a running page."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

API = "/gradio_api"
MAX_SAID = 300
PYTHON = (
    "Traceback",
    "NoneType",
    "<class",
    "object at 0x",
    "set_int_max_str",
    "not subscriptable",
    "upstream Gradio",
)


@dataclass(frozen=True)
class Answer:
    """What came back: the status of the web server, whether it was refused, and the words."""

    status: int
    refused: bool
    said: str
    data: Any = None

    def faults(self, secrets: tuple[str, ...]) -> list[str]:
        """What is wrong with it as an answer to anything; `secrets` are places nobody may be told of."""
        found = []
        if self.status >= 500 and self.status != 507:
            found.append(f"status {self.status}")
        if self.refused and not self.said.strip():
            found.append("refused without a word")
        if self.refused and len(self.said) > MAX_SAID:
            found.append(f"{len(self.said)} characters")
        if self.refused and "\n" in self.said:
            found.append("more than one line")
        found += [f"says {word!r}" for word in (*PYTHON, *secrets) if word in self.said]
        return found


@dataclass
class Attacker:
    """One tab of a stranger."""

    url: str
    session: str = field(default_factory=lambda: uuid4().hex[:11])
    visitor: str = field(default_factory=lambda: uuid4().hex)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.url.rstrip("/"), timeout=120, trust_env=False)
        self.config = self.http.get("/config").json()
        self.events = {event["id"]: event for event in self.config["dependencies"]}
        self.panels = {
            component["props"].get("elem_id"): component["id"]
            for component in self.config["components"]
            if component["props"].get("elem_id")
        }

    def send(self, event: int, data: Any, event_data: Any = None, query: str = "") -> Answer:
        """Start an event as the page does, and follow it to its end."""
        body = {"data": data, "fn_index": event, "session_hash": self.session, "event_data": event_data}
        joined = self.post(f"{API}/queue/join{query}", body)
        if joined.refused or not isinstance(joined.data, dict) or "event_id" not in joined.data:
            return joined
        with self.http.stream("GET", f"{API}/queue/data", params={"session_hash": self.session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed":
                    output = message["output"]
                    error = output.get("error")
                    return Answer(200, not message["success"], error or "", output.get("data"))
        return Answer(200, True, "", None)

    def on(self, name: str) -> list[int]:
        """The events that a panel raises under a name."""
        return [id for id, event in self.events.items() if any(on == name for _, on in event["targets"])]

    def ask(self, panel: str, question: str, data: Any) -> Answer:
        """Ask a panel's server function."""
        body = {
            "session_hash": self.session,
            "component_id": self.panels[panel],
            "fn_name": question,
            "data": data,
        }
        return self.post(f"{API}/component_server", body)

    def upload(self, data: bytes, name: str = "run.zip") -> str:
        """Send a file; returns where the server says it lies."""
        sent = self.http.post(f"{API}/upload", files={"files": (name, data)})
        sent.raise_for_status()
        return str(sent.json()[0])

    def post(self, path: str, body: Any) -> Answer:
        """Send JSON, with lone surrogates and numbers of any size as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return read(self.http.post(path, content=content, headers={"content-type": "application/json"}))


def read(response: httpx.Response) -> Answer:
    """The answer of the web server."""
    try:
        value = response.json()
    except ValueError:
        return Answer(response.status_code, response.status_code >= 400, response.text)
    said = ""
    if isinstance(value, dict):
        said = str(value.get("detail") or value.get("error") or "")
    return Answer(response.status_code, response.status_code >= 400 or bool(said), said, value)
