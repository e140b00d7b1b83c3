"""`identities.json`, written and read: every person with its tracklets, and the link that joined each."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from reidtrack.corrections.schema import TrackletRef
from reidtrack.errors import InputError, UsageError
from reidtrack.runs.json_file import read_json
from reidtrack.types import Identity, Link, Tracklet, TrackletKey

_MOST_NAME = 4096
"""Letters of a name, as a gallery takes them; corrections take 80."""


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """What joined a tracklet to its person.

    Attributes:
        key: The tracklet it was joined to.
        distance: Appearance distance of the two, 0 to 2.
        probability: That both are one person; None where nothing was calibrated.
        terms: What else was weighed, by name.
    """

    key: TrackletKey
    distance: float
    probability: float | None
    terms: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def sureness(self) -> float:
        """How sure the link is, compared with others of its run: its probability, or else the negative distance."""
        return -self.distance if self.probability is None else self.probability


@dataclass(frozen=True, slots=True)
class TrackletEntry:
    """A tracklet as `identities.json` has it.

    Attributes:
        camera: Name of the camera.
        track_id: Unique within the camera.
        logged_id: Track id in the tracker's log, which several parts of a cut track share.
        first_frame: Index of its first box's frame, 0-based.
        last_frame: Index of its last box's frame.
        first_time_s: Time of its first box, seconds since the run's origin.
        last_time_s: Time of its last box.
        ref: What names it in `corrections.yaml`.
        link: What joined it to its person; None for the first one.
    """

    camera: str
    track_id: int
    logged_id: int
    first_frame: int
    last_frame: int
    first_time_s: float
    last_time_s: float
    ref: TrackletRef
    link: LinkEntry | None

    @property
    def key(self) -> TrackletKey:
        """Camera and track id."""
        return self.camera, self.track_id

    def is_at(self, ref: TrackletRef) -> bool:
        """Whether a user means it by `ref`."""
        if ref.time_s is None:
            return self.key == (ref.camera, ref.track_id)
        track = self.camera, self.logged_id
        return track == (ref.camera, ref.track_id) and self.first_time_s <= ref.time_s <= self.last_time_s


@dataclass(frozen=True, slots=True)
class IdentityEntry:
    """A person as `identities.json` has it.

    Attributes:
        id: Number of the identity, from 1.
        name: What the person is called, if anything.
        cameras: That saw the person.
        tracklets: By time.
    """

    id: int
    name: str | None
    cameras: tuple[str, ...]
    tracklets: tuple[TrackletEntry, ...]

    @property
    def refs(self) -> list[TrackletRef]:
        """What names the tracklets in `corrections.yaml`."""
        return [tracklet.ref for tracklet in self.tracklets]


def read_identities(path: Path) -> list[IdentityEntry]:
    """Read `identities.json` as it was written last.

    Args:
        path: The file.

    Raises:
        InputError: If it is not there or cannot be read.
    """
    try:
        entries = read_json(path)
    except InputError as error:
        raise InputError(error.what, where=path, expected=error.expected, hint=settle_first(path.parent)) from error
    return identities_of(entries, path)


def identities_of(entries: Any, path: Path) -> list[IdentityEntry]:
    """Entries of `identities.json` as records.

    Args:
        entries: Content of the file, whatever it is.
        path: The file, for what is said of it.

    Raises:
        InputError: If they are none.
    """
    try:
        cut = {(t["camera"], t["split_from"]) for entry in entries for t in entry["tracklets"] if "split_from" in t}
        return [
            IdentityEntry(
                int(entry["id"]),
                _read_name(entry.get("name")),
                tuple(map(str, entry["cameras"])),
                tuple(_read_tracklet(t, cut) for t in entry["tracklets"]),
            )
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError("cannot be read", where=path, hint=settle_first(path.parent)) from error


def _read_name(name: object) -> str | None:
    """What a person is called.

    Raises:
        ValueError: If it is no text, or longer than names are.
    """
    if name is not None and not (isinstance(name, str) and 0 < len(name) <= _MOST_NAME and name.isprintable()):
        raise ValueError("no name")
    return name


def settle_first(folder: Path) -> str:
    """What to do where the outputs of a run are not those of its corrections."""
    return f"run `reidtrack associate {folder}`"


def _read_tracklet(entry: Mapping[str, Any], cut: set[TrackletKey]) -> TrackletEntry:
    camera, track_id = str(entry["camera"]), int(entry["track_id"])
    logged_id = int(entry.get("split_from", track_id))
    first_s, last_s = float(entry["first_time_s"]), float(entry["last_time_s"])
    middle_s = round((first_s + last_s) / 2, 2)
    moment_s = (middle_s if first_s <= middle_s <= last_s else first_s) if (camera, logged_id) in cut else None
    if logged_id < 1 or not (moment_s is None or math.isfinite(moment_s)):
        raise ValueError("no tracklet")  # what TrackletRef says too, here without a third of the reading's time
    return TrackletEntry(
        camera=camera,
        track_id=track_id,
        logged_id=logged_id,
        first_frame=int(entry["first_frame"]),
        last_frame=int(entry["last_frame"]),
        first_time_s=first_s,
        last_time_s=last_s,
        ref=TrackletRef.model_construct(camera=camera, track_id=logged_id, time_s=moment_s),
        link=None if entry["link"] is None else _read_link(entry["link"]),
    )


def _read_link(entry: Mapping[str, Any]) -> LinkEntry:
    probability = entry["probability"]
    return LinkEntry(
        (entry["camera"], entry["track_id"]),
        float(entry["distance"]),
        None if probability is None else float(probability),
        entry.get("terms") or {},
    )


def find_identity(people: Sequence[IdentityEntry], word: str) -> tuple[IdentityEntry, TrackletEntry | None]:
    """Whom a word means: an identity's number, a name, or CAMERA TRACK, which means that tracklet and its person.

    Raises:
        UsageError: If there is nobody.
    """
    if word.isdecimal():
        person = next((person for person in people if person.id == int(word)), None)
        if person is None:
            raise UsageError(f"there is no person {word}", expected=f"a number from 1 to {len(people)}")
        return person, None
    for person in people:
        if person.name is not None and person.name.casefold() == word.casefold():
            return person, None
    try:
        ref = TrackletRef.model_validate(word)
    except ValidationError:
        names = [person.name for person in people if person.name is not None]
        near = difflib.get_close_matches(word, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else None
        expected = "an identity's number, a name, or 'CAMERA TRACK'"
        raise UsageError(f"there is nobody {word!r}", expected=expected, hint=hint) from None
    found = next(((person, t) for person in people for t in person.tracklets if t.is_at(ref)), None)
    if found is None:
        cameras = ", ".join(sorted({t.camera for person in people for t in person.tracklets}))
        expected = f"CAMERA TRACK as in identities.json; cameras: {cameras}"
        raise UsageError(f"there is no tracklet {word!r}", expected=expected)
    return found


def identity_to_json(identity: Identity, person: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An entry of `identities.json`.

    Args:
        identity: The person.
        person: Who that is in a gallery, if one was asked.
    """
    links = {link.a: link for link in identity.links}
    return {
        "id": identity.id,
        **({} if identity.name is None else {"name": identity.name}),
        **({} if person is None else {"person": dict(person)}),
        "cameras": list(identity.cameras),
        "first_time_s": round(identity.first_time_s, 6),
        "last_time_s": round(identity.last_time_s, 6),
        "tracklets": [_tracklet_to_json(t, links.get(t.key)) for t in identity],
    }


def _tracklet_to_json(tracklet: Tracklet, link: Link | None) -> dict[str, Any]:
    return {
        "camera": tracklet.camera,
        "track_id": tracklet.track_id,
        "first_frame": int(tracklet.frame[0]),
        "last_frame": int(tracklet.frame[-1]),
        "first_time_s": round(tracklet.first_time_s, 6),
        "last_time_s": round(tracklet.last_time_s, 6),
        "frames": len(tracklet),
        **({} if tracklet.split_from is None else {"split_from": tracklet.split_from}),
        "link": None if link is None else _link_to_json(link),
    }


def _link_to_json(link: Link) -> dict[str, Any]:
    return {
        "camera": link.b[0],
        "track_id": link.b[1],
        "distance": round(link.distance, 4),
        "margin": round(link.margin, 4) if np.isfinite(link.margin) else None,
        "runner_up": None if link.runner_up is None else {"camera": link.runner_up[0], "track_id": link.runner_up[1]},
        "probability": None if link.probability is None else round(link.probability, 4),
        "terms": {name: round(value, 4) for name, value in link.terms.items()},
    }
