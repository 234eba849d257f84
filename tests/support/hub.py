"""A Hub of one repository on this machine, to test downloads without a network."""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

COMMIT = "0" * 39 + "1"


@contextmanager
def serve(repository: str, files: dict[str, bytes], drops: int = 0) -> Iterator[tuple[str, list[str]]]:
    """The address of a server of these files, and the log of what was asked of it.

    The first `drops` large answers break off after half of their bytes.
    """
    log: list[str] = []
    drops_left = [drops]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            log.append(f"{self.command} {self.path} {self.headers.get('Range') or ''}".strip())
            path = self.path.split("?")[0]
            headers = {"X-Repo-Commit": COMMIT}
            status = 200
            if path.startswith(f"/api/models/{repository}/tree/"):
                content = json.dumps(
                    [{"type": "file", "path": n, "size": len(c), "oid": etag(c)} for n, c in files.items()]
                ).encode()
            elif path.startswith(f"/api/models/{repository}"):
                siblings = [{"rfilename": name, "size": len(c)} for name, c in files.items()]
                content = json.dumps({"id": repository, "sha": COMMIT, "siblings": siblings}).encode()
            elif path.startswith(f"/{repository}/resolve/") and path.rsplit("/", 1)[-1] in files:
                content = files[path.rsplit("/", 1)[-1]]
                headers["ETag"] = f'"{etag(content)}"'
                headers["Accept-Ranges"] = "bytes"
                if ranged := re.match(r"bytes=(\d+)-", self.headers.get("Range") or ""):
                    start = int(ranged[1])
                    status, headers["Content-Range"] = 206, f"bytes {start}-{len(content) - 1}/{len(content)}"
                    content = content[start:]
            else:
                status, content = 404, b""
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body and len(content) > 10_000 and drops_left[0]:
                drops_left[0] -= 1
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
            elif body:
                self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", log
    finally:
        server.shutdown()
        server.server_close()


def etag(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()
