"""Your own images: a CSV table of path, person and camera."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from reidtrack.datasets.readers.folder import Named, dataset_of
from reidtrack.datasets.record import SPLITS, ReidDataset, SplitName, counted
from reidtrack.errors import InputError

_COLUMNS = {
    "path": ("path", "image", "image_path", "file", "filename"),
    "person": ("person", "person_id", "pid", "identity", "id", "label"),
    "camera": ("camera", "camera_id", "cam", "camid", "cam_id"),
    "split": ("split", "set", "subset"),
    "sequence": ("sequence",),
    "frame": ("frame",),
}
_EXPECTED = "columns path, person and, where known, camera, split (train, query, gallery), sequence, frame"


def load_csv(root: Path) -> ReidDataset:
    """Read a table with a header.

    Paths count from the table's folder. Without a column `split` every image is a training image; without `camera`, or
    where it is empty, the camera is unknown.

    Args:
        root: The table, or a folder with exactly one.

    Raises:
        InputError: If it is absent, lacks a column, or none of its images is there.
    """
    path = _table(root)
    found: dict[SplitName, list[Named]] = {split: [] for split in SPLITS}
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
    """Line number and cells by column, blank rows left out."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read as a table", where=path, expected="CSV in UTF-8") from error
    lines = text.splitlines()
    dialect = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    reader = csv.reader(lines, delimiter=dialect)
    header = [cell.strip().lower() for cell in next(reader, [])]
    places = {
        column: next((header.index(name) for name in names if name in header), None)
        for column, names in _COLUMNS.items()
    }
    missing = [column for column in ("path", "person") if places[column] is None]
    if missing:
        raise InputError(f"no column {' and no column '.join(missing)}", where=path, expected=_EXPECTED)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield (
                reader.line_num,
                {c: cells[at].strip() if at is not None and at < len(cells) else "" for c, at in places.items()},
            )


def _image(table: Path, number: int, row: Mapping[str, str]) -> tuple[SplitName, Named]:
    where = f"{table}:{number}"
    if not row["path"] or not row["person"]:
        raise InputError("no path or no person", where=where, expected=_EXPECTED)
    split = row["split"].lower() or "train"
    if split not in SPLITS:
        raise InputError(f"no split {row['split']!r}", where=where, expected=", ".join(SPLITS))
    numbers = [_number(row[column], where) for column in ("sequence", "frame")]
    image = Named(table.parent / row["path"], row["person"], row["camera"], *numbers)
    return next(name for name in SPLITS if name == split), image


def _number(text: str, where: str) -> int | None:
    if not text:
        return None
    if not text.lstrip("-").isdigit():
        raise InputError(f"{text!r} is no whole number", where=where, expected="sequence and frame as whole numbers")
    return int(text)
