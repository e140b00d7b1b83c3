"""`run.json`: what a run was asked for, what it used, how far it came, and what it counted."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from reidtrack import __version__, clock
from reidtrack.associate.associate import Association
from reidtrack.engines.provenance import Weights
from reidtrack.errors import UsageError, param
from reidtrack.runs.calibration_json import summary
from reidtrack.runs.counts import CameraCount
from reidtrack.runs.folder import SCHEMA_VERSION
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.video.inputs import CameraInput
from reidtrack.video.part import Part
from reidtrack.video.source import Source

_PACKAGES = (
    "torch",
    "openvino",
    "onnxruntime",
    "onnxruntime-gpu",
    "tensorrt",
    "ultralytics",
    "opencv-python",
    "av",
    "numpy",
    "scipy",
    "lap",
)

READ = ("rendering", "done")
"""States of a run whose reading has come to its end."""

# What an interrupted run must have in common with the one that goes on with it.
_SAME = ("inputs", "part", "weights", "detections")
_SAME_SETTINGS = ("detect", "track", "embed")


def new_record(
    inputs: Sequence[CameraInput],
    part: Part,
    settings: Mapping[str, Any],
    weights: Mapping[str, Weights],
    detections: Mapping[str, str],
    origin: datetime | None,
) -> dict[str, Any]:
    """The record of a run that begins."""
    now = clock.now()
    return {
        "schema_version": SCHEMA_VERSION,
        "reidtrack": __version__,
        "status": "reading",
        "started_utc": now.isoformat(timespec="seconds"),
        "origin_utc": (origin or now).astimezone(UTC).isoformat(),
        "origin_from": "start of the run" if origin is None else "--origin",
        "inputs": [item.to_json() for item in inputs],
        "part": asdict(part),
        "detections": dict(detections),
        "weights": {name: asdict(used) for name, used in weights.items()},
        "config": dict(settings),
        "versions": versions(),
        "cameras": {},
        "people": 0,
        "timings_s": {},
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries whose version can change a result."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def note_sources(record: dict[str, Any], sources: Sequence[Source]) -> None:
    """Put down what the opened recordings say about themselves."""
    opened = {source.camera: source for source in sources}
    for entry in record["inputs"]:
        source = opened.get(entry["camera"])
        if source is not None:
            entry["size"] = list(source.size)
            entry["nominal_fps"] = round(source.nominal_fps, 6)
            entry["duration_s"] = source.duration_s


def note_counts(record: dict[str, Any], counts: Mapping[str, CameraCount]) -> None:
    """Put down what was counted while reading."""
    record["cameras"] = {camera: {**asdict(count), "people": 0} for camera, count in counts.items()}


def note_pass(record: dict[str, Any], title: str, times: StageTimes) -> None:
    """Put down how long a pass took, and its stages, under their own names too."""
    passed = times.to_json()
    record.setdefault("passes", {})[title] = passed
    record["timings_s"] |= {title: passed["wall_s"], **passed["busy_s"]}


def note_association(record: dict[str, Any], association: Association) -> None:
    """Put down how many people there are, in all and in each camera, and which thresholds told them apart."""
    identities = association.identities
    record["people"] = len(identities)
    record["people_in_several_cameras"] = sum(len(identity.cameras) > 1 for identity in identities)
    record["association"] = {
        "threshold": round(association.threshold, 4),
        "same_camera_threshold": round(association.same_camera_threshold, 4),
        "calibration": summary(association.calibration),
    }
    for camera, entry in record["cameras"].items():
        entry["people"] = sum(camera in identity.cameras for identity in identities)


def check_same(former: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Refuse to go on with a run that was asked for something else.

    Raises:
        UsageError: If inputs, weights or the settings of detection, tracking or embedding differ, or are of a version
            that lacks one of the settings.
    """
    settings = former.get("config", {})
    for name in _SAME_SETTINGS:
        for key in record["config"][name]:
            if key not in settings.get(name, {}):
                raise UsageError(
                    f"the run there is of an earlier reidtrack, without the setting {name}.{key}",
                    field="resume",
                    hint=f"finish it with that one, or use {param('overwrite', True)}",
                )
    pairs = [(name, former.get(name), record[name]) for name in _SAME]
    pairs += [(name, settings[name], record["config"][name]) for name in _SAME_SETTINGS]
    for name, former_value, value in pairs:
        old, new = _comparable(name, former_value), _comparable(name, value)
        if old != new:
            raise UsageError(
                f"the run there has other {name}: {_difference(old, new)}",
                field="resume",
                hint=f"repeat its options, or use {param('overwrite', True)}",
            )


def _comparable(name: str, value: Any) -> Any:
    """Without what a source only tells once it is open, and without the paths of weights: their digests count."""
    if name == "inputs":
        return [{k: entry.get(k) for k in ("camera", "source", "offset_s")} for entry in value]
    if name == "weights":
        return {k: {"sha256": used.get("sha256"), "engine": used.get("engine")} for k, used in value.items()}
    if name == "part":  # runs of before say 25 images per second where nothing was asked for
        return {**value, "fps": value.get("fps") or 25.0}
    if name in _SAME_SETTINGS:
        return {k: entry for k, entry in value.items() if k != "weights"}
    return value


def _difference(old: Any, new: Any) -> str:
    """The first difference, for one line."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *new]:
            if old.get(key) != new.get(key):
                return f"{key} {_difference(old.get(key), new.get(key))}"
    return f"was {old!r}, now {new!r}"
