"""A site of groups whose recorded tracks are played to an associator, over a real server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from associate.live_play import Player
from associate.people_data import DIM
from redis_server import RedisServer

from reidtrack.associate.online import OnlineIdentities
from reidtrack.config.live import LiveConfig, SharedConfig
from reidtrack.events import Merged
from reidtrack.pipeline.live.shared.address import parse_redis
from reidtrack.pipeline.live.shared.associate import AssociateRequest, associate_live
from reidtrack.pipeline.live.shared.associator import Associator
from reidtrack.pipeline.live.shared.group import SharedIdentities
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.link import GroupEntry, Link
from reidtrack.pipeline.live.shared.network import Network
from reidtrack.pipeline.live.shared.sector import Deciding
from reidtrack.pipeline.live.shared.stored import SectorState
from reidtrack.runtime.cancel import CancelToken
from reidtrack.types import Tracklet

ORIGIN_S = 1_000_000.0
NETWORK = {"sha256": {"net": "0"}, "dim": DIM, "priors": {}}
LEASE_S = 3.0


def make(network: Network, site: str, state: SectorState) -> Deciding:
    del site
    prior = network.weights.prior
    if not state.people:
        return Deciding(OnlineIdentities(prior=prior), lambda camera, size: None)
    return Deciding(OnlineIdentities.restore(state.people, going_on=True, prior=prior), lambda camera, size: None)


def associator(
    server: RedisServer,
    said: list[str],
    sector: str = "site",
    lease_s: float = LEASE_S,
    kind: type[Associator] = Associator,
) -> Associator:
    address, keys = parse_redis(server.address), Keys()
    return kind(address, keys, sector, make, said.append, lease_s=lease_s, every_s=0.01, clock_s=lambda: ORIGIN_S + 1e6)


class DyingAssociator(Associator):
    """Dies when it has stored and told who left, before it knows so; like one that is killed, it gives nothing back."""

    def _committed(self, state: SectorState) -> None:
        assert self._sector is not None
        if self._sector.handover.leavers:
            raise _KilledError
        super()._committed(state)


class _KilledError(Exception):
    pass


class Dying:
    """Such a one in a thread."""

    def __init__(self, server: RedisServer, sector: str) -> None:
        self._thread = threading.Thread(
            target=self._run, args=(associator(server, [], sector, 600, DyingAssociator),), daemon=True
        )
        self._thread.start()

    @staticmethod
    def _run(dying: Associator) -> None:
        with suppress(_KilledError):
            dying.run(threading.Event())

    def wait(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


class Running:
    """An associator in a thread."""

    def __init__(self, server: RedisServer, sector: str = "site", lease_s: float = LEASE_S) -> None:
        self.said: list[str] = []
        self.associator = associator(server, self.said, sector, lease_s)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self.associator.run, args=(self._ended,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(20)


class Command:
    """`reidtrack live --associate` at work, as the command line asks for it."""

    def __init__(self, server: RedisServer, out: Path, *sectors: str, **settings: Any) -> None:
        config = LiveConfig(shared=SharedConfig(redis=server.address), **settings)
        request = AssociateRequest(config, sectors or ("site",), out=out, every_s=0.01)
        self.said: list[str] = []
        self._cancel = CancelToken()
        arguments = request, self.said.append, self._cancel
        self._thread = threading.Thread(target=associate_live, args=arguments, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._cancel.cancel()
        self._thread.join(20)
        assert not self._thread.is_alive()


class Group:
    """A group of cameras whose tracks are played."""

    def __init__(
        self,
        server: RedisServer,
        name: str,
        tracklets: Sequence[Tracklet],
        sector: Callable[[str], str] = lambda camera: "site",
        network: Mapping[str, Any] = NETWORK,
    ) -> None:
        self.tracklets, self.said = list(tracklets), list[str]()
        numbers: set[int] = set()
        entry = GroupEntry(sha256(name.encode()).hexdigest()[:16], name, 1, network)
        address = parse_redis(server.address)
        self.link = Link(address, Keys(), entry, lambda: max(numbers, default=0), None, self.said.append)
        self.link.claim(sorted({t.camera for t in tracklets}))
        self.shared = SharedIdentities(
            self.link, entry, ORIGIN_S, sector, lambda names: {}, lambda number: number in numbers, DIM, close_s=60.0
        )
        self.numbers = numbers
        self.player = Player(self.shared)  # type: ignore[arg-type]

    def play(self, until_s: float) -> None:
        self.player.play(self.tracklets, until_s)
        self._note()

    def hear(self) -> bool:
        """Take what was answered meanwhile; whether anybody has a number."""
        self.player.events += self.shared.update([], [], self.player.now_s)
        self._note()
        return any(self.who().values())

    def close(self) -> None:
        self.player.events += self.shared.close()
        self._note()

    def _note(self) -> None:
        self.numbers.clear()
        for event in self.player.events:
            self.numbers |= {getattr(event, "identity", 0), getattr(event, "into", 0)} - {0}
            if isinstance(event, Merged):
                self.numbers.discard(event.from_)

    def who(self) -> dict[tuple[str, int], int | None]:
        return {t.key: None if (found := self.shared.identity(t.key)) is None else found[0] for t in self.tracklets}

    def settled(self) -> bool:
        """Whether everybody has a number that stays."""
        found = [self.shared.identity(t.key) for t in self.tracklets]
        return all(known is not None and not known[1] for known in found)


class KilledAssociator:
    """An associator in a process of its own, which tells something once, and hangs when it is about to do so again.

    Args:
        server: Where it works.
    """

    def __init__(self, server: RedisServer) -> None:
        words = [sys.executable, __file__, str(server.port)]
        here = Path(__file__).parents
        paths = os.pathsep.join([str(here[4]), str(here[3]), *sys.path])
        environment = {**os.environ, "PYTHONPATH": paths}
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment)
        self.wait("begins")

    def wait(self, word: str) -> None:
        """Wait until it says so."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline().decode().strip() == word

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _hang(port: int) -> None:
    """Work until something was told, and then hang with entries that were read, settled and not stored."""

    class Hangs(Associator):
        def _store(self) -> None:
            if self.told and self._events:
                print("hangs", flush=True)
                threading.Event().wait()
            told = self.told
            super()._store()
            if self.told and not told:
                print("told", flush=True)

    address = parse_redis(f"redis://127.0.0.1:{port}/0")
    said: list[str] = []
    print("begins", flush=True)
    Hangs(address, Keys(), "site", make, said.append, lease_s=600, every_s=0.01, clock_s=lambda: ORIGIN_S + 1e6).run(
        threading.Event()
    )


if __name__ == "__main__":
    _hang(int(sys.argv[1]))
