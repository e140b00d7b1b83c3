"""All tracklets of a run in short, for a picture of its whole time: made once, and kept as the bytes that are sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from reidtrack.server.data.library import RunSeen
from reidtrack.video.palette import colour_of

MOST_ROWS = 20_000
Stretch = tuple[float, float]
ALWAYS: Stretch = (-1e12, 1e12)
_COLUMNS = ("identity", "camera", "track_id", "first_time_s", "last_time_s", "probability")


def colour(identity: int) -> str:
    """The colour of an identity as CSS writes it."""
    blue, green, red = colour_of(identity)
    return f"#{red:02x}{green:02x}{blue:02x}"


def timeline(run: RunSeen, cursor: int = 0, limit: int = MOST_ROWS, stretch_s: Stretch = ALWAYS) -> bytes:
    """A page of the tracklets with the people they belong to, as JSON.

    Args:
        run: As the user sees it.
        cursor: Number of its first row.
        limit: Most rows.
        stretch_s: Tracklets that lie at least partly in it, seconds since the run's origin.
    """
    return run.made_once(("timeline", cursor, limit, stretch_s), lambda: _timeline(run, cursor, limit, stretch_s))


def _within(people: Iterable[dict[str, Any]], from_s: float, until_s: float) -> Iterator[dict[str, Any]]:
    """People who were there in a stretch of time, with their tracklets of it alone."""
    for entry in people:
        if entry["first_time_s"] >= until_s or entry["last_time_s"] < from_s:
            continue
        kept = [t for t in entry["tracklets"] if t["first_time_s"] < until_s and t["last_time_s"] >= from_s]
        if kept:
            yield {**entry, "tracklets": kept}


def _timeline(run: RunSeen, cursor: int, limit: int, stretch_s: Stretch) -> bytes:
    (from_s, until_s), cameras = stretch_s, run.cameras
    people = [*_within(run.identities, from_s, until_s)] if stretch_s != ALWAYS else run.identities
    place = {camera: index for index, camera in enumerate(cameras)}
    of_each = (
        [
            (
                entry["id"],
                place[t["camera"]],
                t["track_id"],
                t["first_time_s"],
                t["last_time_s"],
                None if t["link"] is None else t["link"]["probability"],
            )
            for t in entry["tracklets"]
        ]
        for entry in people
    )
    total, end = sum(len(entry["tracklets"]) for entry in people), cursor + limit
    told = {
        "items": list(islice(chain.from_iterable(of_each), min(cursor, total), min(end, total))),
        "next": end if end < total else None,
        "total": total,
        "columns": _COLUMNS,
        "cameras": cameras,
        "people": {str(entry["id"]): {"name": entry.get("name"), "colour": colour(entry["id"])} for entry in people},
        "version": run.version,
    }
    return json.dumps(told).encode()
