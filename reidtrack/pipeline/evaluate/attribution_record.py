"""Error attribution of a run, as `reidtrack evaluate` reports it: links, camera pairs, and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from reidtrack.benchmark.attribution import ErrorAttribution, LinkingError
from reidtrack.benchmark.scored_boxes import Points
from reidtrack.errors import OutputError
from reidtrack.types import TrackletKey


@dataclass(frozen=True, slots=True)
class AttributedLink:
    """A link that was made and should not have been, or the other way round.

    Attributes:
        a: Camera and track id of one tracklet.
        b: Camera and track id of the other.
        distance: Appearance distance of the two; None where nothing was embedded.
        threshold: The run's threshold for such a distance.
        probability: That both are one person, where it was calibrated.
        terms: What else spoke for a link that was made, log-odds by name.
    """

    a: TrackletKey
    b: TrackletKey
    distance: float | None
    threshold: float | None
    probability: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExplainedError:
    """A linking error and the links that explain it.

    Attributes:
        error: The tracklets in a wrong identity.
        wrong: Links that were made between them and tracklets of other people, the farthest first.
        missing: The most likely link to the person's other tracklets.
    """

    error: LinkingError
    wrong: Sequence[AttributedLink]
    missing: AttributedLink | None

    @property
    def cause(self) -> AttributedLink | None:
        """The link that the error is charged to."""
        return self.wrong[0] if self.wrong else self.missing


@dataclass(frozen=True, slots=True)
class CameraPair:
    """Linking errors between two cameras, or within one: their number, and the points of IDF1 they cost."""

    cameras: tuple[str, str]
    splits: int
    merges: int
    idf1: float


@dataclass(frozen=True)
class RunAttribution:
    """Error attribution of a run.

    Attributes:
        stages: Points lost by stage, and all errors.
        linking: Linking errors with the links that explain them, the costliest first.
        pairs: Linking errors by pair of cameras, the costliest first.
        detected: How many of each camera's missed boxes the detector had found; empty where its log is not there.
        page: `blame.html`.
        unwritten: Why that could not be written; None where it was.
    """

    stages: ErrorAttribution
    linking: Sequence[ExplainedError]
    pairs: Sequence[CameraPair]
    detected: Mapping[str, int]
    page: Path
    unwritten: OutputError | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values, in percentage points and counts."""
        found = self.stages
        return {
            "result": _points(found.result),
            "loss": {stage: _points(points) for stage, points in found.losses.items()},
            "detection": {
                camera: {
                    "boxes": loss.boxes,
                    "missed": len(loss.missed),
                    "missed_but_detected": self.detected.get(camera),
                    "false": loss.false,
                    "IDF1": round(loss.idf1, 3),
                }
                for camera, loss in found.cameras.items()
            },
            "tracking": [
                {
                    "camera": s.key[0],
                    "track_id": s.key[1],
                    **{k: v for k, v in asdict(s).items() if k not in ("key", "idf1")},
                    "IDF1": round(s.idf1, 3),
                }
                for s in found.tracking_errors
            ],
            "linking": [_error_entry(error) for error in self.linking],
            "camera_pairs": [
                {"cameras": list(p.cameras), "splits": p.splits, "merges": p.merges, "IDF1": round(p.idf1, 3)}
                for p in self.pairs
            ],
            "rest": {"tracking": round(found.rest[0], 3), "linking": round(found.rest[1], 3)},
        }


def _points(points: Points) -> dict[str, float]:
    return {"IDF1": round(points.idf1, 3) + 0.0, "HOTA": round(points.hota, 3) + 0.0}  # and not -0.0


def _error_entry(found: ExplainedError) -> dict[str, Any]:
    m = found.error
    return {
        "kind": m.kind,
        "person": m.person,
        "tracklets": [_key_entry(key) for key in m.keys],
        "identity": m.identity,
        "owner": m.owner,
        "home": m.home,
        "boxes": m.boxes,
        "IDF1": round(m.idf1, 3),
        "wrong_links": [_link_entry(link) for link in found.wrong],
        "missing_link": None if found.missing is None else _link_entry(found.missing),
    }


def _key_entry(key: TrackletKey) -> dict[str, Any]:
    return {"camera": key[0], "track_id": key[1]}


def _link_entry(link: AttributedLink) -> dict[str, Any]:
    numbers = {"distance": link.distance, "threshold": link.threshold, "probability": link.probability}
    rounded = {name: None if value is None else round(value, 4) for name, value in numbers.items()}
    return {"a": _key_entry(link.a), "b": _key_entry(link.b), **rounded, "terms": dict(link.terms)}
