"""A person's copy of their journal: its lines, the statement that is signed, and checking it.

Checking needs the file and a public key, no database and no secret. Signs nothing.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from vestibule.domain.journal import FORMAT, is_same, link

FORM = f"vestibule-journal/{FORMAT}"


@dataclass(frozen=True, slots=True)
class Place:
    """A number and the link there."""

    seq: int
    link_digest: bytes

    def told(self) -> dict[str, object]:
        return {"link": self.link_digest.hex(), "seq": self.seq}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the house signs: whose lines these are, what came before them, and where they end."""

    account_id: str
    after: Place
    head: Place
    rows: int
    made_at: datetime
    issuer: str

    @property
    def line(self) -> str:
        """One line of JSON in ASCII, keys in alphabetical order: the bytes that are signed."""
        told = {
            "account": self.account_id,
            "after": self.after.told(),
            "at": self.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "form": FORM,
            "head": self.head.told(),
            "issuer": self.issuer,
            "rows": self.rows,
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":"))


def signature_line(key_id: str, public_key: bytes, signature: bytes) -> str:
    """The second line of a copy."""
    told = {
        "key": key_id,
        "public_key": base64.b64encode(public_key).decode(),
        "signature": base64.b64encode(signature).decode(),
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


class Fault(StrEnum):
    """Why a copy is not what the house gave."""

    NOT_A_COPY = "not_a_copy"
    """It does not begin with a statement and its signature."""
    OTHER_KEY = "other_key"
    """It was signed by a key that is none of those it is checked against."""
    NOT_SIGNED = "not_signed"
    """The signature is not over the statement."""
    ALTERED = "altered"
    """A row was changed, added, removed or moved."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a copy proves, or why it proves nothing."""

    fault: Fault | None
    rows: int = 0
    account_id: str = ""
    made_at: str = ""


IsSigned = Callable[[bytes, bytes, bytes], bool]
"""Public key, signature, bytes; whether it is over them."""


def check(lines: Iterable[str], keys: Mapping[str, bytes], is_signed: IsSigned) -> Checked:
    """The signature of the first line by a key of these ids, then the links, row by row."""
    walk = iter(lines)
    first, second = _stripped(next(walk, "")), _stripped(next(walk, ""))
    try:
        told, signed = json.loads(first), json.loads(second)
        after, head = _place(told["after"]), _place(told["head"])
        signature = base64.b64decode(signed["signature"], validate=True)
        wanted, is_ours = int(told["rows"]), told["form"] == FORM
        account_id, made_at, key_id = str(told["account"]), str(told["at"]), str(signed["key"])
    except (ValueError, KeyError, TypeError):
        return Checked(Fault.NOT_A_COPY)
    if not is_ours:
        return Checked(Fault.NOT_A_COPY)
    if key_id not in keys:
        return Checked(Fault.OTHER_KEY)
    if not is_signed(keys[key_id], signature, first.encode()):
        return Checked(Fault.NOT_SIGNED)
    rows, linked = 0, after.link_digest
    for line in walk:
        rows, linked = rows + 1, link(linked, _stripped(line))
    is_whole = rows == wanted == head.seq - after.seq and is_same(linked, head.link_digest)
    return Checked(None if is_whole else Fault.ALTERED, rows, account_id, made_at)


def _stripped(line: str) -> str:
    return line.rstrip("\r\n")


def _place(told: Mapping[str, object]) -> Place:
    return Place(int(str(told["seq"])), bytes.fromhex(str(told["link"])))
