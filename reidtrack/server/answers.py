"""What routes give, for the description: shapes that a client may rely on.

Handlers build plain values; `tests/server/test_schema.py` holds what they give against these shapes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_Size = Annotated[list[int], Field(min_length=2, max_length=2)]
"""Width and height, pixels."""


class Given(BaseModel):
    """Base of what a route gives: every key is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reason(Given):
    """Why something was refused: what, which field, what was expected, what to do."""

    what: str
    field: str = ""
    expected: str = ""
    hint: str = ""


class Refusal(Given):
    """Answer of every refusal."""

    error: Reason


class Health(Given):
    """That the program answers."""

    ok: bool


class Who(Given):
    """Who asks, what they may, and the token that changes need."""

    name: str
    role: str
    cameras: list[str] | None
    csrf: str
    version: str


class OpenedOne(Given):
    """A session or a token, as its owner may see it."""

    id: str
    label: str
    created: str
    ends: str | None


class Opened(Given):
    """One's own sessions or tokens."""

    items: list[OpenedOne]


class Token(Given):
    """A token for programs, told once."""

    token: str


class User(Given):
    """An account."""

    name: str
    role: str
    cameras: list[str] | None


class Users(Given):
    """Accounts."""

    items: list[User]


class Part(Given):
    """A part of a list: `next` goes into `cursor`, and is null at the end."""

    items: list[Any]
    next: int | None


class Listed(Part):
    """A part of a list whose length is known."""

    total: int


class AuditLines(Part):
    """Lines of the audit log, each with what it is about."""

    items: list[dict[str, Any]]


class PictureName(Given):
    """What names a picture of a run."""

    camera: str
    track_id: int
    frame: int


class RunSummary(Given):
    """A run in short, of the user's cameras alone; times in seconds since its origin."""

    id: str
    status: str
    started_utc: str
    origin_utc: str
    origin_known: bool
    cameras: list[str]
    people: int | None
    people_in_several_cameras: int | None
    tracklets: int | None
    boxes: int
    first_time_s: float | None
    last_time_s: float | None
    version: str | int
    picture: PictureName | None


class UnreadableRun(Given):
    """A run whose files cannot be read, and why."""

    id: str
    status: Literal["unreadable"]
    why: str


class Runs(Listed):
    """Runs, the youngest first."""

    items: list[RunSummary | UnreadableRun]


class FilmOfCamera(Given):
    """A film that can be played."""

    kind: Literal["original", "annotated"]
    first_time_s: float


class CameraDetail(Given):
    """A camera of a run, and what can be played of it."""

    camera: str
    size: _Size | None
    nominal_fps: float | None
    frames: int
    first_time_s: float | None
    last_time_s: float | None
    error: str | None
    films: list[FilmOfCamera]


class DayOfRun(Given):
    """A day of a run of several: when it lasts, its clock, pages of its report."""

    day: str
    label: str
    first_s: float
    last_s: float
    clock: list[Any]
    pages: list[str]


class Run(RunSummary):
    """A run and what can be played of its cameras."""

    detail: list[CameraDetail]
    threshold: float | None
    whole: bool
    days: list[DayOfRun]
    zone: str


class PersonOfRun(Given):
    """A person of a run."""

    id: int
    name: str | None
    gallery: str | None
    colour: str
    cameras: list[str]
    first_time_s: float
    last_time_s: float
    tracklets: int
    pictures: list[PictureName]


class PeopleOfRun(Listed):
    """People of a run."""

    items: list[PersonOfRun]


class PersonDetail(PersonOfRun):
    """A person with their tracklets, each with the link that joined it and pictures."""

    tracklets: list[dict[str, Any]]  # type: ignore[assignment]
    version: str | int


class PathOfPerson(Given):
    """Where a person walked on the plan; null where no place on one is known."""

    plan: dict[str, Any] | None
    version: str | int


class NameAndColour(Given):
    """What a list of tracklets says of a person."""

    name: str | None
    colour: str


class TrackletRows(Listed):
    """Tracklets, a row each; `columns` says what stands in a row."""

    items: list[list[float | None]]
    columns: list[str]
    cameras: list[str]
    people: dict[str, NameAndColour]
    version: str | int


class SightingLines(Part):
    """Boxes by time, as lines of `sightings.jsonl`."""

    items: list[dict[str, Any]]


class CorrectionGiven(Given):
    """A correction as it stands in `corrections.yaml`."""

    id: str
    verb: str
    tracklets: list[str]
    name: str = ""
    at_s: float = 0.0


class CorrectionsGiven(Given):
    """What was corrected in a run."""

    items: list[CorrectionGiven]
    version: str | int


class SettledAnew(Given):
    """What a correction did: lines added and removed, the people's numbers now, the run."""

    added: list[str]
    removed: list[str]
    seconds: float
    now: list[int | None]
    run: RunSummary | None


class Questions(Listed):
    """What is worth asking, the likeliest mistakes first."""

    items: list[dict[str, Any]]
    worth: int
    expected_gain: float | None
    worth_from: float
    version: str | int


class Measured(Given):
    """What was measured; null in place of what was not."""

    evaluation: dict[str, Any] | None
    blame: dict[str, Any] | None


class SeenAt(Given):
    """A recording in which somebody is still to be seen, and when."""

    camera: str
    first_time_s: float
    last_time_s: float


class ErasedPerson(Given):
    """What was removed of a person."""

    boxes: int
    detections: int
    embeddings: int
    pictures: int
    corrections: int
    events: int
    videos: list[str]
    known: bool
    recordings: list[SeenAt]


class Source(Given):
    """A file that may be named."""

    source: str


class Sources(Listed):
    """Files that may be named."""

    items: list[Source]


class SettingsGiven(Given):
    """Defaults of a run's settings, and their JSON schema."""

    defaults: dict[str, Any]
    schema_: dict[str, Any] = Field(alias="schema")


class JobGiven(Given):
    """Long work, and how far it is."""

    id: str
    run: str
    state: str
    user: str
    created: str
    started: str | None
    ended: str | None
    progress: Any
    error: str | None
    cameras: list[str]


class Jobs(Listed):
    """Long work, the newest first."""

    items: list[JobGiven]


class Upload(Given):
    """A recording that was kept."""

    source: str
    bytes: int
    size: _Size
    duration_s: float | None


class Boxes(Given):
    """People in a picture, boxes xyxy in its pixels."""

    width: int
    height: int
    people: list[list[float]]


class Feature(Given):
    """The feature of a person, and the digest of the network that made it."""

    box_xyxy: list[float]
    feature: list[float]
    sha256: str


class Comparison(Given):
    """Distance of two people, and what it means."""

    distance: float
    probability: float | None
    meaning: str
    boxes_xyxy: list[list[float]]
    measured: Any


class SearchResult(Given):
    """Who looks like somebody, the nearest first, and what was left out."""

    box_xyxy: list[float]
    searched: int
    items: list[dict[str, Any]]
    left_out: list[dict[str, Any]]


class PersonKnown(Given):
    """A person of the gallery."""

    key: str
    name: str | None
    runs: int
    photos: int
    cameras: list[str]
    first_utc: str | None
    last_utc: str | None
    consent: str | None
    until: str | None


class People(Listed):
    """People of the gallery."""

    items: list[PersonKnown]


class Alike(Given):
    """Somebody of the gallery who looks like somebody else, and how far apart they are."""

    key: str
    distance: float


class Enrolled(PersonKnown):
    """A person with new pictures; `alike` where somebody else looks much like them."""

    alike: Alike | None


class LiveState(BaseModel):
    """How it stands with the live cameras; figures of `/metrics` stand beside these."""

    run: str | None
    state: str
    origin_utc: str | None
    now_s: float
    why: str | None
    cameras: dict[str, Any]
    people: list[dict[str, Any]]
    palette: list[str]


class LivePersonGiven(Given):
    """Where somebody is and was since the session began."""

    identity: int
    name: str | None
    now_s: float
    visits: list[dict[str, Any]]
    run: str | None
    pictures: list[PictureName]


class LiveCamerasGiven(Given):
    """Live cameras with their state."""

    items: list[dict[str, Any]]


class Description(BaseModel):
    """A description as OpenAPI has it."""

    openapi: str
    paths: dict[str, Any]
