"""Market-1501 (Zheng et al., Scalable Person Re-identification: A Benchmark, ICCV 2015)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from reidtrack.datasets.layout import load_folders
from reidtrack.datasets.record import ReidDataset, Sample, SplitName

FOLDERS: dict[SplitName, str] = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
PUBLISHED: dict[SplitName, tuple[int, int]] = {"train": (12_936, 751), "query": (3_368, 750), "gallery": (19_732, 751)}
"""Images and persons; the gallery's count 3,819 junk images, and 2,798 distractors as one further person, 0."""

_NAME = re.compile(
    r"(?P<person>-1|\d+)_c(?P<camera>\d+)s(?P<sequence>\d+)_(?P<frame>\d+)_\d+(?:\.\w+)+", re.ASCII
)  # some official files end in .jpg.jpg; sets of one's own in this layout have more people, cameras and frames


def load_market1501(root: Path) -> ReidDataset:
    """Read `Market-1501-v15.09.15`.

    By the rule of its owners the gallery keeps junk (person -1, ignored when ranking) and distractors (person 0, wrong
    answers to every query).

    Args:
        root: The data set's folder, or one that contains it.

    Raises:
        InputError: If this is another folder.
    """
    dataset = load_folders("market1501", root, FOLDERS, parse_market1501, PUBLISHED)
    return replace(dataset, distractors=frozenset({0}))


def parse_market1501(path: Path) -> Sample | None:
    """Person, camera (from 1), sequence (from 1) and frame of a file's name; None where it is another name.

    Frames count at 25 a second from the start of each sequence.
    """
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    return Sample(path, *(int(found[key]) for key in ("person", "camera", "sequence", "frame")))
