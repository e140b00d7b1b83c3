"""Erasing a person from a run: everything that it keeps of them, for admins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reidtrack.pipeline.erase import erase
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import ErasedPerson
from reidtrack.server.data.library import RunSeen
from reidtrack.server.endpoint import Call, Endpoint
from reidtrack.server.routes.found import a_person


@dataclass(frozen=True, eq=False, slots=True)
class WholePerson:
    """A person of a run with all cameras of the run: identities of all are settled anew."""

    run: RunSeen
    number: int

    @property
    def cameras(self) -> Iterable[str]:
        """Every camera of the run."""
        return self.run.all_cameras


def whole_person(call: Call) -> WholePerson:
    """The person of `{identity}` in `{run}`."""
    found = a_person(call)
    return WholePerson(found.run, found.entry["id"])


def erase_person(call: Call) -> Any:
    """Erase somebody; the log says of which run, and nothing of whom."""
    found: WholePerson = call.loaded
    with call.services.settling[found.run.id]:
        done = erase(found.run.folder.path, str(found.number), Silent(), CancelToken())
    call.services.audit.write(call.who.name, "erased a person", run=found.run.id)
    seen = [
        {"camera": c, "first_time_s": first, "last_time_s": last} for c, (_, first, last) in done.recordings.items()
    ]
    return {**done._asdict(), "recordings": seen}


ENDPOINTS = (
    Endpoint(
        "DELETE",
        "/runs/{run}/identities/{identity}",
        Rule(Role.ADMIN, whole_person, "all"),
        erase_person,
        "Remove everything that a run keeps of a person",
        gives=ErasedPerson,
    ),
)
