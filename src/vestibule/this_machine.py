"""Whether a host is this machine: one notion, for settings, pages and what is sent.

No name is looked up: a name that could be another machine is another machine.
"""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Whether a host name or address can only be this machine.

    True for localhost and names below it (RFC 6761 §6.3), 127.0.0.0/8 and ::1.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
