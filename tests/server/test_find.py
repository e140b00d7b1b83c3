"""Find, compare and the gallery, for programs: who is found, who may find whom, odd pictures, what is put down."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from scene import CLOTHES
from served import Client, NobodyFound, Open, log_in
from served_examples import fill_gallery

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.cli.main import main
from reidtrack.server.access.rules import Role
from reidtrack.server.data import networks as networks_module
from reidtrack.server.data.meaning import Scale
from reidtrack.server.routes import pictures

BASE = "/api/v1"


def photo(number: int, kind: str = ".png") -> str:
    """Somebody in the clothes of a walker of the scene, from edge to edge, in base64."""
    image = np.empty((66, 22, 3), np.uint8)
    image[:36], image[36:] = CLOTHES[number]
    image[:12, 5:-5] = (140, 170, 210)
    return base64.b64encode(cv2.imencode(kind, image)[1].tobytes()).decode()


@pytest.fixture
def client(kept: Path, open_app: Open, reid: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(networks_module, "make_detector", lambda *_: (NobodyFound(), None))
    made = open_app(kept, reid=reid)
    made.services.gallery.unlink(missing_ok=True)
    return made


def crop_of(client: Client, camera: str) -> dict[str, Any]:
    crop = next(c for c in client.services.library.load("mall").crops.values() if c.camera == camera)
    return {"run": "mall", "camera": crop.camera, "track_id": crop.track_id, "frame": crop.frame}


def search(client: Client, picture: dict[str, Any], **more: Any) -> Any:
    said = client.post(f"{BASE}/search", json={"picture": picture, **more})
    assert said.status_code == 200, said.text
    return said.json()


def test_a_kept_picture_finds_its_own_person_first(client: Client) -> None:
    asked = crop_of(client, "left")
    said = search(client, asked)
    people = client.get(f"{BASE}/runs/mall/identities").json()["items"]
    (own,) = [
        p["id"]
        for p in client.services.library.load("mall").identities
        if any((t["camera"], t["track_id"]) == (asked["camera"], asked["track_id"]) for t in p["tracklets"])
    ]
    first = said["items"][0]
    assert (first["run"], first["identity"], said["searched"]) == ("mall", own, len(people))
    assert first["by_chance"] is None and "only the order counts" in first["meaning"]  # the tiny card says nothing
    distances = [hit["distance"] for hit in said["items"]]
    assert distances == sorted(distances) and distances[0] < 0.1
    line = client.services.audit.last(1)[0]
    assert (line["what"], line["picture"]["track_id"], line["nearest"][0]) == (
        "searched for somebody",
        asked["track_id"],
        {"run": "mall", "identity": own},
    )


def test_photos_are_found_compared_and_embedded(client: Client) -> None:
    ranked = [search(client, {"image": photo(number)}, top=1)["items"][0]["identity"] for number in range(4)]
    assert len(set(ranked)) == 4
    one, other = {"image": photo(0)}, {"image": photo(1, ".jpg")}
    same = client.post(f"{BASE}/compare", json={"first": one, "second": one}).json()
    two = client.post(f"{BASE}/compare", json={"first": one, "second": other}).json()
    assert same["distance"] == pytest.approx(0, abs=1e-3) and two["distance"] > same["distance"]
    said = client.post(f"{BASE}/embed", json={"picture": one}).json()
    assert np.linalg.norm(said["feature"]) == pytest.approx(1, abs=1e-5)
    seen = client.post(f"{BASE}/detect", json={"picture": one}).json()
    assert seen == {"width": 22, "height": 66, "people": [[0, 0, 22, 66]]}


def test_who_sees_one_camera_finds_nothing_of_the_other(client: Client, reid: Path) -> None:
    log_in(client, "anna", Role.REVIEWER, ["left"])
    said = search(client, {"image": photo(2)})
    assert said["items"] and "right" not in json.dumps(said)
    assert {hit["camera"] for hit in said["items"]} == {"left"}
    refused = client.post(f"{BASE}/search", json={"picture": crop_of(client, "right")})
    assert refused.status_code == 404
    pair = {"first": crop_of(client, "left"), "second": crop_of(client, "right")}
    assert client.post(f"{BASE}/compare", json=pair).status_code == 404


def bomb() -> bytes:
    """A small PNG that says it has a thousand million pixels."""
    head = struct.pack(">IIBBBBB", 1 << 15, 1 << 15, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"IEND\xaeB`\x82"
    )


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        pytest.param(bomb(), 422, "32768 x 32768 pixels", id="bomb"),
        pytest.param(b"GIF89a" + bytes(50), 422, "kind that is not read", id="gif"),
        pytest.param(b"<svg><script>1</script></svg>", 422, "kind that is not read", id="svg"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"IEND\xaeB`\x82", 422, "cannot be decoded", id="no content"),
        pytest.param(base64.b64decode(photo(0))[:300], 422, "ends too early", id="cut short"),
        pytest.param(b"\xff\xd8\xff" + bytes(101), 413, "a photo has at most", id="too large"),
    ],
)
def test_odd_pictures(client: Client, monkeypatch: pytest.MonkeyPatch, data: bytes, status: int, words: str) -> None:
    if status == 413:
        monkeypatch.setattr(pictures, "MOST_PHOTO", 100)
    said = client.post(f"{BASE}/search", json={"picture": {"image": base64.b64encode(data).decode()}})
    assert said.status_code == status and words in said.json()["error"]["what"], said.text
    assert "\n" not in said.json()["error"]["what"]


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        pytest.param({}, "give image", id="nothing"),
        pytest.param({"image": "ü"}, "no base64", id="no base64"),
        pytest.param({"image": "aa", "run": "mall"}, "give image", id="two ways"),
        pytest.param({"run": "mall", "camera": "left", "time_s": 1}, "box_xyxy is missing", id="a frame without box"),
        pytest.param({"image": photo(0), "box_xyxy": [90, 90, 99, 99]}, "shows nothing of the photo", id="far"),
        pytest.param({"image": photo(0), "box_xyxy": [1, 2]}, "box_xyxy", id="half a box"),
    ],
)
def test_odd_words(client: Client, picture: Any, words: str) -> None:
    said = client.post(f"{BASE}/embed", json={"picture": picture})
    assert said.status_code == 422 and words in said.json()["error"]["what"], said.text


def test_runs_of_another_network_are_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks_module, "digest", lambda weights: "0" * 64)
    said = search(client, {"image": photo(0)})
    assert (said["items"], said["searched"]) == ([], 0)
    assert said["left_out"][0]["run"] == "mall" and "another network" in said["left_out"][0]["why"]


def test_more_requests_than_can_wait_are_sent_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [client.services.networks._places.acquire(blocking=False) for _ in range(networks_module.MOST_WAITING)]
    assert all(places)
    assert client.post(f"{BASE}/embed", json={"picture": {"image": photo(0)}}).status_code == 503


def test_the_gallery_named_merged_and_forgotten(client: Client) -> None:
    keys = fill_gallery(client.services)
    place = f"{BASE}/people/{keys['Lea']}"
    assert client.post(f"{place}/name", json={"name": "Leonie"}).json()["name"] == "Leonie"
    assert client.post(f"{place}/name", json={"name": "Rita"}).status_code == 422
    assert client.post(f"{place}/name", json={"name": ""}).json()["name"] is None
    merged = client.post(f"{place}/merge", json={"into": keys["Rita"]}).json()
    assert (merged["key"], merged["cameras"]) == (keys["Rita"], ["left", "right"])
    assert client.get(place).status_code == 404
    assert client.delete(f"{BASE}/people/{keys['Rita']}").status_code == 204
    assert {one["name"] for one in client.get(f"{BASE}/people").json()["items"]} == {"Bob", "Pia"}
    said = [line["what"] for line in client.services.audit.last(3)]
    assert said == ["looked at the gallery", "forgot somebody of the gallery", "merged people of the gallery"]


def test_enrolled_by_photos_and_dated(client: Client, now: datetime) -> None:
    client.services.gallery.unlink(missing_ok=True)
    pictures = [{"image": photo(0)}, {"image": photo(1)}]
    today = now.date().isoformat()
    said = client.post(f"{BASE}/people", json={"name": "Zoe", "pictures": pictures, "until": today, "consent": None})
    assert (said.status_code, said.json()["photos"], said.json()["until"]) == (200, 2, today), said.text
    again = client.post(
        f"{BASE}/people", json={"name": "Zoe", "pictures": pictures[:1], "consent": "2020-02-29"}
    ).json()
    assert (again["photos"], again["until"], again["consent"]) == (2, today, "2020-02-29")
    place = f"{BASE}/people/{again['key']}/dates"
    assert client.post(place, json={"until": None}).json()["until"] is None
    for wrong in ("2020-02-30", "2020-01-01", "soon"):
        assert client.post(place, json={"until": wrong}).status_code == 422
    assert search(client, {"image": photo(0)}, runs=[])["items"][0]["name"] == "Zoe"
    assert "Zoe" not in (client.services.root / ".serve/audit.jsonl").read_text()


def test_who_sees_one_camera_sees_whom_it_alone_saw(client: Client) -> None:
    fill_gallery(client.services)
    log_in(client, "anna", Role.REVIEWER, ["left"])
    assert [one["name"] for one in client.get(f"{BASE}/people").json()["items"]] == ["Lea"]


def test_a_gallery_is_searched_too(client: Client, root: Path, open_app: Open, reid: Path) -> None:
    client = open_app(root, reid=reid)
    assert main(["associate", str(root / "mall"), "--gallery", str(client.services.gallery), "--quiet"]) == 0
    said = search(client, {"image": photo(1)}, runs=[])
    known = {one["key"] for one in client.get(f"{BASE}/people").json()["items"]}
    assert said["searched"] == len(known) > 0
    assert {hit["key"] for hit in said["items"]} <= known
    log_in(client, "anna", Role.VIEWER, ["left"])
    assert "right" not in json.dumps(search(client, {"image": photo(1)}))


@pytest.mark.parametrize(
    ("distance", "people", "words"),
    [
        pytest.param(0.2, 10, "very alike", id="near, of few"),
        pytest.param(0.6, 10, "alike", id="middling"),
        pytest.param(0.6, 10_000, "uncertain", id="the same of many"),
        pytest.param(1.1, 10, "unlike", id="far"),
    ],
)
def test_what_a_distance_means(distance: float, people: int, words: str) -> None:
    told = Scale(AppearancePrior(np.zeros(4))).of_hit(distance, people)
    assert told.words.split(":")[0] == words


def test_the_networks_mean_is_removed_and_probability_falls() -> None:
    scale = Scale(AppearancePrior(np.array([1.0, 0.0])))
    assert scale.distance(np.array([1, 0.5], np.float32), np.array([1, -0.5], np.float32)) == pytest.approx(2)
    chances = [scale.of_pair(d).probability or 0.0 for d in (0.0, 0.4, 0.8, 1.2, 2.0)]
    assert chances == sorted(chances, reverse=True) and chances[0] > 0.9 and chances[-1] < 0.1
