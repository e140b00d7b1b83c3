"""Events as lines of `events.jsonl`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reidtrack import events

ORIGIN = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)

CASES = {
    "the kind comes first, then the moment": (
        events.CameraDown(time_s=1.5, camera="hall", reason="stalled", detail="silent for 4 s", retry_s=1.0),
        {
            "event": "camera_down",
            "time": "2026-03-29T01:00:00.500Z",
            "time_s": 1.5,
            "camera": "hall",
            "reason": "stalled",
            "detail": "silent for 4 s",
            "retry_s": 1.0,
        },
    ),
    "a field that is None is left out": (
        events.IdentityGiven(time_s=0.12345, camera="a", track_id=3, identity=7, provisional=True),
        {
            "event": "identity",
            "time": "2026-03-29T00:59:59.123Z",
            "time_s": 0.123,
            "camera": "a",
            "track_id": 3,
            "identity": 7,
            "provisional": True,
        },
    ),
    "`from` is called so": (
        events.Merged(time_s=0.0, from_=7, into=3),
        {"event": "merge", "time": "2026-03-29T00:59:59.000Z", "time_s": 0.0, "from": 7, "into": 3},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_line(name: str) -> None:
    event, line = CASES[name]
    assert event.to_json(ORIGIN) == line
    assert list(event.to_json(ORIGIN))[:2] == ["event", "time"]


def test_every_kind_has_a_name_of_its_own() -> None:
    kinds = [kind.event for kind in events.Event.__subclasses__()]
    assert len(set(kinds)) == len(kinds) > 10
