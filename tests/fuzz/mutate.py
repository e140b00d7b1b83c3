"""How good material is made odd: values at the edge in JSON, tokens in text, bits in bytes, cells in a database.

A mutation is plain data that hypothesis draws and shrinks; applying it needs no chance.
"""

from __future__ import annotations

import copy
import sqlite3
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

PARENT = "@PARENT@"
"""Stands in values for the folder around the one that a command is given: nothing may be written there."""

NUMBERS: list[Any] = [0, 1, -1, 0.5, -0.0, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400, 1e300, -1e308, 1e-320]
NUMBERS += [float("inf"), float("-inf"), float("nan")]
TEXTS = [
    "",
    " ",
    "auto",
    "left",
    "no such",
    "x" * 300,
    "../../x",
    f"{PARENT}/escape",
    "a/b",
    "..",
    "a\nb",
    "\x1b[31mred",
]
TEXTS += [
    "\0",
    "²",
    "--5",
    "1e400",
    "NaN",
    "null",
    "\ud800",
    "é\u202e",
    "\u2028",
    "%s{0}",
    "[bold]",
    "2024-13-45",
    "0x10",
]
VALUES: list[Any] = [
    *NUMBERS,
    *TEXTS,
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [1, 2, 3, 4],
    {"a": {"b": []}},
]

TOKENS = [
    "",
    ",",
    ":",
    "\n",
    "\t",
    "-1",
    "0",
    "1e308",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "²",
    "--5",
    '"',
    "'",
    "{",
    "[",
    "]",
    "}",
]
TOKENS += [
    "&a",
    "*a",
    "!!python/object:os.system",
    "? ",
    "- ",
    "  ",
    "|",
    ">",
    "%YAML 9.9\n",
    "---\n",
    "#",
    "null",
    "~",
    "2024-13-45",
]
TOKENS += [
    "\ufeff",
    "\r",
    "\0",
    "\x1b]0;x\x07",
    "\u2028",
    "é",
    "99999999999999999999",
    "0x",
    "true",
    ";",
    "\\",
    f"{PARENT}/escape",
]

Step = tuple[Any, ...]
share = st.floats(0, 1, exclude_max=True, allow_nan=False)


def json_steps(most: int = 3) -> st.SearchStrategy[list[Step]]:
    """Which values of a document change, and to what."""
    kinds = st.sampled_from(["replace", "replace", "replace", "delete", "double", "rename"])
    return st.lists(st.tuples(kinds, st.integers(0, 1 << 16), st.sampled_from(VALUES)), min_size=1, max_size=most)


def change_json(document: Any, steps: list[Step], parent: Path) -> Any:
    """The document with each step done at the value that its number chooses; a number chooses shallow ones oftener."""
    document = copy.deepcopy(document)
    for kind, number, value in steps:
        places = _places(document)
        if not places:
            return fill(value, parent)
        shallow = [place for place in places if place[2] <= 3]
        container, key, _ = (shallow if number % 2 and shallow else places)[number // 2 % len(shallow or places)]
        if kind == "replace":
            container[key] = fill(copy.deepcopy(value), parent)
        elif kind == "delete":
            del container[key]
        elif isinstance(container, list):
            container.insert(key, copy.deepcopy(container[key]))
        else:
            container[str(fill(value, parent))] = container.pop(key) if kind == "rename" else container[key]
    return document


def _places(document: Any, depth: int = 1) -> list[tuple[Any, Any, int]]:
    keys = document.keys() if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    found = []
    for key in keys:
        found += [(document, key, depth), *_places(document[key], depth + 1)]
    return found


def fill(value: Any, parent: Path) -> Any:
    """A value with the folder in place of its mark."""
    return value.replace(PARENT, str(parent)) if isinstance(value, str) else value


def text_steps(most: int = 4) -> st.SearchStrategy[list[Step]]:
    """Where a text changes, and how."""
    kinds = st.sampled_from(["insert", "word", "word", "delete", "repeat", "cut"])
    return st.lists(st.tuples(kinds, share, st.integers(1, 40), st.sampled_from(TOKENS)), min_size=1, max_size=most)


def change_text(text: str, steps: list[Step], parent: Path) -> str:
    """The text with each step done."""
    for kind, where, length, token in steps:
        at = int(where * len(text))
        token = fill(token, parent)
        if kind == "insert":
            text = text[:at] + token + text[at:]
        elif kind == "delete":
            text = text[:at] + text[at + length :]
        elif kind == "repeat":
            text = text[: at + length] + text[at : at + length] * 3 + text[at + length :]
        elif kind == "cut":
            text = text[:at] if at > len(text) // 2 else text[at:]
        else:  # a word, from separator to separator
            start, end = at, at
            while start > 0 and text[start - 1] not in " ,:\n[]{}\"'=":
                start -= 1
            while end < len(text) and text[end] not in " ,:\n[]{}\"'=":
                end += 1
            text = text[:start] + token + text[end:]
    return text


def byte_steps(most: int = 6) -> st.SearchStrategy[list[Step]]:
    """Where bytes change, and how."""
    kinds = st.sampled_from(["flip", "flip", "head", "set", "zero", "delete", "repeat", "cut"])
    return st.lists(st.tuples(kinds, share, st.integers(1, 255)), min_size=1, max_size=most)


def change_bytes(data: bytes, steps: list[Step]) -> bytes:
    """The bytes with each step done; `head` changes one of the first hundred."""
    changed = bytearray(data)
    for kind, where, number in steps:
        if not changed:
            break
        at = int(where * len(changed))
        if kind == "head":
            changed[int(where * min(100, len(changed)))] = number
        elif kind == "flip":
            changed[at] ^= number
        elif kind == "set":
            changed[at : at + 4] = bytes([number]) * 4
        elif kind == "zero":
            changed[at : at + number] = bytes(len(changed[at : at + number]))
        elif kind == "delete":
            del changed[at : at + number]
        elif kind == "repeat":
            changed[at:at] = changed[at : at + number]
        else:
            del changed[at:]
    return bytes(changed)


CELLS: list[Any] = [
    None,
    "",
    "x",
    "é\n\x1b[1m",
    0,
    1,
    -1,
    2**62,
    1e300,
    float("inf"),
    -1e308,
    b"",
    b"\0" * 64,
    b"\xff" * 2048,
    "[1]",
    "1e400",
]


def cell_steps() -> st.SearchStrategy[list[Step]]:
    """Which cells of a database change, and to what; now and then its tables."""
    kinds = st.sampled_from(["cell", "cell", "cell", "cell", "column", "delete", "drop", "pragma"])
    return st.lists(st.tuples(kinds, st.integers(0, 1 << 16), st.sampled_from(CELLS)), min_size=1, max_size=3)


def change_cells(path: Path, steps: list[Step]) -> None:
    """Do each step to an SQLite file; what SQLite itself refuses is left out."""
    for kind, number, value in steps:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            tables = sorted(row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
            tables = [table for table in tables if not table.startswith("sqlite_")]
            table = tables[number % len(tables)]
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            column = columns[number // 8 % len(columns)]
            if kind == "drop":
                connection.execute(f"DROP TABLE {table}")
            elif kind == "pragma":
                pragma = ("user_version", "application_id")[number % 2]
                connection.execute(f"PRAGMA {pragma} = {value if isinstance(value, int) else 77}")
            elif kind == "column":
                connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (value,))
            else:
                count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                key = connection.execute(
                    f"SELECT {columns[0]} FROM {table} LIMIT 1 OFFSET ?", (number // 64 % max(count, 1),)
                ).fetchone()
                if key is not None and kind == "delete":
                    connection.execute(f"DELETE FROM {table} WHERE {columns[0]} = ?", key)
                elif key is not None:
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {columns[0]} = ?", (value, *key))
        except (sqlite3.Error, ZeroDivisionError):
            continue
        finally:
            connection.close()
