"""CUHK03 as plain image files: cut out of the official file, or flat in `archive` beside `pairs.csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from reidtrack.datasets.layout import below, find_file, images, read_list
from reidtrack.datasets.record import Sample
from reidtrack.errors import InputError

_PAIR_FIRST = (0, 843, 1283, 1360, 1418)
"""Persons before each camera pair's: the five pairs saw 843, 440, 77, 58 and 49."""

_CUT_OUT = re.compile(r"(?P<pair>[1-5])_(?P<person>\d{3})_(?P<view>[12])_\d{2}\.\w+")
_WITH_CAMERA = re.compile(r"(?P<person>\d{3,5})_c(?:am)?(?P<view>[12])(?:_\d+)?\.\w+")
_TEN_IMAGES = re.compile(r"(?P<person>\d{3,5})_(?P<image>0?\d)\.\w+")
_CUT_OUT_FOLDERS = ("images_{boxes}", "{boxes}")
_NAMES = "1_001_1_01.png (camera pair, person, view, image), 0001_c1_01.jpg or 0001_00.jpg (images 0 to 4: view 1)"


def person_number(pair: int, person: int) -> int:
    """Id of a person from 1 to 1,467, as in the new protocol's files.

    Args:
        pair: Camera pair from 1 to 5.
        person: Number within the pair, from 1.
    """
    return _PAIR_FIRST[pair - 1] + person


def find_cut_out(root: Path, boxes: str) -> Path | None:
    """Find the folder of images cut out of the official file, `images_detected` or `detected`, with its names."""
    names = {name.format(boxes=boxes) for name in _CUT_OUT_FOLDERS}
    for folder in below(root):
        if folder.name in names and any(_CUT_OUT.fullmatch(path.name) for path in images(folder)[:20]):
            return folder
    return None


def read_cut_out(folder: Path) -> tuple[Sample, ...]:
    """Read a folder of images that are named as in the official file."""
    return tuple(sample for path in images(folder) if (sample := parse_cuhk03(path)) is not None)


def parse_cuhk03(path: Path) -> Sample | None:
    """Person and view of a file's name, in any of the three ways CUHK03's images are named; None for another name."""
    if found := _CUT_OUT.fullmatch(path.name):
        return Sample(path, person_number(int(found["pair"]), int(found["person"])), int(found["view"]))
    if found := _WITH_CAMERA.fullmatch(path.name):
        return Sample(path, int(found["person"]), int(found["view"]))
    if found := _TEN_IMAGES.fullmatch(path.name):
        return Sample(path, int(found["person"]), 1 if int(found["image"]) < 5 else 2)
    return None


def read_flat(root: Path) -> tuple[Sample, ...]:
    """Read the images of the folder `archive`, or of `root` where there is none.

    `pairs.csv` lists pairs of file names, same person or not. It is held against the names of the files, which say
    who a person is.

    Raises:
        InputError: If there are no images of CUHK03, or `pairs.csv` contradicts their names.
    """
    pairs = find_file(root, "pairs.csv")
    home = pairs.parent if pairs else root
    folder = home / "archive" if (home / "archive").is_dir() else home
    samples = tuple(sample for path in images(folder, deep=True) if (sample := parse_cuhk03(path)) is not None)
    if not samples:
        raise InputError("not CUHK03", where=root, expected=f"cuhk-03.mat, or images named {_NAMES}")
    if pairs is not None:
        _check_pairs(pairs, samples)
    return samples


def _check_pairs(path: Path, samples: tuple[Sample, ...]) -> None:
    """Compare the labels of `pairs.csv` with the persons of the file names."""
    person = {sample.path.name: sample.person_id for sample in samples}
    for number, row in _rows(path):
        names = [Path(cell.replace("\\", "/")).name for cell in row]
        known = [person[name] for name in names if name in person]
        label = row[-1].strip().lower() if row else ""
        if len(known) != 2 or label not in ("0", "1", "true", "false"):
            continue
        if (known[0] == known[1]) != (label in ("1", "true")):
            said = "one person" if label in ("1", "true") else "two persons"
            raise InputError(f"calls {names[0]} and {names[1]} {said}, their names do not", where=f"{path}:{number}")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number, from 1, and cells of each row of a table."""
    try:
        yield from enumerate(csv.reader(read_list(path)), start=1)
    except csv.Error as error:
        raise InputError(f"is no table: {error}", where=path, expected="pairs of file names") from error
