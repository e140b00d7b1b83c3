r"""Pictures of the people of PETS S2L1, cut out by its ground truth: a small re-identification set nobody trains on.

    python benchmarks/pets_crops.py ../shared/data/pets-s2l1 --out runs/pets_crops

Writes PERSON_cCAMERA_FRAME.jpg of every tenth frame: whole boxes that no other covers by more than 30 %.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import av
import cv2
import numpy as np

from reidtrack.geometry import inside

EVERY = 10
MOST_COVERED = 0.3
BORDER_PX = 2


def main() -> None:
    """Cut the pictures out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pets", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for view in ("View_001", "View_006"):
        rows = np.loadtxt(args.pets / f"gt_{view}_person.txt", delimiter=",")
        with av.open(str(args.pets / f"{view}.mp4")) as video:
            for number, frame in enumerate(video.decode(video=0), start=1):
                if number % EVERY == 0:
                    cut(frame.to_ndarray(format="bgr24"), rows[rows[:, 0] == number], view, number, args.out)
    print(len(list(args.out.glob("*.jpg"))), "pictures in", args.out)


def cut(image: np.ndarray, rows: np.ndarray, view: str, number: int, out: Path) -> None:
    """The people of one frame who are seen well."""
    xyxy = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1).astype(np.float32)
    covered = inside(xyxy, xyxy)
    np.fill_diagonal(covered, 0)
    height, width = image.shape[:2]
    for person, box, share in zip(rows[:, 1], xyxy, covered.max(axis=1, initial=0), strict=True):
        left, top, right, bottom = box.round().astype(int)
        whole = min(left, top) >= BORDER_PX and right <= width - BORDER_PX and bottom <= height - BORDER_PX
        if whole and share <= MOST_COVERED:
            cv2.imwrite(str(out / f"{int(person):04d}_c{view[-1]}_{number:06d}.jpg"), image[top:bottom, left:right])


if __name__ == "__main__":
    main()
