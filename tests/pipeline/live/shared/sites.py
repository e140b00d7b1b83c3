"""A site of groups whose recorded tracks are played to an associator, over a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from associate.live_play import STEP_S, Player
from associate.people_data import DIM
from redis_server import RedisServer

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.online import OnlineIdentities
from reidtrack.pipeline.live.shared.address import parse_redis
from reidtrack.pipeline.live.shared.associator import Associator
from reidtrack.pipeline.live.shared.group import SharedIdentities
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.link import GroupEntry, Link
from reidtrack.pipeline.live.shared.sector import Making
from reidtrack.types import Tracklet

ORIGIN_S = 1_000_000.0
NETWORK = {"sha256": {"net": "0"}, "dim": DIM, "priors": {}}
LEASE_S = 1.0


def make(prior: AppearancePrior) -> tuple[Making, Callable[[str, tuple[int, int]], object]]:
    def who(state: Mapping[str, Any] | None, lowest: int) -> OnlineIdentities:
        if state is None:
            return OnlineIdentities(prior=prior, next_identity=lowest)
        return OnlineIdentities.restore(state, going_on=True, prior=prior, next_identity=lowest)

    return who, lambda camera, size: None


def associator(server: RedisServer, said: list[str], sector: str = "site", lease_s: float = LEASE_S) -> Associator:
    address, keys = parse_redis(server.address), Keys()
    return Associator(
        address, keys, sector, make, said.append, lease_s=lease_s, every_s=0.01, clock_s=lambda: ORIGIN_S + 1e6
    )


class Running:
    """An associator in a thread."""

    def __init__(self, server: RedisServer, sector: str = "site", lease_s: float = LEASE_S) -> None:
        self.said: list[str] = []
        self.associator = associator(server, self.said, sector, lease_s)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self.associator.run, args=(self._ended,))
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(20)


class Group:
    """A group of cameras whose tracks are played."""

    def __init__(
        self,
        server: RedisServer,
        name: str,
        tracklets: Sequence[Tracklet],
        sector: Callable[[str], str] = lambda camera: "site",
    ) -> None:
        self.tracklets, self.said = list(tracklets), list[str]()
        numbers: set[int] = set()
        entry = GroupEntry(f"{abs(hash(name)) % 16**16:016x}", name, 1, NETWORK)
        self.link = Link(parse_redis(server.address), Keys(), entry, lambda: max(numbers, default=0), None, self.said.append)
        self.link.claim(sorted({t.camera for t in tracklets}))
        self.shared = SharedIdentities(
            self.link, entry, ORIGIN_S, sector, lambda names: {}, lambda number: number in numbers, DIM
        )
        self.numbers = numbers
        self.player = Player(self.shared)  # type: ignore[arg-type]

    def play(self, until_s: float) -> None:
        self.player.play(self.tracklets, until_s)
        self._note()

    def tick(self) -> None:
        """Another moment, in which nothing is new but what is answered."""
        self.play(self.player.now_s + STEP_S)

    def close(self) -> None:
        self.player.events += self.shared.close()
        self._note()

    def _note(self) -> None:
        for event in self.player.events:
            self.numbers |= {getattr(event, "identity", 0), getattr(event, "into", 0)} - {0}

    def who(self) -> dict[tuple[str, int], int | None]:
        return {t.key: None if (found := self.shared.identity(t.key)) is None else found[0] for t in self.tracklets}
