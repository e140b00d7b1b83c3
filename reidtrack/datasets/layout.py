"""Helpers that the readers of data sets share: finding folders, listing images, comparing counts."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from reidtrack.datasets.record import JUNK_ID, SPLITS, ReidDataset, Sample, SplitName, counted
from reidtrack.errors import InputError
from reidtrack.image import IMAGE_SUFFIXES, left_out
from reidtrack.plain_file import read_plain_text

_DEPTH = 3
MOST_LIST_BYTES = 1 << 26
"""Of a list: that of MSMT17's gallery has 5 MB."""
logger = logging.getLogger(__name__)


def find_root(root: Path, wanted: Collection[str], *, name: str, expected: str) -> Path:
    """Find the folder at or below `root` that has any of the `wanted` entries, at most three levels down.

    Raises:
        InputError: If there is none.
    """
    for folder in find_roots(root, wanted):
        return folder
    found = ", ".join(child.name for child in folders(root)[:5]) if root.is_dir() else "a file"
    raise InputError(f"not {name}", where=root, expected=expected, hint=f"found {found or 'no folders'}")


def find_roots(root: Path, wanted: Collection[str]) -> Iterator[Path]:
    """Iterate over the folders at or below `root` that have any of the `wanted` entries, the nearest first."""
    return (folder for folder in below(root) if any((folder / entry).exists() for entry in wanted))


def find_file(root: Path, name: str) -> Path | None:
    """Find the file of that name at or below `root`, at most three levels down; `root` itself where it is the file."""
    if root.is_file():
        return root if root.name == name else None
    return next((folder / name for folder in below(root) if (folder / name).is_file()), None)


def below(root: Path) -> Iterator[Path]:
    """Iterate over a folder and those below it, three levels, level by level."""
    level = [root] if root.is_dir() else []
    for _ in range(_DEPTH):
        yield from level
        level = [child for folder in level for child in folders(folder)]


def folders(folder: Path) -> list[Path]:
    """List visible folders directly in a folder, sorted by name; none where it may not be read."""
    try:
        entries = list(os.scandir(folder))
    except PermissionError:
        return []
    return sorted(Path(e.path) for e in entries if e.is_dir() and not e.name.startswith((".", "__MACOSX")))


def images(folder: Path, *, deep: bool = False) -> list[Path]:
    """List visible image files directly in a folder (`deep`: below it too), sorted; none where there is no folder."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        found = [e for e in entries if not e.name.startswith(".")]
    unread = left_out(e.name for e in found)
    if unread:
        logger.warning("%s: %s", folder, unread)
    paths = [Path(e.path) for e in found if os.path.splitext(e.name)[1].lower() in IMAGE_SUFFIXES and e.is_file()]  # noqa: PTH122
    if deep:
        paths += [path for e in found if e.is_dir() for path in images(Path(e.path), deep=True)]
    return sorted(paths)


def read_list(path: Path) -> list[str]:
    """Lines of a data set's list, a text file of a few megabytes.

    Raises:
        InputError: If it cannot be read, is larger than `MOST_LIST_BYTES`, or is no text.
    """
    try:
        return read_plain_text(path, MOST_LIST_BYTES, "utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path, expected="a list of images") from error
    except UnicodeDecodeError as error:
        raise InputError("is no text", where=path, expected="a list of images in UTF-8") from error


def load_folders(
    name: str,
    root: Path,
    split_folders: Mapping[SplitName, str],
    parse: Callable[[Path], Sample | None],
    published: Mapping[SplitName, tuple[int, int]],
) -> ReidDataset:
    """Read a data set with one folder for each split, whose file names tell person and camera.

    Args:
        name: Of the data set.
        root: Its folder, or one that contains it, also beside others of the same layout.
        split_folders: Folder of each split.
        parse: Makes a sample of a file, or None where the name does not fit.
        published: As in `compare_counts`.

    Raises:
        InputError: If this is another folder, or it holds no such file.
    """
    expected = f"folders {', '.join(split_folders.values())}"
    wanted = (split_folders["train"], split_folders["gallery"])
    find_root(root, wanted, name=name, expected=expected)
    refused: InputError | None = None
    for home in find_roots(root, wanted):
        train, query, gallery = (parse_folder(home / split_folders[split], parse) for split in SPLITS)
        dataset = ReidDataset(name, train[0], query[0], gallery[0])
        odd = (*train[1], *query[1], *gallery[1])
        if dataset.samples:
            return dataset.with_notes(
                *missing_splits(dataset, split_folders), *odd, *compare_counts(dataset, published)
            )
        hint = odd[0] if odd else None
        refused = refused or InputError(f"no images of {name}", where=home, hint=hint, expected=expected)
    assert refused is not None  # find_root found one
    raise refused


def parse_folder(folder: Path, parse: Callable[[Path], Sample | None]) -> tuple[tuple[Sample, ...], list[str]]:
    """Make samples of a folder's images by their names.

    Returns:
        The samples, sorted by name, and a note about files whose names do not tell person and camera.
    """
    paths = images(folder)
    parsed = [parse(path) for path in paths]
    odd = [path.name for path, sample in zip(paths, parsed, strict=True) if sample is None]
    notes = [f"{folder.name}: {counted(len(odd), 'file')} left out by their names, such as {odd[0]}"] if odd else []
    return tuple(sample for sample in parsed if sample is not None), notes


def missing_splits(dataset: ReidDataset, split_folders: Mapping[SplitName, str]) -> list[str]:
    """Note about splits without an image, with the folders they were looked for in; none where all have some."""
    absent = [split for split in SPLITS if not dataset.split(split)]
    if not absent:
        return []
    looked = ", ".join(split_folders[split] for split in absent if split in split_folders)
    verb = "is" if len(absent) == 1 else "are"
    return [f"{' and '.join(absent)} {verb} missing (looked for {looked})"]


def compare_counts(dataset: ReidDataset, published: Mapping[SplitName, tuple[int, int]]) -> list[str]:
    """Notes about splits whose counts differ from the published ones.

    Args:
        dataset: What was found; empty splits are passed over.
        published: Numbers of images and persons of each split (junk not counted as a person).
    """
    notes = []
    for split, (images_published, people_published) in published.items():
        samples = dataset.split(split)
        if not samples:
            continue
        people = count_people(samples)
        if (len(samples), people) != (images_published, people_published):
            notes.append(
                f"{split}: {len(samples):,} images of {people:,} persons,"
                f" published {images_published:,} of {people_published:,}: not the whole data set"
            )
    return notes


def count_people(samples: Iterable[Sample]) -> int:
    """Number of persons, junk left out."""
    return len({sample.person_id for sample in samples} - {JUNK_ID})


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorting key under which `p2` comes before `p10`."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text) if part]
