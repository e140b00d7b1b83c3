"""Test splits made of training identities, for data sets whose official query and gallery are not at hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from reidtrack.datasets.record import JUNK_ID, ReidDataset, Sample
from reidtrack.errors import UsageError

Splits = tuple[tuple[Sample, ...], tuple[Sample, ...], tuple[Sample, ...]]


def hold_out(samples: Sequence[Sample], people: int | Collection[int]) -> Splits:
    """Hold identities out as query and gallery; the first file, by name, of each identity and camera is a query.

    Args:
        samples: Usually a training split; junk is left out.
        people: How many identities, the last ones by sorted id; or their ids.

    Returns:
        Training samples of all other identities, queries, and all other files of the identities set aside, each by
        file name.

    Raises:
        UsageError: If there are not that many identities, or an id is not among them.
    """
    known = sorted({sample.person_id for sample in samples} - {JUNK_ID})
    chosen = _last(known, people) if isinstance(people, int) else _named(known, people)
    train, query, gallery = [], [], []
    seen: set[tuple[int, int]] = set()
    for sample in sorted(samples, key=lambda s: (s.path.name, str(s.path))):
        key = (sample.person_id, sample.camera_id)
        if sample.person_id not in chosen:
            if sample.person_id != JUNK_ID:
                train.append(sample)
        elif key in seen:
            gallery.append(sample)
        else:
            seen.add(key)
            query.append(sample)
    return tuple(train), tuple(query), tuple(gallery)


def carve(dataset: ReidDataset, people: int | Collection[int]) -> ReidDataset:
    """Data set whose query and gallery are identities held out of its training split.

    Raises:
        UsageError: As `hold_out`.
    """
    train, query, gallery = hold_out(dataset.train, people)
    count = len({sample.person_id for sample in query})
    note = f"query and gallery are {count} identities held out of the training images: not the official test"
    return replace(
        dataset,
        name=f"{dataset.name}-held-out",
        train=train,
        query=query,
        gallery=gallery,
        notes=(*dataset.notes, note),
    )


def random_people(samples: Sequence[Sample], count: int, seed: int = 0) -> set[int]:
    """Draw identities at random, over all cameras; the same ones for the same seed.

    Raises:
        UsageError: If there are not that many identities.
    """
    known = sorted({sample.person_id for sample in samples} - {JUNK_ID})
    _last(known, count)  # refuses more than there are
    return set(np.random.default_rng(seed).choice(known, count, replace=False).tolist())


def _last(known: list[int], count: int) -> set[int]:
    if not 0 < count <= len(known):
        raise UsageError(f"cannot hold out {count} identities", expected=f"1 to {len(known)}, as many as there are")
    return set(known[-count:])


def _named(known: list[int], ids: Collection[int]) -> set[int]:
    absent = sorted(set(ids) - set(known))
    if absent or not ids:
        what = f"no identity {absent[0]} to hold out" if absent else "no identity named to hold out"
        raise UsageError(what, expected=f"ids between {known[0]} and {known[-1]}" if known else "training images")
    return set(ids)
