"""Pages of a neighbouring origin of the same site, in a browser that brings our cookies along."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.e2e.running_house import PATIENCE, RunningHouse
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.browser

PAGE = "/set-up/recovery-code"
REACHING = {
    "a picture": "<img src='{url}'>",
    "a frame": "<iframe src='{url}'></iframe>",
    "fetched ahead": "<link rel=prefetch href='{url}'>",
    "asked by a script": (
        "<script>fetch('{url}', {{mode: 'no-cors', credentials: 'include'}})</script>"
    ),
    "a window of its own": "<script>location = '{url}'</script>",
}


@contextmanager
def _neighbour(page: str) -> Iterator[str]:
    """The origin of somebody else's page at another port of this machine: one site with ours."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("how", REACHING)
def test_a_neighbours_page_takes_no_recovery_code(
    browser: Browser, visitor: Visitor, house: RunningHouse, how: str
) -> None:
    """R7: whatever a neighbouring page does, the code is shown to whoever opens its page."""
    visitor.sign_up()
    visitor.follow("Set up 2FA")
    visitor.ask_for_code()
    _verify_and_go_nowhere(visitor, house.code("sms"))
    # The same cookies where nobody minds that another host is asked, and a frame refused.
    same = browser.new_context(storage_state=visitor.context.storage_state())
    page = same.new_page()
    with _neighbour(REACHING[how].format(url=house.origin + PAGE)) as origin:
        # Fetched ahead, a page is asked for whenever the browser has the time.
        with page.expect_request(house.origin + PAGE, timeout=PATIENCE * 1000):
            page.goto(origin)
        page.wait_for_load_state("networkidle")
    same.close()

    visitor.open(PAGE)

    visitor.sees("Save your recovery code")


def _verify_and_go_nowhere(visitor: Visitor, code: str) -> None:
    """The page that the code leads to is not asked for, so the recovery code waits."""
    token = visitor.page.locator("input[name=csrf]").first.input_value()
    answer = visitor.context.request.post(
        visitor.page.url,
        form={"csrf": token, "code": code},
        headers={"origin": visitor.house.origin},
        max_redirects=0,
    )
    assert answer.headers["location"] == PAGE
