"""Galleries of several machines as one: nothing of any is lost, and what does not fit together is told.

A run or photo that several galleries know counts once, as the first has it. Whoever has a track of it in two galleries
is one person, and so is whoever has one key in both, if both know a source in common: they come from one file. Two
people of one name stay two, the second with a name of its own: only somebody who knows them can say.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from reidtrack.errors import InputError, OutputError, UsageError, WeightsError
from reidtrack.files import replacing
from reidtrack.gallery.dates import read_dates, stricter, write_dates
from reidtrack.gallery.people import Gallery
from reidtrack.gallery.store import Signature, is_gallery, open_store, writing

_VIEWS = "SELECT source.key, camera, tracks FROM view JOIN place ON place.id = place JOIN source ON source.id = source"


class Union(NamedTuple):
    """What was put together.

    Attributes:
        people: How many there are.
        joined: How many were in several galleries.
        remarks: A line for each thing that somebody should look at.
    """

    people: int
    joined: int
    remarks: list[str]


def unite(paths: Sequence[Path], out: Path) -> Union:
    """Write a new gallery of all people of some; these stay as they are.

    Args:
        paths: The galleries, the first wins where they differ.
        out: The new file.

    Raises:
        UsageError: If the new file is there already, or a gallery is named twice.
        InputError: If one cannot be read.
        WeightsError: If their features were made by different weights.
        OutputError: If the new file cannot be written.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("a gallery is named twice", where=out, expected="different files")
    if out.exists() or out.is_symlink():
        raise UsageError("is there already", where=out, expected="the name of a new file")
    remarks: list[str] = []
    joined = 0
    try:
        with replacing(out) as file:
            whole = Path(file.name)
            _copy(paths[0], whole)
            with open_store(whole) as target:
                for path in paths[1:]:
                    with _opened_copy(path) as source:
                        _check_signatures(target, source, path)
                        with writing(target):
                            one = _Addition(target, source, out, path)
                            one.add()
                    joined += one.joined
                    remarks += one.remarks
                gallery = Gallery(target, out)
                count = len(gallery.names())
                target.execute("PRAGMA journal_mode = DELETE")
            whole.chmod(0o600)
    except OSError as error:
        raise OutputError("cannot be written", where=out, hint=error.strerror) from error
    out.chmod(0o600)
    return Union(count, joined, remarks)


def _copy(path: Path, to: Path) -> None:
    """Copy a gallery as it is at one moment; it is only read (and closed as a reader that may tidy up closes it)."""
    if not path.is_file() or not is_gallery(path):
        raise InputError("is not there" if not path.exists() else "is not a gallery", where=path, expected="a gallery")
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as source,
            contextlib.closing(sqlite3.connect(to)) as target,
        ):
            source.backup(target)
    except sqlite3.DatabaseError as error:
        raise InputError(f"cannot be copied: {error}", where=path) from error


@contextlib.contextmanager
def _opened_copy(path: Path) -> Iterator[sqlite3.Connection]:
    """A gallery, opened as any, from a copy that goes: opening one may change it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
        _copy(path, copy)
        with open_store(copy) as connection:
            yield connection


def _signature(sql: sqlite3.Connection) -> Signature | None:
    there = dict(sql.execute("SELECT key, value FROM meta WHERE key IN ('sha256', 'preprocessing')"))
    return Signature(**there) if len(there) == len(Signature._fields) else None


def _check_signatures(target: sqlite3.Connection, source: sqlite3.Connection, path: Path) -> None:
    own, other = _signature(target), _signature(source)
    if own is not None and other is not None and own != other:
        raise WeightsError(
            f"its features were made by other re-ID weights, sha256 {other.sha256[:12]}..., or of other pictures",
            where=path,
            expected=f"{own.sha256[:12]}..., as in the first",
            hint="galleries of two networks cannot be compared: keep two files",
        )


class _Addition:
    """One gallery on its way into another.

    Args:
        target: The gallery that grows.
        source: The one that is added.
        out: Name of the first, for people.
        path: Name of the second, for people.
    """

    def __init__(self, target: sqlite3.Connection, source: sqlite3.Connection, out: Path, path: Path) -> None:
        self._to, self._from, self._out, self._path = target, source, out, path
        self._known: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self.remarks: list[str] = []
        self.joined = 0

    def add(self) -> None:
        """Add everybody and all they were seen in."""
        shared = {key for (key,) in self._from.execute("SELECT key FROM source")} & {
            key for (key,) in self._to.execute("SELECT key FROM source")
        }
        for source, camera, tracks, person in self._to.execute(_VIEWS.replace("tracks", "tracks, person", 1)):
            if source in shared:
                self._known.setdefault((source, camera), []).append((person, tracks))
        keys: dict[str, str] = {}
        number = {person: self._person(person, shared, keys) for (person,) in self._people()}
        self._views(number)
        for key, value in self._from.execute("SELECT key, value FROM meta"):
            self._to.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, keys.get(value, value)))
        if shared:
            self.remarks.append(
                f"{self._path}: {len(shared)} of its runs and photos were there already, and count once"
            )

    def _people(self) -> list[tuple[int]]:
        return self._from.execute("SELECT id FROM person ORDER BY id").fetchall()

    def _person(self, person: int, shared: set[str], keys: dict[str, str]) -> int:
        """Number, among the people there, of one who is added."""
        key, name = self._from.execute("SELECT key, name FROM person WHERE id = ?", (person,)).fetchone()
        there = self._same(person, key, shared)
        if there is None:
            return self._new(person, key, name, keys)
        self.joined += 1
        own_key, own_name = self._to.execute("SELECT key, name FROM person WHERE id = ?", (there,)).fetchone()
        keys[key] = own_key
        dates = stricter(read_dates(self._to, there), read_dates(self._from, person))
        write_dates(self._to, there, dates)
        if name is not None and own_name is None and self._free(name):
            self._to.execute("UPDATE person SET name = ? WHERE id = ?", (name, there))
        elif name not in (None, own_name):
            self.remarks.append(
                f"{self._path}: {name} ({key}) is {own_name or own_key} ({own_key}), who keeps that name"
            )
        return there

    def _same(self, person: int, key: str, shared: set[str]) -> int | None:
        """Who there has the same tracks of a run that both know, else the same key where both know a run."""
        owner: Counter[int] = Counter()
        for source, camera, tracks in self._from.execute(f"{_VIEWS} WHERE person = ?", (person,)):
            for other, theirs in self._known.get((source, camera), ()):
                owner[other] += _in_common(tracks, theirs)
        found = +owner
        if len(found) > 1:
            self.remarks.append(f"{self._path}: {key} is seen as {len(found)} people in {self._out}: look there")
        if found:
            return min(found, key=lambda other: (-found[other], other))
        row = self._to.execute("SELECT id FROM person WHERE key = ?", (key,)).fetchone() if shared else None
        return None if row is None else int(row[0])

    def _new(self, person: int, key: str, name: str | None, keys: dict[str, str]) -> int:
        number = Gallery(self._to, self._out).add_person()
        if self._to.execute("SELECT 1 FROM person WHERE key = ?", (key,)).fetchone() is None:
            self._to.execute("UPDATE person SET key = ? WHERE id = ?", (key, number))
        else:
            (keys[key],) = self._to.execute("SELECT key FROM person WHERE id = ?", (number,)).fetchone()
            self.remarks.append(f"{self._path}: {name or key} has the key {keys[key]} now: {key} was somebody else's")
        if name is not None:
            called = self._name(name)
            self._to.execute("UPDATE person SET name = ? WHERE id = ?", (called, number))
            if called != name:
                self.remarks.append(
                    f"{self._path}: two are called {name}; the second is {called!r} now: "
                    f"`reidtrack gallery` merges them if both are one"
                )
        write_dates(self._to, number, read_dates(self._from, person))
        return number

    def _name(self, name: str) -> str:
        if self._free(name):
            return name
        return next(called for k in range(2, 1_000_000) if self._free(called := f"{name} {k}"))

    def _free(self, name: str) -> bool:
        return self._to.execute("SELECT 1 FROM person WHERE name = ?", (name,)).fetchone() is None

    def _views(self, number: dict[int, int]) -> None:
        """Add the views of all sources; what is known of a source that was there already is left out."""
        place = {
            old: self._place(key, kind, path, camera)
            for old, key, kind, path, camera in self._from.execute(
                "SELECT place.id, key, kind, path, camera FROM place JOIN source ON source.id = source "
                "ORDER BY place.id"
            )
        }
        rows = self._from.execute(
            "SELECT person, place, weight, first_utc, last_utc, tracks, feature, source.key, camera FROM view "
            "JOIN place ON place.id = place JOIN source ON source.id = source ORDER BY view.id"
        )
        self._to.executemany(
            "INSERT INTO view (person, place, weight, first_utc, last_utc, tracks, feature) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (number[person], place[old], weight, first, last, tracks, feature)
                for person, old, weight, first, last, tracks, feature, *where in rows
                if not any(_in_common(tracks, theirs) for _, theirs in self._known.get((where[0], where[1]), ()))
            ),
        )

    def _place(self, key: str, kind: str, path: str, camera: str) -> int:
        self._to.execute("INSERT OR IGNORE INTO source (key, kind, path) VALUES (?, ?, ?)", (key, kind, path))
        (source,) = self._to.execute("SELECT id FROM source WHERE key = ?", (key,)).fetchone()
        self._to.execute("INSERT OR IGNORE INTO place (source, camera) VALUES (?, ?)", (source, camera))
        found = self._to.execute("SELECT id FROM place WHERE source = ? AND camera = ?", (source, camera))
        return int(found.fetchone()[0])


def _in_common(tracks: str, others: str) -> int:
    """How many tracks two views of one camera of a source share; a photo's has none, and is the same view."""
    own, theirs = set(json.loads(tracks)), set(json.loads(others))
    return len(own & theirs) if own or theirs else 1
