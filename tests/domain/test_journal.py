"""The form of a row never changes: its bytes and its link are written down here."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from vestibule.domain.journal import NOTHING, Entry, Row, link

ENTRY = Entry(
    chain="somebody",
    seq=7,
    format=1,
    id="an-id",
    occurred_at=datetime(2026, 11, 23, 10, 0, 0, 42, tzinfo=UTC),
    account_id="somebody",
    name="authn_login_success",
    outcome="success",
    reason=None,
    actor_id="somebody",
    session_mac=b"k1.\x00\xff",
    sign_in_mac=None,
    method="totp",
    source="2001:db8::7",
    user_agent='"\\\n\t\x00\x7fé\u2028😀</script>',
    request_id="r",
    version="0.1.0",
    details='{"amr":"pwd"}',
)
LINE = (
    '{"account":"somebody","actor":"somebody","at":"2026-11-23T10:00:00.000042Z",'
    '"chain":"somebody","event":"authn_login_success","id":"an-id","method":"totp",'
    '"outcome":"success","reason":null,"request":"r","seq":7,"session":"6b312e00ff",'
    '"sign_in":null,"source":"2001:db8::7",'
    '"user_agent":"\\"\\\\\\n\\t\\u0000\\u007f\\u00e9\\u2028\\ud83d\\ude00</script>",'
    '"v":1,"version":"0.1.0","details":{"amr":"pwd"}}'
)
LINK = "0abd1bde366893ceac66da14ab52a6ad20471f87b56a3a355a03568052d6fe12"


def test_the_bytes_are_those_of_the_reference() -> None:
    """AU-04: form 1 is this line and this link, for good."""
    assert ENTRY.line == LINE
    assert link(NOTHING, LINE).hex() == LINK


@pytest.mark.parametrize(
    "change",
    [
        {name: value}
        for name, value in {
            "chain": "another", "seq": 8, "format": 2, "id": "", "account_id": None,
            "occurred_at": datetime(2026, 11, 23, 10, 0, 0, 43, tzinfo=UTC),
            "name": "authn_logout", "outcome": "failure", "reason": "", "actor_id": None,
            "session_mac": None, "sign_in_mac": b"", "method": None, "source": None,
            "user_agent": None, "request_id": None, "version": "0.1.1",
            "details": '{"amr": "pwd"}',
        }.items()
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_every_column_is_part_of_the_link(change: dict[str, object]) -> None:
    """AU-04: whichever column is changed, the link is another one."""
    row = Row(ENTRY, NOTHING, link(NOTHING, LINE), b"")

    assert row.is_whole
    assert not replace(row, entry=replace(ENTRY, **change)).is_whole  # type: ignore[arg-type]  # by name
