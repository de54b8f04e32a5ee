"""People who sign up and set up a phone, by the real flows: some enter their codes, some pump.

A pumper holds mailboxes and networks without end and numbers that pay him; he enters no code of a
text. Honest people enter theirs. Time is the house's own clock.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.front_door import PASSWORD, FrontDoor
from vestibule.domain.refusal import Reason, Refused
from vestibule.flows import enroll, sign_in, sign_up
from vestibule.flows.deliver import drain
from vestibule.flows.work import Caller

BLOCKS = {
    # Where mobile numbers begin; two digits of their block and four of their own follow.
    "GB": "+447400",
    "FR": "+33612",
    "DE": "+4915112",
    "ES": "+34612",
    "IT": "+393931",
    "BR": "+5511991",
    "IN": "+919812",
    "JP": "+819012",
    "AU": "+61412",
    "ZA": "+27821",
}
COUNTRIES = tuple(BLOCKS)


def number(country: str, block: int, last: int) -> str:
    """A mobile number; those of one block differ in the last four digits alone.

    Past the thousand, since the simulator gives the first few numbers faults.
    """
    return f"{BLOCKS[country]}{block:02}{1000 + last:04}"


@dataclass
class Tally:
    """What came of the set-ups: how many texts left by block, and who was told what."""

    texts: Counter[str] = field(default_factory=Counter)
    refused: Counter[Reason] = field(default_factory=Counter)
    entered: int = 0
    people: int = 0

    @property
    def most(self) -> int:
        return max(self.texts.values(), default=0)


async def set_up(house: FrontDoor, phone: str, *, tally: Tally, source: str, enters: bool) -> bool:
    """Sign up with an address of one's own and ask for a text; whether a code was entered."""
    means = house.built.means
    tally.people += 1
    email = f"p{tally.people}-{source}-{house.clock():%d%H%M%S}@example.com"
    caller = Caller(source, "Mozilla/5.0 pump", "", "en", visit_token=email)
    started = await sign_up.start(
        means,
        caller,
        name="Somebody",
        email=email,
        password=PASSWORD,
        return_to=None,
        old_token=None,
    )
    if isinstance(started, Refused):
        tally.refused[started.reason] += 1
        return False
    verified = await sign_up.verify(
        means, caller, token=started.token, typed=await house.code("email", to=email)
    )
    assert isinstance(verified, sign_up.Verified), verified
    binder = await sign_in.find_pending(means, caller, verified.pending_token)
    assert binder is not None
    sent = await enroll.start_phone(means, caller, binder, country="GB", phone=phone, channel="sms")
    if isinstance(sent, Refused):
        tally.refused[sent.reason] += 1
        return False
    tally.texts[phone[:-4]] += 1
    if not enters:
        await drain(house.built.worker.delivering)
        return False
    code = await house.code("sms", to=phone)
    bound = await enroll.verify_phone(means, caller, binder, typed=code)
    assert not isinstance(bound, Refused), bound
    tally.entered += 1
    return True
