"""A site that shows, one address each, what a scanner must find: that it does is its proof.

The faults are shown, not real: no command runs and no file is read.
"""

import sqlite3
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

START = """<html><body><p>{notes}</p>
<a href="/search?q=tea">search</a> <a href="/item?id=1">item</a> <a href="/go?to=/">go</a>
<a href="/read?name=a.txt">read</a> <a href="/ping?host=a">ping</a> <a href="/fail?n=1">fail</a>
<a href="/fetch?url=a">fetch</a> <a href="/header?v=a">header</a>
<form method="post" action="/note"><input name="note" value="a"><input type="submit"></form>
</body></html>"""


class _Site(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Broken)
        self.notes: list[str] = []
        """Said to everybody who opens the first page."""


class _Broken(BaseHTTPRequestHandler):
    server: _Site

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        value = next(iter(parse_qs(url.query).values()), [""])[0]
        match url.path:
            case "/search":
                self._say(f"<p>{value}</p>")
            case "/item":
                self._say(_item(value))
            case "/go":
                self._see_other(value)
            case "/header":
                # A line end in the value ends the header, and begins the next.
                self.wfile.write(f"HTTP/1.1 200 OK\r\nx-v: {value}\r\n\r\n".encode())
                self.close_connection = True
            case "/read":
                is_passwd = value.rstrip("\0").endswith("etc/passwd")
                self._say("root:x:0:0:root:/root:/bin/bash" if is_passwd else "nothing")
            case "/ping":
                self._say("PATH=/bin\nPWD=/" if "env" in value else "pong")
            case "/fail":
                self._say("broken", 200 if value.isalnum() else 500)
            case "/fetch":
                self._say(_fetched(value))
            case _:
                self._say(START.format(notes="<p>".join(self.server.notes)))

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.server.notes.append(parse_qs(sent).get("note", [""])[0])
        self._say("<p>Kept.</p>")

    def _say(self, text: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/html")
        self.send_header("set-cookie", "session=1234")
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _see_other(self, to: str) -> None:
        self.send_response(302)
        self.send_header("location", to.splitlines()[0] if to else "/")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing to say on the terminal."""


def _item(number: str) -> str:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE items (id)")
        try:
            found = connection.execute(f"SELECT id FROM items WHERE id = '{number}'")  # noqa: S608 - broken on purpose
            return str(found.fetchall())
        except sqlite3.Error as error:
            return f"sqlite3.OperationalError: {error}"


def _fetched(url: str) -> str:
    """Only from this machine."""
    if url.startswith("http://127.0.0.1:"):
        with suppress(OSError, HTTPException), urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - http, above
            return str(answer.read().decode())
    return "nothing"


@contextmanager
def broken_site() -> Iterator[str]:
    """Its address, while the block runs."""
    with _Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
