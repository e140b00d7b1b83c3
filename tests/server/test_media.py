"""Films with byte ranges, frames at a time, pictures, boxes of a stretch of time."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from builders import SIZE, counter_image, even_times, read_counter, write_video
from served import BASE_PATH, Open

from reidtrack.errors import InputError
from reidtrack.server.data.frames import Film, frame_at
from reidtrack.server.data.sightings import read_sightings


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A film whose pictures carry their numbers, with a hole: frames 0 to 9 at 10 a second, 10 to 19 from 3 s on."""
    times = [*even_times(10, 10), *(3 + t for t in even_times(10, 10))]
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    write_video(path, times, images=[counter_image(n) for n in range(20)])
    return Film(path, 100.0, "original")


@pytest.mark.parametrize(
    ("time_s", "number"),
    [
        pytest.param(50.0, 0, id="before its beginning"),
        pytest.param(100.0, 0, id="the first"),
        pytest.param(100.3, 3, id="just as it begins"),
        pytest.param(100.299, 2, id="just before"),
        pytest.param(103.0, 10, id="behind the hole"),
        pytest.param(103.95, 19, id="the last"),
        pytest.param(104.4, 19, id="a little after its end"),
    ],
)
def test_the_frame_of_a_moment(film: Film, time_s: float, number: int) -> None:
    from PIL import Image

    picture = frame_at(film, "a", time_s, None)
    assert picture.size == SIZE
    assert picture.index == number
    assert read_counter(np.asarray(Image.open(io.BytesIO(picture.jpeg)))) == number


def test_there_is_no_frame_long_after_the_end(film: Film) -> None:
    with pytest.raises(InputError, match="no frame"):
        frame_at(film, "a", 1000.0, None)


def test_a_frame_tells_its_time_and_fits_the_width(kept: Path, scene: object, open_app: Open) -> None:
    client = open_app(kept, recordings=[scene.folder])  # type: ignore[attr-defined]
    said = client.get(f"{BASE_PATH}/cameras/left/frame", params={"time_s": 1.04, "width": 64})
    assert said.headers["content-type"] == "image/jpeg"
    assert float(said.headers["x-time-s"]) == pytest.approx(1.0)
    assert said.headers["x-size"] == "224x160"
    for wrong in ({"time_s": "nan"}, {"time_s": "soon"}, {}, {"time_s": 1, "width": 10**9}, {"time_s": 1, "kind": "x"}):
        assert client.get(f"{BASE_PATH}/cameras/left/frame", params=wrong).status_code == 422


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        pytest.param(None, 200, None, id="all of it"),
        pytest.param("bytes=0-99", 206, 100, id="its beginning"),
        pytest.param("bytes=-50", 206, 50, id="its end"),
        pytest.param("bytes=100-", 206, None, id="from somewhere on"),
        pytest.param("bytes=999999999-", 416, None, id="behind its end"),
    ],
)
def test_ranges_of_a_film(kept: Path, open_app: Open, asked: str | None, status: int, length: int | None) -> None:
    whole = (kept / "mall/left.mp4").read_bytes()
    said = open_app(kept).get(f"{BASE_PATH}/cameras/left/video", headers={"range": asked} if asked else {})
    assert said.status_code == status
    if status < 300:
        assert said.headers["x-film"] == "annotated"
        assert said.content in whole
        assert length is None or len(said.content) == length


def test_pictures_and_report(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    person = client.get(f"{BASE_PATH}/identities/1").json()
    crop = person["pictures"][0]
    said = client.get(f"{BASE_PATH}/crops/{crop['camera']}/{crop['track_id']}/{crop['frame']}")
    assert said.content.startswith(b"\xff\xd8")
    report = client.get(f"{BASE_PATH}/report")
    assert report.headers["content-security-policy"] == "sandbox allow-scripts; frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("from_s", "until_s", "cameras"),
    [
        pytest.param(-5, 100, {"left", "right"}, id="all"),
        pytest.param(1.0, 2.0, {"left"}, id="one camera, limits included"),
        pytest.param(1.05, 1.06, {"left", "right"}, id="between frames"),
        pytest.param(100, 200, {"left"}, id="after the end"),
        pytest.param(2, 1, {"left"}, id="the wrong way round"),
        pytest.param(0, 4, set(), id="no camera"),
    ],
)
@pytest.mark.parametrize("most", [1, 7, 1000])
def test_boxes_of_a_stretch(finished: Path, from_s: float, until_s: float, cameras: set[str], most: int) -> None:
    path = finished / "sightings.jsonl"
    every = [json.loads(line) for line in path.read_text().splitlines()]
    wanted = [r for r in every if from_s <= r["time_s"] <= until_s and r["camera"] in cameras]
    if most == 1:
        until_s, wanted = min(until_s, from_s + 0.3), [r for r in wanted if r["time_s"] <= from_s + 0.3]
    found, start = [], None
    while True:
        page = read_sightings(path, cameras, from_s, until_s, most=most, start=start)
        found += page.items
        assert len(page.items) <= most
        if page.next is None:
            break
        start = page.next
    assert found == wanted


def test_a_page_looks_at_so_many_lines_and_no_more(finished: Path) -> None:
    page = read_sightings(finished / "sightings.jsonl", {"nowhere"}, 0, 100, most=10, scan=5)
    assert page.items == [] and page.next is not None
    assert read_sightings(finished / "sightings.jsonl", {"left"}, 0, 100, most=10, start=10**9).items == []


def test_pages_of_people(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    whole = client.get(f"{BASE_PATH}/identities").json()
    assert whole["next"] is None and whole["total"] == len(whole["items"]) > 2
    first = client.get(f"{BASE_PATH}/identities?limit=2").json()
    rest = client.get(f"{BASE_PATH}/identities?limit=1000&cursor={first['next']}").json()
    assert first["items"] + rest["items"] == whole["items"]
    for wrong in ("limit=0", "limit=1001", "cursor=-1", "limit=x", "more=1"):
        assert client.get(f"{BASE_PATH}/identities?{wrong}").status_code == 422
