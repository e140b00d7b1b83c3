"""What each part of the association is worth, on a run whose ground truth is known.

    reidtrack run --videos ../shared/data/pets-s2l1/View_001.mp4 ../shared/data/pets-s2l1/View_006.mp4 --no-video \
        --detector ../shared/weights/yolo11n_int8_openvino_model --reid ../shared/weights/osnet_x0_25_msmt17.pth \
        --out runs/pets
    python benchmarks/association.py runs/pets --gt ../shared/data/pets-s2l1

Prints cross-camera IDF1 and HOTA (identities against one id per person, over the union of cameras) for the whole
recording and for parts of it, and writes them to `DIR/association.json`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest import mock

import numpy as np

from reidtrack.associate import matcher
from reidtrack.associate.people import associate
from reidtrack.associate.refine import packed
from reidtrack.benchmark.tracking import TrackingPair, score_union
from reidtrack.config import TrackConfig
from reidtrack.mot import MotRows, read_mot
from reidtrack.pipeline.folder import RunFolder
from reidtrack.pipeline.settle import load_tracklets
from reidtrack.types import Identity, Tracklet

# Frames (first, behind the last) of each view, 0-based; `apart` shows the two cameras different times.
PARTS: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "whole": ((0, 400), (0, 400)),
    "first half": ((0, 200), (0, 200)),
    "second half": ((200, 400), (200, 400)),
    "middle": ((100, 300), (100, 300)),
    "apart": ((0, 200), (200, 400)),
    "apart, swapped": ((200, 400), (0, 200)),
}
NO_REFINING = "rounds of assignment alone"
VARIANTS: Mapping[str, Mapping[str, float]] = {
    "default (threshold from the recording)": {},
    "threshold 0.7": {"threshold": 0.7},
    "threshold 0.8": {"threshold": 0.8},
    "threshold 0.9": {"threshold": 0.9},
    "colour casts left in": {"shrink": 1e9},
    "switched tracks not split": {"split_threshold": 2.0},
    NO_REFINING: {},
}


def cut(tracklet: Tracklet, first: int, end: int) -> Tracklet | None:
    """The part of a tracklet within some frames."""
    rows = (tracklet.frame >= first) & (tracklet.frame < end)
    picked = (tracklet.feature_frame >= first) & (tracklet.feature_frame < end)
    if not rows.any():
        return None
    return tracklet.part(rows, picked)


def settle(tracklets: Sequence[Tracklet], name: str) -> list[Identity]:
    """Identities by one of the variants."""
    if name != NO_REFINING:
        return associate(tracklets, **VARIANTS[name]).identities
    with mock.patch.object(matcher, "refine", lambda label, *_: packed(label)):
        return associate(tracklets).identities


def rows_of(identities: Sequence[Identity], camera: str) -> MotRows:
    """The boxes of a camera with their identities."""
    parts = [(i.id, t) for i in identities for t in i if t.camera == camera]
    return MotRows.of(
        np.concatenate([t.frame for _, t in parts]),
        np.concatenate([np.full(len(t), number) for number, t in parts]),
        np.concatenate([t.xyxy for _, t in parts]),
        np.concatenate([t.score for _, t in parts]),
    )


def within(rows: MotRows, first: int, end: int) -> MotRows:
    """Rows of some frames."""
    return rows[(rows.frame >= first) & (rows.frame < end)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument(
        "--gt", type=Path, required=True, help="folder with gt_<camera>_person.txt, ignore_<camera>.txt"
    )
    args = parser.parse_args()
    tracklets = load_tracklets(RunFolder(args.run), TrackConfig())
    cameras = sorted({t.camera for t in tracklets})
    gt = {camera: read_mot(args.gt / f"gt_{camera}_person.txt") for camera in cameras}
    ignore = {camera: read_mot(args.gt / f"ignore_{camera}.txt") for camera in cameras}
    results: dict[str, dict[str, str]] = {}
    for name in VARIANTS:
        results[name] = {}
        for part, spans in PARTS.items():
            span = dict(zip(cameras, spans, strict=True))
            seen = [piece for t in tracklets if (piece := cut(t, *span[t.camera])) is not None]
            identities = settle(seen, name)
            score = score_union(
                {
                    c: TrackingPair(within(gt[c], *span[c]), rows_of(identities, c), within(ignore[c], *span[c]))
                    for c in cameras
                }
            )
            results[name][part] = f"{score.idf1:.1f} / {score.hota:.1f}"
    print("| IDF1 / HOTA |", " | ".join(PARTS), "|")
    print("| --- |" + " --- |" * len(PARTS))
    for name, row in results.items():
        print(f"| {name} |", " | ".join(row.values()), "|")
    (args.run / "association.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
