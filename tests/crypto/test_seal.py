"""Sealed columns: they open in their own place and nowhere else."""

from dataclasses import replace

import pytest

from vestibule.crypto.keyring import Keyring
from vestibule.crypto.seal import Place, Seal, SealBroken
from vestibule.entropy import SeededEntropy, SystemEntropy

ROOT = bytes(range(32))
NEWER = bytes(range(100, 132))
PLACE = Place("authenticators", "secret_sealed", "row-1")


def a_seal(ring: Keyring | None = None) -> Seal:
    return Seal(ring or Keyring.from_root(ROOT), SeededEntropy("seal"))


@pytest.mark.parametrize("text", ["", "+447700900123", "Größe 🔑", "x" * 10_000])
def test_seal_opens_to_the_same_text(text: str) -> None:
    """What was sealed for a place opens there."""
    seal = a_seal()

    assert seal.open(seal.seal(text, PLACE), PLACE) == text


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, row="row-2"),
        replace(PLACE, column="name_sealed"),
        replace(PLACE, table="enrollments"),
        Place("authenticator", "ssecret_sealed", "row-1"),
    ],
)
def test_seal_does_not_open_elsewhere(elsewhere: Place) -> None:
    """KY-05, TO-04: swapping two people's ciphertexts opens neither."""
    seal = a_seal()
    sealed = seal.seal("secret", PLACE)

    with pytest.raises(SealBroken):
        seal.open(sealed, elsewhere)


def test_seal_notices_every_altered_byte() -> None:
    """KY-05: no byte of key id, nonce, ciphertext or tag can change unnoticed."""
    seal = a_seal()
    sealed = seal.seal("secret", PLACE)

    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(SealBroken):
            seal.open(bytes(altered), PLACE)


def test_seal_notices_every_shortening() -> None:
    """A truncated value is refused like an altered one, at any length."""
    seal = a_seal()
    sealed = seal.seal("secret", PLACE)

    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            seal.open(sealed[:length], PLACE)


def test_seal_never_repeats_a_nonce() -> None:
    """KY-05, TO-04: each of 10^5 sealings draws 96 fresh bits of the system, so equal texts have
    different ciphertexts."""
    seal = Seal(Keyring.from_root(ROOT), SystemEntropy())

    sealed = [seal.seal("same", PLACE) for _ in range(100_000)]
    nonces = {one[len(b"k1.") : len(b"k1.") + 12] for one in sealed}

    assert len(nonces) == 100_000
    assert len(set(sealed)) == 100_000


def test_seal_hides_the_text() -> None:
    """TO-04: the stored bytes contain nothing of the text."""
    assert b"+447700900123" not in a_seal().seal("+447700900123", PLACE)


def test_seal_opens_what_an_earlier_key_sealed() -> None:
    """After a rotation old values open and new ones carry the new key's id."""
    sealed = a_seal(Keyring.from_root(ROOT, key_id="k1")).seal("secret", PLACE)
    rotated = a_seal(Keyring.from_root(NEWER, key_id="k2", previous={"k1": ROOT}))

    assert rotated.open(sealed, PLACE) == "secret"
    assert rotated.seal("secret", PLACE).startswith(b"k2.")


def test_seal_is_bound_to_its_key_id() -> None:
    """A value relabelled with another key's id stays closed, even if that key is the same."""
    sealed = a_seal(Keyring.from_root(ROOT, key_id="k1")).seal("secret", PLACE)
    renamed = a_seal(Keyring.from_root(ROOT, key_id="k2"))

    with pytest.raises(SealBroken):
        renamed.open(b"k2." + sealed.removeprefix(b"k1."), PLACE)


def test_seal_needs_the_key() -> None:
    """TO-04: without the key that is named in it, a value does not open."""
    sealed = a_seal().seal("secret", PLACE)

    with pytest.raises(SealBroken, match="unknown key"):
        a_seal(Keyring.from_root(NEWER, key_id="k2")).open(sealed, PLACE)
    with pytest.raises(SealBroken):
        a_seal(Keyring.from_root(NEWER, key_id="k1")).open(sealed, PLACE)
