"""Figures of a data set's lists and pixels."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reid_folders import write_image

from reidtrack.datasets.explore import (
    camera_ids,
    camera_pairs,
    cameras_per_person,
    gini,
    images_per_person,
    lorenz,
    people_over_cameras,
    split_figures,
    top_share,
)
from reidtrack.datasets.pixels import draw_samples, mean_picture, measure, quantiles
from reidtrack.datasets.readers.market1501 import PUBLISHED, parse_market1501
from reidtrack.datasets.record import JUNK_ID, UNKNOWN_CAMERA, Sample
from reidtrack.datasets.zoo import load_dataset
from reidtrack.errors import InputError


def seen(*pairs: tuple[int, int]) -> list[Sample]:
    return [Sample(Path(f"{k}.jpg"), person, camera) for k, (person, camera) in enumerate(pairs)]


SAMPLES = seen((1, 1), (1, 1), (1, 2), (4, 2), (4, 3), (6, UNKNOWN_CAMERA))


def test_coverage_of_cameras() -> None:
    cameras = camera_ids(SAMPLES)
    assert cameras == [1, 2, 3]
    assert camera_pairs(SAMPLES, cameras).tolist() == [[1, 1, 0], [1, 2, 1], [0, 1, 1]]
    assert cameras_per_person(SAMPLES, cameras).tolist() == [1, 0, 2, 0]
    assert images_per_person(SAMPLES).tolist() == [3, 2, 1]
    assert images_per_person([]).tolist() == []
    assert camera_pairs([], []).shape == (0, 0)


def test_splits_count_junk_and_distractors_apart(market: Path) -> None:
    figures = {f.name: f for f in split_figures(load_dataset("market1501", market))}
    gallery = figures["gallery"]
    assert (gallery.images, gallery.people, gallery.junk, gallery.distractors) == (5, 1, 1, 2)
    assert (figures["all"].images, figures["all"].people, figures["all"].cameras) == (11, 3, 4)
    assert figures["train"].per_person.tolist() == [2, 2]
    assert figures["gallery"].one_image == 0


@pytest.mark.parametrize(
    ("counts", "expected_gini", "expected_top"),
    [
        pytest.param([5, 5, 5, 5], 0.0, 0.25, id="all alike"),
        pytest.param([7], 0.0, 1.0, id="one person"),
        pytest.param([], 0.0, 0.0, id="nobody"),
        pytest.param([1, 1, 1, 97], 0.72, 0.97, id="one has nearly all"),
    ],
)
def test_imbalance(counts: list[int], expected_gini: float, expected_top: float) -> None:
    array = np.array(counts, np.int64)
    assert gini(array) == pytest.approx(expected_gini)
    assert top_share(array) == pytest.approx(expected_top)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=60))
def test_lorenz_curve_rises_under_the_diagonal(counts: list[int]) -> None:
    curve = lorenz(np.array(counts, np.int64))
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(1)
    assert (np.diff(curve) > 0).all()
    assert (curve <= np.linspace(0, 1, len(curve)) + 1e-9).all()
    assert -1e-9 <= gini(np.array(counts, np.int64)) < 1


def test_shown_persons_cover_every_camera() -> None:
    crowd = [(person, camera) for person in range(50) for camera in (1, 2, 3, 4)]
    samples = seen(*crowd, (100, 5), (101, 5))
    shown = people_over_cameras(samples, [1, 2, 3, 4, 5], 6, np.random.default_rng(0))
    assert len(shown) == 6
    assert {camera for _, found in shown for camera in found} == {1, 2, 3, 4, 5}
    assert [person for person, _ in shown] == sorted({person for person, _ in shown})
    assert all(sample.person_id == person for person, found in shown for sample in found.values())


def test_measuring_pixels(tmp_path: Path, write) -> None:
    write_image(tmp_path / "dark.png", size_wh=(4, 10), bgr=(0, 0, 0))
    write_image(tmp_path / "red.png", size_wh=(6, 12), bgr=(0, 0, 255))
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    samples = [Sample(tmp_path / name, 1, 1) for name in ("dark.png", "bad.jpg", "red.png")]
    pixels = measure(samples)
    assert pixels.size_wh.tolist() == [[4, 10], [6, 12]]
    assert pixels.brightness == pytest.approx([0, 255 * 0.299], abs=0.1)
    assert pixels.colour_bgr.tolist() == [[0, 0, 0], [0, 0, 255]]
    assert pixels.contrast == pytest.approx([0, 0], abs=1e-3)
    assert len(pixels.bad) == 1
    assert "cannot be decoded" in pixels.bad[0]
    assert mean_picture(pixels.small)[0, 0].tolist() == [0, 0, 128]
    with pytest.raises(InputError, match="none of 1 images can be read"):
        measure(samples[1:2])


def test_draws_are_bounded_and_ordered() -> None:
    assert draw_samples(SAMPLES, 6, np.random.default_rng(0)) == SAMPLES
    drawn = draw_samples(SAMPLES, 3, np.random.default_rng(0))
    assert len(drawn) == 3
    assert [s.path.name for s in drawn] == sorted(s.path.name for s in drawn)
    assert quantiles(np.arange(101, dtype=np.float32)).tolist() == [5, 25, 50, 75, 95]


@pytest.mark.shared
def test_official_lists_have_the_published_counts(shared: Path) -> None:
    """Every name of Market-1501's official lists is read, and counts are those of ../shared/data/README.md."""
    junk = distractors = 0
    for split, file in (("train", "train"), ("query", "probe"), ("gallery", "gallery")):
        text = gzip.decompress((shared / f"data/market1501-lists/{file}.txt.gz").read_bytes()).decode()
        samples = [parse_market1501(Path(Path(line).name)) for line in text.split()]
        assert None not in samples
        people = {s.person_id for s in samples if s is not None} - {JUNK_ID}
        assert (len(samples), len(people)) == PUBLISHED[split]  # type: ignore[index]
        junk += sum(s.person_id == JUNK_ID for s in samples if s is not None)
        distractors += sum(s.person_id == 0 for s in samples if s is not None)
    assert (junk, distractors) == (3_819, 2_798)
