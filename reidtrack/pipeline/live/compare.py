"""What live identities had otherwise than those of the whole time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reidtrack.types import Identity, TrackletKey

_MOST_TOLD = 20


def live_numbers(events: Iterable[Mapping[str, Any]]) -> dict[TrackletKey, int]:
    """Number of each tracklet's person, by what the events of a live folder said last.

    Args:
        events: As `read_events` gives them, in their order.
    """
    number: dict[TrackletKey, int] = {}
    for event in events:
        kind = event.get("event")
        if kind == "identity":
            number[str(event["camera"]), int(event["track_id"])] = int(event["identity"])
        elif kind == "merge":
            gone, into = int(event["from"]), int(event["into"])
            number.update({key: into for key, value in number.items() if value == gone})
        elif kind == "split":
            number.update({(str(camera), int(track)): int(event["into"]) for camera, track in event["tracklets"]})
    return number


def compared(live: Mapping[TrackletKey, int], settled: Sequence[Identity]) -> list[str]:
    """Lines on what live had otherwise: people it held apart, and those it took for one.

    Args:
        live: Number of each tracklet's person, as live said.
        settled: People of the whole time.
    """
    both = Counter(
        (live[key], identity.id)
        for identity in settled
        for tracklet in identity
        if (key := (tracklet.camera, tracklet.logged_id)) in live
    )
    numbers, ids = sorted({number for number, _ in both}), sorted({i for _, i in both})
    lines = [f"live counted {len(numbers)} people where there are {len(ids)} over the whole time"]
    for person in ids:
        parts = [number for number in numbers if (number, person) in both]
        if len(parts) > 1:
            lines.append(f"person {person} was {_listed(parts)} live")
    for number in numbers:
        people = [person for person in ids if (number, person) in both]
        if len(people) > 1:
            lines.append(f"live's {number} is {_listed(people)}")
    if len(lines) == 1:
        return [*lines, "live had nobody otherwise"]
    more = len(lines) - 1 - _MOST_TOLD
    return lines if more <= 0 else [*lines[: _MOST_TOLD + 1], f"and {more} more of these"]


def _listed(numbers: Sequence[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}"
