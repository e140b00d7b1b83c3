"""A group's way to the server: sends what its cameras saw, and takes what the associators say; nobody waits for it.

Two threads, each with a connection of its own: one sends, says that the group is there and looks whether an associator
is; the other waits for answers. Where the server is away, entries wait, and it is tried again and again.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reidtrack.errors import UsageError
from reidtrack.pipeline.live.shared.address import RedisAddress
from reidtrack.pipeline.live.shared.answers import Answer, decode
from reidtrack.pipeline.live.shared.checked import RefusedError
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.numbers import raise_to
from reidtrack.pipeline.live.shared.registry import Registry
from reidtrack.pipeline.live.shared.server import AwayError, asking, away, connect, server_ms
from reidtrack.pipeline.live.shared.waiting import Waiting
from reidtrack.publish.network import wait_s
from reidtrack.publish.status import OutletStatus
from reidtrack.runtime.background import SideThread, raise_first

KEEP_S = 300.0
"""What waits in a stream for an associator is deleted after so long, seconds; answers after ten times as long."""
_LONGEST_WAIT_S = 5.0
_BEAT_S = 2.0
_BLOCK_MS = 250
_AT_ONCE = 16
_NOBODY = "no associator is at work for"
_MOST_ANSWERS = 10_000
_CLOSE_POLL_S = 0.02


@dataclass(frozen=True)
class GroupEntry:
    """Who is at the group's end of the way.

    Attributes:
        owner: 16 hexadecimal digits, one for each folder.
        name: What the group is called.
        session: When it was started, milliseconds since 1970.
        network: What makes its features: digest and prior, as JSON.
    """

    owner: str
    name: str
    session: int
    network: Mapping[str, Any]


class Link:
    """Sends and receives until `close`.

    Args:
        address: Of the server.
        keys: Of the site.
        group: Who sends.
        highest: The highest number that the group was ever told.
        last_id: Of the last answer that the group has taken; None begins with those to come.
        say: Told in a line when the server or the associators are away, or there again; any thread.
        keep_s: What waits for an associator is deleted after so long.

    Raises:
        UsageError: If the server cannot be reached at first, refuses the password, or is too old; if other groups have
            another network.
        ConfigError: If redis-py is not installed.
    """

    def __init__(
        self,
        address: RedisAddress,
        keys: Keys,
        group: GroupEntry,
        highest: Callable[[], int],
        last_id: str | None,
        say: Callable[[str], object],
        keep_s: float = KEEP_S,
    ) -> None:
        self._address, self._keys, self._group, self._keep_s = address, keys, group, keep_s
        self._highest, self._say = highest, say
        self._registry = Registry(keys, group.owner, group.name)
        self.waiting = Waiting()
        self._answers: deque[tuple[str, list[Answer]]] = deque(maxlen=_MOST_ANSWERS)
        self._without: set[str] = set()
        self._away = False
        self._sectors: dict[str, int] = {}
        self._problem: str | None = None
        self._closed, self._jitter = threading.Event(), random.Random()
        self._ahead_ms = 0
        self._read_all = threading.Event()
        self.refused = 0
        try:
            self._client: Any = self._connected()
        except AwayError as error:
            raise UsageError(f"the Redis server cannot be used: {error}", where=address.shown, field="redis") from None
        self._last_id = last_id or self._newest()
        self._sender = SideThread(self._send, "redis sends")
        self._receiver = SideThread(self._receive, "redis receives")
        self._sender.start()
        self._receiver.start()

    def put(self, sector: str, seq: int, fields: dict[str, bytes]) -> None:
        """Send an entry, soon; does not wait, and does not fail for want of a server.

        Raises:
            BaseException: What a thread of the link ended by before its time: nothing is sent or taken any more.
        """
        self._check()
        self._sectors[sector] = seq
        self.waiting.put(sector, fields)

    def take(self) -> tuple[str | None, list[Answer]]:
        """The answers since the last call, and the id of the last; None where there are none.

        Raises:
            BaseException: As `put`.
        """
        self._check()
        found: list[Answer] = []
        last_id = None
        while self._answers:
            last_id, answers = self._answers.popleft()
            found += answers
        return last_id, found

    def _check(self) -> None:
        raise_first((self._sender.fault, self._receiver.fault))

    def owns(self, camera: str) -> bool:
        """Whether the group may speak for a camera; any other that watches one of that name speaks first."""
        return self._registry.owns(camera)

    def claim(self, cameras: list[str]) -> None:
        """Say that the group watches these; a link that is refused is closed.

        Raises:
            UsageError: If another one does.
        """
        try:
            self._claim(cameras)
        except BaseException:
            self.close(0.0)
            raise

    def _claim(self, cameras: list[str]) -> None:
        try:
            taken = self._registry.claim(self._client, cameras)
        except Exception as error:
            if away(error) is None:
                raise
            return  # it is said anew with the next beat
        for camera, other in taken.items():
            raise UsageError(
                f"the camera {camera!r} is watched by the group {other!r} already",
                field="cameras",
                expected="a name of its own for each camera of a site",
                hint="one that was killed without a word is forgotten after a minute",
            )

    @property
    def problem(self) -> str | None:
        """What is wrong, in words; None while all is well."""
        return self._problem

    def status(self) -> OutletStatus:
        """Counts so far."""
        counts = self.waiting.counts
        return OutletStatus(
            sent=counts.sent,
            dropped=counts.dropped,
            waiting=len(self.waiting),
            connected=not self._away,
        )

    def close(self, timeout_s: float) -> None:
        """Send what waits and take the answers to it, for so many seconds at most; then give the cameras back."""
        if self._closed.is_set():
            return
        end_s = time.monotonic() + timeout_s
        with contextlib.suppress(AwayError):
            while time.monotonic() < end_s and not self._settled():
                time.sleep(_CLOSE_POLL_S)
        self._read_all.set()
        self._receiver.join(timeout_s + 1.0)
        with contextlib.suppress(AwayError):
            while timeout_s > 0 and self._take_answers(block=None):
                pass
            asking(lambda: self._registry.give_back(self._client))
        self._closed.set()
        with self.waiting.changed:
            self.waiting.changed.notify_all()
        self._sender.join(timeout_s + 1.0)
        self._client.close()

    def _settled(self) -> bool:
        """Whether the associators have seen everything."""
        if self._away or not (self._sender.alive and self._receiver.alive):
            raise AwayError(str(self._problem))  # nothing will come
        if len(self.waiting):
            return False
        return all(self._seen(sector) == b"%d %d" % (self._group.session, seq) for sector, seq in self._sectors.items())

    def _seen(self, sector: str) -> bytes | None:
        found: bytes | None = asking(lambda: self._client.hget(self._keys.seen(sector), self._group.owner))
        return found

    # The connection.

    def _connected(self) -> Any:
        client = connect(self._address)
        try:
            asking(lambda: self._introduce(client))
        except BaseException:
            client.close()
            raise
        return client

    def _introduce(self, client: Any) -> None:
        """Agree on the network, on numbers and on the time."""
        network = json.dumps(self._group.network, sort_keys=True).encode()
        client.set(self._keys.network, network, nx=True)
        stored = client.get(self._keys.network)
        if stored != network:
            raise UsageError(
                "groups of cameras that were there before have other weights for re-identification",
                where=self._address.shown,
                field="reid",
                expected="the same for all",
                hint=f"delete the key {self._keys.network} where all are to change: people get new numbers then",
            )
        raise_to(client, self._keys.numbers, self._highest())
        self._ahead_ms = server_ms(client) - int(time.monotonic() * 1000)

    def _newest(self) -> str:
        rows = asking(lambda: self._client.xrevrange(self._keys.answers, count=1))
        return rows[0][0].decode() if rows else "0-0"

    # The thread that sends.

    def _send(self) -> None:
        tries, lost, beat_s = 0, False, float("-inf")
        while True:
            with self.waiting.changed:
                self.waiting.changed.wait_for(lambda: len(self.waiting) or self._closed.is_set(), _BEAT_S)
            if self._closed.is_set():
                return
            try:
                if lost:
                    asking(lambda: self._introduce(self._client))
                    lost, self._away, beat_s = False, False, float("-inf")
                asking(self._send_waiting)
                if time.monotonic() - beat_s >= _BEAT_S:
                    beat_s = time.monotonic()
                    asking(self._beat)
                tries = 0
            except (AwayError, UsageError) as error:
                tries, lost, self._away = tries + 1, True, True
                text = error.what if isinstance(error, UsageError) else str(error)
                self._tell(f"{text}; cameras are watched on, and people have no lasting numbers until it is back")
                self._closed.wait(min(_LONGEST_WAIT_S, wait_s(tries, self._jitter)))

    def _send_waiting(self) -> None:
        while parcels := self.waiting.first(_AT_ONCE):
            oldest = int(time.monotonic() * 1000) + self._ahead_ms - int(self._keep_s * 1000)
            pipe = self._client.pipeline(transaction=False)
            for parcel in parcels:
                pipe.xadd(self._keys.tracklets(parcel.sector), parcel.fields, minid=max(0, oldest), approximate=True)
            pipe.execute()
            self.waiting.arrived(parcels)

    def _beat(self) -> None:
        """Say that the group is there, and look whether somebody settles its sectors."""
        taken = self._registry.claim(self._client, ())
        for camera, other in taken.items():
            self._say(f"the camera {camera!r} is watched by the group {other!r} as well: here it has no numbers")
        sectors = [*self._sectors]
        without = {s for s in sectors if not self._client.exists(self._keys.lease(s))}
        lasting, self._without = without & self._without, without  # a spare that takes over needs a moment
        if lasting:
            names = ", ".join(sorted(lasting))
            self._tell(f"{_NOBODY} {names}: people have no lasting numbers until one is")
        elif not without or self._was_away():
            self._tell(None)

    def _was_away(self) -> bool:
        """Whether what was said last is that the server is away, which it is no more."""
        return self._problem is not None and not self._problem.startswith(_NOBODY)

    def _tell(self, problem: str | None) -> None:
        """Say what is wrong once, and once that it is well again."""
        former, self._problem = self._problem, problem
        if problem is not None and problem != former:
            self._say(f"redis {self._address.shown}: {problem}")
        elif problem is None and former is not None:
            dropped = self.waiting.counts.dropped
            lost = f"; {dropped} entries had no room and were dropped so far" if dropped else ""
            self._say(f"redis {self._address.shown}: all is well again{lost}")

    # The thread that receives.

    def _receive(self) -> None:
        while not self._read_all.is_set():
            try:
                self._take_answers(block=_BLOCK_MS)
            except AwayError:  # the other thread says so, and connects anew
                self._closed.wait(0.2)

    def _take_answers(self, *, block: int | None) -> bool:
        """Take what has come; whether there was anything."""
        rows = asking(lambda: self._client.xread({self._keys.answers: self._last_id}, count=100, block=block))
        for _, entries in rows or ():
            for entry_id, fields in entries:
                self._last_id = entry_id.decode()
                try:
                    self._answers.append((self._last_id, decode(fields)))
                except RefusedError as error:
                    self.refused += 1
                    if self.refused == 1:
                        self._say(f"redis {self._address.shown}: an answer is passed over: {error}")
        return bool(rows)
