"""What people are reached at: e-mail addresses and phone numbers, parsed, compared and masked.

Must not ask the network whether either exists: a code that comes back proves it.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

# ── E-mail addresses ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address to send to, and the key by which two addresses are one (EM-06)."""

    address: str
    """As typed, in NFC, the domain in lower-case IDNA (A-labels)."""
    key: str
    """The address without regard to case; for comparison only, never sent to."""


_BLANKS = " \t\u00a0\u3000"
_LONGEST_EMAIL = 320


def parse_email(text: str) -> EmailAddress | None:
    """One plain address, or None; names, lists, quotes and control characters are refused.

    Blanks around it are dropped, as browsers do; nothing inside is: dots and plus tags count.
    """
    typed = text.strip(_BLANKS)
    # An encoded word of mail headers (RFC 2047) would be an address that stands for other text.
    if len(typed) > _LONGEST_EMAIL or "=?" in typed:
        return None
    try:
        # RFC 6761 §6.2: .test is for trials, and a trial needs addresses.
        found = validate_email(typed, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    local = unicodedata.normalize("NFC", found.local_part)
    return EmailAddress(
        address=f"{local}@{found.ascii_domain}",
        key=f"{_without_case(local)}@{found.ascii_domain}",
    )


def mask_email(email: EmailAddress | str) -> str:
    """The address with its first character and domain: j•••@example.com."""
    address = email.address if isinstance(email, EmailAddress) else email
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _without_case(text: str) -> str:
    # Folding may undo the composition: U+0390 folds to three code points.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


# ── Phone numbers ────────────────────────────────────────────────────────────────────────────


class PhoneFault(StrEnum):
    """Why typed text is no number that codes are sent to."""

    PHONE_EMPTY = "phone_empty"
    PHONE_TOO_SHORT = "phone_too_short"
    PHONE_TOO_LONG = "phone_too_long"
    PHONE_NOT_POSSIBLE = "phone_not_possible"
    PHONE_COUNTRY_NOT_SERVED = "phone_country_not_served"
    PHONE_PREMIUM = "phone_premium"
    PHONE_VOIP = "phone_voip"


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A number in E.164 and the region that its digits belong to."""

    e164: str
    region: str

    @property
    def ending(self) -> str:
        """The last two digits, all that is shown after saving (PN-01)."""
        return self.e164[-2:]

    @property
    def international(self) -> str:
        """The whole number in groups, to be read once before it is confirmed."""
        style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(_number(self.e164), style)

    @property
    def prefix(self) -> str:
        """The number without its last four digits: numbers bought in a row share it."""
        return self.e164[:-4]

    @property
    def masked(self) -> str:
        """Calling code and ending; the dots say nothing about the length."""
        return f"+{_number(self.e164).country_code} •••• ••{self.ending}"

    def __repr__(self) -> str:
        # A number in a traceback or a log is a leak.
        return f"PhoneNumber({self.masked})"


@dataclass(frozen=True, slots=True)
class Country:
    """A choice of the phone form; the calling code is without its plus sign."""

    region: str
    name: str
    calling_code: str


# Sending to these costs whoever sends, reaches no pocket, or pays a stranger (PN-05).
_REFUSED_TYPES = frozenset(
    {
        PhoneNumberType.PAGER,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
_NOWHERE = "001"
"""libphonenumber's region of satellites, global freephone and other global services."""

_LONGEST_TYPED = 60
# Contact lists paste numbers between invisible direction marks.
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_PUNCTUATION = re.compile(r"[\s().\[\]/~\-\u2010-\u2015\u2212\u30fc]+")
_ABROAD = re.compile(r"\+|00")


def parse_phone(
    text: str, region: str, *, served: frozenset[str] | None, allows_voip: bool = True
) -> PhoneNumber | PhoneFault:
    """The number that codes may be sent to, or why none may.

    Accepts national numbers of the region, and with + or 00 those of any; spaces, brackets,
    dashes, and the digits of any script. `served` are the regions codes are sent to, None all.
    Numbers of telephones on the internet only where they are allowed (PN-05).
    Possible lengths decide, not assigned ranges: metadata is older than the newest numbers.
    """
    typed = _typed_digits(text)
    if isinstance(typed, PhoneFault):
        return typed
    number = _possible(typed, region)
    if isinstance(number, PhoneFault) and typed.startswith("00"):
        # Where abroad is dialled otherwise (011, 0011), people still write 00.
        number = _possible(f"+{typed[2:]}", region)
    if isinstance(number, PhoneFault):
        return number
    home = _region(number)
    if home == _NOWHERE or _begins_as(number, _REFUSED_TYPES):
        return PhoneFault.PHONE_PREMIUM
    if not allows_voip and _begins_as(number, frozenset({PhoneNumberType.VOIP})):
        return PhoneFault.PHONE_VOIP
    if served is not None and home not in served:
        return PhoneFault.PHONE_COUNTRY_NOT_SERVED
    return PhoneNumber(_e164(number), home)


def phone_of(e164: str) -> PhoneNumber:
    """The number that was stored; raises ValueError for text that is not E.164."""
    number = _number(e164)
    if _e164(number) != e164:
        raise ValueError("not a number in E.164")
    return PhoneNumber(e164, _region(number))


def region_of_prefix(prefix: str) -> str:
    """The main region of a prefix's calling code; "" where it begins with none."""
    for length in (1, 2, 3):
        code = prefix[1 : 1 + length]
        if code.isdecimal() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return str(phonenumbers.region_code_for_country_code(int(code)))
    return ""


def is_landline(number: PhoneNumber) -> bool:
    """Whether the numbering plan says that it takes calls only; in NANP it never says so."""
    return bool(phonenumbers.number_type(_number(number.e164)) == PhoneNumberType.FIXED_LINE)


def countries(served: frozenset[str] | None, locale: str = "en") -> list[Country]:
    """The served regions by name in the language; None serves all, an unknown language English."""
    return list(_countries(served, locale))


@lru_cache(maxsize=64)
def _countries(served: frozenset[str] | None, locale: str) -> tuple[Country, ...]:
    names = _locale(locale).territories
    english = Locale("en").territories
    regions = phonenumbers.SUPPORTED_REGIONS if served is None else served
    found = [
        Country(
            region,
            names.get(region) or english.get(region, region),
            str(phonenumbers.country_code_for_region(region)),
        )
        for region in regions
        if region in phonenumbers.SUPPORTED_REGIONS
    ]
    return tuple(sorted(found, key=lambda country: (_alphabetical(country.name), country.region)))


_PARSE_FAULTS = {
    NumberParseException.TOO_SHORT_AFTER_IDD: PhoneFault.PHONE_TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: PhoneFault.PHONE_TOO_SHORT,
    NumberParseException.TOO_LONG: PhoneFault.PHONE_TOO_LONG,
}
_LENGTH_FAULTS = {
    # Without its area code a number can be dialled next door only.
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: PhoneFault.PHONE_TOO_SHORT,
    ValidationResult.TOO_SHORT: PhoneFault.PHONE_TOO_SHORT,
    ValidationResult.TOO_LONG: PhoneFault.PHONE_TOO_LONG,
}


def _typed_digits(text: str) -> str | PhoneFault:
    """ASCII digits, with a plus in front if the number says its country."""
    if len(text) > _LONGEST_TYPED:
        return PhoneFault.PHONE_TOO_LONG
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    # "+44 (0)20 …": the trunk zero is for callers at home.
    plain = plain.replace("(0)", "") if _ABROAD.match(plain.strip()) else plain
    packed = _PUNCTUATION.sub("", plain)
    if not packed:
        return PhoneFault.PHONE_EMPTY
    plus, digits = packed[:1] == "+", packed.removeprefix("+")
    values = [unicodedata.decimal(symbol, None) for symbol in digits]
    if None in values:
        # Letters would be dialled as keys, an extension reaches no phone.
        return PhoneFault.PHONE_NOT_POSSIBLE
    return ("+" if plus else "") + "".join(map(str, values))


def _possible(digits: str, region: str) -> phonenumbers.PhoneNumber | PhoneFault:
    try:
        number = _without_trunk(phonenumbers.parse(digits, region.upper()))
    except NumberParseException as error:
        return _PARSE_FAULTS.get(error.error_type, PhoneFault.PHONE_NOT_POSSIBLE)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != ValidationResult.IS_POSSIBLE:
        return _LENGTH_FAULTS.get(reason, PhoneFault.PHONE_NOT_POSSIBLE)
    return number


def _without_trunk(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber:
    """The number that its own E.164 stands for, without zeros of a trunk that were typed twice.

    Parsing drops one; what is left would be one more spelling of the number, counted apart.
    """
    read = phonenumbers.parse(_e164(number))
    while read != number:
        number, read = read, phonenumbers.parse(_e164(read))
    digits, bare = phonenumbers.national_significant_number(number), number
    # Italy's landlines begin with a zero of their own.
    while not phonenumbers.is_valid_number(bare) and digits.startswith("0"):
        digits = digits[1:]
        bare = phonenumbers.parse(f"+{number.country_code}{digits or 0}")
    return bare if phonenumbers.is_valid_number(bare) else number


def _begins_as(number: phonenumbers.PhoneNumber, types: frozenset[int]) -> bool:
    """Whether it is a line of one of these types, or one with digits after its end.

    Exchanges connect once they have enough, and pass over what was dialled too much; to the
    metadata the longer number is of no type at all.
    """
    if phonenumbers.is_valid_number(number):
        return phonenumbers.number_type(number) in types
    digits = phonenumbers.national_significant_number(number)
    begun = {one[:end] for one in (digits, digits.lstrip("0")) for end in range(3, len(one) + 1)}
    return any(
        phonenumbers.number_type(phonenumbers.parse(f"+{number.country_code}{one}")) in types
        for one in begun
    )


def _number(e164: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(e164)
    except NumberParseException as error:
        raise ValueError("not a number in E.164") from error


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _region(number: phonenumbers.PhoneNumber) -> str:
    # Ranges not yet in the metadata go to the main country of a shared calling code, whatever
    # the form said, so that the region follows from the number alone.
    found = phonenumbers.region_code_for_number(number)
    return found or phonenumbers.region_code_for_country_code(number.country_code or 0)


def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _alphabetical(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name)
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()
