"""The file of a gallery: SQLite, opened, made, migrated to the present schema, its faults told in one line.

The write-ahead log lets others read while one writes; who wants to write waits for who is writing, and a process that
is killed leaves the file as it was before. What is deleted is overwritten (`secure_delete`). Only the owner may read
the file: features tell people apart, which makes them biometric data.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from reidtrack.errors import InputError, OutputError, ReidtrackError, WeightsError, param
from reidtrack.gallery.check import check_rows, check_schema

APPLICATION_ID = 0x72656964
"""SQLite's application id of a gallery: "reid" in ASCII."""
BUSY_TIMEOUT_S = 60.0
"""How long a process waits for another that is writing, seconds."""

_PAGE = 16_384
"""Bytes of a page; in smaller ones, rows of 2 KiB leave half of each empty."""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
)
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_APPLICATION_AT = 68
"""Bytes of SQLite's header, and where in it the application id stands."""

MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, name TEXT UNIQUE);
    CREATE TABLE source (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, path TEXT NOT NULL);
    CREATE TABLE place (
        id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, camera TEXT NOT NULL,
        UNIQUE (source, camera)
    );
    CREATE TABLE view (
        id INTEGER PRIMARY KEY,
        person INTEGER NOT NULL REFERENCES person ON DELETE CASCADE,
        place INTEGER NOT NULL REFERENCES place ON DELETE CASCADE,
        weight REAL NOT NULL, first_utc REAL NOT NULL, last_utc REAL NOT NULL,
        tracks TEXT NOT NULL, feature BLOB NOT NULL
    );
    CREATE INDEX view_person ON view (person);
    CREATE INDEX view_place ON view (place);
    """,
    """
    ALTER TABLE person ADD COLUMN consent TEXT;
    ALTER TABLE person ADD COLUMN until TEXT;
    CREATE INDEX person_until ON person (until) WHERE until IS NOT NULL;
    """,
)
"""Steps from each version of the schema to the next, the first from an empty file; a version is the steps taken.

`place` is a camera of one source: the names on disk stay, so that older galleries open."""


class Signature(NamedTuple):
    """The weights and the preprocessing that made a gallery's features; others' features cannot be compared with them.

    Attributes:
        sha256: Digest of the weights.
        preprocessing: How a picture became the network's input, in words.
    """

    sha256: str
    preprocessing: str


def is_gallery(path: Path) -> bool:
    """Whether a path is an SQLite file, judged by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def is_unmade(path: Path) -> bool:
    """Whether a file that is there holds nothing yet: it is empty, or another process is about to make it.

    Raises:
        InputError: If it is no gallery, or damaged.
        OutputError: If it cannot be read.
    """
    if not path.stat().st_size:
        return True
    _refuse_others(path)
    with translate_errors(path), contextlib.closing(_connect(path)) as connection:
        return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


@contextlib.contextmanager
def open_store(path: Path, signature: Signature | None = None, *, make: bool = False) -> Iterator[sqlite3.Connection]:
    """Open a gallery's file.

    Args:
        path: The file.
        signature: Signature of the features that will be compared or added; None where none are.
        make: Make the file where it is not there.

    Raises:
        InputError: If it is not there, no gallery, or damaged.
        WeightsError: If its features were made by other weights.
        OutputError: If it cannot be opened, made or written, or somebody else keeps on writing.
    """
    if make:
        _make_file(path)
    elif not path.is_file():
        raise InputError("is not there", where=path, expected="a gallery", hint="`reidtrack enroll` makes one")
    _refuse_others(path)
    with translate_errors(path), contextlib.closing(_connect(path)) as connection:
        _retry_while_busy(lambda: _prepare(connection, path, make=make))
        if signature is not None:
            _sign(connection, path, signature, make=make)
        yield connection


@contextlib.contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """Make one change, whole or not at all; nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextlib.contextmanager
def translate_errors(path: Path) -> Iterator[None]:
    """Turn faults of SQLite into errors about the file.

    Raises:
        InputError: If it is no gallery, or damaged.
        OutputError: If it cannot be read or written.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        translated = _translated(error, path)
        if translated is None:
            raise
        raise translated from error


def _translated(error: sqlite3.Error, path: Path) -> ReidtrackError | None:
    """The error to raise instead; None for what only a bug can cause."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return InputError("is not a gallery", where=path, expected="a file that `reidtrack run` or `enroll` made")
    if code in _BUSY:
        return OutputError(f"another process has been writing for {BUSY_TIMEOUT_S:.0f} s", where=path, hint="try again")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return OutputError(f"cannot be written: {error}", where=path)
    text = str(error)
    odd = text.startswith(("no such", "Could not decode")) or "malformed" in text  # of what others have put there
    if code not in _DAMAGED and not odd:
        return None
    return InputError(f"is damaged: {error}", where=path, hint="put a copy in its place, or enrol into a new file")


def _refuse_others(path: Path) -> None:
    """Raise before SQLite opens a file of another program: even that may write beside it, or into it.

    Raises:
        InputError: If it is one.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER)
    except OSError as error:
        raise OutputError("cannot be read", where=path, hint=error.strerror) from error
    if head and head[: len(_MAGIC)] != _MAGIC[: len(head)]:
        raise InputError("is not a gallery", where=path, expected="a file that `reidtrack run` or `enroll` made")
    application = int.from_bytes(head[_APPLICATION_AT : _APPLICATION_AT + 4], "big")
    if len(head) == _HEADER and application not in (APPLICATION_ID, 0):
        raise InputError("is a database of something else", where=path, expected="a gallery such as people.db")


def _make_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not path.is_file():
            raise OutputError("is not a file", where=path, expected="a gallery such as people.db") from None
    except OSError as error:
        raise OutputError("cannot be made", where=path, hint=error.strerror) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _retry_while_busy(prepare: Callable[[], None]) -> None:
    """Try until nobody is in the way: SQLite does not wait by itself where two turn on the write-ahead log at once."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            prepare()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _prepare(connection: sqlite3.Connection, path: Path, *, make: bool) -> None:
    """Refuse what is no gallery, before anything is changed in it; make or migrate what is."""
    connection.execute("BEGIN")  # of one moment: another process may be making it
    try:
        version = _version(connection, path)
        check_schema(connection, path, MIGRATIONS[:version])
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    if version == len(MIGRATIONS):
        check_rows(connection, path)
    else:
        if not make and not _pragma(connection, "application_id"):
            raise InputError("is empty", where=path, expected="a gallery", hint="`reidtrack enroll` makes one")
        connection.execute(f"PRAGMA page_size = {_PAGE}")  # of a file that is still empty
        connection.execute("PRAGMA journal_mode = WAL")
        with writing(connection):
            for script in MIGRATIONS[_version(connection, path) :]:  # another process may have been faster
                for statement in script.split(";"):
                    connection.execute(statement)
            check_rows(connection, path)  # an older file is looked at too, before the change is kept
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise InputError("is a database of something else", where=path, expected="a gallery such as people.db")
    version = _pragma(connection, "user_version")
    if version < 0:
        raise InputError(f"has schema version {version}", where=path, expected=f"0 to {len(MIGRATIONS)}")
    if version > len(MIGRATIONS):
        raise InputError(f"has schema version {version}", where=path, hint="a newer reidtrack made it: update this one")
    return version


def _pragma(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def _sign(connection: sqlite3.Connection, path: Path, signature: Signature, *, make: bool) -> None:
    if make:
        with writing(connection):
            rows = signature._asdict().items()
            connection.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", rows)
    there = dict(connection.execute("SELECT key, value FROM meta"))
    if there.get("sha256", signature.sha256) != signature.sha256:
        raise WeightsError(
            f"its features were made by other re-ID weights, sha256 {there['sha256'][:12]}...",
            where=path,
            expected=f"{signature.sha256[:12]}...",
            hint=f"give another gallery, or {param('reid')} with the weights that made it",
        )
    if there.get("preprocessing", signature.preprocessing) != signature.preprocessing:
        raise WeightsError(
            "its features were made from pictures that were prepared otherwise",
            where=path,
            expected=signature.preprocessing,
            hint="enrol again, into another file",
        )
