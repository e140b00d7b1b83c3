"""Everything that can be set of `reidtrack live`, with its default: what a run knows, and what only live cameras need.

Durations are seconds, sizes bytes. `cameras.yaml`, the list of cameras, is read by `read_cameras`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_serializer, field_validator

from reidtrack.config.camera_name import CameraName
from reidtrack.config.load import Section, load
from reidtrack.config.run import DetectConfig, FilePath, Fraction, RunConfig, SiteConfig
from reidtrack.errors import ConfigError
from reidtrack.video.naming import redact
from reidtrack.video.secrets import host_alone

Point = tuple[Fraction, Fraction]
SectorName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")]
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class CameraSettings(Section):
    """One live camera, an entry of `cameras.yaml`."""

    other_keys = "name, address, sub, rotate, ignore, fps, record and sector are"

    name: CameraName = Field(description="what it is called in everything that is written")
    address: str = Field(description="rtsp://... and the like, /dev/video0, a number, or a file; ${NAME} for secrets")
    sub: str | None = Field(None, description="a smaller stream of it, to be looked at; the main one is recorded")
    rotate: Literal[0, 90, 180, 270] = Field(0, description="degrees clockwise by which its pictures are turned")
    ignore: tuple[Annotated[tuple[Point, ...], Field(min_length=3)], ...] = Field(
        (), description="regions to ignore, each three or more points [x, y] in 0..1 of the turned picture"
    )
    fps: Annotated[float, Field(gt=0, le=240)] | None = Field(
        None, description="frames a second that are looked at; null: live.fps"
    )
    record: bool | None = Field(None, description="whether its stream is recorded; null: record.enabled")
    sector: SectorName | None = Field(
        None, description="part of the site whose people are settled together, with redis; null: shared.sector"
    )


class CameraList(Section):
    """What `cameras.yaml` says."""

    other_keys = "the file holds `cameras:` and a list"

    cameras: Annotated[tuple[CameraSettings, ...], Field(min_length=1, max_length=1000)]

    @field_validator("cameras")
    @classmethod
    def _have_names(cls, value: tuple[CameraSettings, ...]) -> tuple[CameraSettings, ...]:
        names = [camera.name.casefold() for camera in value]
        if len(set(names)) < len(names):
            raise ValueError("a name of its own for each camera")
        return value


class LiveDetectConfig(DetectConfig):
    """Person detector of live cameras: nothing is computed where nothing moves."""

    motion_gate: bool = Field(True, description=str(DetectConfig.model_fields["motion_gate"].description))


class LiveSiteConfig(SiteConfig):
    """Where live cameras stand; one clock times them all."""

    clocks: bool = Field(False, description="find out how far the cameras are late, and allow for it")


class StreamConfig(Section):
    """How live cameras are read."""

    fps: Annotated[float, Field(gt=0, le=240)] | None = Field(
        None, description="frames a second of each camera that are looked at; null: all that come"
    )
    stall_s: Annotated[float, Field(ge=0.5)] = Field(4.0, description="silence after which a camera counts as stalled")
    transport: Literal["tcp", "udp"] = Field("tcp", description="how RTSP brings its pictures")
    loop: bool = Field(False, description="begin a file that is played in real time again at its end")
    window_s: Annotated[float, Field(gt=0)] = Field(
        600.0, description="how long an ended tracklet may still be joined to others"
    )
    catch_up: bool = Field(True, description="look at fewer frames by itself when the processor cannot keep up")


class RecordConfig(Section):
    """The cameras' own streams, recorded without encoding them again."""

    enabled: bool = Field(True, description="record")
    segment_s: Annotated[float, Field(ge=1)] = Field(600.0, description="length of a file")
    keep_s: Annotated[float, Field(gt=0)] | None = Field(
        None, description="recordings and logs older than this are deleted; null: never"
    )
    max_bytes: Annotated[int, Field(gt=0)] | None = Field(
        None, description="size of the folder beyond which the oldest are deleted; null: no limit"
    )


class PublishConfig(Section):
    """Where events go as they happen, and where the health page is."""

    mqtt: str | None = Field(
        None, description="mqtt://user:password@host:1883/prefix or mqtts://...; ${NAME} for secrets"
    )
    webhook: str | None = Field(None, description="http(s) address that each event is posted to; ${NAME} for secrets")
    http: str | None = Field(None, description="host:port of /healthz and /metrics, such as 127.0.0.1:8787")

    @field_serializer("mqtt")
    def _hide_user(self, value: str | None) -> str | None:
        return None if value is None else redact(value)

    @field_serializer("webhook")
    def _hide_all_but_the_host(self, value: str | None) -> str | None:
        """Addresses of web hooks are secrets as a whole."""
        return None if value is None else host_alone(value)


class SharedConfig(Section):
    """Identities that several processes have in common, each with cameras of its own."""

    redis: str | None = Field(
        None, description="redis://user:password@host:6379/0 or rediss://..., where they meet; ${NAME} for secrets"
    )
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.{}-]{1,60}$")] = Field(
        "reidtrack", description="what all names in Redis begin with: one for each site"
    )
    group: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="what this process's cameras are called together; null: the name of its folder"
    )
    sector: SectorName = Field("site", description="part of the site that cameras belong to, unless they say otherwise")
    neighbours: dict[SectorName, tuple[SectorName, ...]] = Field(
        {}, description="sector to those whose people may come into it; one that is not named: all others"
    )

    @field_serializer("redis")
    def _hide_user(self, value: str | None) -> str | None:
        return None if value is None else redact(value)


class LiveConfig(RunConfig):
    """Everything `reidtrack live` can be told beside its cameras."""

    detect: LiveDetectConfig = LiveDetectConfig()
    site: LiveSiteConfig = LiveSiteConfig()
    stream: StreamConfig = StreamConfig()
    record: RecordConfig = RecordConfig()
    publish: PublishConfig = PublishConfig()
    shared: SharedConfig = SharedConfig()


def read_cameras(path: FilePath, environment: Mapping[str, str] | None = None) -> tuple[CameraSettings, ...]:
    """Read the list of live cameras; `${NAME}` in addresses is replaced from the environment.

    Args:
        path: `cameras.yaml`; relative paths of files in it are relative to its folder.
        environment: Variables; None takes the process's.

    Raises:
        ConfigError: If it cannot be read, a key is unknown, or a variable is not set.
    """
    values = os.environ if environment is None else environment
    listed = load(CameraList, path)
    return tuple(_filled(camera, values, path) for camera in listed.cameras)


def _filled(camera: CameraSettings, values: Mapping[str, str], path: Path) -> CameraSettings:
    def fill(text: str) -> str:
        return fill_variables(text, f"camera {camera.name}", path, values)

    sub = None if camera.sub is None else fill(camera.sub)
    return camera.model_copy(update={"address": fill(camera.address), "sub": sub})


def fill_variables(
    text: str, whose: str, where: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Replace `${NAME}` in an address by variables: what is in none of the program's words, no file holds.

    Args:
        text: The address.
        whose: What it belongs to, for the message.
        where: In which file it stands.
        environment: Variables; None takes the process's.

    Raises:
        ConfigError: If a variable is not set.
    """
    values = os.environ if environment is None else environment
    missing = [name for name in _VARIABLE.findall(text) if name not in values]
    if missing:
        hint = f"set it: export {missing[0]}=..."
        raise ConfigError(f"{whose}: the variable {missing[0]} is not set", where=where, hint=hint)
    return _VARIABLE.sub(lambda found: values[found[1]], text)
