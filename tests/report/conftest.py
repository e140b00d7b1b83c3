"""Runs small enough to reason about, and a reader of pages that trusts nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
import pytest

from reidtrack.report.run.page import CameraSummary, ReportData
from reidtrack.types import Identity, Link, Tracklet

VOID = {"meta", "link", "img", "input", "col", "br", "hr"}
JPEG = b"\xff\xd8\xff\xe0 not a picture, but bytes \xff\xd9"


@dataclass
class Element:
    """One element of a page."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""
    inside: list[Element] = field(default_factory=list)

    def walk(self) -> Iterable[Element]:
        yield self
        for child in self.inside:
            yield from child.walk()

    def all(self, name: str = "", class_: str = "") -> list[Element]:
        return [
            e
            for e in self.walk()
            if (not name or e.name == name) and (not class_ or class_ in (e.attributes.get("class") or "").split())
        ]

    def by_id(self, name: str) -> Element:
        (found,) = [e for e in self.walk() if e.attributes.get("id") == name]
        return found

    @property
    def all_text(self) -> str:
        return " ".join(e.text for e in self.walk() if e.text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("page", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag}: an attribute twice"
        element = Element(tag, dict(attrs))
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].text += data


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Element]:
    """Parse a page; every element must be closed where it was opened."""

    def read(page: str) -> Element:
        reader = _Reader()
        reader.feed(page)
        reader.close()
        assert len(reader.open) == 1, f"never closed: {[e.name for e in reader.open[1:]]}"
        return reader.root

    return read


def _tracklet(camera: str, track_id: int, start_s: float, end_s: float, fps: float) -> Tracklet:
    frame = np.arange(round(start_s * fps), round(end_s * fps) + 1, dtype=np.int64)
    n = len(frame)
    return Tracklet(
        camera,
        track_id,
        frame,
        frame / fps,
        np.tile(np.array([[0, 0, 40, 90]], np.float32), (n, 1)),
        np.ones(n, np.float32),
        np.zeros((0, 0), np.float32),
        np.zeros(0, np.int64),
        np.zeros(0, np.float32),
    )


Visit = tuple[str, int, float, float]


@pytest.fixture(scope="session")
def make_report() -> Callable[..., ReportData]:
    """A run from `{identity: [(camera, track id, first and last second), ...]}`, each visit joined to the one before.

    `links` gives distance, margin and probability by identity, in the order of visits; 0.3, 0.2, None where absent.
    `rivals` and `terms` go by visit, `names` by identity.
    """

    def make(
        people: Mapping[int, Sequence[Visit]],
        cameras: Sequence[str] = ("A", "B"),
        *,
        length_s: float = 60.0,
        fps: float = 10.0,
        starts: Mapping[str, float] | None = None,
        links: Mapping[int, Sequence[tuple[float, float, float | None]]] | None = None,
        video: str | None = "{}.mp4",
        thumbnails: Mapping[tuple[str, int], Sequence[bytes]] | int = 1,
        rivals: Mapping[tuple[str, int], tuple[str, int]] | None = None,
        terms: Mapping[tuple[str, int], dict[str, float]] | None = None,
        names: Mapping[int, str] | None = None,
        **more: object,
    ) -> ReportData:
        identities = []
        for number, visits in people.items():
            tracklets = tuple(_tracklet(*visit, fps) for visit in visits)
            figures = (links or {}).get(number, [(0.3, 0.2, None)] * len(visits))
            joined = tuple(
                Link(
                    *(b.key, a.key, distance, margin),
                    terms=(terms or {}).get(b.key, {}),
                    probability=probability,
                    runner_up=(rivals or {}).get(b.key),
                )
                for a, b, (distance, margin, probability) in zip(tracklets, tracklets[1:], figures, strict=False)
            )
            name = (names or {}).get(number)
            identities.append(Identity(number, tracklets, np.zeros(0, np.float32), joined, name))
        first = {name: (starts or {}).get(name, 0.0) for name in cameras}
        summaries = [
            CameraSummary(
                name,
                round((length_s - first[name]) * fps),
                first[name],
                length_s,
                (640, 480),
                sum(name in identity.cameras for identity in identities),
                video.format(name) if video else None,
            )
            for name in cameras
        ]
        keys = [t.key for identity in identities for t in identity]
        pictures = {key: [JPEG] * thumbnails for key in keys} if isinstance(thumbnails, int) else thumbnails
        colours = {number: f"#{number * 40503 % 0xFFFFFF:06x}" for number in people}
        values = {"title": "a run", "created": "today", "origin": "2026-01-01 12:00 UTC", "thumbnails": pictures} | more
        return ReportData(cameras=summaries, identities=identities, colours=colours, **values)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def small(make_report: Callable[..., ReportData]) -> ReportData:
    """Three people on two cameras; 2 returns, 3 is seen by B alone; B starts four seconds late."""
    people = {
        1: [("A", 1, 2.0, 9.5), ("B", 4, 12.0, 15.0)],
        2: [("A", 2, 3.0, 8.0), ("B", 5, 20.0, 30.0), ("A", 7, 40.0, 44.0)],
        3: [("B", 6, 50.0, 59.0)],
    }
    links = {1: [(0.21, 0.31, None)], 2: [(0.44, 0.02, None), (0.52, -0.07, 0.85)]}
    return make_report(people, links=links, starts={"B": 4.0})
