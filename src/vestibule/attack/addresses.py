"""The house's addresses as a stranger knows them, and what must be proven before each opens.

A copy on purpose: the harness judges a house by this list, not by the house's own. A test holds
it equal to the product's doors.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    path: str
    methods: tuple[str, ...]
    needs: str

    @property
    def filled(self) -> str:
        """With something in the place of each variable part."""
        return self.path.replace("{app_id}", "none").replace("{token}", "none")


_LIST = """
/sign-up GET,POST NOBODY
/sign-up/code GET,POST SIGN_UP
/sign-up/resend POST SIGN_UP
/sign-up/address GET,POST SIGN_UP
/sign-in GET,POST NOBODY
/forgot-password GET,POST NOTHING
/forgot-password/code GET,POST RESET
/forgot-password/code/send POST RESET
/forgot-password/second-factor GET,POST RESET
/forgot-password/second-factor/send POST RESET
/forgot-password/second-factor/methods GET RESET
/forgot-password/second-factor/delivery GET RESET
/forgot-password/new GET,POST RESET
/sign-in/code GET,POST SECOND_FACTOR
/sign-in/code/send POST SECOND_FACTOR
/sign-in/code/delivery GET SECOND_FACTOR
/sign-in/stopped GET SECOND_FACTOR
/sign-in/methods GET,POST SECOND_FACTOR
/sign-in/recovery-code GET,POST SECOND_FACTOR
/set-up/email GET,POST WALL_MAIL
/set-up/email/send POST WALL_MAIL
/set-up GET WALL
/set-up/phone GET,POST WALL
/set-up/phone/code GET,POST WALL
/set-up/phone/send POST WALL
/set-up/phone/delivery GET WALL
/set-up/app GET,POST WALL
/set-up/app/start POST WALL
/set-up/recovery-code GET,POST SHOWN_CODE
/ GET SESSION
/resume GET,POST IDLE_SESSION
/new-password GET,POST NEW_PASSWORD
/review GET,POST REVIEW
/sessions GET,POST SESSION
/settings GET SESSION
/settings/open POST SESSION
/settings/send POST SESSION
/settings/code POST SESSION
/settings/wait GET GATE
/settings/confirm GET,POST GATE
/settings/confirm/send POST GATE
/settings/confirm/delivery GET GATE
/settings/method GET,POST STEP_UP
/settings/phone GET,POST STEP_UP
/settings/phone/code GET,POST STEP_UP
/settings/phone/send POST STEP_UP
/settings/phone/delivery GET STEP_UP
/settings/phone/remove GET,POST STEP_UP
/settings/app GET,POST STEP_UP
/settings/app/start POST STEP_UP
/settings/apps/{app_id}/rename GET,POST STEP_UP
/settings/apps/{app_id}/remove GET,POST STEP_UP
/settings/recovery-code/new GET,POST STEP_UP
/settings/recovery-code GET,POST SESSION
/settings/name GET,POST GATE
/settings/address GET,POST STEP_UP
/settings/address/code GET,POST STEP_UP
/settings/address/send POST STEP_UP
/settings/notice-address GET,POST STEP_UP
/settings/notice-address/code GET,POST STEP_UP
/settings/notice-address/send POST STEP_UP
/settings/notice-address/remove GET,POST STEP_UP
/settings/password GET,POST STEP_UP
/not-me GET,POST NOTHING
/not-me/done GET NOTHING
/not-me/notice GET,POST NOTHING
/not-me/{token} GET NOTHING
/sign-out POST NOTHING
/language POST NOTHING
/help GET NOTHING
/session GET NOTHING
/livez GET NOTHING
/readyz GET NOTHING
/.well-known/change-password GET NOTHING
"""
ADDRESSES = tuple(
    Address(path, tuple(methods.split(",")), needs)
    for path, methods, needs in (line.split() for line in _LIST.strip().splitlines())
)
POSTS = tuple(one for one in ADDRESSES if "POST" in one.methods)
GETS = tuple(one for one in ADDRESSES if "GET" in one.methods)
INSIDE = {"SESSION", "REVIEW", "NEW_PASSWORD", "GATE", "STEP_UP"}
"""Needs that only a session meets."""

FIELDS = {
    "email": "attack@example.com",
    "password": "some other lantern here",
    "new_password": "some other lantern here",
    "name": "Mallory",
    "country": "GB",
    "phone": "07700 900999",
    "channel": "voice",
    "app_name": "Mallory's",
    "end": "others",
    "action": "another",
    "recovery_code": "0" * 24,
    "last_group": "0000",
}
"""Something for every field but codes, which cost tries."""
