"""The key ring: one key per purpose, and rotation that loses nothing."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from vestibule.crypto.keyring import Keyring, Purpose, UnknownKey
from vestibule.crypto.root_key import RootKey, RootKeys, with_new, without
from vestibule.entropy import SeededEntropy

ROOT = bytes(range(32))
NEWER = bytes(range(100, 132))
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_keyring_has_a_key_per_purpose() -> None:
    """KY-01: no two purposes share a key, and none is the root; all have 256 bits."""
    ring = Keyring.from_root(ROOT)

    keys = {ring.key(purpose) for purpose in Purpose}

    assert len(keys) == len(Purpose)
    assert ROOT not in keys
    assert {len(key) for key in keys} == {32}


def test_keyring_inventory_is_the_known_one() -> None:
    """KY-01: a purpose cannot be added, dropped or renamed unseen: its data would be lost."""
    assert [purpose.value for purpose in Purpose] == [
        "code",
        "recovery-code",
        "seal",
        "csrf",
        "phone-fingerprint",
        "address",
        "phone-prefix",
        "password",
        "throttle",
        "not-me",
        "session-reference",
        "journal",
        "journal-signature",
    ]


def test_keyring_derives_by_hkdf_sha256() -> None:
    """A key is HKDF-SHA-256 (RFC 5869) of the root for the purpose: any language can derive it."""
    extracted = hmac.new(bytes(32), ROOT, hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"vestibule/1/csrf\x01", hashlib.sha256).digest()

    assert Keyring.from_root(ROOT).key(Purpose.CSRF) == expanded


def test_keyring_names_its_key_in_the_digest() -> None:
    """A stored digest begins with the id of the key that made it."""
    ring = Keyring.from_root(ROOT, key_id="k7")

    stored = ring.mac(Purpose.CODE, "challenge", "123456")

    assert stored.startswith(b"k7.")
    assert len(stored) == len(b"k7.") + 32


def test_keyring_matches_only_the_same_purpose_and_fields() -> None:
    """A digest matches its own purpose and fields and no others."""
    ring = Keyring.from_root(ROOT)
    stored = ring.mac(Purpose.CODE, "challenge", "123456")

    assert ring.matches(stored, Purpose.CODE, "challenge", "123456")
    assert not ring.matches(stored, Purpose.RECOVERY_CODE, "challenge", "123456")
    assert not ring.matches(stored, Purpose.CODE, "challenge", "123457")
    assert not ring.matches(stored, Purpose.CODE, "challenge1", "23456")


def test_keyring_matches_digests_of_an_earlier_key() -> None:
    """After a rotation old digests match and new ones are made with the new key."""
    stored = Keyring.from_root(ROOT, key_id="k1").mac(Purpose.RECOVERY_CODE, "a", "b")
    ring = Keyring.from_root(NEWER, key_id="k2", previous={"k1": ROOT})

    assert ring.current == "k2"
    assert ring.matches(stored, Purpose.RECOVERY_CODE, "a", "b")
    assert ring.mac(Purpose.RECOVERY_CODE, "a", "b").startswith(b"k2.")


def test_keyring_offers_every_known_digest_for_a_look_up() -> None:
    """A look-up tries the digest under each key, the current one first."""
    ring = Keyring.from_root(NEWER, key_id="k2", previous={"k1": ROOT})

    found = ring.macs(Purpose.PHONE_FINGERPRINT, "+447700900123")

    assert found[0] == ring.mac(Purpose.PHONE_FINGERPRINT, "+447700900123")
    assert found[1] == Keyring.from_root(ROOT).mac(Purpose.PHONE_FINGERPRINT, "+447700900123")
    assert len(found) == 2


@pytest.mark.parametrize("damaged", [b"", b".", b"k1.", b"k1", b"\xff" * 40, b"k1." + bytes(31)])
def test_keyring_refuses_a_malformed_digest(damaged: bytes) -> None:
    """What no key ring made matches nothing and raises nothing."""
    assert not Keyring.from_root(ROOT).matches(damaged, Purpose.CODE)


def test_keyring_refuses_a_digest_of_an_unknown_key() -> None:
    """A digest whose key left the ring matches nothing; asking for that key says so."""
    ring = Keyring.from_root(NEWER, key_id="k2")
    stored = Keyring.from_root(ROOT, key_id="k1").mac(Purpose.CODE, "x")

    assert not ring.matches(stored, Purpose.CODE, "x")
    with pytest.raises(UnknownKey):
        ring.key(Purpose.CODE, "k1")


def test_keyring_takes_no_other_keys_digest_under_its_name() -> None:
    """Putting another key's id in front of a digest does not make it match."""
    ring = Keyring.from_root(NEWER, key_id="k2", previous={"k1": ROOT})
    stored = ring.mac(Purpose.CODE, "x")

    assert not ring.matches(b"k1." + stored.removeprefix(b"k2."), Purpose.CODE, "x")


def test_keyring_refuses_a_short_root() -> None:
    """KY-02: a root key under 256 bits is refused, current or previous."""
    with pytest.raises(ValueError, match="under 32 bytes"):
        Keyring.from_root(ROOT[:31])
    with pytest.raises(ValueError, match="under 32 bytes"):
        Keyring.from_root(ROOT, key_id="k2", previous={"k1": b"short"})


@pytest.mark.parametrize("key_id", ["", "k.1", "k$1", "ключ", "k" * 33, "k1\n"])
def test_keyring_refuses_an_id_that_would_break_the_stored_form(key_id: str) -> None:
    """Key ids hold nothing that separates the parts of stored values."""
    with pytest.raises(ValueError, match="not a key id"):
        Keyring.from_root(ROOT, key_id=key_id)


def test_keyring_refuses_ambiguous_keys() -> None:
    """One id for two roots, or one root under two ids, is a mistake in the settings."""
    with pytest.raises(ValueError, match="both current and previous"):
        Keyring.from_root(NEWER, key_id="k1", previous={"k1": ROOT})
    with pytest.raises(ValueError, match="same root key"):
        Keyring.from_root(ROOT, key_id="k2", previous={"k1": ROOT})


def test_keyring_shows_no_key() -> None:
    """KY-02: a key ring in a log or a traceback shows neither root nor keys."""
    ring = Keyring.from_root(b"a root key that must not be seen")

    assert "must not be seen" not in repr(ring)
    assert repr(ring.key(Purpose.SEAL)) not in repr(ring)


def test_bucket_keeps_its_name_when_a_root_is_added() -> None:
    """RL-07: a new root empties no window: what is counted keeps its name."""
    before = Keyring.from_root(ROOT, key_id="k1")
    after = Keyring.from_root(NEWER, key_id="k2", previous={"k1": ROOT})

    assert before.bucket("password", "ada") == after.bucket("password", "ada")
    assert after.bucket("password", "ada") == before.mac(Purpose.THROTTLE, "password", "ada")


def test_bucket_of_published_roots() -> None:
    """RL-07: nor does a root that is published first, nor its turn to write; retiring does."""
    old = RootKeys((RootKey("k1", ROOT, None),))
    published = with_new(old, SeededEntropy("bucket"), now=NOW, published_for=timedelta(hours=1))
    names = [
        Keyring.of(keys, at).bucket("password", "ada")
        for keys, at in [
            (old, NOW),
            (published, NOW),
            (published, NOW + timedelta(hours=2)),
            (without(published, "k1", {}), NOW + timedelta(hours=3)),
        ]
    ]

    assert [name[:2] for name in names] == [b"k1", b"k1", b"k1", b"k2"]
    assert len(set(names[:3])) == 1
