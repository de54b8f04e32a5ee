"""What two honest answers may differ in, taken out, so that the rest can be compared."""

import re

import httpx

from vestibule.attack.wire import set_cookies

UNTOLD = {"content-length", "date", "set-cookie", "x-request-id", "server-timing"}


def masked(text: str, email: str) -> str:
    """A page without its nonces, tokens, times and the address that was typed."""
    for form in (email, email.replace("@", "%40"), email.replace("@", "&#64;")):
        text = text.replace(form, "EMAIL")
    text = re.sub(r'nonce(-|=")[\w-]{16,}', "NONCE", text)
    text = re.sub(r'name="csrf" value="[^"]*"', "CSRF", text)
    text = re.sub(r'data-wait="\d+"', "WAIT", text)
    return re.sub(r"\d\d:\d\d(:\d\d)?", "TIME", text)


def seen(answer: httpx.Response, email: str) -> tuple[object, ...]:
    """Everything of an answer that a stranger could tell two addresses apart by."""
    headers = tuple(
        (name, masked(value, email))
        for name, value in answer.headers.multi_items()
        if name not in UNTOLD
    )
    cookies = tuple(
        (one.name, len(one.value), tuple(a.split("=")[0] for a in one.attributes))
        for one in set_cookies(answer)
    )
    return answer.status_code, headers, cookies, masked(answer.text, email)
