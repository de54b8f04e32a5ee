"""Where what is sent may go in clear: nowhere but to this machine."""

from urllib.parse import urlsplit

from vestibule.delivery.reach import Reach
from vestibule.this_machine import is_this_machine

__all__ = ["is_this_machine", "private_url"]


def private_url(url: str, example: str, reach: Reach) -> str:
    """The URL, if nobody on the way can read what is sent to it, and it leads to where we post.

    ValueError says what is wrong, as far as the URL alone shows it.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError(f"write it as {example}")
    if parts.scheme == "http" and not is_this_machine(parts.hostname):
        raise ValueError("plain http is for this machine only; use https")
    reach.check(url)
    return url
