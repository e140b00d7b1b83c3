"""`reidtrack live` without cameras: who is who for those of all groups of a site."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from reidtrack.associate.live.constraints import Pair
from reidtrack.config.live import LiveConfig, fill_variables
from reidtrack.errors import OutputError, UsageError, param
from reidtrack.pipeline.live.corrections import CorrectionsFile
from reidtrack.pipeline.live.shared.address import parse_redis
from reidtrack.pipeline.live.shared.associator import EVERY_S, LEASE_S, Associator
from reidtrack.pipeline.live.shared.deciding import make_deciding, make_evidence
from reidtrack.pipeline.live.shared.keys import Keys
from reidtrack.pipeline.live.shared.server import AwayError, connect
from reidtrack.pipeline.people.gallery import check_gallery
from reidtrack.publish.health import HealthPage, parse_bind
from reidtrack.publish.status import LiveStatus, OutletStatus
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runtime.cancel import CancelToken

logger = logging.getLogger(__name__)
_JOIN_S = 15.0
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class AssociateRequest:
    """What is asked for.

    Attributes:
        config: Every setting; those of cameras do not count.
        sectors: Whose people are settled here.
        cameras: Names of cameras that the site file speaks of.
        out: Folder of `corrections.yaml`, made where it is not there; None takes no corrections.
        lease_s: So long after one has died another one goes on.
        every_s: Between two steps.
    """

    config: LiveConfig
    sectors: Sequence[str]
    cameras: Sequence[str] = ()
    out: Path | None = None
    lease_s: float = LEASE_S
    every_s: float = EVERY_S


def associate_live(request: AssociateRequest, say: Callable[[str], object], cancel: CancelToken) -> None:
    """Settle who is who until the token is cancelled.

    Args:
        request: What is asked for.
        say: Told in a line of what changes; any thread.
        cancel: Ends it in good order: what was settled is stored.

    Raises:
        UsageError: If the server cannot be reached at first, refuses the password or is too old.
        InputError: If what was stored there is damaged, or the gallery is.
        WeightsError: If the gallery is of other weights than those of the groups.
        OutputError: If the health page's port is taken, or the folder cannot be made.
    """
    config = request.config
    if config.shared.redis is None:
        raise UsageError("no server is named", field="redis", expected="redis://host:6379/0, where the groups meet")
    address = parse_redis(fill_variables(config.shared.redis, "redis"))
    try:
        connect(address).close()
    except AwayError as error:
        raise UsageError(f"the Redis server cannot be used: {error}", where=address.shown, field="redis") from None
    make_evidence(config, request.cameras)  # a site file that is wrong is told now, and a gallery
    folder = None if request.out is None else _make_folder(request.out)
    check_gallery(config.gallery, None)
    found = {
        name: Associator(
            address,
            Keys(config.shared.prefix),
            name,
            partial(make_deciding, config, request.cameras, name),
            say,
            lease_s=request.lease_s,
            every_s=request.every_s,
            neighbours=config.shared.neighbours.get(name),
        )
        for name in request.sectors
    }
    corrections = None if folder is None else _Corrections(folder.corrections, found, say)
    page = None if config.publish.http is None else HealthPage(*parse_bind(config.publish.http), lambda: _status(found))
    try:
        _run_all(found, corrections, cancel)
    finally:
        if page is not None:
            page.close()


def _make_folder(path: Path) -> LiveFolder:
    folder = LiveFolder(path)
    if folder.run_json.exists():
        hint = f"choose another {param('out')}"
        raise UsageError("is the folder of a run, or of cameras", where=path, expected="one of its own", hint=hint)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError("cannot be made", where=path, hint=error.strerror) from error
    return folder


class _Corrections:
    """Has associators keep to a file of corrections, from the making of it on.

    Args:
        path: The file.
        associators: By sector.
        say: Told in a line what is wrong with it.
    """

    def __init__(self, path: Path, associators: Mapping[str, Associator], say: Callable[[str], object]) -> None:
        self._file, self._associators, self._say = CorrectionsFile(path, say), associators, say
        self._between: list[Pair] = []
        self._looked_s = float("-inf")
        self.look()

    def look(self) -> None:
        """Look whether the file was changed, about once a second."""
        if time.monotonic() - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = time.monotonic()
        said = self._file.changed()
        if said is not None:
            self._between = [*chain(*said)]
            for associator in self._associators.values():
                associator.correct(said, self._file.written_s or 0.0)
        self._say_what_is_of_two_sectors()

    def _say_what_is_of_two_sectors(self) -> None:
        sector = {camera: name for name, found in self._associators.items() for camera in found.cameras}
        waiting = [pair for pair in self._between if not all(camera in sector for camera, _ in pair)]
        known = dict.fromkeys(self._between).keys() - set(waiting)
        self._between = waiting
        for a, b in sorted(known):
            if sector[a[0]] != sector[b[0]]:
                them = f"{a[0]} {a[1]} ({sector[a[0]]}) and {b[0]} {b[1]} ({sector[b[0]]})"
                self._say(f"{self._file.path}: {them} are of two sectors: what is said of both is passed over")


def _run_all(associators: Mapping[str, Associator], corrections: _Corrections | None, cancel: CancelToken) -> None:
    """Run each in a thread of its own; what goes wrong in one ends all."""
    ended, errors = threading.Event(), list[BaseException]()

    def run(associator: Associator) -> None:
        try:
            associator.run(ended)
        except BaseException as error:
            errors.append(error)
            ended.set()

    threads = [
        threading.Thread(target=run, args=(associator,), name=f"sector {name}", daemon=True)
        for name, associator in associators.items()
    ]
    for thread in threads:
        thread.start()
    while not ended.wait(0.1):
        if corrections is not None:
            corrections.look()
        if cancel.cancelled:
            ended.set()
    for thread in threads:
        thread.join(_JOIN_S)
    if errors:
        raise errors[0]


def _status(associators: Mapping[str, Associator]) -> LiveStatus:
    """How it stands, for the health page: sectors as ways out, `sent` what was told, `dropped` what never came."""
    outlets = {
        f"sector {name}": OutletStatus(
            sent=associator.told,
            dropped=associator.missing + associator.refused,
            connected=not associator.doing.startswith("waits: redis"),
        )
        for name, associator in associators.items()
    }
    away = [f"sector {n}: {a.doing}" for n, a in associators.items() if a.doing.startswith("waits: redis")]
    people = sum(associator.people for associator in associators.values())
    return LiveStatus(outlets=outlets, people_total=people, identities_wait="; ".join(away) or None)
