"""What `archive.yaml` says: the cameras of an archive, and where the files of each lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from reidtrack.config.camera_name import CameraName
from reidtrack.config.load import Section, load
from reidtrack.errors import ConfigError
from reidtrack.video.naming import is_url


class ArchiveCamera(Section):
    """One camera, an entry of `archive.yaml`."""

    other_keys = "name, source, time_pattern and time_zone are"

    name: CameraName = Field(description="what it is called in everything that is written")
    source: str = Field(description="a folder, searched through with all below it, or a glob (`**`: any folders)")
    time_pattern: str | None = Field(None, description="how names tell times; null: the archive's")
    time_zone: str | None = Field(None, description="zone of times in names; null: the archive's")

    @field_validator("source")
    @classmethod
    def _is_path(cls, value: str) -> str:
        if is_url(value) or not value or "\0" in value:
            raise ValueError("a folder or a glob of files")
        return value


class ArchiveList(Section):
    """Everything that `archive.yaml` says; paths are relative to the file."""

    other_keys = "cameras, time_pattern, time_zone, since and until are"

    cameras: Annotated[tuple[ArchiveCamera, ...], Field(min_length=1, max_length=1000)]
    time_pattern: str | None = Field(
        None, description="such as '%Y-%m-%d/%H/*/%M.%S'; null: the layouts that are known"
    )
    time_zone: str | None = Field(None, description="such as Europe/Berlin; null: UTC")
    since: str | None = Field(None, description="moment from which on recordings are read, ISO 8601; null: all")
    until: str | None = Field(None, description="moment up to which they are read; null: all")

    @field_validator("cameras")
    @classmethod
    def _have_names(cls, value: tuple[ArchiveCamera, ...]) -> tuple[ArchiveCamera, ...]:
        names = [camera.name.casefold() for camera in value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"names of their own: {twice!r} stands twice")
        return value


def read_archive(path: Path) -> ArchiveList:
    """Read `archive.yaml`.

    Args:
        path: The file; paths in it are relative to its folder.

    Raises:
        ConfigError: If it cannot be read, or says what cannot be.
    """
    if not path.exists():
        raise ConfigError("no such file", where=path, expected="a list of cameras (docs/scale.md)")
    found = load(ArchiveList, path)
    folder = path.absolute().parent
    cameras = [camera.model_copy(update={"source": str(folder / camera.source)}) for camera in found.cameras]
    return found.model_copy(update={"cameras": tuple(cameras)})
