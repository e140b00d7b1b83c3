"""Identities held out, data sets combined, and what the record says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidtrack.datasets.carve import carve, hold_out
from reidtrack.datasets.combine import as_training, combine
from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import (
    JUNK_ID,
    UNKNOWN_CAMERA,
    ReidDataset,
    Sample,
    camera_labels,
    one_image_people,
    person_labels,
    queries_with_match,
)
from reidtrack.datasets.zoo import load_dataset
from reidtrack.errors import InputError, UsageError


def sample(person: int, camera: int, name: str = "") -> Sample:
    return Sample(Path(name or f"{person}_{camera}.jpg"), person, camera)


SAMPLES = (
    sample(9, 1, "9_c1_b.jpg"),
    sample(9, 1, "9_c1_a.jpg"),
    sample(9, 2, "9_c2.jpg"),
    sample(3, 1, "3_c1_a.jpg"),
    sample(3, 1, "3_c1_b.jpg"),
    sample(5, 2, "5_c2.jpg"),
    sample(JUNK_ID, 1, "junk.jpg"),
)


def names(samples: tuple[Sample, ...]) -> list[str]:
    return [s.path.name for s in samples]


@pytest.mark.parametrize(
    ("people", "train", "query", "gallery"),
    [
        pytest.param(1, ["3_c1_a", "3_c1_b", "5_c2"], ["9_c1_a", "9_c2"], ["9_c1_b"], id="the last by id"),
        pytest.param({3}, ["5_c2", "9_c1_a", "9_c1_b", "9_c2"], ["3_c1_a"], ["3_c1_b"], id="by name"),
        pytest.param(3, [], ["3_c1_a", "5_c2", "9_c1_a", "9_c2"], ["3_c1_b", "9_c1_b"], id="all of them"),
    ],
)
def test_hold_out(people, train, query, gallery) -> None:
    parts = hold_out(SAMPLES, people)
    assert [names(part) for part in parts] == [[f"{n}.jpg" for n in part] for part in (train, query, gallery)]


@pytest.mark.parametrize("people", [0, 4, -1, {7}, set()], ids=["none", "too many", "negative", "not there", "no name"])
def test_hold_out_refuses(people) -> None:
    with pytest.raises(UsageError, match="hold out"):
        hold_out(SAMPLES, people)


def test_carving_says_that_it_is_not_the_official_test() -> None:
    carved = carve(ReidDataset("tiny", train=SAMPLES), 1)
    assert carved.name == "tiny-held-out"
    assert "not the official test" in carved.notes[-1]


def test_combining_keeps_persons_and_cameras_apart() -> None:
    one = ReidDataset("one", (sample(0, 1), sample(4, 2)), gallery=(sample(JUNK_ID, 1),), distractors=frozenset({0}))
    two = ReidDataset(
        "two", (sample(0, 1), sample(4, UNKNOWN_CAMERA)), camera_names={1: "hall"}, person_names={4: "eva"}
    )
    both = combine([one, two])
    assert [(s.person_id, s.camera_id) for s in both.train] == [(0, 1), (4, 2), (5, 4), (9, UNKNOWN_CAMERA)]
    assert both.gallery[0].person_id == JUNK_ID
    assert both.distractors == {0}
    assert both.person_names == {9: "eva"}
    assert both.camera_names == {1: "one 1", 2: "one 2", 4: "two hall"}
    assert person_labels(both.train).tolist() == [0, 1, 2, 3]
    assert combine([one]) is one
    with pytest.raises(UsageError):
        combine([])


def test_everything_for_training() -> None:
    whole = as_training(ReidDataset("x", (sample(1, 1),), (sample(2, 1),), (sample(2, 2), sample(JUNK_ID, 1))))
    assert [s.person_id for s in whole.train] == [1, 2, 2]
    assert not whole.query


def test_labels_are_dense_in_order_of_ids() -> None:
    samples = [sample(9, 3), sample(2, 6), sample(9, 6)]
    assert person_labels(samples).tolist() == [1, 0, 1]
    assert camera_labels(samples).tolist() == [0, 1, 1]
    assert person_labels([]).tolist() == []


@pytest.mark.parametrize(
    ("query", "gallery", "usable"),
    [
        pytest.param([sample(1, 1)], [sample(1, 2)], 1, id="another camera"),
        pytest.param([sample(1, 1)], [sample(1, 1)], 0, id="the same camera"),
        pytest.param([sample(1, 1)], [sample(1, UNKNOWN_CAMERA)], 1, id="unknown in the gallery"),
        pytest.param([sample(1, UNKNOWN_CAMERA)], [sample(1, UNKNOWN_CAMERA, "b.jpg")], 1, id="unknown in both"),
        pytest.param([sample(1, UNKNOWN_CAMERA)], [sample(1, UNKNOWN_CAMERA)], 0, id="its own file alone"),
        pytest.param([sample(JUNK_ID, 1)], [sample(JUNK_ID, 2)], 0, id="junk"),
        pytest.param([], [], 0, id="empty"),
    ],
)
def test_queries_with_match(query, gallery, usable: int) -> None:
    assert queries_with_match(query, gallery) == usable


def test_requirements_are_one_clear_line() -> None:
    with pytest.raises(InputError, match="no training images"):
        ReidDataset("x").require_train()
    with pytest.raises(InputError, match="no query and no gallery"):
        ReidDataset("x").require_test()
    with pytest.raises(InputError, match="no query has a true match"):
        ReidDataset("x", query=(sample(1, 1),), gallery=(sample(1, 1),)).require_test()
    assert one_image_people(SAMPLES) == [5]


def test_image_store_reads_resizes_and_lists_what_it_cannot(market: Path) -> None:
    dataset = load_dataset("market1501", market)
    whole = dataset.train[1].path.read_bytes()
    dataset.train[1].path.write_bytes(whole[: len(whole) // 2])
    dataset.train[2].path.write_bytes(b"")
    store = ImageStore(dataset.train, (12, 6))
    assert store.images.shape == (2, 12, 6, 3)
    assert store.rows.tolist() == [0, 3]
    assert store.samples == (dataset.train[0], dataset.train[3])
    assert abs(store.images.astype(int) - [40, 80, 120]).max() <= 3  # BGR, but for JPEG
    assert "ends too early" in store.bad[0]
    assert "the file is empty" in store.bad[1]
    assert len(ImageStore([], (12, 6))) == 0


def test_image_store_without_a_readable_image(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of 1 images can be read; first: .*No such file"):
        ImageStore([sample(1, 1, str(tmp_path / "gone.jpg"))], (12, 6))


@pytest.mark.shared
def test_shared_market1501_training_set(shared: Path) -> None:
    """Counts of ../shared/data/README.md, and the split that ../shared/weights/README.md measures on."""
    dataset = load_dataset("market1501", shared / "data/market1501-train.tar.gz")
    assert len(dataset.train) == 12_936
    assert len(set(person_labels(dataset.train).tolist())) == 751
    assert len(set(camera_labels(dataset.train).tolist())) == 6
    assert dataset.notes == ("query and gallery are missing (looked for query, bounding_box_test)",)
    carved = carve(dataset, 300)
    assert (len(carved.query), len(carved.gallery)) == (1326, 3083)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["cuhk03", "cuhk03-np"])
def test_shared_cuhk03_training_half(shared: Path, name: str) -> None:
    dataset = load_dataset(name, shared / "data/cuhk03-np-detected-train.tar.gz")
    assert len(dataset.train) == 7_365
    assert len(set(person_labels(dataset.train).tolist())) == 767
    assert dataset.notes == ("query and gallery are missing (looked for query, bounding_box_test)",)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("boxes", "counts"),
    [("detected", (7365, 1400, 5332)), ("labeled", (7368, 1400, 5328))],
    ids=["detected", "labeled"],
)
def test_shared_protocol_files(shared: Path, boxes: str, counts: tuple[int, int, int]) -> None:
    from reidtrack.datasets.readers.cuhk03_flat import parse_cuhk03
    from reidtrack.datasets.readers.cuhk03_protocol import FILE, read_protocol

    lists = read_protocol(shared / "data/cuhk03-protocol" / FILE.format(boxes=boxes))
    assert tuple(map(len, lists)) == counts
    people = [{parse_cuhk03(Path(f"{stem}.png")).person_id for stem in part} for part in lists]  # type: ignore[union-attr]
    assert [len(part) for part in people] == [767, 700, 700]
    assert not people[0] & people[1]
