"""A whole call by Twilio: who answers, which key, what is said, and what 9 ends."""

import json
import re

import pytest

from tests.carrier.posting import Carriers, heard, keys_of
from vestibule.crypto.seal import Place
from vestibule.delivery.provider import Message
from vestibule.storage.database import Transaction

pytestmark = pytest.mark.anyio


async def _ring(carriers: Carriers) -> Message:
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    return await carriers.called(carriers.house.browser())


def _digits(said: list[str]) -> str:
    return "".join(part for part in said if len(part) == 1)


async def test_no_key_no_code(carriers: Carriers) -> None:
    """TF-05: A mailbox that answers presses no key, so no answer of ours holds the code."""
    message = await _ring(carriers)

    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")
    last = await carriers.twilio(keys_of(first), Digits="")

    assert "press 9" in heard(first)[-1]
    assert heard(last) == ["No key was pressed, so the code is not read out. Goodbye."]
    assert "<Gather" not in last.text
    assert message.code
    for answer in (first, last):
        assert _digits(heard(answer)) == ""
        assert message.code not in answer.text
        assert "set-cookie" not in answer.headers


async def test_key_brings_the_code_which_signs_in(carriers: Carriers) -> None:
    """OC-12: After a key the code is said digit by digit, zeros in front too, and it works."""
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    visitor = carriers.house.browser()
    message = await carriers.called(visitor)
    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")

    said = heard(await carriers.twilio(keys_of(first), Digits="5"))

    assert _digits(said) == str(message.code) * 3
    await visitor.press("Verify", code=_digits(said)[:6])
    assert visitor.path in {"/", "/review"}, visitor.text


@pytest.mark.parametrize("key", ["#", "*", "0"])
async def test_every_key_brings_the_code(carriers: Carriers, key: str) -> None:
    """TF-05: "Any key" is any key: neither carrier keeps # or * to itself as the end of a number.

    Twilio takes # for the end of the digits, and tells none, unless `finishOnKey` is empty
    (https://www.twilio.com/docs/voice/twiml/gather); Vonage where `submitOnHash` is true.
    """
    message = await _ring(carriers)
    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")

    assert "<Gather " in first.text
    assert all('finishOnKey=""' in one for one in re.findall("<Gather [^>]*>", first.text))
    coded = await carriers.twilio(keys_of(first), Digits=key)

    assert _digits(heard(coded)) == str(message.code) * 3


@pytest.mark.parametrize("digits", ["#", "*", ""])
async def test_vonage_tells_of_every_key(carriers: Carriers, digits: str) -> None:
    """TF-05: By Vonage # is a key too, also where it ends the input and is not told."""
    message = await _ring(carriers)
    first = await carriers.vonage(f"/carrier/vonage/calls/{message.call_reference}", {"to": "x"})
    action = json.loads(first.text)[-1]
    assert action["dtmf"]["submitOnHash"] is False
    keys = action["eventUrl"][0].removeprefix("http://localhost")

    coded = await carriers.vonage(keys, {"dtmf": {"digits": digits, "timed_out": False}})

    assert f"<speak>{str(message.code)[0]}<break time='1s'/></speak>" in coded.text


async def test_vonage_tells_that_nobody_pressed(carriers: Carriers) -> None:
    """TF-05: An input that ended by its time brings no code."""
    message = await _ring(carriers)
    first = await carriers.vonage(f"/carrier/vonage/calls/{message.call_reference}", {"to": "x"})
    keys = json.loads(first.text)[-1]["eventUrl"][0].removeprefix("http://localhost")

    last = await carriers.vonage(keys, {"dtmf": {"digits": "", "timed_out": True}})

    assert "No key was pressed" in last.text


async def test_one_repeats_three_times_at_most(carriers: Carriers) -> None:
    """TF-05: 1 says the code again, three rounds in all; a further 1 ends the call."""
    message = await _ring(carriers)
    answer = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")

    for _ in range(3):
        answer = await carriers.twilio(keys_of(answer), Digits="1")
        assert _digits(heard(answer)) == str(message.code) * 3

    assert heard(answer)[-1] == "If you did not ask for it, press 9."
    answer = await carriers.twilio(keys_of(answer), Digits="1")
    assert _digits(heard(answer)) == ""
    assert "<Gather" not in answer.text
    assert heard(answer)[-1].endswith("Goodbye.")


@pytest.mark.parametrize("keys", [["9"], ["5", "9"], ["5", "1", "1", "9"]])
async def test_nine_ends_the_sign_in(carriers: Carriers, keys: list[str]) -> None:
    """Key 9, before the code or after any of its rounds, ends the sign-in that it was for."""
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    thief = carriers.house.browser()
    message = await carriers.called(thief)
    answer = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")

    for key in keys:
        answer = await carriers.twilio(keys_of(answer), Digits=key)

    assert heard(answer)[-1].startswith("Thank you. We stopped it")
    assert "<Gather" not in answer.text
    await thief.press("Verify", code=str(message.code))
    assert thief.path == "/sign-in", thief.text
    await carriers.house.deliver()
    mail = await carriers.house.message("email", to="ada@example.com")
    assert mail.purpose == "call_denied"
    assert "change it" in mail.text
    found = await carriers.house.database.read(
        lambda tx: tx.fetch_all("SELECT name FROM events WHERE name = 'call_denied'")
    )
    assert len(found) == 1


async def test_reference_is_good_once(carriers: Carriers) -> None:
    """A reference that was fetched, or that nobody gave out, brings a goodbye and nothing else."""
    message = await _ring(carriers)
    path = f"/carrier/twilio/calls/{message.call_reference}"
    first = await carriers.twilio(path)
    coded = await carriers.twilio(keys_of(first), Digits="5")
    assert _digits(heard(coded)) != ""

    for answer in (
        await carriers.twilio(path),
        await carriers.twilio(keys_of(first), Digits="5"),
        await carriers.twilio("/carrier/twilio/keys/nobody-gave-this", Digits="5"),
        await carriers.twilio(keys_of(coded).replace("/keys/", "/calls/")),
    ):
        assert heard(answer) == ["Goodbye."]
        assert "<Gather" not in answer.text


async def test_ended_challenge_is_not_spoken(carriers: Carriers) -> None:
    """A code that was used meanwhile, or has expired, is never said."""
    person, _ = await carriers.house.member()
    await person.press("Sign out")
    visitor = carriers.house.browser()
    message = await carriers.called(visitor)
    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")
    await visitor.press("Verify", code=str(message.code))

    answer = await carriers.twilio(keys_of(first), Digits="5")

    assert heard(answer) == ["Goodbye."]


async def test_expired_call_is_not_spoken(carriers: Carriers) -> None:
    """After ten minutes a call says goodbye."""
    message = await _ring(carriers)
    carriers.house.clock.advance(seconds=601)

    answer = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")

    assert heard(answer) == ["Goodbye."]


async def test_vonage_plays_the_same_call(carriers: Carriers) -> None:
    """OC-12: By Vonage it is the same walk: a key first, then the digits one by one."""
    message = await _ring(carriers)

    first = await carriers.vonage(f"/carrier/vonage/calls/{message.call_reference}", {"to": "x"})

    actions = json.loads(first.text)
    assert str(message.code) not in first.text
    assert actions[-1]["dtmf"] == {"maxDigits": 1, "timeOut": 10, "submitOnHash": False}
    keys = actions[-1]["eventUrl"][0].removeprefix("http://localhost")
    coded = await carriers.vonage(keys, {"dtmf": {"digits": "5", "timed_out": False}})
    texts = [one.get("text", "") for one in json.loads(coded.text)]
    for digit in str(message.code):
        assert f"<speak>{digit}<break time='1s'/></speak>" in texts


async def test_zeros_in_front_are_said(carriers: Carriers) -> None:
    """OC-12: A code that begins with zeros is said with them, digit by digit."""
    message = await _ring(carriers)
    seal = carriers.house.built.means.seal

    async def swap(tx: Transaction) -> None:
        row = await tx.fetch_one("SELECT id FROM challenges WHERE ended_at IS NULL")
        assert row is not None
        sealed = seal.seal("000420", Place("challenges", "code_sealed", row["id"]))
        await tx.execute(
            "UPDATE challenges SET code_sealed = :sealed WHERE id = :id",
            sealed=sealed,
            id=row["id"],
        )

    await carriers.house.database.transact(swap)
    first = await carriers.twilio(f"/carrier/twilio/calls/{message.call_reference}")

    answer = await carriers.twilio(keys_of(first), Digits="5")

    assert _digits(heard(answer)) == "000420" * 3
    assert answer.text.count("</Say><Pause/>") == len(heard(answer)) - 1
