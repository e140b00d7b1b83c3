"""Addresses of cameras that somebody gives in the browser: only of hosts that the configuration allows.

The name is resolved once and the camera is opened at the address found, so that it cannot mean another computer later.
This machine, its network cards' own addresses and those by which clouds tell secrets are never opened. Who answers with
a redirection is refused: the address that it leads to can be given in its place, and is checked then.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reidtrack.errors import InputError
from reidtrack.publish.network import reason

PORTS = {"rtsp": 554, "rtsps": 322}
_ANSWER_S = 5.0
_MOST_LETTERS = 2000
_STATUS = re.compile(rb"RTSP/1\.\d (\d{3})")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Probe = Callable[[str, str, int, bool], bytes]


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def probe(url: str, address: str, port: int, tls: bool) -> bytes:
    """The beginning of what a computer answers when it is asked about a stream."""
    with socket.create_connection((address, port), _ANSWER_S) as plain:
        plain.settimeout(_ANSWER_S)
        asked: socket.socket = plain
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # cameras make their own
            asked = context.wrap_socket(plain)
        with asked:
            asked.sendall(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode())
            return asked.recv(4096)


def checked_address(text: str, allow: Sequence[str], *, resolve: Resolve = resolve, probe: Probe = probe) -> str:
    """The address at which a camera may be opened, with a number in place of its name.

    Args:
        text: `rtsp://` or `rtsps://`.
        allow: Names of hosts, and networks such as `10.0.0.0/24`.
        resolve: Gives the addresses of a name.
        probe: Asks there.

    Raises:
        InputError: If it may not be opened, or is none.
    """
    parts = _split(text)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    networks, names = _allowed(allow)
    number = _number(host)
    if number is None and host.lower() not in names and not networks:
        raise _refused()
    try:
        found = [host] if number is not None else list(resolve(host, port))
    except OSError as error:
        raise InputError(f"the camera's name: {reason(error)}") from error
    addresses = [_plain(ipaddress.ip_address(one.partition("%")[0])) for one in found]
    named = number is None and host.lower() in names
    if not addresses or not all(_may_be(a) and (named or any(a in net for net in networks)) for a in addresses):
        raise _refused()
    address = addresses[0]
    shown = f"[{address}]" if address.version == 6 else str(address)
    # What follows the host is kept as it is; user and password are asked for by FFmpeg alone.
    place = parts.path + (f"?{parts.query}" if parts.query else "")
    _refuse_redirection(probe, f"{parts.scheme}://{shown}:{port}{place}", str(address), port, parts.scheme == "rtsps")
    user, at, _ = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user}{at}{shown}:{port}{place}"


def _refuse_redirection(probe: Probe, url: str, address: str, port: int, tls: bool) -> None:
    try:
        answer = probe(url, address, port, tls)
    except OSError as error:
        raise InputError(f"the camera does not answer: {reason(error)}") from error
    status = _STATUS.match(answer)
    if status is None:
        raise InputError("what answers there is no camera", expected="RTSP")
    if status[1].startswith(b"3"):
        raise InputError("the camera leads to another address", hint="give that one, if it may be opened")


def _split(text: str) -> SplitResult:
    odd = len(text) > _MOST_LETTERS or not text.isascii() or not text.isprintable() or " " in text
    try:
        parts = urlsplit(text)
        good = not odd and parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise InputError("this is not the address of a camera", expected="rtsp:// or rtsps://")
    return parts


def _allowed(allow: Sequence[str]) -> tuple[list[ipaddress.IPv4Network | ipaddress.IPv6Network], set[str]]:
    networks, names = [], set()
    for entry in allow:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            names.add(entry.lower())
    return networks, names


def _number(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _plain(address: Address) -> Address:
    """An address of version 4 that is written as one of version 6, as what it is."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return inner or address


def _may_be(address: Any) -> bool:
    never = ("is_loopback", "is_link_local", "is_multicast", "is_unspecified", "is_reserved")
    return address not in _METADATA and not any(getattr(address, kind) for kind in never)


def _refused() -> InputError:
    """One answer, whatever the name means: nobody learns which computers there are."""
    return InputError("cameras of this address may not be opened", hint="`live_allow` of the configuration names those")
