"""Images of your own: a CSV table of path, person and camera."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reidtrack.datasets.readers.folder import NamedImage, dataset_of
from reidtrack.datasets.record import SPLITS, ReidDataset, SplitName, counted
from reidtrack.errors import InputError
from reidtrack.plain_file import read_plain

_COLUMNS = {
    "path": ("path", "image", "image_path", "file", "filename"),
    "person": ("person", "person_id", "pid", "identity", "id", "label"),
    "camera": ("camera", "camera_id", "cam", "camid", "cam_id"),
    "split": ("split", "set", "subset"),
    "sequence": ("sequence",),
    "frame": ("frame",),
}
_MISSING = frozenset({"nan", "na", "n/a", "<na>", "null", "none"})
"""Words of spreadsheets and pandas for a cell without a value."""
_EXPECTED = "columns path, person and, where known, camera, split (train, query, gallery), sequence, frame"


def load_csv(root: Path) -> ReidDataset:
    """Read a table with a header.

    Tables as Excel and pandas write them are read too: separated by semicolons or tabs, in UTF-16 or Windows' own
    encoding, with backslashes in paths, missing values written as `nan` and whole numbers as `12.0`.

    Paths count from the table's folder. Without a column `split` every image is a training image; without `camera`, or
    where it is empty, the camera is unknown.

    Args:
        root: The table, or a folder with exactly one.

    Raises:
        InputError: If it is absent, lacks a column, or none of its images is there.
    """
    path = _table(root)
    found: dict[SplitName, list[NamedImage]] = {split: [] for split in SPLITS}
    absent: list[Path] = []
    for number, row in _rows(path):
        split, image = _image(path, number, row)
        if image.path.is_file():
            found[split].append(image)
        else:
            absent.append(image.path)
    if not any(found.values()):
        what = (
            f"none of its {counted(len(absent), 'image')} is there, such as {absent[0]}"
            if absent
            else "no images listed"
        )
        raise InputError(what, where=path, expected="paths from the table's folder")
    dataset = dataset_of(path.stem, found)
    return dataset.with_notes(f"{counted(len(absent), 'image')} missing, such as {absent[0]}") if absent else dataset


def _table(root: Path) -> Path:
    if not root.is_dir():
        return root
    tables = sorted(root.glob("*.csv"))
    if len(tables) != 1:
        found = ", ".join(table.name for table in tables[:5]) or "none"
        raise InputError(
            "not exactly one table", where=root, expected="one .csv file, or its path", hint=f"found {found}"
        )
    return tables[0]


def _rows(path: Path) -> Iterable[tuple[int, Mapping[str, str]]]:
    """Iterate over line number and cells by column, blank rows left out."""
    lines = _text(path).splitlines()
    named = re.fullmatch(r"sep=(.)", lines[0].strip()) if lines else None  # Excel's own first line
    lines = lines[1:] if named else lines
    separator = named[1] if named else max(",;\t", key=lines[0].count) if lines else ","
    reader = csv.reader(lines, delimiter=separator)
    header = [cell.strip().lower() for cell in next(reader, [])]
    position = {
        column: next((header.index(name) for name in names if name in header), None)
        for column, names in _COLUMNS.items()
    }
    missing = [column for column in ("path", "person") if position[column] is None]
    if missing:
        raise InputError(f"no column {' and no column '.join(missing)}", where=path, expected=_EXPECTED)
    for number, cells in _cells(reader, path):
        if any(cells):
            yield (
                number + bool(named),
                {c: cells[at] if at is not None and at < len(cells) else "" for c, at in position.items()},
            )


def _text(path: Path) -> str:
    """The text of a table in UTF-8, UTF-16 with its mark, or Windows' Western encoding."""
    try:
        data = read_plain(path)
    except OSError as error:
        raise InputError("cannot be read as a table", where=path, hint=error.strerror) from error
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError("cannot be read as a table", where=path, expected="CSV in UTF-8")


def _cells(reader: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number, counted from the header, and cells, empty where a word stands for a missing value."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"{path}:{reader.line_num}"
            raise InputError(f"is no table: {error}", where=where, expected=_EXPECTED) from error
        stripped = (cell.strip() for cell in cells)
        yield reader.line_num, ["" if cell.lower() in _MISSING else cell for cell in stripped]


def _image(table: Path, number: int, row: Mapping[str, str]) -> tuple[SplitName, NamedImage]:
    where = f"{table}:{number}"
    if not row["path"] or not row["person"]:
        raise InputError("no path or no person", where=where, expected=_EXPECTED)
    split = row["split"].lower() or "train"
    if split not in SPLITS:
        raise InputError(f"no split {row['split']!r}", where=where, expected=", ".join(SPLITS))
    numbers = [_number(row[column], where) for column in ("sequence", "frame")]
    person, camera = _whole(row["person"]), _whole(row["camera"])
    image = NamedImage(_file(table.parent, row["path"]), person, camera, *numbers)
    return next(name for name in SPLITS if name == split), image


def _file(folder: Path, name: str) -> Path:
    """The file that a cell names, with Windows' separators or this machine's."""
    path = folder / name
    return path if "\\" not in name or path.is_file() else folder / name.replace("\\", "/")


def _whole(label: str) -> str:
    """A label that pandas made a decimal of, since the column has gaps, as the whole number it was."""
    return re.sub(r"(?<=\d)\.0+", "", label) if re.fullmatch(r"\d+\.0+", label, re.ASCII) else label


def _number(text: str, where: str) -> int | None:
    if not text:
        return None
    whole = _whole(text)
    if not re.fullmatch(r"-?\d{1,15}", whole, re.ASCII):
        raise InputError(f"{text!r} is no whole number", where=where, expected="sequence and frame as whole numbers")
    return int(whole)
