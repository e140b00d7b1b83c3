"""What a gallery's file must hold before anything in it is believed or changed: our tables, and values that can be.

The file is one that people copy, edit with other programs, and are sent; a trigger in it would run with our changes.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reidtrack.errors import InputError
from reidtrack.types import DoubleArray, FloatArray

_FIRST_UTC, _LAST_UTC = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the years 1 and 9999, which dates can say."""
_MOST_TEXT = 4096
"""Characters of a name, a key or a path; no system has longer paths."""
_LEAST_FEATURE, _MOST_FEATURE = 1e-9, 1e6
"""Size of a feature's largest number; means of networks' outputs lie between 0.01 and 100."""
_MOST_WEIGHT = 1e9
_HINT = "put a copy in its place, or enrol into a new file"

_SHORT = "typeof({0}) != 'text' OR length({0}) > {1} OR instr({0}, char(0))"
_ROWS = {
    "meta": ("odd text", " OR ".join(_SHORT.format(column, _MOST_TEXT) for column in ("key", "value"))),
    "person": (
        "an odd key, name or date",
        f"{_SHORT.format('key', _MOST_TEXT)} OR (name IS NOT NULL AND ({_SHORT.format('name', _MOST_TEXT)}))"
        + "".join(f" OR ({day} IS NOT NULL AND date({day}) IS NOT {day})" for day in ("consent", "until")),
    ),
    "source": (
        "an odd key, kind or path",
        f"{_SHORT.format('key', _MOST_TEXT)} OR {_SHORT.format('path', _MOST_TEXT)} OR kind NOT IN ('run', 'photo')",
    ),
    "place": (
        "an odd camera",
        f"{_SHORT.format('camera', _MOST_TEXT)} OR source NOT IN (SELECT id FROM source)",
    ),
    "view": (
        "an odd weight, time, list of tracks or feature, or nobody whom it shows",
        f"typeof(weight) NOT IN ('real', 'integer') OR NOT weight BETWEEN 1e-12 AND {_MOST_WEIGHT} "
        + "".join(
            f"OR typeof({time}) NOT IN ('real', 'integer') OR NOT {time} BETWEEN {_FIRST_UTC} AND {_LAST_UTC} "
            for time in ("first_utc", "last_utc")
        )
        + "OR typeof(tracks) != 'text' OR NOT json_valid(tracks) OR json_type(tracks) != 'array' "
        "OR EXISTS (SELECT 1 FROM json_each(tracks) WHERE type != 'integer') "
        "OR typeof(feature) != 'blob' OR length(feature) % 4 OR length(feature) = 0 "
        "OR length(feature) != (SELECT length(feature) FROM view LIMIT 1) "
        "OR person NOT IN (SELECT id FROM person) OR place NOT IN (SELECT id FROM place)",
    ),
}
"""What is wrong with a row of each table, in words and for SQLite."""


def check_schema(connection: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Refuse tables, indices, views and triggers that are not those of a gallery, before anything is changed.

    Args:
        connection: To the file, whose version is known.
        path: The file.
        migrations: The steps that its version says it has taken.

    Raises:
        InputError: If something is there that no gallery has, or lacks, or is made otherwise.
    """
    with contextlib.closing(sqlite3.connect(":memory:")) as fresh:
        for script in migrations:
            fresh.executescript(script)
        wanted, found = _schema(fresh), _schema(connection)
    for kind, name in [*found, *wanted]:
        if found.get((kind, name)) != wanted.get((kind, name)):
            state = "lacks" if (kind, name) not in found else "has"
            odd = "another" if state == "has" and (kind, name) in wanted else "an" if kind == "index" else "a"
            said = f"{state} {odd} {kind} {name[:60]!r}"
            raise InputError(said, where=path, expected="the tables of a gallery, and nothing else", hint=_HINT)


def _schema(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Kind and name of everything that was made, to how; SQLite's own tables and indices are left out."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'")
    return {(str(kind), str(name)): " ".join(str(sql).split()) for kind, name, sql in rows}


def check_rows(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse values that no gallery has: text for numbers, times beyond all years, features of several lengths.

    Raises:
        InputError: Naming the first such row.
    """
    for table, (words, condition) in _ROWS.items():
        row = "key" if table == "meta" else "rowid"
        odd = connection.execute(f"SELECT {row} FROM {table} WHERE {condition} LIMIT 1").fetchone()
        if odd is not None:
            raise InputError(f"is damaged: {table} {str(odd[0])[:60]} has {words}", where=path, hint=_HINT)


def check_features(view: Sequence[int], feature: FloatArray, path: Path) -> None:
    """Refuse features that are not finite, or nothing.

    Args:
        view: Ids of the views.
        feature: (V, D) theirs.
        path: The file.

    Raises:
        InputError: Naming the first such view.
    """
    largest: DoubleArray = np.abs(feature).max(axis=1, initial=0)
    odd = np.flatnonzero(~((largest >= _LEAST_FEATURE) & (largest <= _MOST_FEATURE)))  # NaN is neither
    if odd.size:
        what = f"is damaged: the feature of view {view[odd[0]]} holds no number, all zeros or far too large ones"
        raise InputError(what, where=path, hint=_HINT)
