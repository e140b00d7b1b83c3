"""Several data sets as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reidtrack.datasets.record import JUNK_ID, UNKNOWN_CAMERA, ReidDataset, Sample
from reidtrack.errors import UsageError


def combine(datasets: Sequence[ReidDataset]) -> ReidDataset:
    """Combine data sets into one whose splits are the unions of theirs.

    Person and camera ids of each data set are shifted past those of the ones before it, so that nobody and no camera of
    one is taken for one of another; junk and unknown cameras stay what they are.

    Args:
        datasets: At least one.

    Raises:
        UsageError: If there is none.
    """
    if not datasets:
        raise UsageError("no data set to combine", expected="at least one")
    if len(datasets) == 1:
        return datasets[0]
    parts, person, camera = [], 0, 0
    for dataset in datasets:
        part = _shifted(dataset, person, camera)
        parts.append(part)
        person = max([person, *(sample.person_id + 1 for sample in part.samples)])
        camera = max([camera, *(sample.camera_id + 1 for sample in part.samples)])
    return ReidDataset(
        "+".join(dataset.name for dataset in datasets),
        tuple(sample for part in parts for sample in part.train),
        tuple(sample for part in parts for sample in part.query),
        tuple(sample for part in parts for sample in part.gallery),
        tuple(f"{dataset.name}: {note}" for dataset in datasets for note in dataset.notes),
        {key: name for part in parts for key, name in part.person_names.items()},
        {key: name for part in parts for key, name in part.camera_names.items()},
        frozenset(key for part in parts for key in part.distractors),
    )


def as_training(dataset: ReidDataset) -> ReidDataset:
    """Data set with all of its images in the training split, junk left out."""
    everything = tuple(sample for sample in dataset.samples if sample.person_id != JUNK_ID)
    note = "test images are trained on too: figures on them mean nothing"
    return replace(dataset, train=everything, query=(), gallery=(), notes=(*dataset.notes, note))


def _shifted(dataset: ReidDataset, person: int, camera: int) -> ReidDataset:
    def shift(samples: Iterable[Sample]) -> tuple[Sample, ...]:
        return tuple(
            replace(
                sample,
                person_id=sample.person_id if sample.person_id == JUNK_ID else sample.person_id + person,
                camera_id=sample.camera_id if sample.camera_id == UNKNOWN_CAMERA else sample.camera_id + camera,
            )
            for sample in samples
        )

    cameras = {sample.camera_id for sample in dataset.samples} - {UNKNOWN_CAMERA}
    return replace(
        dataset,
        train=shift(dataset.train),
        query=shift(dataset.query),
        gallery=shift(dataset.gallery),
        distractors=frozenset(key + person for key in dataset.distractors),
        person_names={key + person: name for key, name in dataset.person_names.items()},
        camera_names={key + camera: f"{dataset.name} {dataset.camera_names.get(key, key)}" for key in sorted(cameras)},
    )
