"""The lease of a sector: who holds it settles the sector, and nobody else writes what was settled."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any


class LostError(Exception):
    """Another one has the lease."""


class Lease:
    """A key that expires unless its holder renews it.

    Args:
        client: Of the server.
        key: Of the lease.
        lasts_s: How long it lasts without renewal.

    Attributes:
        token: What stands in it while this one holds it.
    """

    def __init__(self, client: Any, key: str, lasts_s: float) -> None:
        self._client, self._key, self._lasts_s = client, key, lasts_s
        self._renewed_s = float("-inf")
        self.token = uuid.uuid4().hex

    @property
    def is_due(self) -> bool:
        """Whether it is time to renew it."""
        return time.monotonic() - self._renewed_s > self._lasts_s / 4

    def take(self) -> bool:
        """Take it, unless another one holds it; whether it is held now."""
        taken = self._client.set(self._key, self.token, nx=True, px=int(self._lasts_s * 1000))
        self._renewed_s = time.monotonic()
        return bool(taken) or self._client.get(self._key) == self.token.encode()

    def fenced(self, commands: Callable[[Any], object] | None = None, *, release: bool = False) -> None:
        """Do something in one transaction, and renew the lease with it, or give it back.

        Args:
            commands: Given the pipeline of the transaction.
            release: Whether to give the lease back.

        Raises:
            LostError: If another one has it; nothing is done then.
        """
        from redis.exceptions import WatchError

        with self._client.pipeline() as pipe:
            pipe.watch(self._key)
            if pipe.get(self._key) != self.token.encode():
                raise LostError
            pipe.multi()
            if commands is not None:
                commands(pipe)
            if release:
                pipe.delete(self._key)
            else:
                pipe.pexpire(self._key, int(self._lasts_s * 1000))
            try:
                pipe.execute()
            except WatchError:
                raise LostError from None
        self._renewed_s = time.monotonic()
