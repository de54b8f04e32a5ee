"""Digests over fields: one list of fields, one digest."""

import hashlib
import hmac

import pytest

from vestibule.crypto.mac import framed, mac

KEY = bytes(range(32))


def test_mac_is_hmac_sha256_over_length_prefixed_fields() -> None:
    """The digest is HMAC-SHA-256 over each field behind its length in four bytes."""
    expected = hmac.new(KEY, b"\0\0\0\x03abc\0\0\0\x01\xff", hashlib.sha256).digest()

    assert mac(KEY, "abc", b"\xff") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("ab",), ("a", "b")),
        (("a", ""), ("a",)),
        ((), ("",)),
        (("\0\0\0\x01a",), ("a",)),
        (("a", "b"), ("b", "a")),
    ],
)
def test_mac_tells_field_boundaries_apart(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Moving a boundary, dropping an empty field or changing the order changes the digest."""
    assert mac(KEY, *one) != mac(KEY, *other)


def test_mac_takes_text_as_its_utf8_bytes() -> None:
    """Text and its UTF-8 bytes are the same field, also when it holds a lone surrogate."""
    assert mac(KEY, "é") == mac(KEY, "é".encode())
    assert framed("\ud800") != framed("?")
