"""The network addresses that the hub may fetch from: public ones, by IANA's special-purpose registries.

Written out, because `ipaddress.is_global` differs between releases of Python.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry (RFC 6890)
_NOT_PUBLIC_4 = [
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared address space of carriers
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by its number, but every Azure machine's own platform
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
# https://www.iana.org/assignments/ipv6-address-space: all that is public so far is in here. Outside are
# loopback, link-local, unique local, multicast, and the forms that hide an IPv4 address: ::ffff:0:0/96
# (mapped) and 64:ff9b::/96, 64:ff9b:1::/48 (NAT64).
_PUBLIC_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = [
    ip_network(block)
    for block in (
        "2001::/23",  # protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, hides an IPv4 address
        "3fff::/20",  # documentation
    )
]


def is_public(address: Address) -> bool:
    """Whether the address is public, and not of this machine or a private network."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _NOT_PUBLIC_4)
    return address in _PUBLIC_6 and not any(address in block for block in _NOT_PUBLIC_6)


def is_anything(address: Address) -> bool:
    """Allows every address, for development and tests: there images come from this machine too."""
    return True


def parse_literal(host: str) -> Address | None:
    """The address in the host part of a URL; None where that is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
