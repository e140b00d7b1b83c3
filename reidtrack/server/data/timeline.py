"""All tracklets of a run in short, for a picture of its whole time: made once, and kept as the bytes that are sent."""

from __future__ import annotations

import json
from itertools import chain, islice

from reidtrack.server.data.library import RunSeen
from reidtrack.video.palette import colour_of

MOST_ROWS = 20_000
_COLUMNS = ("identity", "camera", "track_id", "first_time_s", "last_time_s", "probability")


def colour(identity: int) -> str:
    """The colour of an identity as CSS writes it."""
    blue, green, red = colour_of(identity)
    return f"#{red:02x}{green:02x}{blue:02x}"


def timeline(run: RunSeen, cursor: int = 0, limit: int = MOST_ROWS) -> bytes:
    """A page of the tracklets with the people they belong to, as JSON.

    Args:
        run: As the user sees it.
        cursor: Number of its first row.
        limit: Most rows.
    """
    return run.made_once(("timeline", cursor, limit), lambda: _timeline(run, cursor, limit))


def _timeline(run: RunSeen, cursor: int, limit: int) -> bytes:
    people, cameras = run.identities, run.cameras
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
