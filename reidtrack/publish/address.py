"""An address with user, password and options, taken apart: `scheme://user:password@host:port/path?option=value`."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

PASSWORD_HINT = "letters such as @ / : # in a password are written as %40 %2F %3A %23"
_MOST_OPTIONS = 10


class Address(NamedTuple):
    """What stands in an address; `%40` and the like are read already.

    Attributes:
        scheme: In small letters.
        host: Name or IP address; None where there is none.
        port: None where it says none.
        user: None where it says none.
        password: None where it says none.
        path: Without slashes at its ends.
        options: What stands behind `?`; of one that stands twice the last.
        fragment: What stands behind `#`.
    """

    scheme: str
    host: str | None
    port: int | None
    user: str | None
    password: str | None
    path: str
    options: dict[str, str]
    fragment: str


def read_address(text: str) -> Address | None:
    """Take an address apart; None if that cannot be done. No error: its text would hold a part of the address."""
    try:
        parts = urlsplit(text.strip())
        user = None if parts.username is None else unquote(parts.username, errors="strict")
        password = None if parts.password is None else unquote(parts.password, errors="strict")
        path = unquote(parts.path, errors="strict").strip("/")
        query, strict = parts.query, bool(parts.query)
        options = parse_qs(query, keep_blank_values=True, strict_parsing=strict, max_num_fields=_MOST_OPTIONS)
        last = {name: values[-1] for name, values in options.items()}
        return Address(parts.scheme.lower(), parts.hostname, parts.port, user, password, path, last, parts.fragment)
    except ValueError:  # a port that is none, bytes that are no UTF-8
        return None


def host_and_port(host: str, port: int) -> str:
    """A server as messages name it: never more."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
