"""Who is told how a live session goes."""

# ruff: noqa: ARG002 - the methods do nothing, so that shows define only those that matter to them

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the command line shows before anything heavy is loaded
    from collections.abc import Callable, Sequence

    from reidtrack.config.live import CameraSettings
    from reidtrack.events import Event
    from reidtrack.pipeline.run.observers import RunObserver
    from reidtrack.publish.status import LiveStatus
    from reidtrack.video.packet_sink import PacketSink
    from reidtrack.video.wall_time import WallTime


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

    def observer(self, who: Callable[[str, Sequence[int]], Sequence[int | None]], wall: WallTime) -> RunObserver | None:
        """Who is told of boxes and frames as the pass goes on, and must keep it waiting for nothing; None for nobody.

        Args:
            who: Numbers of the people of tracks of a camera in one frame, None of those not decided on.
            wall: Time of the folder.
        """
        return None

    def packets(self, camera: CameraSettings) -> PacketSink | None:
        """Who takes the packets of the stream of a camera that is looked at; None for nobody."""
        return None
