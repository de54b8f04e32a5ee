"""What machines and operators write: callbacks, tables, settings, key addresses, forwarded hops."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from vestibule.clock import ManualClock
from vestibule.delivery.callbacks import TwilioCallbacks, VonageCallbacks, WebhookCallbacks
from vestibule.delivery.webhook_signature import Secrets
from vestibule.domain import totp
from vestibule.domain.country_table import parse_table
from vestibule.settings import SettingsFault, load
from vestibule.web.source import Sources

CLOCK = ManualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
CARRIERS = [
    TwilioCallbacks("a token of the carrier's", "http://localhost"),
    VonageCallbacks("a secret of the carrier's own making", CLOCK),
    WebhookCallbacks(Secrets("a secret of the operator's own making"), CLOCK),
]
NAMES = ("status", "dtmf", "client_ref", "MessageStatus", "CallStatus", "Digits", "reason")
HEADERS = (
    "authorization", "x-twilio-signature", "vestibule-id", "vestibule-timestamp",
    "vestibule-signature", "webhook-id", "webhook-timestamp", "webhook-signature",
)  # fmt: skip

latin = st.text(st.characters(max_codepoint=0xFF), max_size=80)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | anything.map(json.dumps).map(str.encode)
more = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda one: one.name)
@more
@given(
    body=bodies,
    path=latin.map("/".__add__),
    headers=st.dictionaries(st.sampled_from(HEADERS), latin | st.just("Bearer a.b.c")),
)
def test_no_callback_is_an_error(
    carrier: TwilioCallbacks | VonageCallbacks | WebhookCallbacks,
    body: bytes,
    path: str,
    headers: dict[str, str],
) -> None:
    """WH-01: whatever is posted as a carrier, it is not genuine, and reading it raises nothing."""
    assert not carrier.is_genuine(path, headers, body)
    assert isinstance(carrier.key(body), str)
    carrier.receipt(body)
    carrier.text(headers, body)


@more
@given(
    st.lists(st.text("0123456789abcdef.:,%/[] \t", max_size=60) | latin, max_size=4),
    st.sampled_from(["192.0.2.1", "203.0.113.9", "2001:db8::1", "", "unix:"]),
)
def test_forwarded_hops_end_in_one_address(hops: list[str], peer: str) -> None:
    """RL-08: whatever is forwarded, the source is one short text, and no proxy's hop else."""
    sources = Sources(["192.0.2.0/24", "2001:db8::/32"])
    headers = [(b"x-forwarded-for", hop.encode("latin-1")) for hop in hops]
    scope = {"type": "http", "headers": headers, "client": (peer, 1) if peer else None}

    found = sources.of(Request(scope))

    assert len(found) <= 45
    assert "," not in found
    if peer == "203.0.113.9":
        assert found == peer


@more
@given(st.text(max_size=200) | st.text("[]GBdefault = sms_price0123456789.\"'\n#", max_size=120))
def test_country_table_is_read_or_refused(text: str) -> None:
    """Whatever the operator's table holds, it is read or refused as a ValueError."""
    try:
        table = parse_table(text, sms_price=None, voice_price=None)
    except ValueError:
        return
    assert table is not None


@more
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_settings_file_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Whatever the settings file holds, it is read or refused with a sentence."""
    path = tmp_path_factory.getbasetemp() / "hostile.env"
    path.write_text(text, encoding="utf-8")
    _read_or_refused(path)


@more
@given(
    st.sampled_from(
        ["PUBLIC_ORIGIN", "PORT", "TRUSTED_PROXIES", "SMTP_URL", "ACCENT", "ROUTES_SMS"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\\"), max_size=80),
)
def test_setting_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str
) -> None:
    """Whatever one setting says, it is read or refused with a sentence."""
    path = tmp_path_factory.getbasetemp() / "hostile.env"
    path.write_text(f"VESTIBULE_{name}='{value}'\n", encoding="utf-8")
    _read_or_refused(path)


def _read_or_refused(path: Path) -> None:
    with suppress(SettingsFault):
        load(path)


@more
@given(st.binary(min_size=20, max_size=20), st.text(max_size=60), st.text(max_size=60))
def test_key_address_reads_back(secret: bytes, issuer: str, account: str) -> None:
    """TO-01: whatever names are in it, the address holds the secret and one label, and no more."""
    uri = totp.provisioning_uri(secret, issuer, account)

    parts = urlsplit(uri)
    asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    assert asked["secret"] == [totp.base32(secret)]
    assert set(asked) == {"secret", "issuer", "algorithm", "digits", "period"}
    assert unquote(parts.path).count(":") == 1
