"""What groups have told of a sector, as it is read from its stream: each entry by one associator at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reidtrack.pipeline.live.shared.keys import ASSOCIATORS

AT_ONCE = 32
"""Entries that are read at once."""


class Inbox:
    """A stream that is read by a consumer group.

    Args:
        client: Of the server.
        stream: Its key.
        consumer: Who reads.
    """

    def __init__(self, client: Any, stream: str, consumer: str) -> None:
        self._client, self.stream, self._consumer = client, stream, consumer

    def make(self) -> None:
        """Make the stream and its group where they are not there."""
        from redis.exceptions import ResponseError

        try:
            self._client.xgroup_create(self.stream, ASSOCIATORS, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def claim(self) -> Iterator[list[Any]]:
        """Take what others, who are dead, have read and not settled: id and fields of each."""
        start: Any = "0-0"
        while True:
            answer = self._client.xautoclaim(self.stream, ASSOCIATORS, self._consumer, 0, start, count=AT_ONCE)
            start = answer[0]
            yield answer[1]
            if start in (b"0-0", "0-0"):
                break
        for consumer in self._client.xinfo_consumers(self.stream, ASSOCIATORS):
            if consumer["name"] != self._consumer.encode():
                self._client.xgroup_delconsumer(self.stream, ASSOCIATORS, consumer["name"])

    def new(self, block_ms: int) -> list[Any]:
        """What nobody has read yet, id and fields of each; waits for it for a while."""
        from redis.exceptions import ResponseError

        try:
            rows = self._client.xreadgroup(
                ASSOCIATORS, self._consumer, {self.stream: ">"}, count=AT_ONCE, block=block_ms
            )
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self.make()  # the server lost its data, or somebody deleted the stream
            return []
        return list(rows[0][1]) if rows else []

    def done(self, pipe: Any, entry_ids: list[bytes]) -> None:
        """Acknowledge and delete entries, in a transaction."""
        if entry_ids:
            pipe.xack(self.stream, ASSOCIATORS, *entry_ids)
            pipe.xdel(self.stream, *entry_ids)
