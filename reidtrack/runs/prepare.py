"""Before a run begins: whether its folder may be written, made, gone on with or cleared."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reidtrack.errors import InputError, OutputError, UsageError, param
from reidtrack.files import is_unfinished, refuse_link, remove_unfinished, write_whole
from reidtrack.runs.crops import remove_crops
from reidtrack.runs.day_pages import DAY_PAGES, refuse_linked_pages, remove_day_pages, remove_unfinished_pages
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.json_file import read_json
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.outputs import OUTPUTS
from reidtrack.video.naming import is_url

_WRITTEN = (
    "detections.jsonl",
    "tracks.jsonl",
    "features.part",
    "tracklets.npz",
    *OUTPUTS,
    "crops",
    "report.html",
    DAY_PAGES,
    "evaluation.json",
    "blame.html",
    "blame.json",
    "mosaic.mp4",
)
"""Files and folders that a run writes beside run.json and <camera>.mp4: one that overwrites removes these, and what a
user put there it leaves."""
_BY_CAMERA = ("tracks", "mot")
"""Folders that hold <camera>.txt."""

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
    try:
        there = path.is_dir()
        if not there and (path.exists() or path.is_symlink()):
            raise OutputError("is a file, or a link to nothing", where=path, expected="a folder")
        names = sorted(entry.name for entry in path.iterdir()) if there else []
    except OSError as error:  # a name too long for the system, a folder that may not be looked into
        raise OutputError("cannot be looked into", where=path, hint=error.strerror) from error
    if all(map(is_unfinished, names)):  # none, or what a run left that was killed as it began
        return
    if _is_live(RunFolder(path)):
        raise UsageError("is the folder of live cameras", where=path, hint=f"choose another {param('out')}")
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

    A run that is to be overwritten keeps its `run.json`, which says from now on that it is being read: whenever this is
    killed, the folder is that of a run that can be overwritten. Writing the new `run.json` ends it.

    Args:
        path: Where; its parents are made too.
        lock: Taken before anything is removed.
        overwrite: Remove what an earlier run left there.

    Raises:
        UsageError: If what is to be removed is no run, or another process is at work there.
        OutputError: If it cannot be made or written, or an output that would be written is a link.
    """
    folder = RunFolder(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock.take()
        if not os.access(path, os.W_OK | os.X_OK):
            raise OutputError("cannot be written", where=path, hint="check the folder's permissions")
        if folder.run_json.exists():
            cameras = _cameras_of(folder)
            if overwrite:
                _mark_unread(folder)
                _clear(folder, cameras)
            else:
                refuse_links(folder, cameras)
            remove_all_unfinished(folder, cameras)
        elif any(path.iterdir()):
            remove_unfinished(folder.run_json)
    except OSError as error:
        raise OutputError("cannot be made", where=path, hint=error.strerror) from error
    return folder


def remove_folder(folder: RunFolder) -> None:
    """Remove a run, and its folder too unless something else lies in it.

    Raises:
        OutputError: If something cannot be removed.
    """
    cameras = _cameras_of(folder)
    _clear(folder, cameras)
    remove_all_unfinished(folder, cameras)
    with contextlib.suppress(OSError):
        folder.run_json.unlink()
        folder.path.rmdir()


def refuse_links(folder: RunFolder, cameras: Sequence[str]) -> None:
    """Raise if anything that is about to be written in the folder of a run is a symbolic link to somewhere else.

    Args:
        folder: Of a run.
        cameras: Of the run.

    Raises:
        OutputError: If something is.
    """
    for name in ("run.json", *_WRITTEN, *(f"{camera}.mp4" for camera in cameras)):
        refuse_link(folder.path / name)
    for name in _BY_CAMERA:
        for camera in cameras:
            refuse_link(folder.path / name / f"{camera}.txt")
    refuse_linked_pages(folder.day_pages)
    if folder.crops.is_dir():
        for below in folder.crops.iterdir():
            if below.is_dir():
                refuse_link(below)


def remove_all_unfinished(folder: RunFolder, cameras: Sequence[str]) -> None:
    """Remove the files that killed commands were writing in the folder of a run: they hold names and tracks.

    Args:
        folder: Of a run.
        cameras: Of the run.
    """
    names = ["run.json", folder.corrections.name, *_WRITTEN, *(f"{camera}.mp4" for camera in cameras)]
    for name in names:
        remove_unfinished(folder.path / name)
    remove_unfinished_pages(folder.day_pages)
    for name in _BY_CAMERA:
        for camera in cameras:
            if not (folder.path / name).is_symlink():
                remove_unfinished(folder.path / name / f"{camera}.txt")


def _mark_unread(folder: RunFolder) -> None:
    """Have `run.json` say that nothing of the run is whole any more."""
    with contextlib.suppress(InputError):  # damaged: nobody takes it for whole
        data = read_json(folder.run_json)
        if isinstance(data, dict) and data.get("status") != "reading":
            write_whole(folder.run_json, json.dumps({**data, "status": "reading"}, indent=1) + "\n")


def _clear(folder: RunFolder, cameras: Sequence[str]) -> None:
    """Remove what a run wrote but `run.json`, and only that; corrections are kept under another name.

    Args:
        folder: Of a run.
        cameras: Of the run.

    Raises:
        OutputError: If something cannot be removed.
    """
    for name in [*_WRITTEN, *(f"{camera}.mp4" for camera in cameras)]:
        with _removing(folder.path / name):
            _remove(folder, name, cameras)
    with _removing(folder.corrections):
        if folder.corrections.exists() and not folder.corrections.is_symlink():  # a person's work
            folder.corrections.replace(_unused(folder.corrections.with_suffix(".old.yaml")))


def _remove(folder: RunFolder, name: str, cameras: Sequence[str]) -> None:
    path = folder.path / name
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    elif name == folder.crops.name:
        remove_crops(path, cameras)
    elif name == DAY_PAGES:
        remove_day_pages(path)
    elif name in _BY_CAMERA:
        _remove_files(path, [f"{camera}.txt" for camera in cameras])
    elif name in OUTPUTS:
        shutil.rmtree(path)


@contextlib.contextmanager
def _removing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while something is removed into an OutputError; a name that is too long is nothing's."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise OutputError("cannot be removed", where=error.filename or path, hint=error.strerror) from error


def _remove_files(folder: Path, names: Sequence[str]) -> None:
    """Remove files of a folder, and the folder unless something else lies in it."""
    for name in names:
        remove_unfinished(folder / name)
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _unused(path: Path) -> Path:
    """A path at which nothing is: `corrections.old.yaml`, or `corrections.old.2.yaml` where that is taken."""
    numbered = (path.with_suffix(f".{number}{path.suffix}") for number in itertools.count(2))
    return next(p for p in itertools.chain([path], numbered) if not p.exists() and not p.is_symlink())


def _is_live(folder: RunFolder) -> bool:
    """Whether live cameras were written there: recordings and events that no run may remove or write beside."""
    try:
        return folder.run_json.is_file() and read_json(folder.run_json).get("live") is not None
    except (InputError, AttributeError):  # damaged: by the names of what lies there, see `_cameras_of`
        return False


def _cameras_of(folder: RunFolder) -> list[str]:
    """The cameras of the run that lies there.

    Of a run whose `run.json` is damaged, as a power cut leaves it, they are those of its tracks, if everything that
    lies there is what a run writes.

    Raises:
        UsageError: If none does.
    """
    refused = UsageError("is not the folder of a run", where=folder.path, hint=f"choose another {param('out')}")
    if not folder.run_json.is_file():
        raise refused
    try:
        data = read_json(folder.run_json)
    except InputError:
        cameras = _cameras_of_tracks(folder)
        if cameras is None:
            raise refused from None
        return cameras
    try:
        cameras = [str(entry["camera"]) for entry in data["inputs"]] if "reidtrack" in data else None
    except (KeyError, TypeError):
        cameras = None
    if cameras is None or not all(Path(f"{camera}.mp4").name == f"{camera}.mp4" for camera in cameras):
        raise refused
    return cameras


def _cameras_of_tracks(folder: RunFolder) -> list[str] | None:
    """Cameras that have a file of tracks, where nothing lies in the folder that no run writes; else None."""
    cameras = sorted({path.stem for name in _BY_CAMERA for path in (folder.path / name).glob("*.txt")})
    own = {"run.json", folder.corrections.name, *_WRITTEN, *(f"{camera}.mp4" for camera in cameras)}
    names = {path.name for path in folder.path.iterdir()}
    kept = folder.corrections.with_suffix(".old").name
    strange = [name for name in names - own if not (name.startswith(kept) or is_unfinished(name))]
    return None if strange else cameras


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
