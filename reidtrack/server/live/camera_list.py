"""The list of cameras that are watched: the configured one, without those taken out, with those that were added."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from reidtrack.config.live import CameraList, CameraSettings
from reidtrack.config.load import Section, dump, load
from reidtrack.errors import InputError
from reidtrack.files import write_whole


class Changes(Section):
    """What was changed in the browser."""

    added: tuple[CameraSettings, ...] = ()
    removed: tuple[str, ...] = Field((), description="names of configured cameras that are not watched")


@dataclass
class WatchedCameras:
    """Keeps the list. Any thread may ask.

    Attributes:
        configured: `cameras.yaml`.
        state: Folder of the server, readable by its owner alone; it holds the list and what was changed.
    """

    configured: Path
    state: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def list_file(self) -> Path:
        """The list as it is, which the process reads; it may hold passwords."""
        return self.state / "live_cameras.yaml"

    @property
    def _changes_file(self) -> Path:
        return self.state / "live_changes.json"

    def write(self) -> list[str]:
        """Write the list as it is; names of its cameras.

        Raises:
            ConfigError: If the configured one cannot be read.
            OutputError: If it cannot be written.
        """
        with self._lock:
            return self._write(self._changes())

    def sources(self) -> dict[str, str]:
        """Camera to where it is from: "configured" or "added"; those that were taken out are "off"."""
        with self._lock:
            changes = self._changes()
            known = load(CameraList, self.configured).cameras
        told = {c.name: "off" if c.name in changes.removed else "configured" for c in known}
        return told | {camera.name: "added" for camera in changes.added}

    def add(self, camera: CameraSettings | str) -> list[str]:
        """Watch another camera, or by its name a configured one that was taken out.

        Raises:
            InputError: If there is one of that name, or no such camera is configured.
        """
        with self._lock:
            changes = self._changes()
            if isinstance(camera, str):
                if camera not in changes.removed:
                    raise InputError("there is no camera of this name that was taken out", field="name")
                kept = tuple(name for name in changes.removed if name != camera)
                return self._write(changes.model_copy(update={"removed": kept}))
            known = [*load(CameraList, self.configured).cameras, *changes.added]
            if camera.name.casefold() in {one.name.casefold() for one in known}:
                raise InputError("there is a camera of this name", field="name", expected="a name of its own")
            return self._write(changes.model_copy(update={"added": (*changes.added, camera)}))

    def remove(self, name: str) -> list[str]:
        """Watch a camera no more.

        Raises:
            InputError: If it is the last.
        """
        with self._lock:
            changes = self._changes()
            added = tuple(camera for camera in changes.added if camera.name != name)
            removed = changes.removed if len(added) < len(changes.added) else (*changes.removed, name)
            return self._write(Changes(added=added, removed=removed))

    def _changes(self) -> Changes:
        if not self._changes_file.is_file():
            return Changes()
        return load(Changes, self._changes_file)  # JSON is YAML

    def _write(self, changes: Changes) -> list[str]:
        import yaml

        known = load(CameraList, self.configured).cameras
        watched = [*(camera for camera in known if camera.name not in changes.removed), *changes.added]
        if not watched:
            raise InputError("the last camera stays", hint="end the program to watch none")
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._changes_file, json.dumps(dump(changes)))
        entries = [camera.model_dump(mode="json", exclude_defaults=True) for camera in watched]
        write_whole(self.list_file, yaml.safe_dump({"cameras": entries}, allow_unicode=True))
        return [camera.name for camera in watched]
