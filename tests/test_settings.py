"""Settings: what is bad stops the start with a sentence that names it."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from vestibule.settings import Settings, SettingsFault, load

SECRET = "a secret of the operator's own making"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "abc", "valid integer"),
        ("PORT", "70000", "less than or equal to 65535"),
        ("NAME", "", "at least 1 character"),
        ("CODE_DIGITS", "7", "VESTIBULE_CODE_DIGITS: it should be 6 or 8"),
        ("APP_DIGITS", "ten", "VESTIBULE_APP_DIGITS: it should be 6 or 8"),
        ("APP_ALGORITHM", "MD5", "'SHA1', 'SHA256' or 'SHA512'"),
        ("PUBLIC_ORIGIN", "http://id.example.com", "use https"),
        ("PUBLIC_ORIGIN", "https://id.example.com/path", "scheme, host and port only"),
        ("PUBLIC_ORIGIN", "id.example.com", "write it as https://"),
        ("DATABASE_URL", "mysql://x", "sqlite:/// or postgresql://"),
        ("PUBLIC_ORIGIN", f"https://{'h' * 120}", "longer than 119 characters"),
        ("ROUTES_EMAIL", "smtp, smtp", "VESTIBULE_ROUTES_EMAIL: smtp is named twice"),
        ("ROUTES_SMS", "twilio,twilio", "VESTIBULE_ROUTES_SMS: twilio is named twice"),
        ("ROUTES_VOICE__GB", "webhook,webhook", "webhook is named twice"),
        ("COUNTRIES", "gb", "two-letter country code"),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "cannot be trusted"),
        ("TRUSTED_PROXIES", "proxy", "does not appear"),
        ("ACCENT", "#ffff00", "not readable"),
        ("ACCENT", "green", "#RRGGBB"),
        ("LOGO", "missing.svg", "not an SVG or PNG"),
        ("SESSION_HOURS", "25", "less than or equal to 24"),
        ("SUPPORT_URL", "javascript:alert(1)", "https://"),
        ("ROUTES_SMS", "pigeon", "simulator"),
        ("ROUTES_SMS", "webhook", "VESTIBULE_WEBHOOK_URL"),
        ("ROUTES_EMAIL", "smtp", "VESTIBULE_SMTP_URL"),
        ("ROUTES_EMAIL", "simulator", "VESTIBULE_SIMULATOR"),
        ("ROUTES_SMS__GB", "pigeon", "VESTIBULE_ROUTES_SMS__GB"),
        ("ROUTES_SMS__GB", "smtp", "VESTIBULE_ROUTES_SMS__GB: smtp carries mails only"),
        ("ROUTES_SMS__GB", "webhook", "VESTIBULE_WEBHOOK_URL"),
        ("ROUTES_VOICE__ZZ", "webhook", "VESTIBULE_ROUTES_VOICE__ZZ: ZZ is not a country"),
        ("ROUTES_VOICE__XX", "webhook", "VESTIBULE_ROUTES_VOICE__XX: XX is not a country"),
        ("ROUTES_SMS__gb", "webhook", "not a setting"),
        ("ROUTES_EMAIL__GB", "webhook", "VESTIBULE_ROUTES_EMAIL__GB is not a setting"),
        ("METRICS_TOKEN", "short", "VESTIBULE_METRICS_TOKEN"),
        ("WEBHOOK_SECRET_FILE", "/does/not/exist", "cannot be read"),
    ],
)
def test_bad_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    """The sentence has the setting as the operator wrote it, and what to write instead."""
    monkeypatch.setenv(f"VESTIBULE_{name}", value)

    with pytest.raises(SettingsFault) as fault:
        load()

    assert "VESTIBULE_" in str(fault.value)
    assert says in str(fault.value)


def test_unknown_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt setting stops the start instead of being ignored."""
    monkeypatch.setenv("VESTIBULE_PORTS", "8000")

    with pytest.raises(SettingsFault, match="VESTIBULE_PORTS is not a setting"):
        load()


@pytest.mark.parametrize("origin", ["https://id.example.com", "https://localhost.example.com"])
def test_simulator_needs_this_machine(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    """It shows every code to everybody, so any other public origin stops the start."""
    monkeypatch.setenv("VESTIBULE_SIMULATOR", "true")
    monkeypatch.setenv("VESTIBULE_PUBLIC_ORIGIN", origin)

    with pytest.raises(SettingsFault, match="must be this machine"):
        load()


def test_simulator_needs_a_loopback_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listening for the whole network stops the start too."""
    monkeypatch.setenv("VESTIBULE_SIMULATOR", "true")
    monkeypatch.setenv("VESTIBULE_HOST", "0.0.0.0")  # noqa: S104 - that it is refused is the test

    with pytest.raises(SettingsFault, match="must be this machine"):
        load()


def test_file_of_settings_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`--settings FILE` holds the same lines; the environment has the last word."""
    file = tmp_path / "vestibule.env"
    file.write_text("VESTIBULE_NAME=Acme\nVESTIBULE_PORT=9000\n")
    monkeypatch.setenv("VESTIBULE_PORT", "9001")

    settings = load(file)

    assert (settings.name, settings.port) == ("Acme", 9001)


def test_country_has_routes_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A country's setting stands for it alone, an empty one closes it, in a file and outside."""
    file = tmp_path / "vestibule.env"
    file.write_text(
        "VESTIBULE_ROUTES_SMS=webhook\nVESTIBULE_ROUTES_VOICE=webhook\n"
        "VESTIBULE_ROUTES_VOICE__GB=\nVESTIBULE_ROUTES_SMS__FR=\n"
        f"VESTIBULE_WEBHOOK_URL=https://sms.example.com\nVESTIBULE_WEBHOOK_SECRET={SECRET}\n"
    )
    monkeypatch.setenv("VESTIBULE_ROUTES_SMS__FR", "webhook, simulator")
    monkeypatch.setenv("VESTIBULE_SIMULATOR", "true")

    settings = load(file)

    assert settings.routes("sms") == settings.routes("sms", "GB") == ("webhook",)
    assert settings.routes("sms", "FR") == ("webhook", "simulator")
    assert (settings.routes("voice", "FR"), settings.routes("voice", "GB")) == (("webhook",), ())


def test_file_names_a_country_that_is_none(tmp_path: Path) -> None:
    """A country without telephones stops the start from a file too."""
    file = tmp_path / "vestibule.env"
    file.write_text("VESTIBULE_ROUTES_SMS__QQ=webhook\n")

    with pytest.raises(SettingsFault, match="VESTIBULE_ROUTES_SMS__QQ: QQ is not a country"):
        load(file)


def test_missing_file_of_settings_is_named(tmp_path: Path) -> None:
    """A file that is not there stops the start."""
    with pytest.raises(SettingsFault, match="does not exist"):
        load(tmp_path / "none.env")


def test_secret_comes_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every secret may stand in a file, and none is ever printed."""
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    monkeypatch.setenv("VESTIBULE_WEBHOOK_URL", "https://sms.example.com/")
    monkeypatch.setenv("VESTIBULE_WEBHOOK_SECRET_FILE", str(file))
    monkeypatch.setenv("VESTIBULE_SMTP_URL", "smtp://user:hidden@mail.example.com")

    settings = load()

    assert settings.secret("webhook_secret") == SECRET
    assert "hidden" not in repr(settings)
    assert SECRET not in repr(settings)


SECRETS = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
VALUES = {"database_url": "postgresql://vestibule:hidden@db.example.com/vestibule"}
BESIDE = {"smtp_url": "smtp://user:hidden@mail.example.com"}
NEEDED = {"webhook_secret_previous": ("VESTIBULE_WEBHOOK_SECRET", "the present secret " * 2)}
"""What must be set beside a secret."""


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_has_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Every setting that holds a secret may stand in a file, and neither is ever printed."""
    value = (VALUES | BESIDE).get(name, SECRET)
    file = tmp_path / "secret"
    file.write_text(f"{value}\n")
    monkeypatch.setenv(f"VESTIBULE_{name.upper()}_FILE", str(file))
    if name in NEEDED:
        monkeypatch.setenv(*NEEDED[name])

    settings = load()

    assert settings.secret(name) == value
    assert value not in repr(settings)
    if name == "database_url":
        assert settings.database == value


def test_what_may_be_a_secret_is_one() -> None:
    """No setting whose name tells of a secret is a plain text."""
    plain = {name for name in Settings.model_fields if not name.endswith("_file")} - set(SECRETS)

    told = re.compile(r"(secret|token|password|private_key|root_key|database_url|smtp_url)$")
    assert {name for name in plain if told.search(name)} == set()


def test_longest_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """OC-12: the longest host whose texts are one message each starts."""
    monkeypatch.setenv("VESTIBULE_PUBLIC_ORIGIN", f"https://{'h' * 119}:8443")

    assert load().public_origin.endswith(":8443")


@pytest.mark.parametrize("scheme", ["mysql", "file"])
def test_database_in_a_file_is_read_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scheme: str
) -> None:
    """What a file says of the database is refused by the same rule."""
    (tmp_path / "url").write_text(f"{scheme}://x")
    monkeypatch.setenv("VESTIBULE_DATABASE_URL_FILE", str(tmp_path / "url"))

    with pytest.raises(SettingsFault, match="sqlite:/// or postgresql://"):
        load()
