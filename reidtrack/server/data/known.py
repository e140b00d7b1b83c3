"""The gallery's people as one user sees them: who is limited to cameras sees those whom only these cameras saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.views import KnownPerson
from reidtrack.pipeline.people.gallery import person_to_json
from reidtrack.server.access.rules import Principal

NO_CAMERA = "\0"
"""What a photo counts as: no camera has this name, so only who sees all cameras sees what is of it."""


@dataclass(frozen=True, slots=True)
class KnownSeen:
    """A person of the gallery."""

    person: KnownPerson

    @property
    def cameras(self) -> Iterable[str]:
        """All that saw the person, in any run; a person with photos, or without any view, is of no camera."""
        own = self.person.cameras
        return (*own, NO_CAMERA) if self.person.photos or not own else own

    def as_json(self) -> dict[str, Any]:
        """Key, name, how many runs and photos, cameras, first and last time."""
        return person_to_json(self.person)


@dataclass(frozen=True, slots=True)
class Several:
    """Some people of the gallery who are changed together, and who may: of which cameras one has to see all."""

    people: tuple[KnownSeen, ...]
    cameras: tuple[str, ...]


def known_to(path: Path, user: Principal) -> list[KnownSeen]:
    """The people of a gallery whom a user sees; none where there is no gallery.

    Raises:
        InputError: If it cannot be read.
    """
    if not path.exists():
        return []
    with open_gallery(path) as gallery:
        people = [KnownSeen(person) for person in gallery.people()]
    return [one for one in people if user.sees_all(one.cameras)]


def the_known(path: Path, key: str) -> KnownSeen | None:
    """The person who has a key; None where there is none. For rules, which look at the person's cameras."""
    if not path.exists():
        return None
    with open_gallery(path) as gallery:
        return next((KnownSeen(person) for person in gallery.people() if person.key == key), None)
