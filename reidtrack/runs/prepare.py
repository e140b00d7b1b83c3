"""Before a run begins: whether its folder may be written, made, gone on with or cleared."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reidtrack.errors import OutputError, UsageError, param
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.outputs import OUTPUTS
from reidtrack.video.naming import is_url

_WRITTEN = (
    "run.json",
    "detections.jsonl",
    "tracks.jsonl",
    "features.part",
    "tracklets.npz",
    *OUTPUTS,
    "crops",
    "report.html",
    "evaluation.json",
    "blame.html",
    "mosaic.mp4",
)
"""Files and folders that a run writes beside <camera>.mp4: a run that overwrites removes these and nothing else."""

_SAME_SETTINGS = ("detect", "track", "embed")
"""Sections of the settings that decide what the tracking pass finds."""


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


def make_folder(path: Path, lock: RunLock, *, overwrite: bool = False) -> RunFolder:
    """Make the folder of a run ready; `check_folder` said that it may be.

    Args:
        path: Where; its parents are made too.
        lock: Taken before anything is removed.
        overwrite: Remove what an earlier run left there.

    Raises:
        UsageError: If what is to be removed is no run, or another process is at work there.
        OutputError: If it cannot be made or written.
    """
    folder = RunFolder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.take()
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
    names = [*_WRITTEN, *(f"{camera}.mp4" for camera in _cameras_of(folder))]
    try:
        for name in names:
            for unfinished in folder.path.glob(f".{glob.escape(name)}.*"):
                unfinished.unlink()
            if not partly:
                _remove(folder.path / name)
        if not partly and folder.corrections.exists():  # a person's work, of a run that is no more
            folder.corrections.replace(folder.corrections.with_suffix(".old.yaml"))
    except OSError as error:
        raise OutputError("cannot be removed", where=error.filename, hint=error.strerror) from error


def _remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing if there is neither."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


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


def check_same(former: RunManifest, manifest: RunManifest) -> None:
    """Refuse to go on with a run that was asked for something else.

    Args:
        former: Of the interrupted run.
        manifest: Of the run that is to go on with it.

    Raises:
        UsageError: If inputs, weights or the settings of detection, tracking or embedding differ, or are of a version
            that lacks one of the settings.
    """
    for name in _SAME_SETTINGS:
        for key in manifest.settings[name]:
            if key not in former.settings.get(name, {}):
                raise UsageError(
                    f"the run there is of an earlier reidtrack, without the setting {name}.{key}",
                    field="resume",
                    hint=f"finish it with that one, or use {param('overwrite', True)}",
                )
    before, now = _asked_for(former), _asked_for(manifest)
    for name, value in now.items():
        if before[name] != value:
            raise UsageError(
                f"the run there has other {name}: {_difference(before[name], value)}",
                field="resume",
                hint=f"repeat its options, or use {param('overwrite', True)}",
            )


def _asked_for(manifest: RunManifest) -> dict[str, Any]:
    """What both runs must have in common.

    Left out are what a recording tells only once it is open, and the paths of weights: their digests count. Runs of
    before say 25 images per second where nothing was asked for.
    """
    part = manifest.to_json()["part"]
    return {
        "inputs": [entry.model_dump(include={"camera", "source", "offset_s"}) for entry in manifest.inputs],
        "part": {**part, "fps": part["fps"] or 25.0},
        "weights": {kind: {"sha256": dict(w.sha256), "engine": w.engine} for kind, w in manifest.weights.items()},
        "detections": manifest.detections,
        **{
            name: {key: value for key, value in manifest.settings[name].items() if key != "weights"}
            for name in _SAME_SETTINGS
        },
    }


def _difference(old: Any, new: Any) -> str:
    """The first difference, for one line."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *new]:
            if old.get(key) != new.get(key):
                return f"{key} {_difference(old.get(key), new.get(key))}"
    return f"was {old!r}, now {new!r}"
