"""CUHK03 in all its forms (Li et al., DeepReID: Deep Filter Pairing Neural Network, CVPR 2014).

Forms: the official `cuhk-03.mat` (unpacked into the cache once), its images already cut out (`1_001_1_01.png`: camera
pair, person, view, image), the folders arranged for the new protocol, and a flat `archive` with `pairs.csv`. Protocols:
the new one (767 persons to train on, 700 to test, by the published split files) and the classic 20 splits of 100 test
persons each, which are in `cuhk-03.mat`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from reidtrack.datasets.layout import compare_counts, find_file, find_roots
from reidtrack.datasets.readers import cuhk03_flat, cuhk03_mat, cuhk03_protocol
from reidtrack.datasets.readers.cuhk03_np import FOLDERS, PUBLISHED, Boxes, check_boxes, load_cuhk03_np
from reidtrack.datasets.record import ReidDataset, Sample
from reidtrack.errors import InputError, UsageError

Protocol = Literal["new", "classic"]
IMAGES = {"detected": 14_097, "labeled": 14_096}
PEOPLE = 1_467


def load_cuhk03(
    root: Path,
    boxes: Boxes = "detected",
    protocol: Protocol = "new",
    split: int = 0,
    protocol_root: Path | None = None,
    cache: Path | None = None,
) -> ReidDataset:
    """Read CUHK03, whatever its form.

    The camera is the view, 1 or 2, of one of five pairs of cameras, as in both protocols.

    Args:
        root: The folder or the file `cuhk-03.mat`.
        boxes: Whose boxes: the detector's, or those drawn by hand.
        protocol: `new`: 767 / 700 persons. `classic`: view 1 of 100 persons asks, view 2 answers, the other persons are
            trained on.
        split: Of the classic protocol, from 0 to 19.
        protocol_root: Folder of the new protocol's split files, where they are not below `root`.
        cache: Cache folder; `fetch.cache_folder()` if None.

    Raises:
        InputError: If this is another folder, or what the protocol needs is missing.
        UsageError: If the boxes, the protocol or the split do not exist.
        OutputError: If the cache cannot be written.
    """
    boxes = check_boxes(boxes)
    if protocol not in ("new", "classic"):
        raise UsageError(f"no protocol {protocol!r}", where="cuhk03", expected="new or classic")
    mat = find_file(root, cuhk03_mat.FILE)
    cut_out = None if mat else cuhk03_flat.find_cut_out(root, boxes)
    if mat is None and cut_out is None and any(find_roots(root, (FOLDERS["train"], FOLDERS["gallery"]))):
        if protocol == "classic":
            raise InputError("the classic protocol needs the official file", where=root, expected=cuhk03_mat.FILE)
        return load_cuhk03_np(root, boxes)
    if mat is not None:
        samples = cuhk03_flat.read_cut_out(cuhk03_mat.extract_images(mat, boxes, cache))
    elif cut_out is not None:
        samples = cuhk03_flat.read_cut_out(cut_out)
    else:
        samples = cuhk03_flat.read_flat(root)
    name = f"cuhk03-{boxes}"
    if protocol == "classic":
        return _classic(name, mat, samples, split, root).with_notes(*_count_notes(samples, boxes))
    return _new(name, samples, boxes, protocol_root or root).with_notes(*_count_notes(samples, boxes))


def _new(name: str, samples: Sequence[Sample], boxes: Boxes, protocol_root: Path) -> ReidDataset:
    """The new protocol; without its split files, training images only."""
    path = find_file(protocol_root, cuhk03_protocol.FILE.format(boxes=boxes))
    if path is None:
        missing = cuhk03_protocol.FILE.format(boxes=boxes)
        note = f"{missing} is missing, so every image is a training image; put it beside the images"
        return ReidDataset(name, train=tuple(samples), notes=(note,))
    lists = cuhk03_protocol.read_protocol(path)
    by_name = {sample.path.stem: sample for sample in samples}
    parts = [tuple(by_name[stem] for stem in stems if stem in by_name) for stems in lists]
    dataset = ReidDataset(name, parts[0], parts[1], parts[2])
    if not dataset.samples:
        raise InputError("none of the protocol's images is there", where=path, expected="images such as 1_001_1_01.png")
    return dataset.with_notes(*compare_counts(dataset, PUBLISHED[boxes]))


def _classic(name: str, mat: Path | None, samples: Sequence[Sample], split: int, root: Path) -> ReidDataset:
    if mat is None:
        raise InputError("the classic protocol needs the official file", where=root, expected=cuhk03_mat.FILE)
    tests: Sequence[Sequence[int]] = cuhk03_mat.read_testsets(mat)
    if not 0 <= split < len(tests):
        raise UsageError(f"no split {split}", where="cuhk03", expected=f"0 to {len(tests) - 1}")
    tested = set(tests[split])
    views: Mapping[int, tuple[Sample, ...]] = {
        view: tuple(s for s in samples if s.person_id in tested and s.camera_id == view) for view in (1, 2)
    }
    train = tuple(sample for sample in samples if sample.person_id not in tested)
    note = f"classic protocol, split {split} of {len(tests)}: {len(tested)} persons are tested"
    return ReidDataset(name, train, views[1], views[2], (note,))


def _count_notes(samples: Sequence[Sample], boxes: Boxes) -> list[str]:
    people = len({sample.person_id for sample in samples})
    if (len(samples), people) == (IMAGES[boxes], PEOPLE):
        return []
    found = f"{len(samples):,} images of {people:,} persons"
    return [f"{found}, published {IMAGES[boxes]:,} of {PEOPLE:,}: not the whole data set"]
