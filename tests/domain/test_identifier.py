"""E-mail addresses and phone numbers: what is read from typed text, and what is shown."""

import phonenumbers
import pytest

from vestibule.domain.identifier import (
    Country,
    EmailAddress,
    PhoneFault,
    PhoneNumber,
    countries,
    is_landline,
    mask_email,
    parse_email,
    parse_phone,
    phone_of,
)

DRAMA = "+447700900123"
"""Ofcom keeps it free for fiction: a possible number that is assigned to nobody."""


def full_width(text: str) -> str:
    return "".join(chr(ord(mark) + 0xFEE0) if mark != " " else mark for mark in text)


def arabic(text: str) -> str:
    return "".join(chr(0x660 + int(mark)) if mark.isdigit() else mark for mark in text)


# ── E-mail addresses ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "address", "key"),
    [
        ("mara@example.org", "mara@example.org", "mara@example.org"),
        ("Mara.Vogt@EXAMPLE.Org", "Mara.Vogt@example.org", "mara.vogt@example.org"),
        ("  mara@example.org\u00a0", "mara@example.org", "mara@example.org"),
        ("m@Bücher.example", "m@xn--bcher-kva.example", "m@xn--bcher-kva.example"),
        ("m@XN--BCHER-KVA.example", "m@xn--bcher-kva.example", "m@xn--bcher-kva.example"),
        ("JOSE\u0301@example.org", "JOSÉ@example.org", "josé@example.org"),
        ("straße@example.org", "straße@example.org", "strasse@example.org"),
        ("o'hara@example.org", "o'hara@example.org", "o'hara@example.org"),
        ("me@trial.test", "me@trial.test", "me@trial.test"),
    ],
)
def test_email_is_canonical_for_comparison_only(typed: str, address: str, key: str) -> None:
    """EM-06: NFC, the domain in lower-case IDNA, the local part as typed; the key ignores case."""
    assert parse_email(typed) == EmailAddress(address, key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m.vogt@example.org", "mvogt@example.org"),
        ("m+news@example.org", "m@example.org"),
        # Latin, then its Cyrillic twin.
        ("a@example.org", "\u0430@example.org"),
        ("a@exam\u0440le.example", "a@example.example"),
        (full_width("a") + "@example.org", "a@example.org"),
    ],
)
def test_email_keeps_different_mailboxes_apart(one: str, other: str) -> None:
    """EM-06: dots, plus tags and look-alike letters are never folded away."""
    first, second = parse_email(one), parse_email(other)

    assert first is not None
    assert second is not None
    assert first.key != second.key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "mara",
        "mara@",
        "@example.org",
        "mara@example",
        "mara@localhost",
        "mara@[192.0.2.1]",
        "mara vogt@example.org",
        '"mara vogt"@example.org',
        "Mara <mara@example.org>",
        "mara@example.org, tom@example.org",
        "mara@example.org;tom@example.org",
        "mara@example.org tom@example.org",
        "mara@example.org\r\nBcc: tom@example.org",
        "mara@example.org\n",
        "\nmara@example.org",
        "mara\r@example.org",
        "mara\0@example.org",
        "mara@exam\u202eple.org",
        "mara@example.org\u2028",
        "\ud800@example.org",
        "=?utf-8?q?tom=40example.com=2c?=@example.org",
        "=?utf-8?b?eA0KQmNjOiB0b21AZXhhbXBsZS5jb20NClg6IA==?=@example.org",
        "=?us-ascii?q?=6d?=@example.org",
        "a" * 250 + "@example.org",
        "mara@" + "a." * 130 + "org",
        "a" * 5_000_000,
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_email_refuses_what_is_not_one_plain_address(text: str) -> None:
    """EM-06: no control characters, line breaks, lists, names or quotes: headers stay whole."""
    assert parse_email(text) is None


def test_email_masked_shows_first_letter_and_domain() -> None:
    """A masked address is recognised by its owner; the dots hide the length."""
    assert mask_email("j@example.com") == "j•••@example.com"
    assert mask_email("josephine.long-name@example.com") == "j•••@example.com"
    address = parse_email("Mara@example.org")
    assert address is not None
    assert mask_email(address) == "M•••@example.org"


# ── Phone numbers ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "country", "e164", "region"),
    [
        ("07700 900123", "GB", DRAMA, "GB"),
        ("07700 900123", "gb", DRAMA, "GB"),
        ("7700 900123", "GB", DRAMA, "GB"),
        ("+44 7700 900123", "US", DRAMA, "GB"),
        ("+44 (0)7700 900123", "US", DRAMA, "GB"),
        ("0044 7700 900123", "GB", DRAMA, "GB"),
        ("0044 7700 900123", "US", DRAMA, "GB"),
        ("011 44 7700 900123", "US", DRAMA, "GB"),
        ("0011 44 7700 900123", "AU", DRAMA, "GB"),
        (full_width("+44 7700 900123"), "US", DRAMA, "GB"),
        (arabic("07700 900123"), "GB", DRAMA, "GB"),
        ("\u202a+44 7700\u2011900\u2011123\u202c", "US", DRAMA, "GB"),
        ("(415) 555-0100", "US", "+14155550100", "US"),
        ("1.415.555.0100", "CA", "+14155550100", "US"),
        ("0491 570 156", "AU", "+61491570156", "AU"),
        ("030/901820", "DE", "+4930901820", "DE"),
        ("06 12 34 56 78", "FR", "+33612345678", "FR"),
        ("312 345 6789", "IT", "+393123456789", "IT"),
        ("06 6712 3456", "IT", "+390667123456", "IT"),
        ("8 (912) 345-67-89", "RU", "+79123456789", "RU"),
        ("+7 701 234 5678", "RU", "+77012345678", "KZ"),
        ("+1 876 555 0100", "US", "+18765550100", "JM"),
    ],
)
def test_phone_is_read_as_people_write_it(typed: str, country: str, e164: str, region: str) -> None:
    """PN-01: national, +, 00, spaces, brackets, dashes and any script's digits become E.164.

    A plus sign sets the country, whatever the form's other field says.
    """
    assert parse_phone(typed, country, served=None) == PhoneNumber(e164, region)


@pytest.mark.parametrize(
    ("typed", "country", "fault"),
    [
        ("", "GB", PhoneFault.PHONE_EMPTY),
        (" \u200b- ", "GB", PhoneFault.PHONE_EMPTY),
        ("123", "GB", PhoneFault.PHONE_TOO_SHORT),
        ("555 0100", "US", PhoneFault.PHONE_TOO_SHORT),
        ("+44 7700", "GB", PhoneFault.PHONE_TOO_SHORT),
        ("07700 9001234", "GB", PhoneFault.PHONE_TOO_LONG),
        ("+" + "4" * 59, "GB", PhoneFault.PHONE_TOO_LONG),
        ("4" * 1_000_000, "GB", PhoneFault.PHONE_TOO_LONG),
        ("+999 123 4567", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("1-800-FLOWERS", "US", PhoneFault.PHONE_NOT_POSSIBLE),
        ("07700 900123 ext. 5", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("07700 900123;ext=5", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("tel:+447700900123", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("07700 900123, 07700 900124", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("07700 900123\0", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("++447700900123", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("+", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("00", "GB", PhoneFault.PHONE_NOT_POSSIBLE),
        ("07700 900123", "ZZ", PhoneFault.PHONE_NOT_POSSIBLE),
        ("07700 900123", "", PhoneFault.PHONE_NOT_POSSIBLE),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_phone_faults_say_what_is_wrong(typed: str, country: str, fault: PhoneFault) -> None:
    """Each kind of mistake has its own answer, so that the page can say how to mend it."""
    assert parse_phone(typed, country, served=None) is fault


@pytest.mark.parametrize("zeros", ["0", "00", "000"])
@pytest.mark.parametrize("kind", ["MOBILE", "FIXED_LINE"])
def test_phone_of_more_trunk_zeros_is_the_same_number(zeros: str, kind: str) -> None:
    """PN-01, RL-07: zeros of a trunk, typed twice, make no second spelling that limits count apart
    or that nobody can read again."""
    others, line = [], getattr(phonenumbers.PhoneNumberType, kind)
    for region in phonenumbers.SUPPORTED_REGIONS:
        if phonenumbers.example_number_for_type(region, line) is None:
            continue
        e164 = example(kind, region)
        code = f"+{phonenumbers.country_code_for_region(region)}"
        found = parse_phone(code + zeros + e164.removeprefix(code), region, served=None)
        if isinstance(found, PhoneNumber):
            assert phone_of(found.e164) == found
            others += [region] if found.e164 != e164 else []

    # A mobile of Italy after a zero is a landline of Como.
    assert set(others) <= {"IT", "VA"}


@pytest.mark.parametrize(
    ("kind", "region"),
    [
        ("PREMIUM_RATE", "GB"),
        ("PREMIUM_RATE", "US"),
        ("SHARED_COST", "FR"),
        ("PAGER", "GB"),
        ("UAN", "GB"),
        ("PERSONAL_NUMBER", "GB"),
        ("VOICEMAIL", "IT"),
        ("TOLL_FREE", "US"),
    ],
)
def test_phone_refuses_lines_that_cost_or_reach_nobody(kind: str, region: str) -> None:
    """PN-05: premium, shared-cost, pager, personal, freephone, company-wide: all are refused."""
    number = example(kind, region)

    assert parse_phone(number, region, served=None) is PhoneFault.PHONE_PREMIUM


@pytest.mark.parametrize("zeros", ["", "00"])
@pytest.mark.parametrize("more", ["0", "11", "123"])
@pytest.mark.parametrize("kind", ["PREMIUM_RATE", "SHARED_COST", "PAGER"])
def test_phone_refuses_such_lines_with_digits_after_their_end(
    kind: str, more: str, zeros: str
) -> None:
    """PN-05: an exchange passes over digits dialled too much, so they make no other number."""
    line, taken = getattr(phonenumbers.PhoneNumberType, kind), []
    for region in phonenumbers.SUPPORTED_REGIONS:
        if phonenumbers.example_number_for_type(region, line) is None:
            continue
        e164 = example(kind, region)
        code = f"+{phonenumbers.country_code_for_region(region)}"
        typed = code + zeros + e164.removeprefix(code) + more
        found = parse_phone(typed, region, served=None)
        if isinstance(found, PhoneNumber) and found.e164.startswith(e164):
            taken.append(found.e164)

    assert taken == []


def test_phone_of_the_internet_is_one_with_digits_after_its_end() -> None:
    """PN-05: nor does a digit more make an ordinary line of one that the operator refuses."""
    number = example("VOIP", "NL")

    for typed in (number, number + "1"):
        found = parse_phone(typed, "NL", served=None, allows_voip=False)
        assert found is PhoneFault.PHONE_VOIP, typed


def example(kind: str, region: str) -> str:
    line = getattr(phonenumbers.PhoneNumberType, kind)
    number = phonenumbers.example_number_for_type(region, line)
    assert number is not None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    "typed",
    [
        "+870 301 234 567",
        "+881 612 345 678",
        "+883 510 012 345",
        "+979 123 456 789",
        "+800 12345678",
    ],
)
def test_phone_refuses_numbers_of_no_country(typed: str) -> None:
    """PN-05: satellites and global services belong to no country and are refused."""
    assert parse_phone(typed, "GB", served=None) is PhoneFault.PHONE_PREMIUM


@pytest.mark.parametrize(("kind", "region"), [("MOBILE", "GB"), ("VOIP", "GB"), ("MOBILE", "BR")])
def test_phone_takes_ordinary_lines(kind: str, region: str) -> None:
    """PN-05: mobile lines are taken, and so are those over the internet."""
    assert isinstance(parse_phone(example(kind, region), region, served=None), PhoneNumber)


def test_phone_is_served_by_its_own_country() -> None:
    """The country of the digits decides, not the one that was chosen in the form."""
    served = frozenset({"GB", "US"})
    refused = PhoneFault.PHONE_COUNTRY_NOT_SERVED

    assert parse_phone(DRAMA, "US", served=served) == PhoneNumber(DRAMA, "GB")
    assert parse_phone("+33 6 12 34 56 78", "GB", served=served) is refused
    # The same calling codes, other tariffs.
    assert parse_phone("+1 876 555 0100", "US", served=served) is refused
    assert parse_phone("+44 7781 123456", "GB", served=served) is refused
    assert parse_phone(DRAMA, "GB", served=frozenset()) is refused


def test_phone_of_a_range_not_yet_known_is_its_main_countrys() -> None:
    """A number that no metadata places belongs to the calling code's main country, always."""
    typed = "+1 221 555 0100"

    chosen_otherwise = parse_phone(typed, "JM", served=None)

    assert chosen_otherwise == PhoneNumber("+12215550100", "US")
    assert phone_of("+12215550100") == chosen_otherwise


def test_phone_shows_only_its_ending() -> None:
    """PN-01: after saving, calling code and last two digits are all that is shown."""
    number = phone_of("+447700900142")

    assert number.ending == "42"
    assert number.masked == "+44 •••• ••42"
    assert "7700" not in repr(number)
    assert "7700" not in f"{number}"


def test_phone_is_shown_whole_once_for_confirmation() -> None:
    """The international form groups the digits; the prefix leaves out the last four."""
    number = phone_of(DRAMA)

    assert number.international == "+44 7700 900123"
    assert number.prefix == "+44770090"


@pytest.mark.parametrize(
    "text", ["", "07700900123", "+44 7700 900123", "+999123", "x", arabic("+447700")]
)
def test_phone_of_raises_for_what_was_never_stored(text: str) -> None:
    """Stored numbers are E.164; anything else is a fault to be seen."""
    with pytest.raises(ValueError, match="not a number in E"):
        phone_of(text)


@pytest.mark.parametrize(
    ("e164", "is_fixed"),
    [
        ("+442079460958", True),
        ("+4930901820", True),
        (DRAMA, False),
        ("+33612345678", False),
        # NANP does not tell: a text message is tried.
        ("+14155550100", False),
    ],
)
def test_phone_landline_is_known_where_the_plan_tells(e164: str, is_fixed: bool) -> None:
    """A number that takes calls only is known before a text message is sent in vain."""
    assert is_landline(phone_of(e164)) is is_fixed


def test_countries_are_the_served_ones_by_name() -> None:
    """The form lists the served countries in the reader's language and alphabet."""
    served = frozenset({"GB", "DE", "AX", "US", "QQ"})

    assert countries(served) == [
        Country("AX", "Åland Islands", "358"),
        Country("DE", "Germany", "49"),
        Country("GB", "United Kingdom", "44"),
        Country("US", "United States", "1"),
    ]
    assert [one.name for one in countries(served, "de-DE")] == [
        "Ålandinseln",
        "Deutschland",
        "Vereinigte Staaten",
        "Vereinigtes Königreich",
    ]


def test_countries_are_all_where_none_is_chosen() -> None:
    """Without a list every country is offered, each with a name; an unknown language is English."""
    everywhere = countries(None, "zz-nonsense!")

    assert {one.region for one in everywhere} == set(phonenumbers.SUPPORTED_REGIONS)
    assert Country("KZ", "Kazakhstan", "7") in everywhere
    assert all(one.name and one.calling_code.isdigit() for one in everywhere)


def test_countries_cannot_be_changed_by_a_reader() -> None:
    """Each caller has a list of its own."""
    countries(None).clear()

    assert countries(None) != []
