"""The people of a gallery: what is known of each, by which runs and photos, and how that changes.

A person has views: one for each camera of each source (a run, a photo), with the raw mean feature of what that camera
saw. A source's contribution is replaced as a whole, so that the same run never counts twice.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.errors import InputError, UsageError, param
from reidtrack.gallery.store import Signature, open_store, telling, writing
from reidtrack.gallery.views import Known, Sighting, Source, Track, View, ViewBlock

BLOCK = 16_384
"""Views read at once: 32 MiB of features."""


class Gallery:
    """An open gallery. What changes it belongs into `writing`.

    Args:
        connection: To its file.
        path: The file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._sql = connection
        self.path = path

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """One change, whole or not at all; nobody else writes meanwhile."""
        with telling(self.path), writing(self._sql):
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read within is of one moment, whoever writes meanwhile."""
        self._sql.execute("BEGIN")
        try:
            yield
        finally:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")

    def count(self) -> int:
        """How many people there are of whom something was seen."""
        return int(self._sql.execute("SELECT count(DISTINCT person) FROM view").fetchone()[0])

    def places(self) -> dict[int, tuple[int, str]]:
        """Number of each camera within its source to the number of the source and its kind."""
        rows = self._sql.execute("SELECT place.id, source.id, kind FROM place JOIN source ON source.id = source")
        return {place: (source, kind) for place, source, kind in rows}

    def numbers(self) -> dict[int, tuple[str, str | None]]:
        """Number of each person to key and name."""
        return {number: (key, name) for number, key, name in self._sql.execute("SELECT id, key, name FROM person")}

    def find(self, name: str) -> int | None:
        """Number of the person of that name."""
        row = self._sql.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def blocks(self, people: Sequence[int] | None = None, size: int = BLOCK) -> Iterator[ViewBlock]:
        """All views, or those of some people, by person; about `size` at once, all views of a person together.

        Raises:
            InputError: If they are damaged.
        """
        text = "SELECT id, person, place, weight, feature FROM view {} ORDER BY person, place"
        if people is None:
            cursor = self._sql.execute(text.format(""))
        else:
            cursor = self._sql.execute(text.format(f"WHERE person IN ({_list(people)})"))
        held: list[tuple[Any, ...]] = []  # of the last person, whose views may go on in the next block
        while rows := cursor.fetchmany(size):
            last = len(rows) < size
            rows = held + rows
            whole = len(rows)
            while whole and not last and rows[whole - 1][1] == rows[-1][1]:
                whole -= 1
            held = rows[whole:]
            if whole:
                yield self._block(rows[:whole])
        if held:
            yield self._block(held)

    def _block(self, rows: Sequence[tuple[Any, ...]]) -> ViewBlock:
        view, person, place, weight, feature = zip(*rows, strict=True)
        try:
            vectors = np.frombuffer(b"".join(feature), "<f4").reshape(len(rows), -1)
        except ValueError as error:
            raise InputError("is damaged: features of several lengths", where=self.path) from error
        return ViewBlock(
            np.array(view, np.int64),
            np.array(person, np.int64),
            np.array(place, np.int64),
            np.array(weight, np.float64),
            vectors,
        )

    def sightings(self, views: Sequence[int]) -> dict[int, Sighting]:
        """Number of each of some views to what it is of."""
        rows = self._sql.execute(
            "SELECT view.id, person.key, name, camera, tracks, source.key, kind, path, first_utc, last_utc FROM view "
            "JOIN person ON person.id = person JOIN place ON place.id = place JOIN source ON source.id = source "
            f"WHERE view.id IN ({_list(views)})"
        )
        return {
            number: Sighting(key, name, camera, tuple(json.loads(tracks)), Source(*source), *times)
            for number, key, name, camera, tracks, *source, first_utc, last_utc in rows
            for times in [(first_utc, last_utc)]
        }

    def people(self) -> list[Known]:
        """Everybody: who has a name first, by name, then who was seen last."""
        rows = self._sql.execute(
            "SELECT person.key, name, count(DISTINCT CASE kind WHEN 'run' THEN source.id END), "
            "count(DISTINCT CASE kind WHEN 'photo' THEN source.id END), "
            "json_group_array(DISTINCT CASE kind WHEN 'run' THEN camera END), min(first_utc), max(last_utc) "
            "FROM person LEFT JOIN view ON person.id = person "
            "LEFT JOIN place ON place.id = place LEFT JOIN source ON source.id = source "
            "GROUP BY person.id ORDER BY name IS NULL, name, max(last_utc) DESC, person.id"
        )
        return [
            Known(key, name, runs, photos, tuple(sorted(c for c in json.loads(cameras) if c)), first, last)
            for key, name, runs, photos, cameras, first, last in rows
        ]

    def withdraw(self, source: str) -> dict[int, frozenset[Track]]:
        """Take back what a source gave.

        Args:
            source: Its key.

        Returns:
            Number of each person of whom nothing else is known to the tracks that were theirs; they are still there.
        """
        theirs: dict[int, set[Track]] = defaultdict(set)
        rows = self._sql.execute(
            "SELECT person, camera, tracks FROM view JOIN place ON place.id = place JOIN source ON source.id = source "
            "WHERE source.key = ?",
            (source,),
        )
        for person, camera, tracks in rows:
            theirs[person] |= {(camera, track) for track in json.loads(tracks)}
        self._sql.execute("DELETE FROM source WHERE key = ?", (source,))
        left = {
            row[0] for row in self._sql.execute(f"SELECT DISTINCT person FROM view WHERE person IN ({_list(theirs)})")
        }
        return {person: frozenset(tracks) for person, tracks in theirs.items() if person not in left}

    def add_person(self, name: str | None = None) -> int:
        """Make somebody new; the number."""
        key = secrets.token_hex(4)
        while self._sql.execute("SELECT 1 FROM person WHERE key = ?", (key,)).fetchone():  # among 100,000, it happens
            key = secrets.token_hex(4)
        return int(self._sql.execute("INSERT INTO person (key, name) VALUES (?, ?)", (key, name)).lastrowid or 0)

    def set_name(self, person: int, name: str) -> None:
        """Call somebody by a name that nobody else has."""
        self._sql.execute("UPDATE person SET name = ? WHERE id = ?", (name, person))

    def add_views(self, source: Source, views: Mapping[int, Sequence[View]]) -> None:
        """Put down what a new source saw, by the numbers of people."""
        number = self._sql.execute("INSERT INTO source (key, kind, path) VALUES (?, ?, ?)", source).lastrowid
        cameras = sorted({view.camera for seen in views.values() for view in seen})
        add = "INSERT INTO place (source, camera) VALUES (?, ?)"
        place = {camera: self._sql.execute(add, (number, camera)).lastrowid for camera in cameras}
        self._sql.executemany(
            "INSERT INTO view (person, place, weight, first_utc, last_utc, tracks, feature) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (person, place[v.camera], v.weight, v.first_utc, v.last_utc, json.dumps(v.tracks), v.feature.tobytes())
                for person, seen in views.items()
                for v in seen
            ),
        )

    def rename(self, key: str, name: str) -> None:
        """Give somebody a name; an empty one takes it away.

        Raises:
            UsageError: If nobody has the key, or somebody else has the name.
        """
        person, other = self._number(key), self.find(name)
        if not name:
            self._sql.execute("UPDATE person SET name = NULL WHERE id = ?", (person,))
            return
        if other not in (None, person):
            raise UsageError(
                f"somebody else is called {name!r} already",
                where=self.path,
                hint=f"if both are one person: {param('merge')} {key} {self.numbers()[other or 0][0]}",
            )
        self.set_name(person, name)

    def merge(self, key: str, into: str) -> None:
        """Make one person of two; the second's key stays, and the name of either.

        Raises:
            UsageError: If nobody has one of the keys, or both have names that differ.
        """
        one, other = self._number(key), self._number(into)
        if one == other:
            return
        names = {name for number in (one, other) if (name := self.numbers()[number][1]) is not None}
        if len(names) > 1:
            raise UsageError(f"{' and '.join(sorted(names))} have names of their own", field="merge")
        self._sql.execute("UPDATE view SET person = ? WHERE person = ?", (other, one))
        self._sql.execute("DELETE FROM person WHERE id = ?", (one,))
        for name in names:
            self.set_name(other, name)

    def remove(self, keys: Sequence[str]) -> None:
        """Forget people: nothing of them stays in the file.

        Raises:
            UsageError: If nobody has one of the keys.
        """
        for number in [self._number(key) for key in keys]:
            self._sql.execute("DELETE FROM person WHERE id = ?", (number,))
        self._drop_sources()

    def expire(self, before_utc: float, *, named: bool = False) -> int:
        """Forget who was last seen before a time; people who have a name only if asked. How many."""
        old = "SELECT person FROM view GROUP BY person HAVING max(last_utc) < ?"
        wanted = "" if named else " AND name IS NULL"
        gone = self._sql.execute(f"DELETE FROM person WHERE id IN ({old}){wanted}", (before_utc,)).rowcount
        self._drop_sources()
        return gone

    def bound(self, most_people: int, most_views: int) -> None:
        """Forget the oldest people without a name beyond so many, and the oldest views of each, but photos last.

        Who has neither views nor a name is forgotten too.
        """
        self._sql.execute("DELETE FROM person WHERE name IS NULL AND id NOT IN (SELECT person FROM view)")
        self._sql.execute(
            "DELETE FROM view WHERE id IN (SELECT id FROM (SELECT view.id, row_number() OVER "
            "(PARTITION BY person ORDER BY kind = 'run', last_utc DESC, view.id) AS rank FROM view "
            "JOIN place ON place.id = place JOIN source ON source.id = source WHERE person IN "
            "(SELECT person FROM view GROUP BY person HAVING count(*) > :most)) WHERE rank > :most)",
            {"most": most_views},
        )
        over = self.count() - most_people
        if over > 0:
            self._sql.execute(
                "DELETE FROM person WHERE id IN (SELECT person.id FROM person JOIN view ON person.id = person "
                "WHERE name IS NULL GROUP BY person.id ORDER BY max(last_utc), person.id LIMIT ?)",
                (over,),
            )
        self._drop_sources()

    def _drop_sources(self) -> None:
        self._sql.execute("DELETE FROM place WHERE id NOT IN (SELECT place FROM view)")
        self._sql.execute("DELETE FROM source WHERE id NOT IN (SELECT source FROM place)")

    def _number(self, key: str) -> int:
        row = self._sql.execute("SELECT id FROM person WHERE key = :k OR name = :k ORDER BY key = :k DESC", {"k": key})
        found = row.fetchone()
        if found is None:
            hint = f"`reidtrack gallery {self.path}` lists everybody"
            raise UsageError(f"nobody there has the key or name {key!r}", where=self.path, hint=hint)
        return int(found[0])


@contextlib.contextmanager
def open_gallery(path: Path, signature: Signature | None = None, *, make: bool = False) -> Iterator[Gallery]:
    """Open a gallery; arguments and errors are those of `open_store`."""
    with open_store(path, signature, make=make) as connection:
        yield Gallery(connection, path)


def _list(numbers: Sequence[int] | Mapping[int, object]) -> str:
    """Numbers for a statement: SQLite limits how many parameters one may have, not how long it is below 1 MB."""
    return ",".join(str(int(number)) for number in numbers)
