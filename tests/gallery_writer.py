"""A process that writes to a gallery, for tests in which several do, or one is killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View

SIGNATURE = Signature("ab" * 32, "as ever")


def view(seed: int, *, camera: str = "hall", when_utc: float = 1000.0, tracks: tuple[int, ...] = (1,)) -> View:
    """What a camera saw of somebody whose looks follow from a number."""
    feature = np.random.default_rng(seed).normal(size=16).astype(np.float32)
    return View(camera, 1.0, feature / np.linalg.norm(feature), when_utc, when_utc + 1, tracks)


def main() -> None:
    """Add people one run after the other; or begin a change, say so, and never end it."""
    path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with open_gallery(path, SIGNATURE, make=True) as gallery:
        for number in range(count):
            with gallery.writing():
                before = gallery.count()
                gallery.add_views(Source(f"{name}{number}", "run", name), {gallery.add_person(): [view(number)]})
                assert gallery.count() == before + 1
        if count == 0:
            with gallery.writing():
                for seed in range(2000):
                    gallery.add_views(Source(f"{name}{seed}", "run", name), {gallery.add_person(): [view(seed)]})
                print("half way", flush=True)
                time.sleep(60)


if __name__ == "__main__":
    main()
