"""Numbers of people that nobody else gives: set aside in Redis, in runs, before they are given."""

from __future__ import annotations

from typing import Any

from reidtrack.pipeline.live.shared.checked import MOST_NUMBER

_TRIES = 20


def raise_to(client: Any, key: str, number: int) -> None:
    """Have the counter at no less than a number: a server that lost its data gives none again."""
    set_aside(client, key, number, 0)


def highest_of(client: Any, key: str) -> int:
    """The highest number that was set aside for anybody; 0 where the counter says nothing that can be."""
    found = client.get(key)
    known = int(found) if isinstance(found, bytes) and found.isdigit() and len(found) < 17 else 0
    return known if known < MOST_NUMBER // 2 else 0


def set_aside(client: Any, key: str, least: int, count: int) -> int:
    """Set numbers aside; returns the first of them, above `least` and above all that were set aside before.

    Raises:
        redis.exceptions.RedisError: If the server fails, or others set numbers aside all the time.
    """
    from redis.exceptions import ConnectionError as Failed
    from redis.exceptions import WatchError

    for _ in range(_TRIES):
        with client.pipeline() as pipe:
            pipe.watch(key)
            known = highest_of(pipe, key)
            highest = max(least, known)
            if count == 0 and known == highest:
                return highest + 1
            pipe.multi()
            pipe.set(key, highest + count)
            try:
                pipe.execute()
            except WatchError:
                continue
            return highest + 1
    raise Failed("the counter of numbers changes all the time")
