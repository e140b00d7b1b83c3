"""How a pipeline tells what it is doing; the command line decides how that looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from reidtrack.errors import ReidtrackError


class Progress(Protocol):
    """Told of stages, frames and mishaps while work goes on."""

    def stage(self, title: str, frames: Mapping[str, int | None]) -> None:
        """A stage begins: its title, and how many frames each camera has (None where nobody knows)."""
        ...

    def advance(self, camera: str, people: int) -> None:
        """One frame of a camera is done; it showed so many people."""
        ...

    def finish(self, camera: str) -> None:
        """A camera has come to its end in this stage."""
        ...

    def warn(self, text: str) -> None:
        """Something went wrong that does not end the work."""
        ...

    def fail(self, error: ReidtrackError | str) -> None:
        """A camera is lost; the work goes on with the others."""
        ...

    def close(self) -> None:
        """No stage follows."""
        ...


class Silent:
    """Says nothing."""

    def stage(self, title: str, frames: Mapping[str, int | None]) -> None:
        """Ignore it."""

    def advance(self, camera: str, people: int) -> None:
        """Ignore it."""

    def finish(self, camera: str) -> None:
        """Ignore it."""

    def warn(self, text: str) -> None:
        """Ignore it."""

    def fail(self, error: ReidtrackError | str) -> None:
        """Ignore it."""

    def close(self) -> None:
        """Ignore it."""
