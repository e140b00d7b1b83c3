"""Address of the Redis server that processes meet at: `redis://user:password@host:6379/0`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from reidtrack.errors import ConfigError

_PORT = 6379
_EXPECTED = "redis://user:password@host:6379/0, or rediss://"
_MOST_DATABASE = 65_535


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a Redis server is.

    Attributes:
        host: Name or IP address.
        port: Port.
        database: Number of the database.
        tls: Whether to encrypt, and to check the server's certificate.
        ca: File of the certificates that are trusted; None takes the system's.
        user: Who to log in as; None for the server's default user.
        password: With what; None for none.
    """

    host: str
    port: int = _PORT
    database: int = 0
    tls: bool = False
    ca: Path | None = None
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """Host and port, as messages name the server: never more."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_redis(text: str) -> RedisAddress:
    """Read an address; letters such as `@` in a password are written as `%40`.

    `?ca=FILE` names the certificates that are trusted.

    Raises:
        ConfigError: If it is none; the message holds nothing of it.
    """
    found = _read(text)
    if found is None:  # raised here: the error that says why it cannot be read holds a part of the address
        raise ConfigError(
            "it is no address of a Redis server",
            field="redis",
            expected=_EXPECTED,
            hint="letters such as @ / : # in a password are written as %40 %2F %3A %23",
        )
    return found


def _read(text: str) -> RedisAddress | None:
    try:
        parts = urlsplit(text.strip())
        user = None if parts.username is None else unquote(parts.username, errors="strict") or None
        password = None if parts.password is None else unquote(parts.password, errors="strict")
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=10)
        port, database = parts.port or _PORT, parts.path.strip("/") or "0"
    except ValueError:  # a port that is none, bytes that are no UTF-8
        return None
    tls = parts.scheme.lower() == "rediss"
    if parts.scheme.lower() not in ("redis", "rediss") or not parts.hostname or parts.fragment:
        return None
    if not (database.isascii() and database.isdigit() and len(database) < 6 and int(database) <= _MOST_DATABASE):
        return None
    ca = options.pop("ca", [""])[-1]
    if options or (ca and not tls):
        return None
    return RedisAddress(parts.hostname, port, int(database), tls, Path(ca) if ca else None, user, password)
