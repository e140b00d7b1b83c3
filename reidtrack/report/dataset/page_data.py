"""The input of a data set's page: everything it shows, as plain records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reidtrack.types import DoubleArray, IntArray


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the page.

    Attributes:
        jpeg: JPEG file.
        caption: Line under it.
        tooltip: Text shown when it is pointed at.
    """

    jpeg: bytes
    caption: str
    tooltip: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class SplitRow:
    """Counts of one split.

    Attributes:
        name: The split's name.
        images: Number of images.
        people: Number of persons.
        cameras: Number of cameras.
        junk: Images that protocols leave out.
        distractors: Images of nobody in particular.
        one_image: Persons with one image only.
        per_person: (people,) images of each person, most first.
    """

    name: str
    images: int
    people: int
    cameras: int
    junk: int
    distractors: int
    one_image: int
    per_person: IntArray


@dataclass(frozen=True, eq=False, slots=True)
class CameraRow:
    """One camera's images in figures.

    Attributes:
        name: The camera's name.
        images: Number of images.
        people: Number of persons.
        mean_picture: JPEG of the mean of its images.
        rgb: Mean colour, 0..255.
        cast: Camera bias in colour: deviation of the mean red, green and blue from those of all cameras.
        brightness: (5,) 5th, 25th, 50th, 75th and 95th percentile of the images' mean luma, 0..255.
        contrast: Mean over images of the standard deviation of luma.
    """

    name: str
    images: int
    people: int
    mean_picture: bytes
    rgb: tuple[int, int, int]
    cast: tuple[float, float, float]
    brightness: DoubleArray
    contrast: float


@dataclass(frozen=True, eq=False, slots=True)
class DatasetPage:
    """Everything the page of one data set shows.

    Attributes:
        title: Heading.
        created: When the page was made, as text.
        source: Where the images are, as text.
        notes: What the reader should know first.
        splits: Counts of each split with images, then of all together where there are several.
        cameras: By id; empty where no camera is known.
        pairs: (C, C) persons seen by both cameras.
        cameras_per_person: (C + 1,) how many persons were seen by 0, 1, ... C cameras.
        lorenz: (P + 1,) share of the images held by the persons with the fewest.
        gini: Gini coefficient of images per person.
        top_tenth: Share of the images held by the tenth of the persons with the most.
        size_wh: (N, 2) width and height of the images that were opened.
        opened: How many images were opened, and of how many.
        people: Name of a person, and its picture by each camera, None where there is none.
        people_rows: Names of the cameras of `people`.
        strips: Heading to pictures.
        bad: One line for each file that could not be read.
    """

    title: str
    created: str
    source: str
    notes: Sequence[str]
    splits: Sequence[SplitRow]
    cameras: Sequence[CameraRow]
    pairs: IntArray
    cameras_per_person: IntArray
    lorenz: DoubleArray
    gini: float
    top_tenth: float
    size_wh: IntArray
    opened: tuple[int, int]
    people: Sequence[tuple[str, Sequence[Picture | None]]]
    people_rows: Sequence[str]
    strips: Mapping[str, Sequence[Picture]] = field(default_factory=dict)
    bad: Sequence[str] = ()
