"""MSMT17 (Wei et al., Person Transfer GAN to Bridge Domain Gap, CVPR 2018; arXiv 1711.08565)."""

from __future__ import annotations

import re
from pathlib import Path

from reidtrack.datasets.layout import compare_counts, find_root, images, read_list
from reidtrack.datasets.record import ReidDataset, Sample, SplitName, counted
from reidtrack.errors import InputError

PUBLISHED: dict[SplitName, tuple[int, int]] = {
    "train": (32_621, 1_041),
    "query": (11_659, 3_060),
    "gallery": (82_161, 3_060),
}
"""Images and persons; training and validation together, as published figures train."""

TRAIN_PEOPLE = 1_041
_LISTS: dict[SplitName, tuple[str, ...]] = {
    "train": ("list_train.txt", "list_val.txt"),
    "query": ("list_query.txt",),
    "gallery": ("list_gallery.txt",),
}
_FOLDERS = {True: ("train", "mask_train_v2"), False: ("test", "mask_test_v2")}
_NAME = re.compile(r"\d+_\d+_(?P<camera>\d{1,9})_.+", re.ASCII)


def load_msmt17(root: Path) -> ReidDataset:
    """Read `MSMT17_V1` or `MSMT17_V2` by its four lists.

    Ids start at 0 in training and again at 0 in the test; those of the test are raised by 1,041 here, so that an id is
    one person.

    Args:
        root: The data set's folder, or one that contains it.

    Raises:
        InputError: If this is another folder, or a list is damaged.
    """
    every = [name for names in _LISTS.values() for name in names]
    home = find_root(root, every, name="MSMT17", expected=f"{', '.join(every)}, train and test")
    notes: list[str] = []
    splits = {split: _read_split(home, names, split == "train", notes) for split, names in _LISTS.items()}
    dataset = ReidDataset("msmt17", splits["train"], splits["query"], splits["gallery"], tuple(notes))
    if not dataset.samples:
        raise InputError("none of the listed images is there", where=home, expected="folders train and test")
    return dataset.with_notes(*compare_counts(dataset, PUBLISHED))


def _read_split(home: Path, names: tuple[str, ...], training: bool, notes: list[str]) -> tuple[Sample, ...]:
    folder = next((home / name for name in _FOLDERS[training] if (home / name).is_dir()), home / _FOLDERS[training][0])
    present = {path.relative_to(folder).as_posix() for path in images(folder, deep=True)}
    samples, absent = [], []
    for name in names:
        if not (home / name).is_file():
            notes.append(f"{name} is missing")
            continue
        for file, person, camera in _read_list(home / name):
            if file in present:
                samples.append(Sample(folder / file, person + (0 if training else TRAIN_PEOPLE), camera))
            else:
                absent.append(file)
    if absent:
        notes.append(
            f"{folder.name}: {counted(len(absent), 'image')} of {', '.join(names)} missing, such as {absent[0]}"
        )
    return tuple(samples)


def _read_list(path: Path) -> list[tuple[str, int, int]]:
    """Relative path, person and camera of each line."""
    rows = []
    for number, line in enumerate(read_list(path), start=1):
        if not line.strip():
            continue
        file, _, person = line.strip().rpartition(" ")
        found = _NAME.fullmatch(file.rpartition("/")[2])
        if found is None or not re.fullmatch(r"\d{1,9}", person, re.ASCII):
            raise InputError(
                f"cannot be read as a line of MSMT17's lists: {line[:60]!r}",
                where=f"{path}:{number}",
                expected="0000/0000_000_01_0303morning_0015_0.jpg 0",
            )
        rows.append((file.strip(), int(person), int(found["camera"])))
    return rows
