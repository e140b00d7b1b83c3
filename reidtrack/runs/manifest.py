"""The manifest of a run, `run.json`: what it was asked for, what it used, how far it came, and what it counted.

It is made once (`RunManifest.begin`) or read once (`RunFolder.read_manifest`), passed down to whatever needs it, and
written whenever the run has come a step further. The code that has just written it never reads it back.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from reidtrack import __version__, clock
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, UsageError, param
from reidtrack.runs.calibration_json import summary
from reidtrack.runs.manifest_sections import (
    AssociationEntry,
    CameraCount,
    CameraEntry,
    CorrectionsEntry,
    InputEntry,
    NumbersEntry,
    PassEntry,
    RecordingEntry,
    Section,
)
from reidtrack.video.fingerprint import fingerprint
from reidtrack.video.inputs import CameraInput
from reidtrack.video.naming import is_camera_name
from reidtrack.video.part import Part
from reidtrack.video.segments import zone_of
from reidtrack.video.source import Source

if TYPE_CHECKING:
    from reidtrack.associate.associate import Association
    from reidtrack.runtime.stage_times import StageTimes

SCHEMA_VERSION = 1
"""What changes without a new version: keys are added, and keys that nobody reads any more are passed over."""

Status = Literal["reading", "interrupted", "rendering", "done"]
READ: tuple[Status, ...] = ("rendering", "done")
"""States of a run whose reading has come to its end."""

_GROUPS = frozenset(
    {"detect", "track", "embed", "associate", "gallery", "site", "output", "stream", "record", "publish", "shared"}
)
"""Settings that hold others."""

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


def _known_parts(value: object) -> object:
    """A part without keys of other versions, for which it has no room."""
    known = {field.name for field in fields(Part)}
    return {key: value[key] for key in value.keys() & known} if isinstance(value, dict) else value


class RunManifest(Section):
    """What `run.json` says; the fields stand in the order of the file.

    Attributes:
        schema_version: Of the file.
        reidtrack: Version of the program that began the run.
        status: How far the run has come.
        started_utc: When it was begun, ISO 8601.
        origin_utc: The moment from which all its times count, ISO 8601.
        origin_from: How that is known.
        inputs: The recordings, in the order of the command line.
        part: Which part of each is read.
        detections: Camera to a detection file that takes the detector's place.
        weights: "detector" and "reid" to what was loaded.
        settings: Every setting, as `config` in the file.
        site_files: Path of each file that describes the site to its sha256.
        versions: Python and libraries to their versions.
        cameras: Camera that could be opened to what was read of it.
        people: How many identities there are.
        timings_s: Name of a pass or stage to seconds.
        passes: Name of a pass to its stages.
        people_in_several_cameras: How many identities more than one camera saw.
        association: Thresholds; None until identities were settled.
        corrections: What a person said; None until identities were settled.
        settling: Whether outputs are being written; a command that was killed meanwhile left some of before.
        live: Camera to the last numbers that were given in it, of live cameras; None of recordings.
        live_figures: Camera to delays and counts of the last live session.
    """

    schema_version: int = SCHEMA_VERSION
    reidtrack: str = ""
    status: Status
    started_utc: str = ""
    origin_utc: str
    origin_from: str
    inputs: list[InputEntry]
    part: Annotated[Part, BeforeValidator(_known_parts)]
    detections: dict[str, str] = Field(default_factory=dict)
    weights: dict[str, Weights] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(alias="config")
    site_files: dict[str, str] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    cameras: dict[str, CameraEntry]
    people: int = 0
    timings_s: dict[str, float]
    passes: dict[str, PassEntry] = Field(default_factory=dict)
    people_in_several_cameras: int = 0
    association: AssociationEntry | None = None
    corrections: CorrectionsEntry | None = None
    settling: bool = False
    live: dict[str, NumbersEntry] | None = None
    live_figures: dict[str, dict[str, float]] | None = None

    @classmethod
    def begin(
        cls,
        inputs: Sequence[CameraInput],
        part: Part,
        settings: Mapping[str, Any],
        weights: Mapping[str, Weights],
        detections: Mapping[str, str],
        origin: datetime | None,
    ) -> RunManifest:
        """The manifest of a run that begins now, which is its origin too unless one is given."""
        now = clock.now()
        return cls(
            schema_version=SCHEMA_VERSION,
            reidtrack=__version__,
            status="reading",
            started_utc=now.isoformat(timespec="seconds"),
            origin_utc=(origin or now).astimezone(UTC).isoformat(),
            origin_from="start of the run" if origin is None else "--origin",
            inputs=[InputEntry(**item.to_json()) for item in inputs],
            part=part,
            detections=dict(detections),
            weights=dict(weights),
            settings=dict(settings),
            versions=versions(),
            cameras={},
            people=0,
            timings_s={},
        )

    @classmethod
    def from_json(cls, data: object, where: Path) -> RunManifest:
        """Read what a run of this or an earlier version wrote.

        Args:
            data: Content of the file.
            where: The file, for messages.

        Raises:
            InputError: If it is of another version, or lacks what every run has.
        """
        version = data.get("schema_version") if isinstance(data, dict) else None
        if version != SCHEMA_VERSION:
            newer = isinstance(version, int) and version > SCHEMA_VERSION
            hint = "a newer reidtrack made it: update this one" if newer else None
            raise InputError(f"has schema version {version}", where=where, expected=str(SCHEMA_VERSION), hint=hint)
        try:
            found = cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            what = f"lacks {key!r}" if first["type"] == "missing" else f"{key}: {first['msg']}"
            raise InputError(what, where=where, hint=f"run again with {param('overwrite', True)}") from error
        except UsageError as error:  # of the part that is read
            raise InputError(f"part: {error.text}", where=where) from error
        _check_names(found, where)
        _check_time(found, where)
        _check_settings(found, where)
        found.settings.get("associate", {}).pop("strangers", None)  # of runs from before thresholds were calibrated
        return found

    def to_json(self) -> dict[str, Any]:
        """Content of `run.json`: what was set, in the order of the fields."""
        data = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return data if self.settling else {key: value for key, value in data.items() if key != "settling"}

    @property
    def origin(self) -> datetime:
        """The moment from which all times of the run count."""
        return datetime.fromisoformat(self.origin_utc)

    @property
    def origin_known(self) -> bool:
        """Whether the user said when the run's time begins; otherwise it is when the run was started."""
        return self.origin_from in ("--origin", "clock")

    @property
    def zone(self) -> tuple[tzinfo, str]:
        """The recorder's time zone, whose days count, and its name: that of names of files, else UTC."""
        own = {entry.time_zone for entry in self.inputs}
        name = self.part.time_zone or (own.pop() if len(own) == 1 else None)
        try:
            zone = zone_of(name)
        except UsageError:  # none that this machine knows
            zone = None
        return (UTC, "UTC") if zone is None or name is None else (zone, name)

    @property
    def is_live(self) -> bool:
        """Whether the folder is that of live cameras."""
        return self.live is not None

    @property
    def prior(self) -> AppearancePrior:
        """What is known beforehand of the embeddings of the run's network.

        Raises:
            InputError: If what the manifest holds of it is damaged.
        """
        return self.weights["reid"].prior if "reid" in self.weights else GENERIC

    @property
    def feature_sha256(self) -> str:
        """Digest of the weights that made the run's features.

        Raises:
            KeyError: If the manifest does not say.
            ValueError: If it names several files, or none.
        """
        (sha256,) = self.weights["reid"].sha256.values()
        return sha256

    def require_settled(self, path: Path) -> None:
        """Raise where the outputs of the run do not belong together.

        Args:
            path: Folder of the run.

        Raises:
            InputError: If a command was killed while it wrote them.
        """
        if self.settling:
            what = "a command was killed while it wrote the outputs: they do not belong together"
            raise InputError(what, where=path, hint=f"run `reidtrack associate {path}`")

    def camera_inputs(self) -> list[CameraInput]:
        """The recordings, to be opened again."""
        return [
            CameraInput(
                entry.camera,
                entry.source,
                entry.offset_s,
                time_pattern=entry.time_pattern,
                time_zone=entry.time_zone,
            )
            for entry in self.inputs
        ]

    def note_sources(self, sources: Sequence[Source]) -> None:
        """Put down what the opened recordings say about themselves."""
        opened = {source.camera: source for source in sources}
        for entry in self.inputs:
            source = opened.get(entry.camera)
            if source is not None:
                found = fingerprint(entry.source)
                if found is not None:
                    entry.recording = RecordingEntry(**asdict(found))
                entry.size = source.size
                entry.nominal_fps = round(source.nominal_fps, 6)
                entry.duration_s = source.duration_s

    def note_sizes(self, chosen: Mapping[str, tuple[int, str, int]]) -> None:
        """Put down which size of input and how many tiles were chosen for each camera, and why."""
        for entry in self.inputs:
            if entry.camera in chosen:
                entry.imgsz, entry.imgsz_reason, tiles = chosen[entry.camera]
                if tiles > 1:
                    entry.tiles = tiles

    def note_counts(self, counts: Mapping[str, CameraCount]) -> None:
        """Put down what was counted while reading."""
        self.cameras = {camera: CameraEntry(**asdict(count), people=0) for camera, count in counts.items()}

    def note_failures(self, failed: Mapping[str, InputError]) -> None:
        """Put down which cameras could not be read, or not to their end, and why."""
        for entry in self.inputs:
            if entry.camera in failed:
                entry.error = str(failed[entry.camera])

    def note_pass(self, title: str, times: StageTimes) -> None:
        """Put down how long a pass took, and its stages, under their own names too."""
        passed = PassEntry(**times.to_json())
        self.passes = {**self.passes, title: passed}
        self.timings_s |= {title: passed.wall_s, **passed.busy_s}

    def note_association(self, association: Association) -> None:
        """Put down how many people there are, in all and in each camera, and which thresholds told them apart."""
        identities = association.identities
        self.people = len(identities)
        self.people_in_several_cameras = sum(len(identity.cameras) > 1 for identity in identities)
        self.association = AssociationEntry(
            threshold=round(association.threshold, 4),
            same_camera_threshold=round(association.same_camera_threshold, 4),
            calibration=summary(association.calibration),
        )
        for camera, entry in self.cameras.items():
            entry.people = sum(camera in identity.cameras for identity in identities)


def _check_settings(found: RunManifest, where: Path) -> None:
    """Refuse a value where settings of a group are expected."""
    for name in sorted(_GROUPS & found.settings.keys()):
        if not isinstance(found.settings[name], dict):
            hint = f"run again with {param('overwrite', True)}"
            raise InputError(f"config.{name} is {found.settings[name]!r:.40}, not settings", where=where, hint=hint)


def _check_names(manifest: RunManifest, where: Path) -> None:
    """Raise unless the cameras have names that cannot lead out of the folder: outputs are called like them."""
    names = [entry.camera for entry in manifest.inputs]
    for name in names:
        if not is_camera_name(name):
            what = f"inputs: {name[:100]!r} cannot be the name of a camera"
            raise InputError(what, where=where, expected="letters, digits, spaces and _ - . (at most 100)")
    if len({name.casefold() for name in names}) < len(names):
        raise InputError("inputs: two cameras have one name", where=where)
    for key, cameras in (("cameras", manifest.cameras), ("detections", manifest.detections)):
        unknown = sorted(set(cameras) - set(names))
        if unknown:
            raise InputError(f"{key}: {unknown[0][:100]!r} is none of its inputs", where=where)


def _check_time(manifest: RunManifest, where: Path) -> None:
    """Raise unless the run's times can be told."""
    try:
        known = manifest.origin.utcoffset() is not None
    except (ValueError, OverflowError):
        known = False
    if not known:
        raise InputError("origin_utc is no time", where=where, expected="one such as 2026-11-20T10:00:00+00:00")


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries whose version can change a result."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
