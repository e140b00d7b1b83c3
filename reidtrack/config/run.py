"""Everything that can be set of a run, with its default.

The defaults of every command live here, so that an installed wheel needs no YAML file; `configs/` repeats them for
reading and a test holds the two together. Durations are seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from reidtrack.config.load import Section

Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Duration = Annotated[float, Field(ge=0)]
"""In the unit that its section names."""
EngineName = Literal["auto", "openvino", "onnxruntime", "tensorrt", "torch"]
"""As `engines.base` has them, which knows no configuration."""


DEFAULT_DETECTOR = Path("yolo11n_person")
"""Of `weights/`, in the form for the device: the OpenVINO folder on a CPU, the `.pt` file on a GPU."""
DEFAULT_REID = Path("osnet_x1_0")
"""Of `weights/`."""


class DetectConfig(Section):
    """Person detector."""

    weights: Path = Field(
        DEFAULT_DETECTOR, description="YOLO detection model: a name, or a .pt, .onnx or OpenVINO folder"
    )
    imgsz: Annotated[int, Field(ge=32, multiple_of=32)] = Field(640, description="longer side of the input, pixels")
    conf: Fraction = Field(0.1, description="least score of a detection; the tracker makes use of low ones")
    iou: Fraction = Field(0.7, description="overlap above which the weaker of two boxes is dropped")
    max_det: Annotated[int, Field(ge=1)] = Field(300, description="most boxes in a frame")
    batch: Annotated[int, Field(ge=1)] = Field(8, description="frames detected at once, over all cameras")
    every: Annotated[int, Field(ge=1)] = Field(
        1, description="look at each so-many-th frame that is read; boxes in between are filled in"
    )


class TrackConfig(Section):
    """Motion tracker of one camera. Durations are in `time_unit`; keys marked cascade do nothing for sort."""

    method: Literal["cascade", "sort"] = Field("cascade", description="cascade: with a memory; sort: arXiv 1602.00763")
    time_unit: Literal["seconds", "frames"] = Field("seconds", description="frames: for sort, as in its paper")
    max_age: Duration = Field(2.0, description="time unseen after which a track ends")
    min_hits: Annotated[int, Field(ge=1)] = Field(3, description="detections that confirm a track")
    iou: Fraction = Field(0.3, description="least overlap of a prediction with a detection (cascade: a sure one)")
    probation: Duration = Field(0.2, description="cascade: least time from a track's first to its confirming detection")
    patience: Duration = Field(0.3, description="cascade: time unseen that ends an unconfirmed track")
    low: Fraction = Field(0.1, description="cascade: least score of an unsure detection, which only continues a track")
    high: Fraction = Field(0.5, description="cascade: least score of a sure detection; at least low")
    start: Fraction = Field(0.6, validate_default=True, description="cascade: least score that starts a track")
    low_iou: Fraction = Field(0.5, description="cascade: least overlap of a prediction with an unsure detection")
    reach: Annotated[float, Field(ge=0)] = Field(
        3.0, description="cascade: standard deviations searched for the hidden"
    )
    agility: Annotated[float, Field(ge=0)] = Field(0.05, description="cascade: change of pace, heights^2 / seconds^3")
    fill_gap: Duration = Field(1.0, description="longest gap within a track that is interpolated; 0: none")
    smooth: Duration = Field(0.2, description="spread of the smoothing of a track's boxes over time; 0: none")

    @field_validator("time_unit")
    @classmethod
    def _frames_are_for_sort(cls, value: str, info: ValidationInfo) -> str:
        if value == "frames" and info.data.get("method") == "cascade":
            raise ValueError("seconds: the motion model of method cascade is in seconds")
        return value

    @field_validator("high", "start")
    @classmethod
    def _scores_rise(cls, value: float, info: ValidationInfo) -> float:
        below = info.data.get("high", info.data.get("low", 0.0))
        if value < below:
            raise ValueError(f"{below} or more: low <= high <= start")
        return value


class EmbedConfig(Section):
    """Appearance features of the tracked boxes."""

    weights: Path = Field(
        DEFAULT_REID, description="re-identification network: a name, or a .safetensors, .pth, .onnx or OpenVINO .xml"
    )
    architecture: str | None = Field(None, description="its architecture, where it does not tell, such as osnet_x1_0")
    batch: Annotated[int, Field(ge=1)] = Field(32, description="crops embedded at once")
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


class GalleryConfig(Section):
    """People kept over runs and days."""

    path: Path | None = Field(None, description="file of the gallery, made where it is not there; null: none")
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

    path: Path | None = Field(None, description="file with homographies and ways between cameras; null: none")
    homographies: dict[str, Path] = Field({}, description="camera to a file with its homography, pixels to plan")
    plan: bool = Field(True, description="places on the plan count, where homographies are known")
    relation: bool = Field(True, description="where they are not, learn how overlapping views lie to each other")
    clocks: bool = Field(True, description="find out how far clocks are apart, and allow for it")
    journeys: bool = Field(True, description="times between cameras count, learned or from the file")


class OutputConfig(Section):
    """Videos and pictures of a run."""

    video: bool = Field(True, description="render an annotated video of each camera")
    mosaic: bool = Field(False, description="and one of all cameras, tiled")
    crops: Literal["none", "best", "all"] = Field(
        "best", description="pictures of people: none, one a visit, or all embedded"
    )
    trail_s: Seconds = Field(1.0, description="length of the trail behind each person, seconds")
    crf: Annotated[int, Field(ge=0, le=51)] = Field(23, description="x264's constant rate factor; less is better")


class RunConfig(Section):
    """Everything `reidtrack run` can be told beside its inputs."""

    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    engine: EngineName = Field("auto", description="auto: OpenVINO on the CPU, torch on a GPU")
    precision: Literal["auto", "fp32", "half"] = Field(
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
