"""Promises about identifiers and passwords that hold for any text."""

import string
import unicodedata
from itertools import pairwise

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from vestibule.crypto.keyring import Keyring
from vestibule.crypto.mac import framed
from vestibule.crypto.seal import Place, Seal
from vestibule.domain.identifier import (
    PhoneFault,
    PhoneNumber,
    mask_email,
    parse_email,
    parse_phone,
    phone_of,
)
from vestibule.domain.password import PasswordFault, PasswordPolicy, fold, judge, normalise
from vestibule.entropy import SeededEntropy

any_text = st.text(st.characters(), max_size=300)
phone_like = st.text("+0123456789 ()-./\u0663\uff17ext\u202a", max_size=30)
email_like = st.text(string.ascii_letters + "@@..+-_ \r\n,<>\"'éß\u0301\u0430", max_size=40)
words = st.text(string.ascii_lowercase, min_size=4, max_size=10)

settings.register_profile("short", max_examples=60, deadline=None)
short = settings.get_profile("short")


@short
@given(any_text | email_like)
@example("mara@example.org\r\nBcc: tom@example.org")
def test_email_that_is_read_is_one_header_line(text: str) -> None:
    """EM-06: whatever is accepted is one address without blanks or controls, and reads again."""
    found = parse_email(text)
    if found is None:
        return

    assert found.address.count("@") == 1
    assert not any(unicodedata.category(mark)[0] in "CZ" for mark in found.address)
    assert "," not in found.address
    assert parse_email(found.address) == found
    assert mask_email(found).endswith(found.address.partition("@")[2])


@short
@given(st.text(string.ascii_letters + string.digits, min_size=1, max_size=20))
def test_email_key_is_blind_to_case_only(local: str) -> None:
    """EM-06: any spelling of one address in capitals has the same key."""
    spellings = [parse_email(f"{one}@example.org") for one in (local, local.upper(), local.lower())]

    assert {one.key for one in spellings if one} == {f"{local.lower()}@example.org"}


@short
@given(any_text | phone_like, st.sampled_from(["GB", "US", "DE", "IT", "AU", "JP", "BR", "ZZ"]))
def test_phone_that_is_read_is_e164_and_reads_again(text: str, region: str) -> None:
    """PN-01: any text is a number in E.164 that stays the same when read again, or a fault."""
    found = parse_phone(text, region, served=None)
    if isinstance(found, PhoneFault):
        return

    assert found.e164[0] == "+"
    assert found.e164[1:].isascii()
    assert found.e164[1:].isdigit()
    assert len(found.e164) <= 18
    assert phone_of(found.e164) == found
    assert parse_phone(found.international, "US", served=None) == found


@short
@given(st.integers(min_value=0, max_value=9_999_999))
def test_phone_never_shows_itself(rest: int) -> None:
    """PN-01: neither the masked form nor a traceback holds more than the last two digits."""
    number = PhoneNumber(f"+44770{rest:07}", "GB")

    assert sum(map(str.isdigit, number.masked)) == 4
    assert repr(number) == f"PhoneNumber({number.masked})"


@short
@given(st.text(st.characters(), max_size=300))
def test_password_length_is_judged_in_any_script(password: str) -> None:
    """PW-01, PW-02: after NFC, under 12 characters are too short, over 256 too long, always."""
    fault = judge(PasswordPolicy(), password, context=("Vestibule",))

    length = len(normalise(password))
    assert (fault is PasswordFault.PASSWORD_TOO_SHORT) == (length < 12)
    assert length <= 256 or fault is PasswordFault.PASSWORD_TOO_LONG


@short
@given(st.lists(st.characters(exclude_characters="@!|$"), min_size=12, max_size=40, unique=True))
def test_password_of_any_characters_is_accepted(characters: list[str]) -> None:
    """PW-03: whatever code points a password is made of, if no two are alike it will do."""
    password = normalise("".join(characters))
    seen = unicodedata.normalize("NFKC", password).casefold()
    apart = [abs(ord(one) - ord(other)) for one, other in pairwise(seen)]
    assume(len(set(seen)) == len(seen) and len(password) >= 12)
    assume(min(apart) > 1 and "09" not in seen and "90" not in seen)

    assert judge(PasswordPolicy(), password, context=("Vestibule",)) is None


@short
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_password_verdict_is_the_same_decomposed(password: str) -> None:
    """PW-04: how a keyboard composes its letters does not change the verdict."""
    context = ("Mara Vogt",)
    composed = unicodedata.normalize("NFC", password)
    decomposed = unicodedata.normalize("NFD", password)

    assert judge(PasswordPolicy(), composed, context=context) is judge(
        PasswordPolicy(), decomposed, context=context
    )


@short
@given(words, st.text(string.digits + "!?#*", max_size=6), st.integers(1, 3), st.booleans())
def test_password_disguises_come_off(word: str, edge: str, times: int, is_upper: bool) -> None:
    """PW-05: a listed word in capitals, repeated, with digits and signs at its end is refused."""
    disguised = (word.upper() if is_upper else word) * times + edge
    assume(len(disguised) >= 12)

    policy = PasswordPolicy(blocklist=frozenset({fold(word)}))

    assert judge(policy, disguised, context=()) is PasswordFault.PASSWORD_COMMON


@short
@given(words, words)
def test_password_containing_a_listed_word_is_accepted(word: str, other: str) -> None:
    """PW-05: a listed word inside a longer password refuses nothing."""
    password = f"{other}qzj {word} vxkw"
    assume(len(set(other)) > 3 and len(set(word)) > 3)

    policy = PasswordPolicy(blocklist=frozenset({fold(word)}))

    assert judge(policy, password, context=(word,)) is None


@short
@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_framed_fields_are_never_confused(one: list[bytes], other: list[bytes]) -> None:
    """Two lists of fields frame to the same bytes only if they are the same list."""
    assert (framed(*one) == framed(*other)) == (one == other)


@short
@given(st.text(max_size=60), st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_seal_opens_any_text_in_its_own_place(text: str, table: str, column: str, row: str) -> None:
    """KY-05: any text sealed for any place opens there."""
    seal = Seal(Keyring.from_root(bytes(32)), SeededEntropy("any"))
    place = Place(table, column, row)

    assert seal.open(seal.seal(text, place), place) == text
