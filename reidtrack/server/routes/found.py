"""What the rules of several routes load: a run, a camera, a person, a picture; what one does not see is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reidtrack.runs.crops import Crop
from reidtrack.server.data.library import RunSeen
from reidtrack.server.endpoint import Call, not_there


@dataclass(frozen=True, eq=False, slots=True)
class CameraOfRun:
    """A camera of a run."""

    run: RunSeen
    camera: str

    @property
    def cameras(self) -> Iterable[str]:
        """It alone."""
        return (self.camera,)


@dataclass(frozen=True, eq=False, slots=True)
class PersonOfRun:
    """A person of a run, an entry of `identities.json` without what other cameras saw."""

    run: RunSeen
    entry: Mapping[str, Any]

    @property
    def cameras(self) -> Iterable[str]:
        """Those of the person that the user sees."""
        return tuple(self.entry["cameras"])


@dataclass(frozen=True, eq=False, slots=True)
class CropOfRun:
    """A picture of somebody."""

    run: RunSeen
    crop: Crop

    @property
    def cameras(self) -> Iterable[str]:
        """The one that took it."""
        return (self.crop.camera,)


@dataclass(frozen=True, eq=False, slots=True)
class WholeRun:
    """A run with all its cameras, of a file that shows them all."""

    run: RunSeen

    @property
    def cameras(self) -> Iterable[str]:
        """Every camera of the run."""
        return self.run.all_cameras


def a_run(call: Call) -> RunSeen:
    """The run of `{run}`."""
    return call.runs.get(call.path["run"]) or not_there()


def whole_run(call: Call) -> WholeRun:
    """The run of `{run}`, all of it."""
    return WholeRun(a_run(call))


def a_camera(call: Call) -> CameraOfRun:
    """The camera of `{camera}` in `{run}`."""
    run, camera = a_run(call), call.path["camera"]
    return CameraOfRun(run, camera) if camera in run.all_cameras else not_there()


def a_person(call: Call) -> PersonOfRun:
    """The person of `{identity}` in `{run}`."""
    run = a_run(call)
    entry = run.identity(call.path["identity"])
    return PersonOfRun(run, entry) if entry is not None else not_there()


def a_crop(call: Call) -> CropOfRun:
    """The picture of `{camera}`, `{track_id}` and `{frame}` in `{run}`."""
    run = a_run(call)
    crop = run.crop(call.path["camera"], call.path["track_id"], call.path["frame"])
    return CropOfRun(run, crop) if crop is not None else not_there()
