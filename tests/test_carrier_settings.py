"""Settings of carriers: what a route lacks stops the start with a sentence that names it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vestibule.bootstrap_of_carriers import house_of, providers_of
from vestibule.clock import ManualClock
from vestibule.entropy import SeededEntropy
from vestibule.settings import Settings, SettingsFault, load

PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "0a" * 16,
    "TWILIO_AUTH_TOKEN": "an auth token of Twilio",
    "TWILIO_FROM": "+14155550100",
    "ROUTES_SMS": "twilio",
    "ROUTES_VOICE": "twilio",
}
TWILIO_KEY = TWILIO | {"TWILIO_API_KEY": "SK" + "2c" * 16, "TWILIO_API_SECRET": "an API secret"}
VONAGE = {
    "VONAGE_APPLICATION_ID": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    "VONAGE_PRIVATE_KEY": PEM,
    "VONAGE_SIGNATURE_SECRET": "a signature secret",
    "VONAGE_FROM": "+447700900000",
    "ROUTES_SMS": "vonage",
    "ROUTES_VOICE": "vonage",
}
VONAGE_KEY = VONAGE | {
    "VONAGE_APPLICATION_ID": "",
    "VONAGE_PRIVATE_KEY": "",
    "VONAGE_API_KEY": "abcd1234",
    "VONAGE_API_SECRET": "a secret of Vonage",
    "VONAGE_FROM": "Acme",
    "ROUTES_VOICE": "",
}


def loaded(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(f"VESTIBULE_{name}", value)
    return load()


def providers(settings: Settings) -> set[str]:
    clock = ManualClock(datetime(2026, 11, 23, tzinfo=UTC))
    return set(providers_of(settings, clock, SeededEntropy("carriers"), None))


@pytest.mark.parametrize(
    ("values", "name"),
    [(TWILIO, "twilio"), (TWILIO_KEY, "twilio"), (VONAGE, "vonage"), (VONAGE_KEY, "vonage")],
    ids=["auth token", "API key", "application", "key and secret"],
)
def test_a_whole_carrier(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], name: str
) -> None:
    """A carrier with what it needs starts; none of its secrets is ever printed."""
    settings = loaded(monkeypatch, values)

    assert name in providers(settings)
    shown = repr(settings)
    assert not any(word in shown for word in ("auth token of", "API secret", "a sign", "PRIVATE"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://carrier.example.com/messages", "plain http is for this machine only"),
        ("http://169.254.169.254/latest", "plain http is for this machine only"),
        ("carrier.example.com", "write it as https://"),
        ("file:///etc/passwd", "write it as https://"),
    ],
)
def test_codes_travel_by_tls(monkeypatch: pytest.MonkeyPatch, url: str, says: str) -> None:
    """WH-04: what is posted elsewhere goes by TLS; plain http is for this machine."""
    values = {"ROUTES_SMS": "webhook", "WEBHOOK_SECRET": "a secret of the webhook of 32 letters"}
    with pytest.raises(SettingsFault, match=f"VESTIBULE_WEBHOOK_URL.*{says}"):
        providers(loaded(monkeypatch, values | {"WEBHOOK_URL": url}))
    assert providers(loaded(monkeypatch, values | {"WEBHOOK_URL": "http://127.0.0.1:9/"}))


WEBHOOK = {"WEBHOOK_URL": "https://sms.example.com/", "WEBHOOK_SECRET": "a secret " * 3}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"WEBHOOK_SECRET_PREVIOUS": "short"}, "SECRET_PREVIOUS: the secret needs at least 24"),
        ({"WEBHOOK_SECRET_PREVIOUS": "a secret " * 3}, "is the same as the present one"),
        ({"WEBHOOK_SECRET_PREVIOUS_FILE": "/does/not/exist"}, "PREVIOUS_FILE: .* cannot be read"),
        (
            {"WEBHOOK_SECRET": "", "WEBHOOK_SECRET_PREVIOUS": "another secret " * 2},
            "SECRET_PREVIOUS needs VESTIBULE_WEBHOOK_SECRET",
        ),
    ],
)
def test_previous_secret_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], says: str
) -> None:
    """WH-02: a previous secret that can be guessed, or changes nothing, stops the start."""
    with pytest.raises(SettingsFault, match=says):
        providers(loaded(monkeypatch, WEBHOOK | change))


@pytest.mark.parametrize(
    ("values", "setting"),
    [
        (WEBHOOK | {"ROUTES_SMS": "webhook"}, "WEBHOOK_URL"),
        (TWILIO, "TWILIO_API_URL"),
        (VONAGE, "VONAGE_API_URL"),
    ],
    ids=["webhook", "twilio", "vonage"],
)
def test_where_codes_are_posted(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], setting: str
) -> None:
    """WH-04: a URL that shows where it leads stops the start, unless its network is named."""
    for host, says in [
        ("10.1.2.3", "in a private network; name that in VESTIBULE_PRIVATE_NETWORKS"),
        ("169.254.169.254", "at an address that nothing is posted to"),
        ("0xa9fea9fe", "four decimal numbers"),
    ]:
        with pytest.raises(SettingsFault, match=f"VESTIBULE_{setting}: .*{says}"):
            providers(loaded(monkeypatch, values | {setting: f"https://{host}"}))
    allowed = {setting: "https://10.1.2.3", "PRIVATE_NETWORKS": "192.168.0.0/16, 10.1.2.0/24"}
    assert providers(loaded(monkeypatch, values | allowed))


@pytest.mark.parametrize(
    ("networks", "says"),
    [
        ("169.254.169.254/32", "nothing is ever posted to 169.254.169.254/32"),
        ("0.0.0.0/0", "holds everybody"),
        ("10.1.2.3/24", "has host bits set"),
    ],
)
def test_private_networks_do_not_fit(
    monkeypatch: pytest.MonkeyPatch, networks: str, says: str
) -> None:
    """WH-04: neither everything nor the metadata service can be named as a private network."""
    with pytest.raises(SettingsFault, match=f"VESTIBULE_PRIVATE_NETWORKS: .*{says}"):
        providers(loaded(monkeypatch, WEBHOOK | {"PRIVATE_NETWORKS": networks}))


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_twilio_needs(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Twilio without an account, or without the token of its callbacks, stops the start."""
    with pytest.raises(SettingsFault, match=f"twilio needs VESTIBULE_{missing}"):
        loaded(monkeypatch, TWILIO | {missing: ""})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"TWILIO_API_SECRET": ""}, "API_KEY needs VESTIBULE_TWILIO_API_SECRET"),
        ({"TWILIO_AUTH_TOKEN": ""}, "VESTIBULE_TWILIO_AUTH_TOKEN is needed beside it"),
        ({"TWILIO_FROM": ""}, "FROM or VESTIBULE_TWILIO_MESSAGING_SERVICE_SID"),
        (
            {"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": "MG" + "3d" * 16},
            "ROUTES_VOICE: twilio needs VESTIBULE_TWILIO_FROM as a number",
        ),
        ({"TWILIO_FROM": "Acme"}, "ROUTES_VOICE: twilio needs VESTIBULE_TWILIO_FROM as a number"),
        ({"TWILIO_ACCOUNT_SID": "0a0a"}, "VESTIBULE_TWILIO_ACCOUNT_SID: it should match"),
        ({"TWILIO_API_KEY": "AC" + "0a" * 16}, "VESTIBULE_TWILIO_API_KEY: it should match"),
        ({"TWILIO_API_URL": "http://api.example.com"}, "VESTIBULE_TWILIO_API_URL: plain http"),
        ({"TWILIO_API_URL": "https://x.example/v1"}, "VESTIBULE_TWILIO_API_URL: it is scheme"),
        ({"TWILIO_API_URL": "api.twilio.com"}, "VESTIBULE_TWILIO_API_URL: write it as"),
        ({"ROUTES_EMAIL": "twilio"}, "VESTIBULE_ROUTES_EMAIL: twilio carries texts and calls"),
        (
            {"TWILIO_AUTH_TOKEN_FILE": "/does/not/exist"},
            "AUTH_TOKEN_FILE: .* cannot be read",
        ),
    ],
)
def test_twilio_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], says: str
) -> None:
    """Settings of Twilio that do not fit together stop the start, and say which is missing."""
    with pytest.raises(SettingsFault, match=says):
        loaded(monkeypatch, TWILIO_KEY | change)


@pytest.mark.parametrize(
    ("values", "change", "says"),
    [
        (VONAGE, {"VONAGE_FROM": ""}, "vonage needs VESTIBULE_VONAGE_FROM"),
        (VONAGE, {"VONAGE_FROM": "Acme"}, "VESTIBULE_VONAGE_FROM as a number"),
        (VONAGE, {"VONAGE_SIGNATURE_SECRET": ""}, "needs VESTIBULE_VONAGE_SIGNATURE_SECRET"),
        (VONAGE, {"VONAGE_PRIVATE_KEY": ""}, "needs VESTIBULE_VONAGE_PRIVATE_KEY"),
        (VONAGE, {"VONAGE_APPLICATION_ID": ""}, "needs VESTIBULE_VONAGE_APPLICATION_ID"),
        (VONAGE, {"VONAGE_API_URL": "http://x.example"}, "VESTIBULE_VONAGE_API_URL: plain http"),
        (VONAGE_KEY, {"VONAGE_API_SECRET": ""}, "needs VESTIBULE_VONAGE_API_SECRET"),
        (VONAGE_KEY, {"VONAGE_API_KEY": ""}, "for texts alone VESTIBULE_VONAGE_API_KEY"),
        (
            VONAGE_KEY,
            {"ROUTES_VOICE": "vonage"},
            "ROUTES_VOICE: vonage needs VESTIBULE_VONAGE_APPLICATION_ID",
        ),
    ],
)
def test_vonage_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], change: dict[str, str], says: str
) -> None:
    """Settings of Vonage that do not fit together stop the start, and say which is missing."""
    with pytest.raises(SettingsFault, match=says):
        loaded(monkeypatch, values | change)


def test_a_key_that_cannot_sign_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A private key that is none stops the start by its setting, without a word of the key."""
    settings = loaded(monkeypatch, VONAGE | {"VONAGE_PRIVATE_KEY": "no key at all"})

    with pytest.raises(SettingsFault, match="VESTIBULE_VONAGE_PRIVATE_KEY") as fault:
        providers(settings)
    assert "no key at all" not in str(fault.value)


@pytest.mark.parametrize("name", ["TWILIO_AUTH_TOKEN", "VONAGE_PRIVATE_KEY"])
def test_a_secret_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """Each secret may stand in a file instead."""
    values = TWILIO if name.startswith("TWILIO") else VONAGE
    file = tmp_path / "secret"
    file.write_text(values[name] + "\n")

    settings = loaded(monkeypatch, values | {name: "", f"{name}_FILE": str(file)})

    assert settings.secret(name.lower()) == values[name].strip()


def test_this_machine_may_stand_in_for_a_carrier(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial carrier on this machine is reached without TLS; a slash at the end is dropped."""
    settings = loaded(monkeypatch, TWILIO | {"TWILIO_API_URL": "http://127.0.0.1:8025/"})

    assert settings.twilio_api_url == "http://127.0.0.1:8025"


def test_names_below_localhost_are_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 6761 §6.3: what settings take for this machine, carriers take for it too."""
    url = {"TWILIO_API_URL": "http://x.localhost:9", "VONAGE_API_URL": "http://y.localhost:9"}

    assert providers(loaded(monkeypatch, TWILIO | VONAGE | url)) >= {"twilio", "vonage"}


def test_code_in_subject_is_the_operators_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the setting puts codes into subjects."""
    assert not house_of(load()).code_in_subject
    assert house_of(loaded(monkeypatch, {"MAIL_CODE_IN_SUBJECT": "true"})).code_in_subject
