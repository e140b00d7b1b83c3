"""Address of the Redis server that processes meet at: `redis://user:password@host:6379/0`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from reidtrack.errors import ConfigError
from reidtrack.publish.address import PASSWORD_HINT, host_and_port, read_address

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
        return host_and_port(self.host, self.port)


def parse_redis(text: str) -> RedisAddress:
    """Read an address; letters such as `@` in a password are written as `%40`.

    `?ca=FILE` names the certificates that are trusted.

    Raises:
        ConfigError: If it is none; the message holds nothing of it.
    """
    found = _read(text)
    if found is None:
        raise ConfigError("it is no address of a Redis server", field="redis", expected=_EXPECTED, hint=PASSWORD_HINT)
    return found


def _read(text: str) -> RedisAddress | None:
    found = read_address(text)
    if found is None or found.scheme not in ("redis", "rediss") or not found.host or found.fragment:
        return None
    tls, database, ca = found.scheme == "rediss", found.path or "0", found.options.pop("ca", "")
    if not (database.isascii() and database.isdigit() and len(database) < 6 and int(database) <= _MOST_DATABASE):
        return None
    if found.options or (ca and not tls):
        return None
    port, user = found.port or _PORT, found.user or None
    return RedisAddress(found.host, port, int(database), tls, Path(ca) if ca else None, user, found.password)
