"""The names and addresses by which other computers on the local network reach this one."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

import ifaddr

Address = IPv4Address | IPv6Address


def names(further: Iterable[str] = ()) -> tuple[str, ...]:
    """localhost, this machine's name, its name with `.local` as other machines look it up, and further ones.

    They are in lower case, each once; a name that is no host name is left out.
    """
    own = socket.gethostname().casefold().removesuffix(".local")
    wanted = ["localhost", own, *([f"{own}.local"] if "." not in own else []), *(name.casefold() for name in further)]
    return tuple(dict.fromkeys(name for name in wanted if is_host_name(name)))


def is_host_name(name: str) -> bool:
    """Whether a text can be a host name in a certificate.

    >>> is_host_name("laptop.local"), is_host_name("Ana's laptop"), is_host_name("")
    (True, False, False)
    """
    parts = name.split(".")
    return len(name) <= 253 and all(
        0 < len(part) <= 63
        and part.isascii()
        and part.replace("-", "a").isalnum()
        and not part.startswith("-")
        and not part.endswith("-")
        for part in parts
    )


def addresses() -> tuple[Address, ...]:
    """The numeric addresses of this machine's network cards, those of the local network first, then localhost's.

    Link-local IPv6 addresses are left out: browsers cannot open them.
    """
    found = {
        ipaddress.ip_address(each.ip if isinstance(each.ip, str) else each.ip[0])
        for card in ifaddr.get_adapters()
        for each in card.ips
    }
    outward = {address for address in found if not address.is_loopback and not address.is_link_local}
    own = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")}
    return (*sorted(outward, key=_order), *sorted(own, key=_order))


def _order(address: Address) -> tuple[bool, int, int]:
    """The private before the public, the shorter kind first: people type the first one."""
    return not address.is_private, address.version, int(address)
