"""The page of `evaluate --blame`: both sides of each link, nothing fetched, nothing that is not escaped."""

from __future__ import annotations

from typing import Any

from reidtrack.report.blame_page import render_blame, what

ODD = "<b>&\"door'"


def key(camera: str, track_id: int) -> dict[str, Any]:
    return {"camera": camera, "track_id": track_id}


def link(distance: float | None) -> dict[str, Any]:
    return {"a": key("hall", 1), "b": key(ODD, 2), "distance": distance, "threshold": 0.7, "probability": None,
            "terms": {"travel_s": 3.25}}  # fmt: skip


def mistake(kind: str, owner: int | None, home: int | None) -> dict[str, Any]:
    numbers = {"person": 5, "identity": 6, "owner": owner, "home": home, "boxes": 39, "IDF1": 1.01}
    return {"kind": kind, "tracklets": [key(ODD, 2)], "wrong_links": [link(0.5)], "missing_link": None, **numbers}


def content(**changes: Any) -> dict[str, Any]:
    points = {"IDF1": 1.0, "HOTA": 2.0}
    loss = {"boxes": 10, "missed": 2, "missed_but_detected": None, "false": 1, "IDF1": 1.0}
    return {
        "result": {"IDF1": 97.0, "HOTA": 94.0},
        "loss": dict.fromkeys(("detection", "tracking", "linking"), points),
        "detection": {ODD: loss},
        "tracking": [],
        "linking": [],
        "camera_pairs": [],
        **changes,
    }


def test_both_sides_of_a_link() -> None:
    page = render_blame(
        "run <1>", content(linking=[mistake("split and merge", 2, 3)]), {("hall", 1): b"\xff\xd8 not a picture"}
    )
    assert page.count("data:image/jpeg;base64,") == 1
    assert 'class="none"' in page  # there is no picture of the other
    assert "linked, but two people" in page
    assert "travel time" in page
    assert "run &lt;1&gt;" in page
    assert "<b>" not in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_a_run_without_mistakes() -> None:
    page = render_blame("run", content(), {})
    assert "No tracklet is in a wrong identity" in page
    assert "97.0" in page


def test_mistakes_in_words() -> None:
    assert what(mistake("split", None, 3)).endswith("2 is left in ID 6, the rest is ID 3")
    assert what(mistake("merge", 2, None)).endswith("2 is put into ID 6, which is person 2")
    assert what(mistake("split and merge", 2, 3)).endswith("which is person 2; the rest is ID 3")
