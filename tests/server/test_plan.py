"""Where a person walked on the plan: in the user's cameras alone, honest where no plan is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from served import BASE_PATH, Open, log_in

from reidtrack.server.access.rules import Role

PLACE = f"{BASE_PATH}/identities/1/path"
HALF = [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 1]]


def write_site(root: Path, content: Any) -> None:
    (root / "mall" / "site.json").write_text(json.dumps(content))


def test_no_plan_is_known(root: Path, open_app: Open) -> None:
    (root / "mall" / "site.json").unlink(missing_ok=True)
    assert open_app(root).get(PLACE).json()["plan"] is None


def test_a_path_follows_the_feet(root: Path, open_app: Open) -> None:
    write_site(root, {"unit": "m", "cameras": {camera: {"homography": HALF} for camera in ("left", "right")}})
    client = open_app(root)
    plan = client.get(PLACE).json()["plan"]
    assert (plan["unit"], plan["whole"], plan["up"]) == ("m", True, False)
    assert [one["first_time_s"] for one in plan["tracklets"]] == sorted(
        one["first_time_s"] for one in plan["tracklets"]
    )
    walked = plan["tracklets"][0]
    boxes = client.get(f"{BASE_PATH}/sightings?camera={walked['camera']}&limit=1000").json()["items"]
    own = [box["xyxy"] for box in boxes if box["track_id"] == walked["track_id"]]
    feet = [((box[0] + box[2]) / 4, box[3] / 2) for box in own]
    for axis in (0, 1):
        values = [point[axis] for point in feet]
        assert all(min(values) - 1e-3 <= point[axis] <= max(values) + 1e-3 for point in walked["points"])


def test_other_cameras_are_left_out(root: Path, open_app: Open) -> None:
    write_site(root, {"cameras": {camera: {"homography": HALF} for camera in ("left", "right")}})
    client = open_app(root)
    log_in(client, "anna", Role.VIEWER, ["left"])
    assert {one["camera"] for one in client.get(PLACE).json()["plan"]["tracklets"]} == {"left"}


@pytest.mark.parametrize("content", [[], {"cameras": {"left": {"homography": "x"}}}, {"cameras": {"left": []}}])
def test_an_odd_site_is_told(root: Path, open_app: Open, content: Any) -> None:
    write_site(root, content)
    assert open_app(root).get(PLACE).status_code in (200, 422)
