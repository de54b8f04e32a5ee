"""Hears who calls it: the end of the line for what a scanner asks a site to fetch.

Speaks the little protocol of wapiti's own server on the internet, so that nothing leaves this
machine: `/ssrf/SESSION/REQUEST/PARAMETER/` is heard, `/get_ssrf.php` tells what was.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ear(ThreadingHTTPServer):
    """Listens on a free port of this machine; `heard` is every address that was fetched."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.heard: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def told(self) -> dict[str, dict[str, list[dict[str, str]]]]:
        """By request and parameter, in the form that wapiti reads."""
        found: dict[str, dict[str, list[dict[str, str]]]] = {}
        for path in self.heard:
            _, _, _, request, parameter, *_ = path.split("/")
            call = {"url": path, "date": "", "ip": "127.0.0.1", "method": "GET", "size": "0"}
            found.setdefault(request, {}).setdefault(parameter, []).append(call)
        return found


class _Answer(BaseHTTPRequestHandler):
    server: Ear

    def do_GET(self) -> None:
        body = b"{}"
        if self.path.startswith("/ssrf/"):
            self.server.heard.append(self.path)
        elif self.path.startswith("/get_ssrf.php"):
            body = json.dumps(self.server.told()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing to say on the terminal."""


@contextmanager
def listening() -> Iterator[Ear]:
    """An ear that hears while the block runs."""
    with Ear() as ear:
        thread = threading.Thread(target=ear.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield ear
        finally:
            ear.shutdown()
            thread.join()
