"""The desk without a script: its routes, its JSON and its server-rendered page."""

import re

import httpx
import pytest

from tests.call_script import a_script
from tests.simulator.conftest import NONCE, Put
from vestibule.delivery.providers.known_failures import TEST_ADDRESSES, TEST_NUMBERS
from vestibule.delivery.providers.simulator import Inbox
from vestibule.simulator.app import is_on_this_machine
from vestibule.simulator.telephone import Telephone


@pytest.mark.parametrize(
    ("origin", "is_here"),
    [
        ("http://localhost:8000", True),
        ("http://localhost", True),
        ("https://localhost/", True),
        ("http://LOCALHOST:8000", True),
        ("http://acme.localhost:8000", True),
        ("http://127.0.0.1:8000", True),
        ("http://127.255.0.9", True),
        ("http://[::1]:8000", True),
        ("https://example.org", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://notlocalhost", False),
        ("http://localhost@example.org", False),
        ("http://example.org\\@localhost", False),
        ("http://example.org#@localhost", False),
        ("http://0.0.0.0:8000", False),
        ("http://[::]:8000", False),
        ("http://192.168.0.2", False),
        ("http://128.0.0.1", False),
        ("http://localhost:port", False),
        ("http://localhost/path", False),
        ("ftp://localhost", False),
        ("localhost:8000", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_origin_counts_as_this_machine_only_when_nobody_else_can_reach_it(
    origin: str, is_here: bool
) -> None:
    """Loopback addresses and localhost names are this machine; look-alikes are not."""
    assert is_on_this_machine(origin) is is_here


async def test_messages_have_the_documented_shape(client: httpx.AsyncClient, put: Put) -> None:
    """A message is JSON with its channel, destination, words, code and time."""
    message_id = put(channel="email", to="ada@example.org", subject="Your code", text="042042.")

    answer = await client.get("/simulator/messages")

    assert answer.headers["cache-control"] == "no-store"
    [message] = answer.json()
    documented = ("id", "channel", "to", "subject", "text", "code", "sent_at", "account_label")
    assert {name: message[name] for name in documented} == {
        "id": message_id,
        "channel": "email",
        "to": "ada@example.org",
        "subject": "Your code",
        "text": "042042.",
        "code": "042042",
        "sent_at": "2026-03-01T10:42:00.000Z",
        "account_label": "ada@example.org",
    }


async def test_messages_come_newest_last_and_only_after_the_one_named(
    client: httpx.AsyncClient, put: Put
) -> None:
    """`after` leaves out what the page has; an unknown one leaves out nothing."""
    first, second, third = put(text="a"), put(text="b"), put(text="c")

    async def ids(query: str) -> list[str]:
        answer = await client.get(f"/simulator/messages{query}")
        return [message["id"] for message in answer.json()]

    assert await ids("") == [first, second, third]
    assert await ids(f"?after={first}") == [second, third]
    assert await ids(f"?after={third}") == []
    assert await ids("?after=of-an-earlier-run") == [first, second, third]


def test_ids_tell_nothing_of_the_message(put: Put) -> None:
    """What a page puts into a URL holds no code and no destination."""
    message_id = put(to="+447700900142", code="042042")

    assert "042042" not in message_id
    assert "900142" not in message_id


async def test_page_works_without_a_script(
    client: httpx.AsyncClient, put: Put, telephone: Telephone, inbox: Inbox
) -> None:
    """Texts, mails and transcripts are in the page itself, newest first, with a Reload link."""
    put(text="the older text")
    put(text="the newer text", purpose="step_up")
    put(channel="voice", script=a_script("A test:", "0", "4", "2"))
    await telephone.answer(inbox.messages()[-1])
    put(channel="email", to="ada@example.org", subject="A subject", text="See https://acme.test/.")

    page = (await client.get("/simulator")).text

    assert page.index("the newer text") < page.index("the older text")
    assert "A test:\n0 4 2\n" in page
    assert "A subject" in page
    assert '<a href="https://acme.test/">https://acme.test/</a>' in page
    assert "Confirm a change" in page
    assert "ada@example.org" in page
    assert re.search(r'href="/simulator"[^>]*>Reload', page)
    assert "Simulated: nothing leaves this machine." in page


async def test_empty_desk_says_how_to_make_it_ring(client: httpx.AsyncClient) -> None:
    """Before the first message the page invites to create an account."""
    page = (await client.get("/simulator")).text

    assert "Nothing yet. Create an account and I&#39;ll ring." in page.replace("I'll", "I&#39;ll")
    assert 'href="/sign-up"' in page


async def test_message_is_shown_as_text_never_as_markup(
    client: httpx.AsyncClient, put: Put, telephone: Telephone, inbox: Inbox
) -> None:
    """Markup in a message is escaped wherever the page shows it."""
    put(text="<script>x</script>", account_label="<b>", script=a_script("<i>"))
    put(channel="email", subject="<u>", text='<a href="x"> http://a.test/"><s>')
    put(channel="voice", script=a_script("<i>"))
    await telephone.answer(inbox.messages()[-1])

    page = (await client.get("/simulator")).text

    assert not re.search(r"<script>x|<b>[^VC]|<i>|<u>|<s>", page)


async def test_page_holds_no_inline_script_style_or_handler(client: httpx.AsyncClient) -> None:
    """Every script is a file with the request's nonce; styles and handlers are never inline."""
    page = (await client.get("/simulator")).text

    assert re.findall(r"<script[^>]*>", page) == [
        f'<script type="module" src="/simulator/static/desk.js" nonce="{NONCE}">'
    ]
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)


async def test_secret_field_has_no_name(client: httpx.AsyncClient) -> None:
    """Without a name, a form submission cannot carry the secret into a URL."""
    page = (await client.get("/simulator")).text

    fields = re.findall(r"<(?:input|textarea|select)[^>]*>", page)
    assert fields
    assert not [field for field in fields if " name=" in field]


async def test_numbers_that_fail_are_listed(client: httpx.AsyncClient) -> None:
    """The page says which endings fail, and how."""
    page = (await client.get("/simulator")).text

    assert all(f"… {one.ending}" in page for one in TEST_NUMBERS)
    assert all(f"{one.tag}@…" in page for one in TEST_ADDRESSES)


@pytest.mark.parametrize("path", ["/simulator", "/simulator/messages"])
async def test_codes_are_not_told_under_a_foreign_name(
    client: httpx.AsyncClient, put: Put, path: str
) -> None:
    """A name elsewhere that resolves to this machine (DNS rebinding) reads nothing."""
    put(text="042042 is your code.")

    answer = await client.get(path, headers={"Host": "rebound.example.org:8000"})

    assert answer.status_code == 421
    assert answer.content == b""


@pytest.mark.parametrize("path", ["/simulator", "/simulator/messages"])
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
async def test_no_proxy_shows_the_desk(client: httpx.AsyncClient, path: str, header: str) -> None:
    """A proxy that a simulator was left behind gets no message, whatever host it names."""
    answer = await client.get(path, headers={header: "203.0.113.5"})

    assert answer.status_code == 421
    assert answer.content == b""


async def test_looking_changes_nothing(client: httpx.AsyncClient, put: Put) -> None:
    """What is fetched by GET takes no POST, and a press takes no GET."""
    message_id = put(channel="voice", script=a_script())

    for path in ("/simulator", "/simulator/messages", "/simulator/static/desk.js"):
        assert (await client.get(path)).status_code == 200
        assert (await client.post(path)).status_code == 405
    for press in PRESSES:
        assert (await client.get(press.format(message_id))).status_code == 405


PRESSES = (
    "/simulator/calls/{}/answer",
    "/simulator/calls/{}/key",
    "/simulator/calls/{}/hang-up",
    "/simulator/texts/{}/reply",
)


@pytest.mark.parametrize("press", PRESSES)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example.org"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "rebound.example.org:8000"}, 421),
        ({"sec-fetch-site": "same-origin", "origin": "http://localhost"}, 303),
        ({}, 303),
    ],
)
async def test_only_our_own_page_has_a_hand_on_the_phone(
    client: httpx.AsyncClient, put: Put, press: str, headers: dict[str, str], status: int
) -> None:
    """WB-01: no other site's page answers a call, presses 9, or replies STOP."""
    message_id = put(channel="voice", script=a_script())

    answer = await client.post(press.format(message_id), headers=headers)

    assert answer.status_code == status


async def test_nothing_is_pressed_on_what_is_not_there(client: httpx.AsyncClient) -> None:
    """A message that made room is answered with 404."""
    for press in PRESSES:
        assert (await client.post(press.format("of-an-earlier-run"))).status_code == 404


async def test_page_stays_small_and_older_messages_are_a_link_away(
    client: httpx.AsyncClient, put: Put
) -> None:
    """A full inbox is shown page by page, each below 60 kB, and no message is left out."""
    for n in range(250):
        put(text=f"text {n}. " + "x" * 140)
        put(channel="email", subject=f"mail {n}.", text="x" * 600)
    seen, path = set[str](), "/simulator"

    while path:
        page = (await client.get(path)).text
        assert len(page.encode()) < 60_000, path
        seen |= set(re.findall(r"(?:text|mail) \d+\.", page))
        older = re.search(r'href="(/simulator\?before=[^"]+)"', page)
        path = older[1] if older else ""

    assert len(seen) == 500
