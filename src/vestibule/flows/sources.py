"""The network that a caller is counted under; nothing here proves who it is (RL-01, RL-08)."""

import ipaddress

from vestibule.flows.work import Work


def source_of(work: Work) -> str | None:
    """An IPv4 address or an IPv6 /64 (RL-01).

    None where the simulator runs and the caller is this machine: everybody is.
    """
    try:
        address = ipaddress.ip_address(work.caller.source)
    except ValueError:
        return work.caller.source or "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback and not work.means.policy.limits_loopback:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def network_of(work: Work, *, ipv4: int = 24) -> str | None:
    """The wider network: an IPv4 /24 or IPv6 /48, all of which one customer may hold (RL-01).

    For what each further source would get anew. None as in `source_of`.
    """
    source = source_of(work)
    try:
        network = ipaddress.ip_network(source or "")
    except ValueError:
        return source
    wide = ipv4 if network.version == 4 else 48
    return str(network.supernet(new_prefix=wide))
