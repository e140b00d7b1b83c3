"""Lookups that several sections of the page share: the time axis, visits by tracklet, anchors, links to videos."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from reidtrack.report.run.report_data import CONFIRMED, CameraSummary, OtherPage, ReportData
from reidtrack.report.times import axis_ticks, format_time
from reidtrack.types import Identity, Link, Tracklet

UNKNOWN_COLOUR = "#9a9a9a"
"""CSS colour of an identity that has none of its own."""


@dataclass(frozen=True, eq=False, slots=True)
class PageContext:
    """Report data in the order and with the lookups that the page's sections need.

    Attributes:
        data: Everything the page shows.
        identities: Sorted by id.
        cameras: Name to camera, in the order of the command line.
        first_s: Left end of the time axis, seconds since the run's origin.
        last_s: Right end, larger.
        visits: Camera and track id of a tracklet to its identity and its number among that identity's visits, from 1.
    """

    data: ReportData
    identities: tuple[Identity, ...]
    cameras: dict[str, CameraSummary]
    first_s: float
    last_s: float
    visits: dict[tuple[str, int], tuple[Identity, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: ReportData) -> PageContext:
        """Context of one run's report."""
        times = [t for c in data.cameras for t in (c.first_time_s, c.last_time_s) if t is not None]
        times += [t for identity in data.identities for t in (identity.first_time_s, identity.last_time_s)]
        first, last = min(times, default=0.0), max(times, default=0.0)
        return cls(
            data,
            tuple(sorted(data.identities, key=lambda identity: identity.id)),
            {camera.name: camera for camera in data.cameras},
            first,
            last if last - first > 0.05 else first + 1.0,
            {t.key: (identity, n) for identity in data.identities for n, t in enumerate(identity, start=1)},
        )

    @property
    def span_s(self) -> float:
        """Length of the time axis in seconds."""
        return self.last_s - self.first_s

    @property
    def decimals(self) -> int:
        """Decimals of a second worth showing in sums: one in short runs, none in long ones."""
        return 1 if self.span_s < 120 else 0

    def moment(self, time_s: float, decimals: int = 0) -> str:
        """A moment as text: what clocks showed on a page of a day, else the time since the run's origin."""
        day = self.data.day
        return format_time(time_s, decimals) if day is None else day.clock.text(time_s, decimals)

    def ticks(self) -> tuple[Sequence[float], float]:
        """Times at which the axis is marked, and the distance between them, see `axis_ticks`."""
        day = self.data.day
        return axis_ticks(self.first_s, self.last_s) if day is None else day.clock.ticks(self.first_s, self.last_s)

    def other_page(self, key: tuple[str, int]) -> OtherPage | None:
        """The page of a visit of another day; None where it is on this page, or on none that is known."""
        return None if self.data.day is None else self.data.day.visits.get(key)

    def colour(self, identity: Identity) -> str:
        """CSS colour of an identity."""
        return self.data.colours.get(identity.id, UNKNOWN_COLOUR)

    def video_at(self, camera: str, time_s: float) -> str | None:
        """Link to a camera's video at a time of the run, or None where there is no video."""
        summary = self.cameras[camera]
        if summary.video is None:
            return None
        start = time_s if summary.first_time_s is None else max(0.0, time_s - summary.first_time_s)
        return f"{'./' if self.data.day is None else '../'}{quote(summary.video)}#t={start:.2f}"

    def find_anchor(self, key: tuple[str, int]) -> str | None:
        """Id of the element that describes the visit of a camera and track id; None where no identity has it."""
        found = self.visits.get(key)
        return None if found is None else visit_anchor(*found)

    def visits_by_camera(self, identity: Identity) -> dict[str, list[tuple[int, Tracklet]]]:
        """Camera to an identity's visits, each with its number from 1; only cameras with any, in the run's order."""
        visits: dict[str, list[tuple[int, Tracklet]]] = {name: [] for name in self.cameras}
        for number, tracklet in enumerate(identity, start=1):
            visits[tracklet.camera].append((number, tracklet))
        return {camera: found for camera, found in visits.items() if found}


def person_label(identity: Identity) -> str:
    """What the page calls a person: the name, or else the number."""
    return f"Person {identity.id}" if identity.name is None else identity.name


def visit_anchor(identity: Identity, number: int) -> str:
    """Id of the element that describes an identity's visit, numbered from 1."""
    return f"v{identity.id}-{number}"


def time_in_view_s(tracklets: Iterable[Tracklet]) -> float:
    """Sum of the tracklets' lengths in seconds."""
    return sum(t.last_time_s - t.first_time_s for t in tracklets)


def links_by_visit(identity: Identity) -> dict[tuple[str, int], Link]:
    """Camera and track id of a tracklet to the link that joined it to its identity."""
    return {link.a: link for link in identity.links}


def unconfirmed(links: Iterable[Link]) -> list[Link]:
    """Links that no correction confirms."""
    return [link for link in links if link.decision != CONFIRMED]
