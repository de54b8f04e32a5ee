"""Stored passwords: slow to guess, useless without the key, and able to grow stronger."""

import base64
import re
import time

import pytest
from argon2.low_level import Type, hash_secret_raw

from vestibule.crypto.keyring import Keyring, Purpose
from vestibule.crypto.mac import mac
from vestibule.crypto.password_hash import CHEAPEST, OWASP, PasswordHash, Profile
from vestibule.entropy import SeededEntropy

ROOT = bytes(range(32))
NEWER = bytes(range(100, 132))
PASSWORD = "correct horse battery staple"


def a_hasher(ring: Keyring | None = None, profile: Profile = CHEAPEST) -> PasswordHash:
    return PasswordHash(ring or Keyring.from_root(ROOT), SeededEntropy("hash"), profile)


def test_password_hash_matches_only_its_password() -> None:
    """A password matches its stored form; another case, a space or one more letter does not."""
    hasher = a_hasher()
    stored = hasher.hash(PASSWORD)

    assert hasher.matches(stored, PASSWORD)
    for wrong in (PASSWORD.title(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1], ""):
        assert not hasher.matches(stored, wrong)


def test_password_hash_costs_what_owasp_asks() -> None:
    """PH-01: the production profile is Argon2id version 19 with 19 MiB, two passes, one lane."""
    hasher = a_hasher(profile=OWASP)

    stored = hasher.hash(PASSWORD)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.matches(stored, PASSWORD)


def test_password_hash_is_keyed_argon2id() -> None:
    """PH-01, PH-03: the stored tag is HMAC-SHA-256 of the raw Argon2id output."""
    ring = Keyring.from_root(ROOT)
    _, _, _, cost, salt, tag, key_id = a_hasher(ring).hash(PASSWORD).split("$")

    raw = hash_secret_raw(
        PASSWORD.encode(),
        base64.b64decode(salt + "=="),
        time_cost=1,
        memory_cost=8,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )

    assert (cost, key_id) == ("m=8,t=1,p=1", "k=k1")
    assert base64.b64decode(tag + "=") == mac(ring.key(Purpose.PASSWORD), raw)


def test_password_hash_salts_each_password() -> None:
    """PH-02: one password hashed 200 times has 200 salts of 128 bits and tags of 256 bits."""
    hasher = a_hasher()

    parts = [hasher.hash(PASSWORD).split("$") for _ in range(200)]

    assert len({part[4] for part in parts}) == len({part[5] for part in parts}) == 200
    assert {len(base64.b64decode(part[4] + "==")) for part in parts} == {16}
    assert {len(base64.b64decode(part[5] + "=")) for part in parts} == {32}


def test_password_hash_is_useless_without_the_key() -> None:
    """PH-03: a database and the right password, without the key, do not verify."""
    stored = a_hasher().hash(PASSWORD)

    assert not a_hasher(Keyring.from_root(NEWER, key_id="k1")).matches(stored, PASSWORD)
    assert not a_hasher(Keyring.from_root(NEWER, key_id="k2")).matches(stored, PASSWORD)


def test_password_hash_survives_a_key_rotation() -> None:
    """PH-03: after a rotation old passwords match and ask to be hashed with the new key."""
    stored = a_hasher().hash(PASSWORD)
    rotated = a_hasher(Keyring.from_root(NEWER, key_id="k2", previous={"k1": ROOT}))

    assert rotated.matches(stored, PASSWORD)
    assert rotated.needs_rehash(stored)
    assert not rotated.needs_rehash(rotated.hash(PASSWORD))


@pytest.mark.parametrize(
    ("stronger", "is_needed"),
    [
        (Profile(memory_kib=16, passes=2, lanes=1), False),
        (Profile(memory_kib=24, passes=2, lanes=1), True),
        (Profile(memory_kib=16, passes=3, lanes=1), True),
        (Profile(memory_kib=8, passes=1, lanes=1), False),
    ],
)
def test_password_hash_asks_for_a_rehash_below_the_profile(
    stronger: Profile, is_needed: bool
) -> None:
    """PH-04: a hash that costs less memory or fewer passes than the policy is to be renewed.

    One that costs more is kept: lowering the policy weakens nobody's password.
    """
    stored = a_hasher(profile=Profile(memory_kib=16, passes=2, lanes=1)).hash(PASSWORD)

    assert a_hasher(profile=stronger).needs_rehash(stored) is is_needed
    assert a_hasher(profile=stronger).matches(stored, PASSWORD)


def test_password_hash_does_the_work_for_nobody() -> None:
    """Without a stored hash the answer is no, for any password."""
    hasher = a_hasher()

    assert not hasher.matches(None, PASSWORD)
    assert not hasher.matches(None, "")


def test_password_hash_costs_as_much_for_nobody() -> None:
    """An unknown account takes the processor as long as a wrong password for a known one."""
    hasher = a_hasher(profile=Profile(memory_kib=8_192, passes=1, lanes=1))
    stored = hasher.hash(PASSWORD)

    known = min(seconds_of(hasher, stored) for _ in range(5))
    unknown = min(seconds_of(hasher, None) for _ in range(5))

    assert 0.5 < unknown / known < 2


def seconds_of(hasher: PasswordHash, stored: str | None) -> float:
    started = time.process_time()
    assert not hasher.matches(stored, "a wrong password")
    return time.process_time() - started


def test_password_hash_reads_composed_and_decomposed_as_one() -> None:
    """PW-04: a password set composed matches when it is typed decomposed, and nothing else is
    changed."""
    hasher = a_hasher()
    stored = hasher.hash("caf\u00e9 au lait, 12")

    assert hasher.matches(stored, "cafe\u0301 au lait, 12")
    assert not hasher.matches(stored, "cafe au lait, 12")
    assert not hasher.matches(stored, "CAF\u00c9 au lait, 12")


def test_password_hash_reads_the_whole_password() -> None:
    """PW-02: two passwords that differ only after 72, or 255, characters are two passwords."""
    hasher = a_hasher()

    for length in (72, 255):
        stored = hasher.hash("x" * length)
        assert hasher.matches(stored, "x" * length)
        assert not hasher.matches(stored, "x" * (length + 1))


def test_password_hash_takes_any_text() -> None:
    """Text that is not valid Unicode, which JSON can carry, is hashed and not an error."""
    hasher = a_hasher()

    assert hasher.matches(hasher.hash("lone \ud800 half"), "lone \ud800 half")
    assert not hasher.matches(hasher.hash("lone \ud800 half"), "lone ? half")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text",
        "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43 + "$k=k1",
        "$argon2id$v=16$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43 + "$k=k1",
        "$argon2id$v=19$m=8,t=1,p=1$AAAA$" + "A" * 43 + "$k=k1",
        "$argon2id$v=19$m=8,t=0,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43 + "$k=k1",
        "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43,
    ],
)
def test_password_hash_raises_for_a_form_it_never_wrote(text: str) -> None:
    """A row that this house cannot have written is a fault to be seen, not a wrong password."""
    with pytest.raises(ValueError, match="not a stored password"):
        a_hasher().matches(text, PASSWORD)


def test_password_hash_shows_its_cost_and_key() -> None:
    """PH-02: algorithm, version, cost and key id can be read from every stored password."""
    form = r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\$k=k1"

    assert re.fullmatch(form, a_hasher().hash(PASSWORD))
