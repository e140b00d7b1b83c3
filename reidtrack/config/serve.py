"""Everything that can be set of `reidtrack serve`, with its default. Durations are hours where the name says so."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from reidtrack.config.load import Section
from reidtrack.config.run import DEFAULT_REID, FilePath
from reidtrack.options import OptionError

HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?$")]


class ServeConfig(Section):
    """The page and the interface for programs that `reidtrack serve` gives."""

    other_keys = (
        "http, names, recordings, gallery, reid, tls_cert, tls_key, proxy, session_hours, upload_bytes, upload_days, "
        "uploads_bytes, jobs, live, live_config, live_run and live_allow are"
    )

    http: str = Field("127.0.0.1:8080", description="host:port to listen on; others than this machine need accounts")
    names: tuple[HostName, ...] = Field((), description="further names by which browsers reach it")
    recordings: tuple[FilePath, ...] = Field(
        (), description="folders whose recordings may be shown, and new runs be made of; no others are opened"
    )
    gallery: FilePath | None = Field(
        None, description="gallery whose people are shown and found; null: people.db in the served folder"
    )
    reid: FilePath = Field(DEFAULT_REID, description="re-identification network of photos: that of the runs")
    tls_cert: FilePath | None = Field(None, description="certificate (PEM); with tls_key: https")
    tls_key: FilePath | None = Field(None, description="its private key (PEM)")
    proxy: str | None = Field(
        None, description="address of the proxy in front of it, whose X-Forwarded-For and -Proto are believed"
    )
    session_hours: Annotated[float, Field(gt=0, le=24 * 365)] = Field(
        12.0, description="hours after which who has logged in has to do so again"
    )
    upload_bytes: Annotated[int, Field(ge=1)] = Field(8 << 30, description="largest recording that may be sent")
    upload_days: Annotated[float, Field(gt=0, le=36_500)] = Field(
        30.0, description="days after which recordings that were sent are removed, unless work is to read them"
    )
    uploads_bytes: Annotated[int, Field(ge=1)] = Field(
        64 << 30, description="most bytes of all that were sent together; the oldest go first"
    )
    jobs: Annotated[int, Field(ge=1, le=64)] = Field(1, description="runs computed at once")
    live: FilePath | None = Field(None, description="cameras.yaml: cameras that are watched live; null: none")
    live_config: FilePath | None = Field(None, description="settings of live cameras as YAML, as `reidtrack live` has")
    live_run: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,99}$")] = Field(
        "live", description="name of the run that they are written to, in the served folder"
    )
    live_allow: tuple[str, ...] = Field(
        (), description="hosts and networks (10.0.0.0/24) of cameras that may be added in the browser; none: none may"
    )

    @field_validator("proxy")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        import ipaddress

        if value is not None:
            try:
                ipaddress.ip_address(value)
            except ValueError:
                raise ValueError("an IP address such as 127.0.0.1") from None
        return value

    @model_validator(mode="after")
    def _both_of_tls(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise OptionError("tls_key", self.tls_key, "both tls_cert and tls_key, or neither")
        return self
