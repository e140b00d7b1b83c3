"""The folder of a run: what lies where in it, how it is made, continued or made anew."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack.errors import InputError, OutputError, UsageError, param
from reidtrack.files import write_whole
from reidtrack.runs.lock import Claim
from reidtrack.video.naming import is_url

SCHEMA_VERSION = 1

# Everything that a run writes beside <camera>.mp4; a run that overwrites removes these and nothing else.
_FILES = (
    "run.json",
    "detections.jsonl",
    "tracks.jsonl",
    "features.part",
    "tracklets.npz",
    "identities.json",
    "site.json",
    "calibration.json",
    "sightings.jsonl",
    "mtmc.txt",
    "report.html",
    "evaluation.json",
    "blame.html",
    "mosaic.mp4",
)
_ESSENTIAL = ("status", "inputs", "part", "config", "cameras", "timings_s")
_FOLDERS = ("tracks", "mot", "crops")


@dataclass(frozen=True)
class RunFolder:
    """Paths within the folder of a run.

    Attributes:
        path: The folder.
    """

    path: Path

    @property
    def run_json(self) -> Path:
        """Inputs, settings, counts and timings."""
        return self.path / "run.json"

    @property
    def detections(self) -> Path:
        """What was detected in each frame, appended while reading."""
        return self.path / "detections.jsonl"

    @property
    def tracks(self) -> Path:
        """What the trackers made of it, appended while reading."""
        return self.path / "tracks.jsonl"

    @property
    def features_part(self) -> Path:
        """Features so far; becomes `tracklets.npz`."""
        return self.path / "features.part"

    @property
    def tracklets(self) -> Path:
        """Features and indices of all tracklets."""
        return self.path / "tracklets.npz"

    @property
    def calibration(self) -> Path:
        """How the threshold was found, and what others would do."""
        return self.path / "calibration.json"

    @property
    def corrections(self) -> Path:
        """What a person says about the identities; written by hand and by `reidtrack merge` and its like."""
        return self.path / "corrections.yaml"

    @property
    def crops(self) -> Path:
        """Pictures of people, by identity."""
        return self.path / "crops"

    def video(self, camera: str) -> Path:
        """The annotated video of a camera."""
        return self.path / f"{camera}.mp4"

    @property
    def mosaic(self) -> Path:
        """The tiled video of all cameras."""
        return self.path / "mosaic.mp4"

    @property
    def report(self) -> Path:
        """The page that shows the run."""
        return self.path / "report.html"

    def read_run(self) -> dict[str, Any]:
        """What `run.json` says.

        Raises:
            InputError: If the folder holds no run, or one of another version.
        """
        try:
            data = json.loads(self.run_json.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError("holds no run", where=self.path, expected="the folder of a run") from error
        except ValueError as error:
            raise InputError(
                "is not JSON", where=self.run_json, hint=f"run again with {param('overwrite', True)}"
            ) from error
        version = data.get("schema_version") if isinstance(data, dict) else None
        if version != SCHEMA_VERSION:
            raise InputError(f"has schema version {version}", where=self.run_json, expected=str(SCHEMA_VERSION))
        missing = [key for key in _ESSENTIAL if key not in data]
        if missing:
            raise InputError(
                f"lacks {missing[0]!r}", where=self.run_json, hint=f"run again with {param('overwrite', True)}"
            )
        data["config"].get("associate", {}).pop("strangers", None)  # of runs from before thresholds were calibrated
        return dict(data)

    def write_run(self, data: dict[str, Any]) -> None:
        """Write `run.json`, whole or not at all.

        Raises:
            OutputError: If it cannot be written.
        """
        write_whole(self.run_json, json.dumps(data, indent=1) + "\n")


def check_folder(path: Path, sources: Sequence[str], *, overwrite: bool = False, resume: bool = False) -> None:
    """Check that a run may write to a folder, before anything is read or removed.

    Args:
        path: Where the run is to write; it need not be there.
        sources: The recordings of the run.
        overwrite: Whether an earlier run there may be removed.
        resume: Whether an earlier run there is gone on with.

    Raises:
        UsageError: If something is there and neither `overwrite` nor `resume` says what to do, what is there is no run,
            or a recording lies there and would be written over.
        OutputError: If it is no folder.
    """
    if not path.is_dir():
        if path.exists():
            raise OutputError("is a file", where=path, expected="a folder")
        return
    if not any(path.iterdir()):
        return
    if not overwrite and not resume:
        raise UsageError(
            "exists and is not empty",
            where=path,
            hint=f"use {param('overwrite', True)}, {param('resume', True)} or another {param('out')}",
        )
    _cameras_of(RunFolder(path))
    for source in sources:
        if not is_url(source) and Path(source).resolve().is_relative_to(path.resolve()):
            raise UsageError(f"holds an input, {source}", where=path, hint=f"choose another {param('out')}")


def make_folder(path: Path, claim: Claim, *, overwrite: bool = False) -> RunFolder:
    """Make the folder of a run ready; `check_folder` said that it may be.

    Args:
        path: Where; its parents are made too.
        claim: Taken before anything is removed.
        overwrite: Remove what an earlier run left there.

    Raises:
        UsageError: If what is to be removed is no run, or another process is at work there.
        OutputError: If it cannot be made or written.
    """
    folder = RunFolder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        claim.take()
        if any(path.iterdir()):
            _clear(folder, partly=not overwrite)
    except OSError as error:
        raise OutputError("cannot be made", where=path, hint=error.strerror) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise OutputError("cannot be written", where=path, hint="check the folder's permissions")
    return folder


def remove_folder(folder: RunFolder) -> None:
    """Remove a run, and its folder too unless something else lies in it.

    Raises:
        OutputError: If something cannot be removed.
    """
    _clear(folder)
    with contextlib.suppress(OSError):
        folder.path.rmdir()


def _clear(folder: RunFolder, *, partly: bool = False) -> None:
    """Remove what a run wrote, and only that; corrections are kept under another name.

    Args:
        folder: Of a run.
        partly: Remove only what a killed run had not written to its end.

    Raises:
        UsageError: If it is not the folder of a run.
        OutputError: If something cannot be removed.
    """
    names = [*_FILES, *(f"{camera}.mp4" for camera in _cameras_of(folder))]
    try:
        for name in names:
            for unfinished in folder.path.glob(f".{glob.escape(name)}.*"):
                unfinished.unlink()
            if not partly:
                (folder.path / name).unlink(missing_ok=True)
        if not partly and folder.corrections.exists():  # a person's work, of a run that is no more
            folder.corrections.replace(folder.corrections.with_suffix(".old.yaml"))
        for name in _FOLDERS:
            if not partly and (folder.path / name).is_dir():
                shutil.rmtree(folder.path / name)
    except OSError as error:
        raise OutputError("cannot be removed", where=error.filename, hint=error.strerror) from error


def _cameras_of(folder: RunFolder) -> list[str]:
    """The cameras of the run that lies there.

    Raises:
        UsageError: If none does.
    """
    try:
        data = json.loads(folder.run_json.read_text(encoding="utf-8"))
        cameras = [str(entry["camera"]) for entry in data["inputs"]]
        whole = "reidtrack" in data and all(Path(f"{camera}.mp4").name == f"{camera}.mp4" for camera in cameras)
    except (OSError, ValueError, KeyError, TypeError):
        cameras, whole = [], False
    if not whole:
        raise UsageError("is not the folder of a run", where=folder.path, hint=f"choose another {param('out')}")
    return cameras
