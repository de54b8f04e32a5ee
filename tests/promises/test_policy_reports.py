"""Reports of a broken content policy: bounded, one line of the log, nothing secret (ASVS 3.4.7)."""

import json

import httpx
import pytest

from tests.front_door import FrontDoor
from tests.promises.states import snapshot
from vestibule.flows.policy_reports import REPORTS_PER_SOURCE_HOUR
from vestibule.web.policy_reports import MOST_BYTES, MOST_REPORTS, read

pytestmark = pytest.mark.anyio

OLD_KIND, NEW_KIND = "application/csp-report", "application/reports+json"
SECRET = "7Q3K-MX0P-not-to-be-kept"
OLD = {
    "csp-report": {
        "document-uri": f"http://localhost/not-me/{SECRET}",
        "referrer": f"http://localhost/{SECRET}",
        "violated-directive": "script-src-elem",
        "effective-directive": "script-src-elem",
        "original-policy": "default-src 'none'",
        "blocked-uri": f"https://evil.example:8443/{SECRET}?{SECRET}",
        "script-sample": SECRET,
    }
}
NEW = [
    {
        "type": "csp-violation",
        "age": 10,
        "url": f"http://localhost/not-me/{SECRET}",
        "user_agent": SECRET,
        "body": {
            "documentURL": f"http://localhost/{SECRET}",
            "effectiveDirective": "style-src-attr",
            "blockedURL": "inline",
            "sample": SECRET,
        },
    },
    {"type": "deprecation", "body": {"id": SECRET}},
]


async def post(
    house: FrontDoor, told: object, *, kind: str = OLD_KIND, source: str = "203.0.113.7"
) -> httpx.Response:
    content = told if isinstance(told, bytes) else json.dumps(told).encode()
    browser = house.browser(source=source)
    return await browser.client.post(
        "/csp-report", content=content, headers={"content-type": kind, "origin": "null"}
    )


def lines(house: FrontDoor) -> list[dict[str, object]]:
    found = [json.loads(line) for line in house.alarm.log.getvalue().splitlines()]
    return [one for one in found if one["event"] == "content_policy_broken"]


@pytest.mark.parametrize(
    ("kind", "told", "directive", "blocked"),
    [
        (OLD_KIND, OLD, "script-src-elem", "evil.example"),
        (NEW_KIND, NEW, "style-src-attr", "inline"),
    ],
)
async def test_a_report_is_one_line(
    house: FrontDoor, kind: str, told: object, directive: str, blocked: str
) -> None:
    """WB-02, AU-02: of a report its directive and the blocked host are logged, and nothing else."""
    answer = await post(house, told, kind=kind)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "set-cookie" not in answer.headers
    (line,) = lines(house)
    assert (line["directive"], line["blocked"]) == (directive, blocked)
    assert line.keys() == {"event", "level", "directive", "blocked", "source", "request_id"}
    assert SECRET not in house.alarm.log.getvalue()


async def test_every_page_says_where(house: FrontDoor) -> None:
    """WB-02: the policy of a page names the address of reports, for old browsers and new."""
    page = await house.browser().get("/sign-in")

    policy = page.headers["content-security-policy"]
    assert policy.endswith("; report-uri /csp-report; report-to reports")
    assert page.headers["reporting-endpoints"] == 'reports="/csp-report"'


async def test_reports_change_nothing(house: FrontDoor) -> None:
    """AU-05: whatever is reported, the one thing that is kept is the count of its source."""
    before = await snapshot(house, but=("throttles",))

    await post(house, OLD)
    await post(house, NEW, kind=NEW_KIND)

    assert await snapshot(house, but=("throttles",)) == before


async def test_one_source_cannot_fill_the_log(house: FrontDoor) -> None:
    """RL-07: twenty an hour are taken from a source, then none; another source still tells."""
    answers = [await post(house, OLD) for _ in range(REPORTS_PER_SOURCE_HOUR + 5)]
    other = await post(house, OLD, source="198.51.100.9")
    many = await post(house, NEW[:1] * (MOST_REPORTS + 5), kind=NEW_KIND, source="198.51.100.10")

    assert [one.status_code for one in answers] == [204] * REPORTS_PER_SOURCE_HOUR + [429] * 5
    assert (other.status_code, many.status_code) == (204, 204)
    assert len(lines(house)) == REPORTS_PER_SOURCE_HOUR + 1 + MOST_REPORTS
    house.clock.advance(seconds=3600)
    assert (await post(house, OLD)).status_code == 204


ODD = [
    (OLD_KIND, b"", 400),
    (OLD_KIND, b"{", 400),
    (OLD_KIND, b"[" * 5000, 400),
    (OLD_KIND, b"\xff\xfe", 400),
    (OLD_KIND, b"null", 400),
    (OLD_KIND, b"[]", 400),
    (OLD_KIND, b"{}", 400),
    (OLD_KIND, b'{"csp-report": "text"}', 400),
    (NEW_KIND, b'[{"type": "csp-violation", "body": null}, 7]', 400),
    (OLD_KIND, b"x" * (MOST_BYTES + 1), 413),
    ("application/x-www-form-urlencoded", b"csp-report=1", 415),
    ("text/plain", b"{}", 415),
    ("", b"{}", 415),
]


@pytest.mark.parametrize(("kind", "body", "status"), ODD)
async def test_odd_bodies(house: FrontDoor, kind: str, body: bytes, status: int) -> None:
    """WB-07: what is no report, or is larger than 64 kB, is refused and not written down."""
    answer = await post(house, body, kind=kind)

    assert answer.status_code == status
    assert lines(house) == []


async def test_only_posts(house: FrontDoor) -> None:
    """WB-01: the address is asked by POST alone."""
    browser = house.browser()
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert (await browser.client.request(method, "/csp-report")).status_code == 405, method


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://EVIL.example/path", "evil.example"),
        ("https://user:secret@evil.example/", "evil.example"),
        ("data", "data"),
        ("eval", "eval"),
        ("http://[::1/", "other"),
        ("https://" + "a" * 300, "other"),
        ("https://a\nb/", "ab"),
        ("https://<script>/", "other"),
        ("", "other"),
        ("7Q3KMX0P", "other"),
    ],
)
def test_hosts_only(said: str, kept: str) -> None:
    """AU-03: of what was blocked a plain host name is kept, and a word for all the rest."""
    body = {"csp-report": {"effective-directive": "img-src\nforged", "blocked-uri": said}}

    assert read(json.dumps(body).encode()) == [("other", kept)]
