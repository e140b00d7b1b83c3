"""A connection to the Redis server, and what is wrong where there is none: in words, without address or password."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from reidtrack.errors import ConfigError, UsageError
from reidtrack.pipeline.live.shared.address import RedisAddress
from reidtrack.publish.network import reason

LEAST_VERSION = (6, 2)
"""The first that hands on what a dead consumer was given (XAUTOCLAIM)."""
ANSWER_S = 5.0
_CONNECT_S = 3.0
_CODES = {
    "OOM": "its memory is full (maxmemory)",
    "MISCONF": "it cannot save to its disk, and takes nothing (MISCONF)",
    "READONLY": "it is a replica, which takes nothing",
    "LOADING": "it is reading its data",
    "NOAUTH": "it wants a password",
    "WRONGPASS": "it refuses the user or the password",
    "NOPERM": "its user may not do that (ACL)",
    "WRONGTYPE": "what is stored there is of another kind",
}


class AwayError(Exception):
    """The server cannot be used for now; the text says why, in words, and is safe to log."""


def connect(address: RedisAddress) -> Any:
    """A client of the server (`redis.Redis`), which has answered.

    Raises:
        ConfigError: If redis-py is not installed.
        UsageError: If the server refuses user or password, or is too old.
        AwayError: If it cannot be reached, or does not do as it should.
    """
    redis = _package()
    options: dict[str, Any] = {"ssl_ca_certs": None if address.ca is None else str(address.ca)} if address.tls else {}
    client = redis.Redis(
        host=address.host,
        port=address.port,
        db=address.database,
        username=address.user,
        password=address.password,
        ssl=address.tls,
        protocol=2,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=_CONNECT_S,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        driver_info=None,
        **options,
    )
    try:
        client.ping()
        version = client.info("server").get("redis_version", "")
    except Exception as error:
        client.close()
        if isinstance(error, redis.exceptions.AuthenticationError | redis.exceptions.NoPermissionError):
            raise UsageError(
                "the Redis server refuses the user or the password, or does not let them do this",
                where=address.shown,
                field="redis",
                expected="redis://user:password@host",
            ) from None
        if isinstance(error, redis.exceptions.RedisError | OSError):
            raise AwayError(what_is_wrong(error)) from None
        raise
    if _version(str(version)) < LEAST_VERSION:
        client.close()
        raise UsageError(
            f"the Redis server is of version {str(version)[:20]!r}",
            where=address.shown,
            field="redis",
            expected=f"{'.'.join(map(str, LEAST_VERSION))} or later",
        )
    return client


def server_ms(client: Any) -> int:
    """The server's date, milliseconds since 1970: ids in streams begin with it."""
    seconds, micros = client.time()
    return int(seconds * 1000 + micros // 1000)


def away(error: BaseException) -> AwayError | None:
    """What a failed command says of the server; None where the failure is none of the server's."""
    if isinstance(error, AwayError):
        return error
    redis = _package()
    if isinstance(error, redis.exceptions.RedisError | OSError):
        return AwayError(what_is_wrong(error))
    return None


def asking(work: Callable[[], Any]) -> Any:
    """What `work` gives, which asks the server.

    Raises:
        AwayError: If the server does not answer as it should; other errors go through.
    """
    try:
        return work()
    except Exception as error:
        found = away(error)
        if found is None:
            raise
        raise found from None


def what_is_wrong(error: BaseException) -> str:
    """What is wrong with the server, for a site operator: nothing of the error's own text goes in."""
    word = str(error).partition(" ")[0]
    if word in _CODES:
        return _CODES[word]
    below = error.__cause__ or error.__context__
    if isinstance(below, OSError):
        return reason(below)
    if type(error).__name__ == "TimeoutError":
        return "no answer in time"
    if type(error).__name__ == "AuthenticationError":
        return _CODES["WRONGPASS"]
    if type(error).__name__ == "BusyLoadingError":
        return _CODES["LOADING"]
    if type(error).__name__ == "OutOfMemoryError":
        return _CODES["OOM"]
    if type(error).__name__ == "ReadOnlyError":
        return _CODES["READONLY"]
    if type(error).__name__ == "NoPermissionError":
        return _CODES["NOPERM"]
    return reason(ConnectionResetError()) if type(error).__name__ == "ConnectionError" else reason(error)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def _package() -> Any:
    try:
        import redis
        import redis.backoff
        import redis.retry
    except ImportError as error:
        raise ConfigError("needs redis-py", field="redis", hint="install it: pip install 'reidtrack[redis]'") from error
    return redis
