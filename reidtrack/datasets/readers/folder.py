"""Images of your own: a folder for each person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reidtrack.datasets.layout import folders, images, natural_key
from reidtrack.datasets.record import SPLITS, UNKNOWN_CAMERA, ReidDataset, Sample, SplitName, counted
from reidtrack.errors import InputError

_CAMERA = re.compile(r"(?:^|[_\-. ])c(?:am(?:era)?)?[_-]?(\d+)(?=s\d|[_\-. ]|$)", re.IGNORECASE)
_MOST_WRAPPINGS = 3
_TRAIN_ALL, _VAL = "train_all", "val"
_SPLIT_FOLDERS = (*SPLITS, _TRAIN_ALL)
_LAYOUT = "PERSON/*.jpg, PERSON/CAMERA/*.jpg, or the same below train, query and gallery"


@dataclass(frozen=True, slots=True)
class NamedImage:
    """An image with the names of its person and camera; an empty name is an unknown camera."""

    path: Path
    person: str
    camera: str
    sequence: int | None = None
    frame: int | None = None


def load_folder(root: Path) -> ReidDataset:
    """Read `PERSON/*.jpg`, `PERSON/CAMERA/*.jpg`, or either below `train`, `query` and `gallery`.

    Beside them, or in place of `train`, there may be `train_all` and `val` as layumi's preparation makes them
    (Person_reID_baseline_pytorch, `prepare.py`).

    Without folders of cameras, a camera is looked for in the files' names: `_c3_`, `-cam03`, `camera_3.`. Where none is
    found the camera is unknown.

    Args:
        root: The folder.

    Raises:
        InputError: If it holds no images in folders.
    """
    name = root.resolve().name
    root = _unwrapped(root)
    found = {split: _people(root / split) for split in SPLITS}
    found["train"], notes = _training(root, found["train"])
    if not any(found.values()):
        found["train"] = _people(root)
    if not any(found.values()):
        loose = images(root)
        hint = "images lie directly in it: move each person's into a folder of its own" if loose else None
        raise InputError("no folders of persons with images", where=root, expected=_LAYOUT, hint=hint)
    return dataset_of(name, found).with_notes(*notes)


def _training(root: Path, train: list[NamedImage]) -> tuple[list[NamedImage], list[str]]:
    """Training images below a root that has `train`, and a note on what of layumi's folders they are.

    His preparation of Market-1501 and others puts every image into `train_all`, and into either `train` or `val`, which
    holds one of each person: `val` is no test, and none of its images is left out.
    """
    everything = _people(root / _TRAIN_ALL)
    if everything:
        return everything, [f"{_TRAIN_ALL} is read as the training images; train and {_VAL}, its parts, are not"]
    val = _people(root / _VAL) if train else []
    note = f"{_VAL}: all of it, {counted(len(val), 'image')}, is trained on too"
    return train + val, [note] if val else []


def dataset_of(name: str, found: Mapping[SplitName, Sequence[NamedImage]]) -> ReidDataset:
    """Make a data set of images with named persons and cameras.

    Names that are all numbers become these ids; otherwise ids count from 1 in natural order of the names.

    Args:
        name: Name of the data set.
        found: Images of each split.
    """
    everything = [image for split in SPLITS for image in found.get(split, ())]
    people = ids_of_names({image.person for image in everything})
    cameras = ids_of_names({image.camera for image in everything if image.camera})
    parts = [
        tuple(
            Sample(
                image.path,
                people[image.person],
                cameras.get(image.camera, UNKNOWN_CAMERA),
                image.sequence,
                image.frame,
            )
            for image in found.get(split, ())
        )
        for split in SPLITS
    ]
    return ReidDataset(
        name,
        parts[0],
        parts[1],
        parts[2],
        notes=tuple(_notes(parts)),
        person_names={number: text for text, number in people.items() if text != str(number)},
        camera_names={number: text for text, number in cameras.items() if text != str(number)},
    )


def ids_of_names(names: set[str]) -> dict[str, int]:
    """Ids by name: the names themselves where all are whole numbers that differ, else from 1 in natural order."""
    ordered = sorted(names, key=natural_key)
    numbers = [int(name) for name in ordered if re.fullmatch(r"-?\d{1,18}", name)]
    if len(set(numbers)) == len(ordered):
        return dict(zip(ordered, numbers, strict=True))
    return {name: number for number, name in enumerate(ordered, start=1)}


def camera_of(name: str) -> str:
    """Camera's number in a file's name, without leading zeros; empty where there is none."""
    found = _CAMERA.search(Path(name).stem)
    return str(int(found[1])) if found else ""


def _unwrapped(root: Path) -> Path:
    """The folder of the persons: below those that hold nothing but one other, as archives put around everything.

    A folder alone whose own folders hold images is a wrapping, unless these are called like cameras: then it is a
    person, the only one.
    """
    for _ in range(_MOST_WRAPPINGS):
        inside = folders(root)
        if len(inside) != 1 or images(root) or inside[0].name in _SPLIT_FOLDERS:
            break
        below = folders(inside[0])
        if images(inside[0]) or not below or all(_is_camera(folder.name) for folder in below):
            break
        root = inside[0]
    return root


def _is_camera(name: str) -> bool:
    return re.fullmatch(r"c(?:am(?:era)?)?[_\- ]?\d{1,3}", name, re.IGNORECASE | re.ASCII) is not None


def _people(root: Path) -> list[NamedImage]:
    """List the images of every person's folder in natural order."""
    if not root.is_dir():
        return []
    found = []
    for person in sorted(folders(root), key=lambda folder: natural_key(folder.name)):
        if person.name in _SPLIT_FOLDERS:
            continue
        found += [NamedImage(path, person.name, camera_of(path.name)) for path in images(person)]
        for camera in folders(person):
            found += [NamedImage(path, person.name, camera.name) for path in images(camera, deep=True)]
    return found


def _notes(parts: Sequence[Sequence[Sample]]) -> list[str]:
    train, query, gallery = parts
    notes = []
    if train and not query and not gallery:
        notes.append("no folders query and gallery: every image is a training image")
    everything = [sample for part in parts for sample in part]
    unknown = sum(sample.camera_id == UNKNOWN_CAMERA for sample in everything)
    if unknown:
        count = "all" if unknown == len(everything) else f"{unknown:,} of"
        notes.append(f"camera unknown for {count} {len(everything):,} images: matches within one camera count as well")
    return notes
