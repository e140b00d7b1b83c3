"""Who is told how a live session goes."""

# ruff: noqa: ARG002 - the methods do nothing, so that shows define only those that matter to them

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line shows before anything heavy is loaded
    from collections.abc import Sequence

    from reidtrack.config.live import CameraSettings
    from reidtrack.events import Event
    from reidtrack.publish.status import LiveStatus


class LiveShow:
    """Told how a session goes; derive from it and define the methods that matter."""

    def begin(self, cameras: Sequence[CameraSettings]) -> None:
        """The session begins."""
        return

    def event(self, event: Event) -> None:
        """Something happened; called by any thread."""
        return

    def status(self, status: LiveStatus) -> None:
        """How it stands, about once a second; called by a thread of its own."""
        return
