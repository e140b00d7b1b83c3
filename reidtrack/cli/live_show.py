"""What `reidtrack live` shows: a line for each camera on a terminal, elsewhere only what changes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reidtrack.cli.console import SafeConsole
from reidtrack.pipeline.live.show import LiveShow

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from reidtrack.config.live import CameraSettings
    from reidtrack.events import Event
    from reidtrack.publish.status import CameraStatus, LiveStatus
    from reidtrack.runtime.progress import Progress


@contextmanager
def make_show(progress: Progress, args: argparse.Namespace) -> Iterator[LiveShow]:
    """Show a live session in the context: a table on a terminal, lines elsewhere, nothing with `--quiet`."""
    if args.quiet or args.json:
        yield LiveShow()
    elif not sys.stderr.isatty():
        yield Lines(progress)
    else:
        with Screen() as screen:
            yield screen


class Lines(LiveShow):
    """A line for each thing that changes: quiet while all is well.

    Args:
        progress: Says them.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begin(self, cameras: Sequence[CameraSettings]) -> None:
        """Say what is watched."""
        self._progress.info(f"watching {', '.join(camera.name for camera in cameras)}; Ctrl-C ends it")

    def event(self, event: Event) -> None:
        """Say it if it is about cameras or the work itself."""
        line = line_of(event)
        if line is not None:
            self._progress.info(line)


class Screen(LiveShow):
    """A table that follows the cameras, and above it what changes."""

    def __init__(self) -> None:
        self._console = SafeConsole(stderr=True, highlight=False)
        self._live: Live | None = None

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._live is not None:
            self._live.stop()

    def begin(self, cameras: Sequence[CameraSettings]) -> None:
        """Begin the table."""
        del cameras  # they are in the table
        from rich.live import Live

        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._live.start()

    def event(self, event: Event) -> None:
        """Say it above the table."""
        line = line_of(event)
        if line is not None:
            self._console.print(line, markup=False, soft_wrap=True)

    def status(self, status: LiveStatus) -> None:
        """Show how it stands."""
        if self._live is not None:
            self._live.update(table_of(status), refresh=True)


def line_of(event: Event) -> str | None:
    """What is said of an event; None where it is everyday."""
    from reidtrack.events import CameraDown, CameraRetry, CameraUp, Merged, Notice, Split, StreamChanged

    match event:
        case CameraUp():
            again = "" if event.after_s is None else f" again, after {event.after_s:.0f} s"
            return f"{event.camera}: up{again}, {event.width}x{event.height} {event.codec}"
        case CameraDown() | CameraRetry():
            retry = "" if event.retry_s is None else f"; tried again in {event.retry_s:.0f} s"
            return f"{event.camera}: {event.detail}{retry}"
        case StreamChanged():
            return f"{event.camera}: its pictures are {event.width}x{event.height} {event.codec} now; its tracks end"
        case Notice():
            return event.text if event.camera is None else f"{event.camera}: {event.text}"
        case Merged():
            return f"person {event.from_} is person {event.into}"
        case Split():
            return f"person {event.into} was taken for person {event.from_}"
    return None


def table_of(status: LiveStatus) -> Table:
    """A line for each camera."""
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("camera")
    for title in ("state", "people", "fps", "left out", "delay, s", "identity, s"):
        table.add_column(title, justify="right")
    for name, camera in status.cameras.items():
        table.add_row(
            name,
            _state(camera),
            str(camera.people),
            _figure(camera.fps_seen),
            str(camera.between + camera.dropped),
            _figure(camera.delay_p95_s),
            _figure(camera.identity_delay_p95_s),
            style=None if camera.state == "up" else "yellow",
        )
    people = f"{status.people_now} people now, {status.people_total} in all"
    table.caption = (
        people if status.detect_every == 1 else f"{people}; every {status.detect_every}th frame is looked at"
    )
    return table


def _state(camera: CameraStatus) -> str:
    if camera.state == "up":
        return "up"
    reason = camera.state if camera.reason is None else camera.reason.replace("_", " ")
    return f"{reason}, {camera.since_s:.0f} s"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
