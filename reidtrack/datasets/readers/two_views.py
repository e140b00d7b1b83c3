"""Protocols of data sets that show each person by two cameras: CUHK01 and VIPeR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from reidtrack.datasets.record import ReidDataset, Sample
from reidtrack.errors import UsageError

Protocol = Literal["all", "half", "train"]
SPLIT_COUNT = 10


def arrange(name: str, samples: Sequence[Sample], protocol: Protocol, split: int) -> ReidDataset:
    """Arrange samples as splits: camera 1 gives the queries, camera 2 the gallery.

    Args:
        name: Name of the data set.
        samples: All of its samples.
        protocol: `all`: every person is tested, none trained on; `half`: a random half of the persons is trained on,
            the other tested (usually reported as the mean over ten such splits); `train`: every image is trained on.
        split: Which random half, from 0; the seed of the permutation.

    Raises:
        UsageError: If the protocol or the split does not exist.
    """
    if protocol not in ("all", "half", "train"):
        raise UsageError(f"no protocol {protocol!r}", where=name, expected="all, half or train")
    if not 0 <= split < SPLIT_COUNT:
        raise UsageError(f"no split {split}", where=name, expected=f"0 to {SPLIT_COUNT - 1}")
    people = np.unique([sample.person_id for sample in samples])
    trained = {"all": 0, "half": len(people) // 2, "train": len(people)}[protocol]
    if protocol == "half":
        people = np.random.default_rng(split).permutation(people)
    chosen = set(people[:trained].tolist())
    train = tuple(s for s in samples if s.person_id in chosen)
    rest = [s for s in samples if s.person_id not in chosen]
    query, gallery = (tuple(s for s in rest if s.camera_id == camera) for camera in (1, 2))
    note = {
        "all": "every person is tested, none trained on (protocol all)",
        "half": f"random half {split} of {SPLIT_COUNT}, drawn by this project (protocol half)",
        "train": "every image is a training image (protocol train)",
    }[protocol]
    return ReidDataset(name, train, query, gallery, (note,))


def count_notes(samples: Sequence[Sample], images: int, people: int) -> tuple[str, ...]:
    """Note where the counts differ from the published ones; none where they do not."""
    found = len({sample.person_id for sample in samples})
    if (len(samples), found) == (images, people):
        return ()
    counts = f"{len(samples):,} images of {found:,} persons, published {images:,} of {people:,}"
    return (f"{counts}: not the whole data set",)
