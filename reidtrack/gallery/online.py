"""Live cameras' people in a gallery: whoever was here before, also days ago, has the number of then again.

A live folder puts what it saw of its people into the gallery, a source for each day, so that the same clothes are
compared with the same. Which of its numbers is which person is noted beside, under keys of the folder. Several may have
numbers in common, as the sectors of a site have; what one of them notes the others read before they ask or keep.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.associate.live.known import KnownAs, SeenPerson
from reidtrack.errors import UsageError
from reidtrack.gallery.compare import compare, may_be_one
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.recognise import Match, match_probabilities, recognise
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View

_CACHE_KIB = 256
"""Of the file, in memory."""
_BLOCK, _SAMPLE = 256, 200
"""Views that are held at once, and people who tell how far apart strangers are: cameras that run for days take no more
memory the more people a gallery holds."""


class GalleryLimits(NamedTuple):
    """How people are recognised, and how many are kept; as in the settings of a gallery.

    Attributes:
        strangers: How many, of all in the gallery, may look as much like a stranger as the threshold.
        margin: Least lead over the runner-up.
        threshold: Largest distance of one person; None takes that of the cameras.
        most_people: Who was seen last is kept.
        most_views: Of a person.
    """

    strangers: float
    margin: float
    threshold: float | None = None
    most_people: int = 10_000
    most_views: int = 20


class GalleryPeople:
    """A gallery as `KnownPeople` of a live folder; opened when it is first asked, by the thread that asks.

    Args:
        path: Its file; made where it is not there.
        signature: Of the network that makes the features.
        folder: What tells the folder from all others: numbers of identities are its own.
        place: Where it lies, for people to read.
        origin_utc: When the folder's time begins, seconds since 1970; asked with each person.
        limits: How people are recognised, and how many are kept.
        prior: Of the network.
        source: What tells its days from those of others who have the folder's numbers; None where there are none.
    """

    def __init__(
        self,
        path: Path,
        signature: Signature,
        *,
        folder: str,
        place: str,
        origin_utc: Callable[[], float],
        limits: GalleryLimits,
        prior: AppearancePrior = GENERIC,
        source: str | None = None,
    ) -> None:
        self._path, self._signature, self._limits, self._prior = path, signature, limits, prior
        self._folder, self._place, self._origin_utc = folder, place, origin_utc
        self._opened = ExitStack()
        self._gallery: Gallery | None = None
        self._source = folder if source is None else f"{folder} {source}"
        self._key_of: dict[int, str] = {}
        self._noted: set[int] = set()
        self._changes: int | None = None

    def close(self) -> None:
        """Close the file; asking opens it again."""
        self._opened.close()
        self._gallery = self._changes = None

    def numbers(self) -> list[int]:
        """Numbers of the folder whose people the gallery knows; errors are those of `names`."""
        self._open()
        return sorted(self._key_of)

    def names(self) -> dict[int, str]:
        """Name of each number of the folder whose person has one.

        Raises:
            InputError: If the gallery cannot be read.
            WeightsError: If its features were made by other weights.
            OutputError: If it cannot be opened.
        """
        known = dict(self._open().names().values())
        return {number: name for number, key in self._key_of.items() if (name := known.get(key))}

    def recognise(
        self,
        people: Sequence[SeenPerson],
        others: Sequence[SeenPerson],
        present: Collection[int],
        threshold: float,
        slope: float,
    ) -> list[KnownAs | None]:
        """Who each of some people is; arguments are those of `KnownPeople.recognise`, errors those of `names`."""
        gallery = self._open()
        with gallery.reading():
            views = [self._views(person) for person in (*people, *others)]
            found = compare(gallery, views, self._limits.strangers, prior=self._prior, block=_BLOCK, sample=_SAMPLE)
            known = gallery.names()
            here = {self._key_of[number] for number in present if number in self._key_of}
            taken = [person for person, (key, _) in known.items() if key in here]
            nobody = [i for i in range(len(views)) if i >= len(people)]
            for row in (*nobody, *(i for i, person in enumerate(people) if not person.views)):
                found.short.distance[row] = float("inf")
            for column in taken:
                found.short.distance[found.short.person == column] = float("inf")
            limit = self._limits.threshold
            used = min(threshold, found.threshold) if limit is None else limit
            matches = recognise(found.short, used, self._limits.margin, may_be_one(gallery, found, used))
            likely = match_probabilities(found.short, used, slope)
            listed = found.short.person.tolist()
        result: list[KnownAs | None] = []
        for row, person in enumerate(people):
            match: Match = matches[row]
            if match.person is None:
                result.append(None)
                continue
            probability = float(likely[row, listed[row].index(match.person)])
            result.append(self._known_as(person.number, *known[match.person], probability))
        return result

    def keep(self, people: Sequence[SeenPerson]) -> None:
        """Keep what was seen of people today; what was kept of them today is replaced. Errors are those of `names`."""
        gallery = self._open()
        with gallery.writing():
            self._read_notes(gallery)
            ids = {key: person for person, (key, _) in gallery.names().items()}
            by_day: dict[str, dict[int, list[View]]] = {}
            for person in people:
                views = self._views(person)
                if views:
                    day = datetime.fromtimestamp(max(v.last_utc for v in views), UTC).date().isoformat()
                    by_day.setdefault(day, {})[self._id(gallery, ids, person.number)] = views
            for day, seen in sorted(by_day.items()):
                gallery.put_views(Source(f"live {self._source} {day}", "run", f"{self._place} {day}"), seen)
            gallery.limit(self._limits.most_people, self._limits.most_views)
            self._forget_lost(gallery)

    def merge(self, number: int, into: int) -> None:
        """Take it that a number was another one all along; errors are those of `names`."""
        gallery = self._open()
        with gallery.writing():
            self._read_notes(gallery)
            key, other = self._key_of.get(number), self._key_of.get(into)
            if key is None:
                return
            self._forget(gallery, [number])
            if other is None:
                self._remember(gallery, into, key)
            elif key != other:
                with suppress(UsageError):  # both have names, or somebody has removed one: they stay two people there
                    gallery.merge(key, other)

    def _open(self) -> Gallery:
        if self._gallery is None:
            self._gallery = self._opened.enter_context(open_gallery(self._path, self._signature, make=True))
            self._gallery.limit_cache(_CACHE_KIB)
        else:
            self._gallery.forget_expired()  # cameras run for days
        self._read_notes(self._gallery)
        return self._gallery

    def _read_notes(self, gallery: Gallery) -> None:
        """Take up which numbers others have noted; who was recognised here and is not noted yet stays so."""
        changes = gallery.changes()
        if changes == self._changes:
            return
        self._changes, prefix = changes, self._note("")
        numbers = {key[len(prefix) :]: value for key, value in gallery.values(prefix).items()}
        noted = {int(n): key for n, key in numbers.items() if n.isascii() and n.isdigit() and len(n) < 16}
        self._key_of = {n: key for n, key in self._key_of.items() if n not in self._noted} | noted
        self._noted = set(noted)

    def _remember(self, gallery: Gallery, number: int, key: str) -> None:
        self._key_of[number] = key
        self._noted.add(number)
        gallery.note({self._note(number): key})

    def _forget(self, gallery: Gallery, numbers: Sequence[int]) -> None:
        for number in numbers:
            del self._key_of[number]
            self._noted.discard(number)
        gallery.note(dict.fromkeys(map(self._note, numbers)))

    def _note(self, number: int | str) -> str:
        return f"live {self._folder} {number}"

    def _views(self, person: SeenPerson) -> list[View]:
        origin = self._origin_utc()
        return [View(v.camera, v.weight, v.feature, origin + v.first_s, origin + v.last_s) for v in person.views]

    def _known_as(self, number: int, key: str, name: str | None, probability: float) -> KnownAs:
        """A person of the gallery by the number that this folder knows; one from elsewhere takes the new number."""
        before = next((n for n, one in self._key_of.items() if one == key), None)
        if before is None:
            self._key_of[number] = key
        return KnownAs(before, name, probability)

    def _id(self, gallery: Gallery, ids: Mapping[str, int], number: int) -> int:
        """Id of the person of a number; somebody new is added, and so is whom somebody has removed meanwhile."""
        key = self._key_of.get(number)
        if key is not None and key in ids:
            self._remember(gallery, number, key)
            return ids[key]
        person = gallery.add_person()
        self._remember(gallery, number, gallery.key(person))
        return person

    def _forget_lost(self, gallery: Gallery) -> None:
        """Forget which numbers were people whom the gallery does not hold any more."""
        keys = {key for key, _ in gallery.names().values()}
        self._forget(gallery, [number for number, key in self._key_of.items() if key not in keys])
