"""What `reidtrack live` is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reidtrack.config.live import CameraSettings, LiveConfig, read_cameras
from reidtrack.errors import UsageError
from reidtrack.video.naming import name_cameras


@dataclass(frozen=True)
class LiveRequest:
    """What is asked for.

    Attributes:
        cameras: The cameras, in the order of the command line or of the list.
        out: Folder of the site.
        config: Every setting.
        realtime: Whether sources that are files are played at the pace at which they were taken.
        cameras_file: Where the list is read anew from, on a hangup signal; None where there is none.
    """

    cameras: tuple[CameraSettings, ...]
    out: Path
    config: LiveConfig
    realtime: bool = False
    cameras_file: Path | None = None


def cameras_of(
    sources: Sequence[str], names: Sequence[str] | None, cameras_file: Path | None
) -> tuple[CameraSettings, ...]:
    """The cameras that a user names: by address, or in a list.

    Args:
        sources: Addresses, devices or files.
        names: One for each source; None names them after their addresses.
        cameras_file: `cameras.yaml`.

    Raises:
        UsageError: If both are given, or neither.
        ConfigError: If the list cannot be read.
    """
    if bool(sources) == (cameras_file is not None):
        raise UsageError("give addresses or a list of cameras", field="videos", expected="one of the two")
    if cameras_file is not None:
        return read_cameras(cameras_file)
    named = zip(name_cameras(sources, names), sources, strict=True)
    return tuple(CameraSettings(name=name, address=address) for name, address in named)
