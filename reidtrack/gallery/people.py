"""The people of a gallery: what is known of each, by which runs and photos, and how that changes.

A person has views: one for each camera of each source (a run, a photo), with the raw mean feature of what that camera
saw. A source's contribution is replaced as a whole, so that the same run never counts twice. A camera of one source, a
"source camera", is a row of the table `place`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.errors import InputError, UsageError, param
from reidtrack.gallery.check import check_features
from reidtrack.gallery.dates import expired, read_dates, stricter, write_dates
from reidtrack.gallery.store import Signature, open_store, translate_errors, writing
from reidtrack.gallery.views import DescribedView, KnownPerson, Source, View, ViewBlock
from reidtrack.types import TrackletKey

logger = logging.getLogger(__name__)

BLOCK = 16_384
"""Views read at once: 32 MiB of features."""


class Gallery:
    """An open gallery; call what changes it within `writing`.

    Args:
        connection: To its file.
        path: The file, for messages.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._sql = connection
        self.path = path

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Make one change, whole or not at all; nobody else writes meanwhile."""
        with translate_errors(self.path), writing(self._sql):
            yield

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read the gallery as it is at one moment, whoever writes meanwhile."""
        self._sql.execute("BEGIN")
        try:
            yield
        finally:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")

    def limit_cache(self, kib: int) -> None:
        """Hold no more of the file in memory than so much, KiB; SQLite's own limit is 2,000."""
        self._sql.execute(f"PRAGMA cache_size = {-int(kib)}")

    def changes(self) -> int:
        """A number that is another one once somebody else has changed the file."""
        return int(self._sql.execute("PRAGMA data_version").fetchone()[0])

    def count(self) -> int:
        """Number of people of whom there is a view."""
        return int(self._sql.execute("SELECT count(DISTINCT person) FROM view").fetchone()[0])

    def source_cameras(self) -> dict[int, tuple[int, str]]:
        """Source (its id) and kind of each source camera, by the camera's id."""
        rows = self._sql.execute("SELECT place.id, source.id, kind FROM place JOIN source ON source.id = source")
        return {camera: (source, kind) for camera, source, kind in rows}

    def names(self) -> dict[int, tuple[str, str | None]]:
        """Key and name of each person, by id."""
        return {person: (key, name) for person, key, name in self._sql.execute("SELECT id, key, name FROM person")}

    def key(self, person: int) -> str:
        """Key of a person, by id."""
        return str(self._sql.execute("SELECT key FROM person WHERE id = ?", (person,)).fetchone()[0])

    def find_name(self, name: str) -> int | None:
        """Id of the person of that name, or None."""
        row = self._sql.execute("SELECT id FROM person WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def check_length(self, length: int) -> None:
        """Refuse a gallery whose features have another length than those they are to be compared with.

        Raises:
            InputError: If they have.
        """
        row = self._sql.execute("SELECT length(feature) / 4 FROM view LIMIT 1").fetchone()
        if row is not None and row[0] != length:
            what = f"is damaged: its features are of {row[0]} numbers"
            raise InputError(what, where=self.path, expected=f"{length}, as the network gives them")

    def blocks(self, people: Sequence[int] | None = None, size: int = BLOCK) -> Iterator[ViewBlock]:
        """Iterate over all views, ordered by person, in blocks that hold all views of each of their people.

        Args:
            people: Ids of the people whose views are wanted; None for all.
            size: About how many views a block has.

        Raises:
            InputError: If they are damaged.
        """
        text = "SELECT id, person, place, weight, feature FROM view {} ORDER BY person, place"
        if people is None:
            cursor = self._sql.execute(text.format(""))
        else:
            cursor = self._sql.execute(text.format(f"WHERE person IN ({_id_list(people)})"))
        held: list[tuple[Any, ...]] = []  # views of the last person, who may have more in the next block
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
        view, person, camera, weight, feature = zip(*rows, strict=True)
        try:
            vectors = np.frombuffer(b"".join(feature), "<f4").reshape(len(rows), -1)
        except ValueError as error:
            raise InputError("is damaged: features of several lengths", where=self.path) from error
        check_features(view, vectors, self.path)
        return ViewBlock(
            np.array(view, np.int64),
            np.array(person, np.int64),
            np.array(camera, np.int64),
            np.array(weight, np.float64),
            vectors,
        )

    def describe(self, views: Sequence[int]) -> dict[int, DescribedView]:
        """What some views show, by the view's id."""
        rows = self._sql.execute(
            "SELECT view.id, person.key, name, camera, tracks, source.key, kind, path, first_utc, last_utc FROM view "
            "JOIN person ON person.id = person JOIN place ON place.id = place JOIN source ON source.id = source "
            f"WHERE view.id IN ({_id_list(views)})"
        )
        return {
            view: DescribedView(key, name, camera, tuple(json.loads(tracks)), Source(*source), *times)
            for view, key, name, camera, tracks, *source, first_utc, last_utc in rows
            for times in [(first_utc, last_utc)]
        }

    def people(self) -> list[KnownPerson]:
        """Everybody: those with a name first, by name, then the others, last seen first."""
        rows = self._sql.execute(
            "SELECT person.key, name, count(DISTINCT CASE kind WHEN 'run' THEN source.id END), "
            "count(DISTINCT CASE kind WHEN 'photo' THEN source.id END), "
            "json_group_array(DISTINCT CASE kind WHEN 'run' THEN camera END), min(first_utc), max(last_utc), "
            "consent, until "
            "FROM person LEFT JOIN view ON person.id = person "
            "LEFT JOIN place ON place.id = place LEFT JOIN source ON source.id = source "
            "GROUP BY person.id ORDER BY name IS NULL, name, max(last_utc) DESC, person.id"
        )
        return [
            KnownPerson(key, name, runs, photos, tuple(sorted(c for c in json.loads(cameras) if c)), *rest)
            for key, name, runs, photos, cameras, *rest in rows
        ]

    def withdraw(self, source: str) -> dict[int, frozenset[TrackletKey]]:
        """Remove all views of a source; people stay.

        Args:
            source: Its key.

        Returns:
            The tracks of each person of whom no other source shows anything, by person id.
        """
        theirs: dict[int, set[TrackletKey]] = defaultdict(set)
        rows = self._sql.execute(
            "SELECT person, camera, tracks FROM view JOIN place ON place.id = place JOIN source ON source.id = source "
            "WHERE source.key = ?",
            (source,),
        )
        for person, camera, tracks in rows:
            theirs[person] |= {(camera, track) for track in json.loads(tracks)}
        self._sql.execute("DELETE FROM source WHERE key = ?", (source,))
        left = {
            row[0]
            for row in self._sql.execute(f"SELECT DISTINCT person FROM view WHERE person IN ({_id_list(theirs)})")
        }
        return {person: frozenset(tracks) for person, tracks in theirs.items() if person not in left}

    def has_source(self, key: str) -> bool:
        """Whether anything was taken from the run or photo that has a key."""
        return self._sql.execute("SELECT 1 FROM source WHERE key = ?", (key,)).fetchone() is not None

    def add_person(self, name: str | None = None) -> int:
        """Add a new person, and return the id."""
        key = secrets.token_hex(4)
        while self._sql.execute("SELECT 1 FROM person WHERE key = ?", (key,)).fetchone():  # among 100,000, it happens
            key = secrets.token_hex(4)
        return int(self._sql.execute("INSERT INTO person (key, name) VALUES (?, ?)", (key, name)).lastrowid or 0)

    def set_name(self, person: int, name: str) -> None:
        """Set a person's name, which nobody else may have."""
        self._sql.execute("UPDATE person SET name = ? WHERE id = ?", (name, person))

    def add_views(self, source: Source, views: Mapping[int, Sequence[View]]) -> None:
        """Add a source and what it saw of each person, by person id."""
        source_id = self._sql.execute("INSERT INTO source (key, kind, path) VALUES (?, ?, ?)", source).lastrowid
        self._add(source_id or 0, views)

    def _add(self, source_id: int, views: Mapping[int, Sequence[View]]) -> None:
        cameras = sorted({view.camera for seen in views.values() for view in seen})
        add = "INSERT OR IGNORE INTO place (source, camera) VALUES (?, ?)"
        self._sql.executemany(add, [(source_id, camera) for camera in cameras])
        camera_id = dict(self._sql.execute("SELECT camera, id FROM place WHERE source = ?", (source_id,)))
        self._sql.executemany(
            "INSERT INTO view (person, place, weight, first_utc, last_utc, tracks, feature) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    person,
                    camera_id[view.camera],
                    view.weight,
                    view.first_utc,
                    view.last_utc,
                    json.dumps(view.tracks),
                    view.feature.tobytes(),
                )
                for person, seen in views.items()
                for view in seen
            ),
        )

    def put_views(self, source: Source, views: Mapping[int, Sequence[View]]) -> None:
        """Add what a source saw of some people, by person id; what it had seen of the same people is replaced."""
        self._sql.execute("INSERT OR IGNORE INTO source (key, kind, path) VALUES (?, ?, ?)", source)
        (source_id,) = self._sql.execute("SELECT id FROM source WHERE key = ?", (source.key,)).fetchone()
        self._sql.execute(
            "DELETE FROM view WHERE place IN (SELECT id FROM place WHERE source = ?) "
            f"AND person IN ({_id_list(views)})",
            (source_id,),
        )
        self._add(source_id, views)

    def values(self, prefix: str) -> dict[str, str]:
        """What is noted under keys that begin so, by key."""
        rows = self._sql.execute("SELECT key, value FROM meta WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))
        return dict(rows)

    def note(self, values: Mapping[str, str | None]) -> None:
        """Note values under keys that programs choose; None forgets a key."""
        gone = [(key,) for key, value in values.items() if value is None]
        self._sql.executemany("DELETE FROM meta WHERE key = ?", gone)
        kept = [(key, value) for key, value in values.items() if value is not None]
        self._sql.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", kept)

    def rename(self, key: str, name: str) -> None:
        """Give a person a name; an empty one takes it away.

        Raises:
            UsageError: If nobody has the key, or somebody else has the name.
        """
        person, other = self._id_of(key), self.find_name(name)
        if not name:
            self._sql.execute("UPDATE person SET name = NULL WHERE id = ?", (person,))
            return
        if other not in (None, person):
            raise UsageError(
                f"somebody else is called {name!r} already",
                where=self.path,
                hint=f"if both are one person: {param('merge')} {key} {self.names()[other or 0][0]}",
            )
        self.set_name(person, name)

    def set_dates(self, key: str, **days: str | None) -> None:
        """Note when a person agreed (`consent`) and the last day on which they are kept (`until`); None takes it away.

        Raises:
            UsageError: If nobody has the key.
        """
        person = self._id_of(key)
        write_dates(self._sql, person, read_dates(self._sql, person)._replace(**days))

    def forget_expired(self) -> int:
        """Remove everybody whose last day is over, in a change of its own; the number of them."""
        gone = expired(self._sql)
        if gone:
            with self.writing():
                self._sql.execute(f"DELETE FROM person WHERE id IN ({_id_list(gone)})")
                self._drop_sources()
            logger.info("%s: %d people whose last day is over are forgotten", self.path, len(gone))
        return len(gone)

    def merge(self, key: str, into: str) -> None:
        """Merge a person into another, whose key stays; the name is that of either, the last day the earlier one.

        Raises:
            UsageError: If nobody has one of the keys, or both have names that differ.
        """
        one, other = self._id_of(key), self._id_of(into)
        if one == other:
            return
        known = self.names()
        names = {name for person in (one, other) if (name := known[person][1]) is not None}
        if len(names) > 1:
            raise UsageError(
                f"{' and '.join(sorted(names))} have names of their own",
                field="merge",
                hint=f"take one of the names away first: {param('rename')} KEY ''",
            )
        write_dates(self._sql, other, stricter(read_dates(self._sql, other), read_dates(self._sql, one)))
        self._sql.execute("UPDATE view SET person = ? WHERE person = ?", (other, one))
        self._sql.execute("DELETE FROM person WHERE id = ?", (one,))
        for name in names:
            self.set_name(other, name)

    def remove(self, keys: Sequence[str]) -> None:
        """Remove people; nothing of them stays in the file.

        Raises:
            UsageError: If nobody has one of the keys.
        """
        for person in [self._id_of(key) for key in keys]:
            self._sql.execute("DELETE FROM person WHERE id = ?", (person,))
        self._drop_sources()

    def expire(self, before_utc: float, *, named: bool = False) -> int:
        """Remove people who were last seen before a time, seconds since 1970; those with a name only if `named`.

        Returns:
            How many were removed.
        """
        old = "SELECT person FROM view GROUP BY person HAVING max(last_utc) < ?"
        wanted = "" if named else " AND name IS NULL"
        gone = self._sql.execute(f"DELETE FROM person WHERE id IN ({old}){wanted}", (before_utc,)).rowcount
        self._drop_sources()
        return gone

    def limit(self, most_people: int, most_views: int) -> None:
        """Remove what is too much: the oldest views of each person, and the oldest people without a name.

        Of a person's views photos go last. People with neither views nor a name are removed too.
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

    def _id_of(self, key: str) -> int:
        row = self._sql.execute("SELECT id FROM person WHERE key = :k OR name = :k ORDER BY key = :k DESC", {"k": key})
        found = row.fetchone()
        if found is None:
            hint = f"`reidtrack gallery {self.path}` lists everybody"
            raise UsageError(f"nobody there has the key or name {key!r}", where=self.path, hint=hint)
        return int(found[0])


@contextlib.contextmanager
def open_gallery(path: Path, signature: Signature | None = None, *, make: bool = False) -> Iterator[Gallery]:
    """Open a gallery, and forget whose last day is over; arguments and errors are those of `open_store`."""
    with open_store(path, signature, make=make) as connection:
        gallery = Gallery(connection, path)
        gallery.forget_expired()
        yield gallery


def _id_list(ids: Sequence[int] | Mapping[int, object]) -> str:
    """Ids for a statement: SQLite limits how many parameters one may have, not how long it is below 1 MB."""
    return ",".join(str(int(one)) for one in ids)
