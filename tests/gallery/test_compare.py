"""People of a run against those of a gallery, whatever the light of the day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from reidtrack.gallery import compare as compare_module
from reidtrack.gallery.compare import compare
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.recognise import recognise
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View

DIM = 64
APPEARANCES = np.linalg.qr(np.random.default_rng(0).normal(size=(DIM, DIM)))[0]
"""A direction each for people (0 to 39) and for biases (40 to 63)."""


def view(who: int, camera: str, bias: int | None = None, *, noise: float = 0.1, strength: float = 2.0) -> View:
    """Somebody under the bias of a day and camera, which is stronger than what tells people apart."""
    rng = np.random.default_rng([who, bias or 0, ord(camera[0])])
    feature = APPEARANCES[who] + rng.normal(size=DIM) * noise / np.sqrt(DIM)
    if bias is not None:
        feature = feature + strength * APPEARANCES[40 + bias]
    return View(camera, 1.0, (feature / np.linalg.norm(feature)).astype(np.float32), 0.0, 1.0, (who,))


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with open_gallery(tmp_path / "people.db", Signature("0", ""), make=True) as opened:
        yield opened


def add(gallery: Gallery, source: str, people: Sequence[Sequence[View]], kind: str = "run") -> list[int]:
    """People of a source; their numbers."""
    with gallery.writing():
        numbers = [gallery.add_person() for _ in people]
        gallery.add_views(Source(source, kind, ""), dict(zip(numbers, people, strict=True)))  # type: ignore[arg-type]
    return numbers


def nearest(gallery: Gallery, people: Sequence[Sequence[View]], **options: bool) -> list[int]:
    return [row[0] for row in compare(gallery, people, 0.02, **options).short.person.tolist()]


def test_another_day_has_another_light(gallery: Gallery) -> None:
    monday = add(gallery, "monday", [[view(who, "hall", 1), view(who, "door", 2)] for who in range(10)])
    tuesday = [[view(who, "hall", 3), view(who, "door", 4)] for who in (3, 7, 20, 21, 22)]
    found = compare(gallery, tuesday, 0.02)
    people = [match.person for match in recognise(found.short, found.threshold, 0.1)]
    assert people == [monday[3], monday[7], None, None, None]


def test_it_fails_where_biases_stay(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monday = add(gallery, "monday", [[view(who, "hall", 1)] for who in range(10)])
    tuesday = [[view(who, "hall", 3)] for who in (3, 7)]
    assert compare(gallery, tuesday, 0.02).short.distance[:, 0].max() < 0.6
    assert nearest(gallery, tuesday) == [monday[3], monday[7]]
    monkeypatch.setattr(compare_module, "camera_biases", lambda means, *_: np.zeros_like(means))
    assert compare(gallery, tuesday, 0.02).short.distance.min() > 0.7


def test_somebody_alone_keeps_what_tells_them_apart(gallery: Gallery) -> None:
    monday = add(gallery, "monday", [[view(who, "hall", 1)] for who in range(10)])
    assert nearest(gallery, [[view(4, "yard")]]) == [monday[4]]
    assert nearest(gallery, [[view(4, "photo")]], photo=True) == [monday[4]]


def test_the_nearest_source_counts(gallery: Gallery) -> None:
    others = [[view(who, "hall", 1)] for who in range(20, 30)]
    (one, *_) = add(gallery, "monday", [[view(1, "hall", 1)], *others])
    with gallery.writing():  # the next day in other clothes
        gallery.add_views(Source("tuesday", "run", ""), {one: [view(2, "hall", 1), view(2, "door", 1)]})
    for clothes in (1, 2):
        found = compare(gallery, [[view(clothes, "hall", 1)], *([view(w, "hall", 1)] for w in range(30, 36))], 0.02)
        assert found.short.person[0, 0] == one
        assert found.short.distance[0, 0] < 0.3


def test_photos_share_one_bias(gallery: Gallery) -> None:
    add(gallery, "monday", [[view(who, "hall", 1)] for who in range(10)])
    for who in (11, 12):
        add(gallery, f"photo {who}", [[view(who, "photo", 5)]], kind="photo")
    biases = compare(gallery, [[view(13, "photo", 5)]], 0.02, photo=True).biases
    rows = biases.row_of_source_camera
    photos = {rows[camera] for camera, (_, kind) in gallery.source_cameras().items() if kind == "photo"}
    assert photos == {biases.row_of_camera["photo"]}
    assert len({*rows.values(), *biases.row_of_camera.values()}) == len(biases.vector) == 2


def test_blocks_do_not_change_the_result(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    add(gallery, "monday", [[view(who, camera, 1) for camera in ("hall", "door")[: 1 + who % 2]] for who in range(40)])
    run = [[view(who, "hall", 2)] for who in range(5, 10)]
    whole = compare(gallery, run, 0.02)
    monkeypatch.setattr(compare_module, "_LEAST_BLOCK", 7)
    monkeypatch.setattr(compare_module, "_MOST_DISTANCES", 1)
    parts = compare(gallery, run, 0.02)
    assert parts.short.person.tolist() == whole.short.person.tolist()
    np.testing.assert_allclose(parts.short.distance, whole.short.distance, atol=1e-6)


def test_people_without_views_and_an_empty_gallery(gallery: Gallery) -> None:
    assert compare(gallery, [], 0.02).short.person.shape == (0, 0)
    assert compare(gallery, [[], [view(1, "hall")]], 0.02).short.person.shape == (2, 0)
    add(gallery, "monday", [[view(who, "hall", 1)] for who in range(3)])
    assert compare(gallery, [[], []], 0.02).short.person.shape == (2, 0)
    found = compare(gallery, [[], [view(1, "hall", 1)]], 0.02).short
    assert np.isinf(found.distance[0]).all()
    assert np.isfinite(found.distance[1]).all()
