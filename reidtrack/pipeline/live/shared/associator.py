"""Settles one sector as long as it holds its lease; a spare waits for that, and goes on where another one died.

What was settled is stored, what was told of it is published, and the entries that are in it are acknowledged in one
transaction, which a process that has lost the lease cannot make. So no entry is lost and nothing is told twice,
whenever the process is killed; what has been read and is not in what was stored, the next one claims.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from reidtrack import clock
from reidtrack.associate.live.constraints import Said
from reidtrack.associate.live.state import MOST_BYTES
from reidtrack.errors import InputError
from reidtrack.events import Event
from reidtrack.pipeline.live.shared import answers, handed, stored, wire
from reidtrack.pipeline.live.shared.address import RedisAddress
from reidtrack.pipeline.live.shared.checked import RefusedError
from reidtrack.pipeline.live.shared.inbox import AT_ONCE, Inbox
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.lease import Lease, LostError
from reidtrack.pipeline.live.shared.link import KEEP_S
from reidtrack.pipeline.live.shared.network import Network, read_network
from reidtrack.pipeline.live.shared.numbers import highest_of, raise_to, set_aside
from reidtrack.pipeline.live.shared.registry import site_of
from reidtrack.pipeline.live.shared.sector import Deciding, Sector
from reidtrack.pipeline.live.shared.server import AwayError, asking, connect, server_ms
from reidtrack.pipeline.live.shared.stored import SectorState
from reidtrack.publish.network import wait_s

LEASE_S = 5.0
"""An associator that does not renew its lease for so long is dead for the others."""
EVERY_S = 0.25
"""Between two steps."""
_SHARE = 0.15
"""Of the time at most goes into storing what was settled: steps are rarer where that takes long."""
_STORE_S = 2.0
"""So long what was read and changed nothing waits to be acknowledged."""
_BLOCK_MS = 100
_ANSWERS_KEEP = 10
_HANDED_KEEP_S, _MOST_HANDED = 3600.0, 4096
"""Who left a sector is told to others for so long, and of so many at most, the newest."""
_LONGEST_WAIT_S = 5.0

MakeDeciding = Callable[[Network, str, SectorState], Deciding]
"""Makes who decides in a sector, from the network, what tells the site from all others, and what was stored."""


class Associator:
    """Settles a sector from `run`, in the thread that calls it.

    Args:
        address: Of the server.
        keys: Of the site.
        name: Of the sector.
        make: Makes who decides.
        say: Told in a line of what changes.
        lease_s: How long the lease lasts without renewal.
        every_s: Between two steps.
        neighbours: Sectors whose people may come here; None for all.
        clock_s: The date, seconds since 1970.

    Attributes:
        doing: What it does just now, in words.
        told: Events that were published.
        refused: Entries that were none.
        missing: Entries that never came.
    """

    def __init__(
        self,
        address: RedisAddress,
        keys: Keys,
        name: str,
        make: MakeDeciding,
        say: Callable[[str], object],
        *,
        lease_s: float = LEASE_S,
        every_s: float = EVERY_S,
        neighbours: Collection[str] | None = None,
        clock_s: Callable[[], float] = lambda: clock.now().timestamp(),
    ) -> None:
        self._address, self._keys, self._name, self._make, self._say = address, keys, name, make, say
        self._lease_s, self._every_s, self._clock_s = lease_s, every_s, clock_s
        self._neighbours = neighbours
        self._client: Any = None
        self._site: str | None = None
        self._lease: Lease
        self._inbox: Inbox
        self._sector: Sector | None = None
        self._events: list[Event] = []
        self._read: dict[bytes, None] = {}
        self._wanted = self._new = self._heard = False
        self._listened_s = self._stepped_s = self._stored_s = float("-inf")
        self._took_s = 0.0
        self._said, self._passed_over = (Said(), 0.0), list[str]()
        self.doing, self.told, self.refused = "begins", 0, 0

    @property
    def missing(self) -> int:
        """Entries that never came."""
        return 0 if self._sector is None else self._sector.missing

    @property
    def people(self) -> int:
        """The highest number that was given; 0 while another one settles the sector."""
        return 0 if self._sector is None else self._sector.identities.next_identity - 1

    @property
    def cameras(self) -> list[str]:
        """Cameras of the sector; none while another one settles it."""
        return [] if self._sector is None else self._sector.cameras

    def correct(self, said: Said, written_s: float) -> None:
        """Take what a user says of tracks, in place of what was said before; any thread.

        Args:
            said: By camera and track id of the groups' folders.
            written_s: When that was written, seconds since 1970.
        """
        self._said = said, written_s

    def run(self, ended: threading.Event) -> None:
        """Settle until it is to end.

        Raises:
            InputError: If what was stored is damaged.
            UsageError: If the server refuses the password, or is too old.
        """
        tries, jitter = 0, random.Random()
        while not ended.is_set():
            try:
                asking(lambda: self._work(ended))
                tries = 0
            except LostError:
                # Or it has expired, and nobody took it: what is in memory is compared with what is stored.
                continue
            except AwayError as error:
                tries += 1
                self._do(f"waits: redis {self._address.shown}: {error}")
                ended.wait(min(_LONGEST_WAIT_S, wait_s(tries, jitter)))
        if self._sector is not None:
            self._sector.close(store=False)
        if self._client is not None:
            self._client.close()

    def _do(self, what: str) -> None:
        if what != self.doing:
            self.doing = what
            self._say(f"sector {self._name}: {what}")

    def _forget(self) -> None:
        if self._sector is not None:
            self._sector.close(store=False)
        self._sector, self._events, self._read = None, [], {}

    def _work(self, ended: threading.Event) -> None:
        """Take the lease, and settle as long as it is held."""
        if self._client is None:
            self._client = connect(self._address)
            self._lease = Lease(self._client, self._keys.lease(self._name), self._lease_s)
            self._inbox = Inbox(self._client, self._keys.tracklets(self._name), self._lease.token)
        while not ended.is_set() and not self._lease.take():
            self._do("waits: another associator is at work")
            ended.wait(self._lease_s / 4)
        opened = False
        while not ended.is_set():
            opened = opened or self._open()
            if not opened:
                self._do("waits for the first group of cameras")
                ended.wait(self._every_s)
            else:
                self._do("settles who is who")
                self._take(self._inbox.new(min(_BLOCK_MS, self._block_ms())))
                if time.monotonic() - self._listened_s >= self._every_s:
                    self._hear()
                self._settle_if_due()
            if self._lease.is_due:
                self._lease.fenced()
        if opened and self._sector is not None:
            self._settle(store=True)
            self._sector.close(store=True)
        self._lease.fenced(release=True)

    # Taking over.

    def _open(self) -> bool:
        """Take up what was stored, and what was read and is not in it; whether there is anything to do."""
        network = read_network(self._client.get(self._keys.network))
        if network is None:
            return False
        state = self._stored()
        self._site = site_of(self._client, self._keys, self._site)
        if not self._goes_on(state):
            self._forget()
            state = state or SectorState()
            try:
                deciding = self._make(network, self._site, state)
                sector = Sector(deciding, network.dim, state, self._clock_s, self._name, self._neighbours)
            except (KeyError, ValueError) as error:
                raise self._damaged(str(error)) from error
            self._sector = sector
        assert self._sector is not None
        raise_to(self._client, self._keys.numbers, self._sector.highest)
        self._inbox.make()
        for rows in self._inbox.claim():
            self._take(rows)
        return True

    def _stored(self) -> SectorState | None:
        key = self._keys.state(self._name)
        sizes = [self._client.hstrlen(key, name) for name in ("head", "json", "frame", "time_s", "xyxy", "features")]
        if sum(sizes) > MOST_BYTES + (1 << 20):
            raise self._damaged(f"it has {sum(sizes)} bytes")
        fields = self._client.hgetall(key)
        if not fields:
            return None
        try:
            return stored.decode(fields)
        except RefusedError as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, why: str) -> InputError:
        key = self._keys.state(self._name)
        return InputError(
            f"who was who in sector {self._name} cannot be read: {why}",
            where=f"redis {self._address.shown}",
            hint=f"delete the key {key} there: people of before get new numbers then",
        )

    def _goes_on(self, state: SectorState | None) -> bool:
        """Whether what is in memory is as new as what is stored: the server was away, and nobody took over."""
        sector = self._sector
        if sector is None:
            return False
        if state is not None and state.by == self._lease.token and state.commit == sector.commit + 1:
            self._committed(state)  # its answer was lost on the way
            return True
        if state is None or state.commit < sector.commit:
            return True  # a server that lost its data
        return state.commit == sector.commit and state.by == sector.stored_by

    # Working.

    def _block_ms(self) -> int:
        """How long to wait for entries: until a step is due, where something is to be settled."""
        left_s = self._stepped_s + self._pause_s - time.monotonic() if self._new else self._every_s
        return int(max(0.001, left_s) * 1000)

    def _take(self, rows: Iterable[Any]) -> None:
        assert self._sector is not None
        for entry_id, fields in rows:
            if entry_id is None or entry_id in self._read:
                continue  # deleted meanwhile; claimed from oneself
            self._read[entry_id] = None
            try:
                entry = wire.decode(fields or {})
                self._new = self._sector.take(entry) or self._new
                self._wanted = self._wanted or entry.last
            except RefusedError as error:
                self._refuse(error)

    def _refuse(self, error: RefusedError) -> None:
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:  # the first, second, fourth and so on
            self._say(f"sector {self._name}: {self.refused} entries are passed over; the last: {error}")

    def _hear(self) -> None:
        """Take what other sectors tell."""
        self._listened_s = time.monotonic()
        assert self._sector is not None
        rows = self._client.xread({self._keys.handed: self._sector.handed_id}, count=AT_ONCE)
        highest = highest_of(self._client, self._keys.numbers) if rows else 0
        for entry_id, fields in rows[0][1] if rows else ():
            self._heard = True
            try:
                self._new = self._sector.hear(entry_id.decode(), handed.decode(fields), highest) or self._new
            except RefusedError as error:
                self._sector.pass_over(entry_id.decode())
                self._refuse(error)

    @property
    def _pause_s(self) -> float:
        return max(self._every_s, self._took_s / _SHARE)

    def _settle_if_due(self) -> None:
        now = time.monotonic()
        if self._new and now - self._stepped_s >= self._pause_s:
            self._settle(store=False)
        elif (self._read or self._heard) and now - self._stored_s >= _STORE_S:
            self._store()

    def _settle(self, *, store: bool) -> None:
        """Settle what was read; what changed is told at once."""
        assert self._sector is not None
        self._hear()
        self._stepped_s, self._new = time.monotonic(), False
        count = self._sector.needs()
        if count:
            first = set_aside(self._client, self._keys.numbers, self._sector.highest, count)
            self._sector.set_aside(first, count)
        self._sector.said.say(*self._said)
        self._events += self._sector.step()
        self._say_passed_over(self._sector.said.passed_over)
        if store or self._events or self._wanted or self._sector.handover.leavers:
            self._store()

    def _say_passed_over(self, cameras: list[str]) -> None:
        if cameras and cameras != self._passed_over:
            names = ", ".join(cameras)
            self._say(f"sector {self._name}: corrections of {names} are older than the folder there, and passed over")
        self._passed_over = cameras

    def _store(self) -> None:
        assert self._sector is not None
        began_s = time.monotonic()
        state = self._sector.state()
        state.commit, state.by = state.commit + 1, self._lease.token
        fields = stored.encode(state)
        told = answers.encode(self._events, state.origin_s)
        seen = {owner: b"%d %d" % last for owner, last in state.seen.items()}
        others = [handed.encode(entry) for entry in self._sector.handover.entries(self._sector.dim)]
        now_ms = server_ms(self._client)
        oldest, oldest_handed = (max(0, now_ms - int(s * 1000)) for s in (_ANSWERS_KEEP * KEEP_S, _HANDED_KEEP_S))
        key = self._keys.state(self._name)

        def write(pipe: Any) -> None:
            pipe.delete(key)
            pipe.hset(key, mapping=fields)
            for one in told:
                pipe.xadd(self._keys.answers, one, minid=oldest, approximate=True)
            for one in others:
                pipe.xadd(self._keys.handed, one, minid=oldest_handed, approximate=True)
            if others:
                pipe.xtrim(self._keys.handed, maxlen=_MOST_HANDED, approximate=True)
            if seen:
                pipe.hset(self._keys.seen(self._name), mapping=seen)
            self._inbox.done(pipe, [*self._read])

        self._lease.fenced(write)
        self._committed(state)
        self._took_s = time.monotonic() - began_s

    def _committed(self, state: SectorState) -> None:
        assert self._sector is not None
        self._sector.note_commit(state)
        self.told += len(self._events)
        self._events, self._read, self._wanted, self._heard = [], {}, False, False
        self._stored_s = time.monotonic()
