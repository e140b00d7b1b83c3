"""Everything that can be set of a run, with its default.

An installed wheel needs no YAML file: `configs/run/default.yaml` repeats for reading what `reidtrack config` prints; a
test holds the two together. Each default stands once: what a part can be told when it is used without a configuration
has its default there (the trackers' in their signatures, the detectors' in `DetectorOptions`), and it is taken from
there. Durations are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from reidtrack.config.load import Section
from reidtrack.config.signature import default_of, first_lines, with_sections
from reidtrack.detect.protocol import DetectorOptions
from reidtrack.embed.embedder import Embedder
from reidtrack.engines.names import EngineName, Precision
from reidtrack.options import OptionError
from reidtrack.track.clock import TimeUnit
from reidtrack.track.tracker import DEFAULT_METHOD, SHARED_OPTIONS, TRACKERS, build_tracker, options_of

Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Duration = Annotated[float, Field(ge=0)]
"""In the unit that its section names."""


def _nameable(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("a path without a zero byte")
    return path


FilePath = Annotated[Path, AfterValidator(_nameable)]
"""Path of a setting; YAML can write a zero byte, which no file's name holds."""
DEFAULT_DETECTOR = Path("yolo11n_person")
"""Name of the shipped detector, in the form for the device: the OpenVINO folder on a CPU, the `.pt` file on a GPU."""
DEFAULT_REID = Path("osnet_x1_0")
"""Name of the shipped re-identification network."""


class DetectConfig(Section):
    """Person detector."""

    weights: FilePath = Field(
        DEFAULT_DETECTOR, description="YOLO or RT-DETR detection model: a name, or a .pt, .onnx or OpenVINO folder"
    )
    imgsz: Annotated[int, Field(ge=32, le=8192, multiple_of=32)] | Literal["auto"] = Field(
        DetectorOptions.imgsz,
        description="longer side of the input, pixels; auto: 640, 960 or 1280 for each camera, by how high people are",
    )
    tiles: Annotated[int, Field(ge=1, le=8)] | Literal["auto"] = Field(
        DetectorOptions.tiles,
        description="tiles along the longer side of a very large picture; 1: none; auto: as many as a camera needs",
    )
    conf: Fraction = Field(
        DetectorOptions.conf, description="least score of a detection; the tracker makes use of low ones"
    )
    iou: Fraction = Field(
        DetectorOptions.iou, description="overlap above which the weaker of two boxes is dropped (yolo)"
    )
    max_det: Annotated[int, Field(ge=1)] = Field(DetectorOptions.max_det, description="most boxes in a frame")
    batch: Annotated[int, Field(ge=1, le=4096)] = Field(8, description="frames detected at once, over all cameras")
    every: Annotated[int, Field(ge=1)] = Field(
        1, description="look at each so-many-th frame that is read; boxes in between are filled in"
    )
    motion_gate: bool = Field(
        False, description="look only where something moves, and at people who stand still once a second"
    )

    @property
    def options(self) -> DetectorOptions:
        """What a detector is told; of `auto`, the size and tiles that a camera has until others are chosen for it."""
        imgsz = DetectorOptions.imgsz if self.imgsz == "auto" else self.imgsz
        tiles = DetectorOptions.tiles if self.tiles == "auto" else self.tiles
        return DetectorOptions(imgsz, self.conf, self.iou, self.max_det, tiles)

    @property
    def is_fitted(self) -> bool:
        """Whether a camera's first seconds decide on something."""
        return "auto" in (self.imgsz, self.tiles)


_DEFAULT_TRACKER = TRACKERS[DEFAULT_METHOD]


@with_sections(TRACKERS, "Method", without=SHARED_OPTIONS)
class TrackConfig(Section):
    """Motion tracker of one camera. Durations are in `time_unit`; a method's own settings are in its section."""

    renamed: ClassVar[Mapping[str, str]] = {
        "probation": "cascade.min_confirmation_time",
        "patience": "cascade.max_unconfirmed_age",
        "low": "cascade.low",
        "high": "cascade.high",
        "start": "cascade.start",
        "low_iou": "cascade.low_iou",
        "reach": "cascade.gate",
        "agility": "cascade.acceleration_noise",
    }

    method: str = Field(DEFAULT_METHOD, description=first_lines(TRACKERS))
    time_unit: TimeUnit = Field("seconds", description="frames: for sort, as in its paper")
    max_age: Duration = Field(
        default_of(_DEFAULT_TRACKER, "max_age"), description="time unseen after which a track ends"
    )
    min_hits: Annotated[int, Field(ge=1)] = Field(
        default_of(_DEFAULT_TRACKER, "min_hits"), description="detections that confirm a track"
    )
    iou: Fraction = Field(
        default_of(_DEFAULT_TRACKER, "iou"),
        description="least overlap of a prediction with a detection (cascade: a sure one)",
    )
    fill_gap: Duration = Field(1.0, description="longest gap within a track that is interpolated; 0: none")
    smooth: Duration = Field(0.2, description="spread of the smoothing of a track's boxes over time; 0: none")
    camera_motion: bool = Field(
        True,
        description="in a run, follow a camera that moves, by its pictures (cascade)",
    )

    @field_validator("method")
    @classmethod
    def _is_there(cls, value: str) -> str:
        if value not in TRACKERS:
            raise ValueError(" or ".join(map(repr, TRACKERS)))
        return value

    @model_validator(mode="after")
    def _fits_its_method(self) -> Self:
        if self.time_unit != "seconds" and "time_unit" not in options_of(self.method):
            expected = f"seconds: the motion model of method {self.method} is in seconds"
            raise OptionError("time_unit", self.time_unit, expected)
        try:
            build_tracker(**self.tracker_options())  # which refuses what does not fit together
        except OptionError as error:
            key = error.name if error.name in SHARED_OPTIONS else f"{self.method}.{error.name}"
            raise OptionError(key, error.value, error.expected) from error
        return self

    def tracker_options(self) -> dict[str, Any]:
        """Keyword arguments of `build_tracker`: the shared settings that the method knows, and its own."""
        own = getattr(self, self.method, None)
        shared = self.model_dump(include=set(SHARED_OPTIONS) & options_of(self.method))
        return {"method": self.method, **shared, **(own.model_dump() if own is not None else {})}


class EmbedConfig(Section):
    """Appearance features of the tracked boxes."""

    weights: FilePath = Field(
        DEFAULT_REID, description="re-identification network: a name, or a .safetensors, .pth, .onnx or OpenVINO .xml"
    )
    architecture: str | None = Field(None, description="its architecture, where it does not tell, such as osnet_x1_0")
    batch: Annotated[int, Field(ge=1, le=65536)] = Field(
        default_of(Embedder, "batch"), description="crops embedded at once"
    )
    every_s: Seconds = Field(0.5, description="the best crop of each track in each so many seconds; 0: every box")
    min_quality: Fraction = Field(0.0, description="crops below it are left out, unless a track has no other")


Distance = Annotated[float, Field(ge=0, le=2)]


class AssociateConfig(Section):
    """Tracklets to identities. Distances are cosine distances, 0 to 2, with each camera's colour cast taken out."""

    threshold: Distance | Literal["auto"] = Field("auto", description="largest distance of one person in two cameras")
    same_camera_threshold: Distance | Literal["auto"] = Field("auto", description="the same within a camera")
    least_probability: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.5, description="auto: least probability that two visits at the threshold are one person's; higher parts more"
    )
    split_threshold: Distance = Field(0.85, description="change of looks in a track that means two people; 2: never")
    shrink: Annotated[float, Field(ge=0)] | Literal["auto"] = Field(
        "auto",
        description="people's worth of what is expected of a camera's bias; auto: as the network's priors have it",
    )
    at_once: Annotated[int, Field(ge=100)] = Field(
        20_000, description="most visits that are solved at once; of more, blocks of half as many, then their people"
    )
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        "auto", description="processes that solve blocks; auto: one for each core, at most 8"
    )


class GalleryConfig(Section):
    """People kept over runs and days."""

    path: FilePath | None = Field(None, description="file of the gallery, made where it is not there; null: none")
    threshold: Distance | Literal["auto"] = Field("auto", description="largest distance of somebody who is recognised")
    strangers: Annotated[float, Field(gt=0)] = Field(
        0.02,
        description="auto: how many strangers, of all in the gallery, may look as alike as the threshold by chance",
    )
    margin: Distance = Field(0.1, description="least lead over the next most alike; less: somebody new")
    keep_days: Annotated[float, Field(gt=0)] | None = Field(
        None, description="forget people without a name who were not seen for so long; null: never"
    )
    most_people: Annotated[int, Field(ge=1)] = Field(100_000, description="beyond, the oldest without a name go")
    most_views: Annotated[int, Field(ge=1)] = Field(16, description="of one person; beyond, the oldest go")


class SiteConfig(Section):
    """Where cameras stand, and what space and time say about people (docs/site.md)."""

    renamed: ClassVar[Mapping[str, str]] = {"journeys": "travel_times"}

    path: FilePath | None = Field(None, description="file with homographies and ways between cameras; null: none")
    homographies: dict[str, FilePath] = Field({}, description="camera to a file with its homography, pixels to plan")
    plan: bool = Field(True, description="places on the plan count, where homographies are known")
    relation: bool = Field(True, description="where they are not, learn how overlapping views lie to each other")
    clocks: bool = Field(True, description="find out how far clocks are apart, and allow for it")
    travel_times: bool = Field(True, description="times between cameras count, learned or from the file")


class OutputConfig(Section):
    """Videos and pictures of a run."""

    video: bool = Field(True, description="render an annotated video of each camera")
    mosaic: bool = Field(False, description="and one of all cameras, tiled")
    crops: Literal["none", "best", "all"] = Field(
        "best", description="pictures of people: none, one a visit, or all embedded"
    )
    parquet: bool = Field(False, description="tables of sightings, identities and links beside JSON, by day and camera")
    trail_s: Seconds = Field(1.0, description="length of the trail behind each person, seconds")
    crf: Annotated[int, Field(ge=0, le=51)] = Field(23, description="x264's constant rate factor; less is better")


class RunConfig(Section):
    """Everything `reidtrack run` can be told beside its inputs."""

    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    engine: EngineName = Field("auto", description="auto: OpenVINO on the CPU, torch on a GPU")
    precision: Precision = Field(
        "auto", description="half: bf16 on a CPU that has it, fp16 on a GPU; auto: INT8 or fp32 on a CPU, half on a GPU"
    )
    hwaccel: str = Field(
        "none",
        description="decode on a GPU, and encode if it can: auto (where there is one), none, or its name, such as cuda",
    )
    detect: DetectConfig = DetectConfig()
    track: TrackConfig = TrackConfig()
    embed: EmbedConfig = EmbedConfig()
    associate: AssociateConfig = AssociateConfig()
    gallery: GalleryConfig = GalleryConfig()
    site: SiteConfig = SiteConfig()
    output: OutputConfig = OutputConfig()
