"""Measure: figures and blame by the interface, of ground truth in the allowed folders alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scene import Scene
from served import Open, log_in

from reidtrack.server.access.rules import Role

PLACE = "/api/v1/runs/mall/measurement"


def truth(scene: Scene) -> dict[str, str]:
    return {camera: str(path) for camera, path in scene.truth.items()}


def test_nothing_is_measured_where_there_is_no_truth(root: Path, open_app: Open) -> None:
    assert open_app(root).get(PLACE).json() == {"evaluation": None, "blame": None}


def test_a_run_is_measured_and_its_mistakes_have_their_moments(root: Path, open_app: Open, scene: Scene) -> None:
    client = open_app(root, recordings=[scene.folder])
    listed = {item["source"] for item in client.get("/api/v1/ground-truth").json()["items"]}
    assert set(truth(scene).values()) <= listed
    told = client.post(PLACE, json={"gt": truth(scene)}).json()
    assert told["evaluation"]["current"] is told["blame"]["current"] is True
    assert set(told["evaluation"]["cameras"]) == {"left", "right"}
    assert told["blame"]["result"]["IDF1"] == told["evaluation"]["cross"]["IDF1"]
    assert told["blame"]["linking"] == []
    assert told == client.get(PLACE).json()
    assert client.post("/api/v1/runs/mall/corrections", json={"verb": "split", "who": ["left 1"]}).status_code == 200
    assert client.get(PLACE).json()["evaluation"]["current"] is False
    again = client.post(PLACE, json={"gt": told["evaluation"]["basis"]["gt"]}).json()
    (mistake,) = again["blame"]["linking"]
    begins = {
        (t["camera"], t["track_id"]): t["first_time_s"]
        for person in json.loads((root / "mall" / "identities.json").read_text())
        for t in person["tracklets"]
    }
    assert all(key["time_s"] == begins[key["camera"], key["track_id"]] for key in mistake["tracklets"])


def test_only_files_of_allowed_folders_are_read(root: Path, open_app: Open, scene: Scene, tmp_path: Path) -> None:
    client = open_app(root, recordings=[scene.folder])
    elsewhere = tmp_path / "left.txt"
    elsewhere.write_bytes(scene.truth["left"].read_bytes())
    for wrong in (str(elsewhere), "/etc/passwd", "http://127.0.0.1/gt.txt", str(scene.videos["left"])):
        said = client.post(PLACE, json={"gt": {"left": wrong}})
        assert said.status_code == 422, wrong
    assert not (root / "mall" / "evaluation.json").exists()


def test_links_in_the_folder_are_not_followed(root: Path, open_app: Open, scene: Scene) -> None:
    client = open_app(root, recordings=[scene.folder])
    tracks = root / "mall" / "tracks" / "left.txt"
    tracks.unlink()
    tracks.symlink_to("/etc/passwd")
    said = client.post(PLACE, json={"gt": truth(scene)})
    assert (said.status_code, "links" in said.text) == (422, True)


@pytest.mark.parametrize(
    "content",
    [[], {"cameras": {}}, {"cameras": {"left": {"HOTA": "high"}}, "cross": {}}, {"cameras": 1e999, "cross": {}}],
    ids=["a list", "without a part", "text for a figure", "infinity"],
)
def test_an_odd_file_is_told(root: Path, open_app: Open, content: Any) -> None:
    (root / "mall" / "evaluation.json").write_text(json.dumps(content))
    assert open_app(root).get(PLACE).status_code == 422


def test_paths_are_for_admins(root: Path, open_app: Open, scene: Scene) -> None:
    client = open_app(root, recordings=[scene.folder])
    assert client.post(PLACE, json={"gt": truth(scene)}).status_code == 200
    log_in(client, "anna", Role.REVIEWER)
    assert str(scene.folder) not in client.get(PLACE).text
    log_in(client, "ben", Role.ADMIN)
    assert str(scene.folder) in client.get(PLACE).text
