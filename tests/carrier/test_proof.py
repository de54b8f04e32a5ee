"""Posts that are not the carrier's, whole and young get 403 and change nothing."""

import base64
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import (  # type: ignore[import-untyped]  # ships no types
    RequestValidator,
)

from tests.carrier.posting import AUTH_TOKEN, ORIGIN, Carriers, heard
from tests.databases import migrated_sqlite
from tests.front_door import front_door
from vestibule.delivery.callbacks import TwilioCallbacks, twilio_signature
from vestibule.storage.database import Database, connect

pytestmark = pytest.mark.anyio

FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
RECEIPTS = "/carrier/twilio/receipts/message"


@pytest.mark.parametrize(
    ("url", "known"),
    [
        (URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL.replace(".com/", ".com:443/"), "kvajT1Ptam85bY51eRf/AJRuM3w="),
    ],
)
def test_known_signature(url: str, known: str) -> None:
    """WH-01: Twilio's own example gives Twilio's own signature."""
    assert twilio_signature("12345", url, list(FIELDS.items())).decode() == known


@pytest.mark.parametrize("origin", ["https://id.example.com", "https://id.example.com:8443"])
@pytest.mark.parametrize("signed_port", ["", ":443", ":8443"])
def test_agrees_with_twilio(origin: str, signed_port: str) -> None:
    """WH-01: A post is genuine exactly where Twilio's validator says so, with and without port."""
    theirs = RequestValidator(AUTH_TOKEN)
    mark = theirs.compute_signature(
        f"https://id.example.com{signed_port}/p?q=1", {"A": "ä", "B": ""}
    )
    headers = {"x-twilio-signature": mark}

    ours = TwilioCallbacks(AUTH_TOKEN, origin).is_genuine("/p?q=1", headers, b"B=&A=%C3%A4")

    assert ours == theirs.validate(f"{origin}/p?q=1", {"A": "ä", "B": ""}, mark)


def test_agrees_with_twilio_on_fields_that_come_twice() -> None:
    """WH-01: a field that stands there twice alike is signed once, with two values both."""
    url = "https://id.example.com/p"
    fields = [("A", "2"), ("B", ""), ("A", "1"), ("A", "2")]
    mark = RequestValidator(AUTH_TOKEN).compute_signature(url, ImmutableMultiDict(fields))

    assert twilio_signature(AUTH_TOKEN, url, fields).decode() == mark


async def test_forged_twilio(carriers: Carriers) -> None:
    """WH-01: Without the right signature over address and fields it is 403, empty."""
    other = base64.b64encode(b"x" * 20).decode()
    forged = [
        await carriers.twilio(RECEIPTS, signed=None, MessageStatus="delivered"),
        await carriers.twilio(RECEIPTS, signed=other, MessageStatus="delivered"),
        await carriers.twilio(RECEIPTS, signed="é", MessageStatus="delivered"),
        await carriers.twilio(RECEIPTS, url=ORIGIN + RECEIPTS + "2", MessageStatus="delivered"),
        await carriers.twilio(
            RECEIPTS,
            signed=RequestValidator(AUTH_TOKEN).compute_signature(
                ORIGIN + RECEIPTS, {"MessageStatus": "failed"}
            ),
            MessageStatus="delivered",
        ),
    ]

    assert [(one.status_code, one.content) for one in forged] == [(403, b"")] * len(forged)


async def test_address_is_signed_as_it_was_asked_for(carriers: Carriers) -> None:
    """WH-01: path and query count before anything of them is decoded, and all of them."""
    asked = "/carrier/twilio/receipts/mess%61ge?from=a%20b"

    right = await carriers.twilio(asked, MessageStatus="delivered")
    bare = await carriers.twilio(asked, url=ORIGIN + RECEIPTS, MessageStatus="delivered")

    assert (right.status_code, bare.status_code) == (204, 403)


async def test_name_that_no_database_takes(carriers: Carriers) -> None:
    """WH-01: a genuine receipt of a message whose name holds NUL is answered, and is of nobody."""
    answer = await carriers.twilio("/carrier/twilio/receipts/a%00b", MessageStatus="delivered")

    assert answer.status_code == 204


async def test_forged_fetch_spends_no_reference(carriers: Carriers) -> None:
    """WH-01: A forged fetch of a call says nothing, and the carrier's own still gets its words."""
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    message = await carriers.called(carriers.house.browser())
    path = f"/carrier/twilio/calls/{message.call_reference}"

    forged = await carriers.twilio(path, signed="forged")

    assert (forged.status_code, forged.content) == (403, b"")
    assert "press 9" in heard(await carriers.twilio(path))[-1]


async def test_forged_vonage(carriers: Carriers) -> None:
    """WH-02: A token of another secret, time, body or message is 403; so is none."""
    path, told = "/carrier/vonage/receipts/message", {"status": "delivered"}
    forged = [
        await carriers.vonage(path, told, secret="another lane of lindens, with a lamp"),
        await carriers.vonage(path, told, age=301),
        await carriers.vonage(path, told, age=-301),
        await carriers.vonage(path, told, body=b'{"status": "rejected"}'),
        await carriers.vonage(path, {**told, "client_ref": "another"}),
        await carriers.client.post(path, json=told),
        await carriers.client.post(path, json=told, headers={"authorization": "Bearer a.b.c"}),
        await carriers.vonage(path, told, scheme="Basic"),
    ]

    assert [(one.status_code, one.content) for one in forged] == [(403, b"")] * len(forged)
    assert (await carriers.vonage(path, told, age=300)).status_code == 204


@pytest.mark.parametrize("critical", ["1", "[[]]", "{}", '"exp"', "[1]", "null", '["b64"]'])
async def test_odd_vonage_token(carriers: Carriers, critical: str) -> None:
    """WH-02: A token whose header no reader foresaw is 403 like any other, and breaks nothing."""
    header = b'{"alg": "HS256", "crit": ' + critical.encode() + b"}"
    parts = (header, b'{"iat": 1}', b"x" * 32)
    token = ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts)

    answer = await carriers.client.post(
        "/carrier/vonage/receipts/message", headers={"authorization": f"Bearer {token}"}
    )

    assert (answer.status_code, answer.content) == (403, b"")


async def test_a_database_that_is_busy(tmp_path: Path) -> None:
    """WH-03: A post that cannot be written down gets 503, so that its carrier sends it again."""
    path = tmp_path / "house.db"
    over = connect(migrated_sqlite(path), sqlite_synchronous="OFF", busy_for=0.1)
    async with front_door(over, tmp_path, settings={"twilio_auth_token": AUTH_TOKEN}) as house:
        carriers = Carriers(house)
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = await carriers.twilio(RECEIPTS, MessageStatus="delivered")

        assert (answer.status_code, answer.content) == (503, b"")
        assert (await carriers.twilio(RECEIPTS, MessageStatus="delivered")).status_code == 204
    await over.close()


async def test_forged_webhook(carriers: Carriers) -> None:
    """WH-02: Our own service's post is refused when it is old, or about another message."""
    told = {"status": "delivered"}

    for answer in (
        await carriers.webhook("message", told, age=301),
        await carriers.webhook("message", told, signed_id="another"),
        await carriers.client.post("/carrier/webhook/receipts/message", json=told),
    ):
        assert (answer.status_code, answer.content) == (403, b"")
    assert (await carriers.webhook("message", told, age=300)).status_code == 204


async def test_large_body(carriers: Carriers) -> None:
    """WB-07: More than 64 kB is not read."""
    answer = await carriers.twilio(RECEIPTS, MessageStatus="x" * 70_000)

    assert answer.status_code == 413


async def test_posts_only(carriers: Carriers) -> None:
    """Nothing is fetched there by a link."""
    assert (await carriers.client.get(RECEIPTS)).status_code == 405


async def test_no_secret_no_door(database: Database, tmp_path: Path) -> None:
    """WH-01: A carrier whose secret is not set has no address here at all."""
    async with front_door(database, tmp_path) as house:
        client = house.browser().client
        for carrier in ("twilio", "vonage", "webhook"):
            answer = await client.post(f"/carrier/{carrier}/receipts/message")
            assert answer.status_code == 404
