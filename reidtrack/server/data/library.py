"""The runs below a folder, and each of them as one user sees it.

Only `RunsSeen` and `RunSeen` leave this file for the routes: they hold the runs, identities, tracklets and links of the
user's cameras and tell nothing of others. What a folder is called is compared with what is there, never joined to a
path; symbolic links are no runs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from reidtrack.errors import InputError
from reidtrack.files import is_utf8
from reidtrack.runs.crops import Crop, first_crop, list_crops
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.identities import IdentityEntry, identities_of
from reidtrack.runs.json_file import read_json
from reidtrack.runs.manifest import RunManifest
from reidtrack.server.access.rules import Principal, Role

MOST_KEPT = 32
"""Runs whose content is kept in memory."""
MOST_MADE = 16
"""Answers kept for each run, for users who see different cameras."""
T = TypeVar("T")
_NOBODY = Principal("", Role.VIEWER, frozenset())


@dataclass(frozen=True, eq=False)
class LoadedRun:
    """A run as it was read last.

    Attributes:
        id: Name of its folder.
        folder: Where it lies.
        manifest: What `run.json` says.
        stamp: Changes whenever the run does.
    """

    id: str
    folder: RunFolder
    manifest: RunManifest
    stamp: tuple[object, ...]
    _made: dict[Hashable, Any] = field(default_factory=dict)
    _making: threading.RLock = field(default_factory=threading.RLock)

    def made_once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for as long as the run is as it is: many viewers ask for the same at once.

        Args:
            key: What names it, the cameras of which it tells among it.
            make: Makes it.
        """
        with self._making:
            if key not in self._made:
                while len(self._made) >= MOST_MADE:
                    del self._made[next(iter(self._made))]
                self._made[key] = make()
            found: T = self._made[key]
            return found

    @property
    def cameras(self) -> list[str]:
        """Every camera of the run."""
        return [entry.camera for entry in self.manifest.inputs]

    @cached_property
    def _identities(self) -> tuple[list[dict[str, Any]], list[IdentityEntry]]:
        """Entries of `identities.json`, and the same as records, which looks at each: one may hold anything."""
        path = self.folder.identities
        if not _is_plain_file(path):  # before they were settled
            return [], []
        entries = read_json(path)
        return entries, identities_of(entries, path)

    @property
    def identities(self) -> list[dict[str, Any]]:
        """Entries of `identities.json`; none before they were settled."""
        return self._identities[0]

    @property
    def people(self) -> list[IdentityEntry]:
        """The same as records."""
        return self._identities[1]

    @cached_property
    def crops(self) -> dict[tuple[str, int, int], Crop]:
        """Camera, track id and frame to the picture."""
        return {(crop.camera, crop.track_id, crop.frame): crop for crop in list_crops(self.folder.crops)}

    @cached_property
    def crops_by_track(self) -> dict[tuple[str, int], list[Crop]]:
        """Camera and track id in the log to pictures, by frame."""
        found: dict[tuple[str, int], list[Crop]] = {}
        for crop in self.crops.values():
            found.setdefault((crop.camera, crop.track_id), []).append(crop)
        return found

    @property
    def version(self) -> str:
        """Changes whenever identities are settled anew."""
        return "-".join(map(str, _stamp(self.folder.identities)))


class RunLibrary:
    """The runs below a folder, or the one that lies in it. Any thread may ask.

    Args:
        root: The folder; hidden folders in it are left out.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._kept: dict[str, LoadedRun] = {}
        self._lock = threading.Lock()

    def seen_by(self, user: Principal | None) -> RunsSeen:
        """The runs as somebody sees them; nobody sees none."""
        return RunsSeen(self, user or _NOBODY)

    def ids(self) -> list[str]:
        """Names of all runs, sorted."""
        return sorted(self._places())

    def load(self, run: str) -> LoadedRun | None:
        """The run of a name, read anew if it has changed; None where there is none.

        Raises:
            InputError: If it cannot be read.
        """
        place = self._places().get(run)
        if place is None:
            return None
        folder = RunFolder(place)
        stamp = _stamp_of(folder)
        with self._lock:  # which who asks at the same time waits for: a page asks several things at once
            kept = self._kept.pop(run, None)
            if kept is None or kept.stamp != stamp:
                kept = LoadedRun(run, folder, folder.read_manifest(), stamp)
            self._kept[run] = kept
            while len(self._kept) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return kept

    def settled(self, from_bytes: int) -> dict[str, tuple[tuple[int, ...], ...]]:
        """Runs with many people, and what changes whenever each of them does: first when they were settled.

        Args:
            from_bytes: Size of `identities.json` from which on they are many.
        """
        stamps = {name: _stamp_of(RunFolder(place)) for name, place in self._places().items()}
        return {name: stamp for name, stamp in stamps.items() if stamp[0] and stamp[0][1] >= from_bytes}

    def _places(self) -> dict[str, Path]:
        """Name to folder of every run."""
        if _is_plain_file(self.root / "run.json"):
            return {self.root.resolve().name or "run": self.root}
        try:
            with os.scandir(self.root) as entries:
                found = [e for e in entries if not e.name.startswith(".") and e.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return {}
        names = [entry.name for entry in found if is_utf8(entry.name)]
        return {name: self.root / name for name in names if _is_plain_file(self.root / name / "run.json")}


class RunsSeen:
    """Runs as one user sees them.

    Args:
        library: All runs.
        user: Who.
    """

    def __init__(self, library: RunLibrary, user: Principal) -> None:
        self._library = library
        self._user = user

    def get(self, run: str) -> RunSeen | None:
        """The run of a name; None where there is none, or none of its cameras is the user's.

        Raises:
            InputError: If it cannot be read.
        """
        loaded = self._library.load(run)
        if loaded is None or not self._user.sees_any(loaded.cameras):
            return None
        return RunSeen(loaded, self._user.sees)

    def all(self) -> Iterator[RunSeen | Unreadable]:
        """Every run that the user sees, the youngest first; to who sees all cameras also those that cannot be read."""
        found: list[RunSeen] = []
        broken: list[Unreadable] = []
        for name in self._library.ids():
            try:
                run = self.get(name)
            except InputError as error:
                if self._user.cameras is None:
                    broken.append(Unreadable(name, error.what))
                continue
            if run is not None:
                found.append(run)
        yield from sorted(found, key=lambda run: (run.manifest.started_utc, run.id), reverse=True)
        yield from broken


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A run that cannot be read: its name, and why."""

    id: str
    why: str


class RunSeen:
    """A run as one user sees it: what belongs to other cameras is not there.

    Args:
        run: The whole run.
        sees: Whether the user may see a camera.
    """

    def __init__(self, run: LoadedRun, sees: Callable[[str], bool]) -> None:
        self._run = run
        self._sees = sees
        self.id = run.id
        self.folder = run.folder
        self.version = run.version

    @property
    def cameras(self) -> list[str]:
        """Those that the user sees, in the order of the run."""
        return [camera for camera in self._run.cameras if self._sees(camera)]

    @property
    def all_cameras(self) -> list[str]:
        """Those of the whole run: for rules, never for an answer."""
        return self._run.cameras

    @property
    def is_whole(self) -> bool:
        """Whether the user sees all of it."""
        return len(self.cameras) == len(self._run.cameras)

    @property
    def manifest(self) -> RunManifest:
        """What `run.json` says: of all cameras, so routes answer with `summary` instead."""
        return self._run.manifest

    @property
    def whole(self) -> LoadedRun:
        """The run of all cameras, for rules that check which cameras a request touches."""
        return self._run

    @property  # no cached_property: before Python 3.12 that has one lock for all, which waits for that of `made_once`
    def identities(self) -> list[dict[str, Any]]:
        """People of the user's cameras with their tracklets there, links to other cameras left out."""
        if self.is_whole:
            return self._run.identities
        make = partial(restrict_identities, self._run.identities, self._sees)
        return self.made_once("identities", lambda: list(make()))

    def made_once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made once for all who see the same cameras, for as long as the run is as it is."""
        return self._run.made_once((key, tuple(self.cameras)), make)

    def identity(self, number: str) -> dict[str, Any] | None:
        """The person of a number; None where there is none in the user's cameras."""
        return next((entry for entry in self.identities if str(entry["id"]) == number), None)

    @property
    def crops(self) -> Iterator[Crop]:
        """Pictures of the user's cameras."""
        return (crop for crop in self._run.crops.values() if self._sees(crop.camera))

    @property
    def picture(self) -> Crop | None:
        """One picture, for lists of runs: of an archive not all are listed for it."""
        return self.made_once("picture", lambda: first_crop(self.folder.crops, frozenset(self.cameras)))

    def crop(self, camera: str, track_id: str, frame: str) -> Crop | None:
        """A picture; None where there is none."""
        if not (self._sees(camera) and _is_number(track_id) and _is_number(frame)):
            return None
        return self._run.crops.get((camera, int(track_id), int(frame)))

    def crops_of(self, tracklets: Iterable[Mapping[str, Any]]) -> list[Crop]:
        """Pictures of tracklets (entries of `identities.json`), by camera, track and frame."""
        spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for t in tracklets:
            key = (str(t["camera"]), int(t.get("split_from", t["track_id"])))
            spans.setdefault(key, []).append((int(t["first_frame"]), int(t["last_frame"])))
        return [
            crop
            for key in sorted(spans)
            if self._sees(key[0])
            for crop in self._run.crops_by_track.get(key, ())
            if any(a <= crop.frame <= b for a, b in spans[key])
        ]


def restrict_identities(entries: Sequence[Mapping[str, Any]], sees: Callable[[str], bool]) -> Iterator[dict[str, Any]]:
    """Entries of `identities.json` as they would be if there were no other cameras than those that are seen."""
    for entry in entries:
        kept = [_restrict(t, sees) for t in entry["tracklets"] if sees(t["camera"])]
        if not kept:
            continue
        yield {
            **entry,
            "cameras": [camera for camera in entry["cameras"] if sees(camera)],
            "first_time_s": min(t["first_time_s"] for t in kept),
            "last_time_s": max(t["last_time_s"] for t in kept),
            "tracklets": kept,
        }


def _restrict(tracklet: Mapping[str, Any], sees: Callable[[str], bool]) -> dict[str, Any]:
    link = tracklet["link"]
    if link is None:
        return dict(tracklet)
    if not sees(link["camera"]):
        return {**tracklet, "link": None}
    runner_up = link.get("runner_up")
    if runner_up is None or sees(runner_up["camera"]):
        return dict(tracklet)
    return {**tracklet, "link": {**link, "runner_up": None, "margin": None}}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _is_plain_file(path: Path) -> bool:
    try:
        return path.is_file() and not path.is_symlink()
    except OSError:
        return False


def _stamp_of(folder: RunFolder) -> tuple[tuple[int, ...], ...]:
    return tuple(_stamp(path) for path in (folder.identities, folder.run_json, folder.crops))


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.lstat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
