"""What several parts of the page need to know about a run: the span of its time axis, names of elements, videos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from reidtrack.report.run.certainty import certainty
from reidtrack.report.run.record import CameraSummary, ReportData
from reidtrack.types import Identity, Link, Tracklet

SAID = "said"
"""Decision of a link that a person vouched for."""

UNKNOWN_COLOUR = "#9a9a9a"


@dataclass(frozen=True, eq=False, slots=True)
class View:
    """A run as the page sees it.

    Attributes:
        data: All that is shown.
        identities: By id.
        cameras: Name to camera, in the order of the command line.
        first_s: Left end of the time axis.
        last_s: Right end, larger.
        places: Camera and track id of a visit to its person and its number there, from 1.
    """

    data: ReportData
    identities: tuple[Identity, ...]
    cameras: dict[str, CameraSummary]
    first_s: float
    last_s: float
    places: dict[tuple[str, int], tuple[Identity, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: ReportData) -> View:
        """Look at a run."""
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
        """Length of the time axis."""
        return self.last_s - self.first_s

    @property
    def decimals(self) -> int:
        """Places of a second worth showing in sums: one in short runs."""
        return 1 if self.span_s < 120 else 0

    def colour(self, identity: Identity) -> str:
        """CSS colour of an identity."""
        return self.data.colours.get(identity.id, UNKNOWN_COLOUR)

    def video_at(self, camera: str, time_s: float) -> str | None:
        """Link to a camera's video at a time of the run, or None where there is no video."""
        summary = self.cameras[camera]
        if summary.video is None:
            return None
        start = time_s if summary.first_time_s is None else max(0.0, time_s - summary.first_time_s)
        return f"./{quote(summary.video)}#t={start:.2f}"


def person(identity: Identity) -> str:
    """What a person is called."""
    return f"Person {identity.id}" if identity.name is None else identity.name


def in_view_s(tracklets: list[Tracklet]) -> float:
    """Seconds a person was seen in these visits, one after another."""
    return sum(t.last_time_s - t.first_time_s for t in tracklets)


def visits_by_camera(view: View, identity: Identity) -> dict[str, list[tuple[int, Tracklet]]]:
    """Camera to the visits of a person, each with its number from 1; only cameras with any, in the run's order."""
    visits: dict[str, list[tuple[int, Tracklet]]] = {name: [] for name in view.cameras}
    for number, tracklet in enumerate(identity, start=1):
        visits[tracklet.camera].append((number, tracklet))
    return {camera: found for camera, found in visits.items() if found}


def visit_id(identity: Identity, number: int) -> str:
    """Name of the element that describes a visit."""
    return f"v{identity.id}-{number}"


def visit_at(view: View, key: tuple[str, int]) -> str | None:
    """Name of the element that describes the visit of a camera and track id; None where nobody has it."""
    found = view.places.get(key)
    return None if found is None else visit_id(*found)


def links_by_visit(identity: Identity) -> dict[tuple[str, int], Link]:
    """Camera and track id to the link that joined the visit to its person."""
    return {link.a: link for link in identity.links}


def doubtable(links: Iterable[Link]) -> list[Link]:
    """Links that nobody vouched for."""
    return [link for link in links if link.decision != "must_link"]


def sureness(link: Link) -> str:
    """How sure a link is in a word, `said` where a person vouched for it."""
    return SAID if link.decision == "must_link" else certainty(link)
