"""What can be set, with its default: pydantic models over YAML, with dotted overrides and "did you mean".

The defaults of every command live here, so that an installed wheel needs no YAML file; `configs/` repeats them for
reading and a test holds the two together. Durations are seconds.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from reidtrack.errors import ConfigError

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


class Section(BaseModel):
    """A group of settings: unknown keys are errors, values cannot change after construction."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    other_keys: ClassVar[str] = "`reidtrack config` prints every key"
    """Said of a key that is near none."""


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


C = TypeVar("C", bound=Section)
_UNKNOWN = ("extra_forbidden", "invalid_key")
"""Pydantic's words for a key that is not known."""


def load(
    model: type[C],
    path: Path | None = None,
    overrides: Iterable[str] = (),
    *,
    base: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> C:
    """Build a configuration from defaults, then `base`, then a YAML file, then dotted overrides, then options.

    Args:
        model: The configuration to build.
        path: A YAML file whose keys are those of `model`.
        overrides: `key.sub=value` texts, values in YAML; later ones win.
        base: Plain values that stand in for the defaults, as `dump` gives them.
        options: Dotted keys to values that were given in another way, such as a command's own options.

    Returns:
        The validated configuration.

    Raises:
        ConfigError: If the file cannot be read, a key is unknown (with the nearest known one), or a value is wrong.
    """
    data = copy.deepcopy(dict(base or {}))
    if path is not None:
        _merge(data, _read_yaml(path))
    overrides = list(overrides)
    for text in overrides:
        _apply_override(data, text)
    for key, value in (options or {}).items():
        _put(data, key, value, where=key)
    sources = [str(path)] * (path is not None) + ["--set"] * bool(overrides)
    return validate(model, data, where=" with ".join(sources) or None)


def validate(model: type[C], data: Mapping[str, Any], where: str | None) -> C:
    """Check `data` against `model`; the first fault becomes one line.

    Raises:
        ConfigError: If a key is unknown or a value does not fit.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _explain(model, error, where) from error


def dump(config: BaseModel) -> dict[str, Any]:
    """The configuration as plain values, ready for YAML or JSON."""
    return config.model_dump(mode="json")


def document(config: BaseModel, indent: str = "") -> str:
    """The configuration as YAML that `load` takes back, each key with what it means."""
    lines = []
    for name, info in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            lines += [f"{indent}# {(type(value).__doc__ or '').splitlines()[0]}", f"{indent}{name}:"]
            lines.append(document(value, indent + "  "))
        else:
            plain = config.model_dump(mode="json", include={name})
            text = f"{indent}{yaml.safe_dump(plain).strip()}"
            lines.append(f"{text}  # {info.description}" if info.description else text)
    return "\n".join(lines)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("cannot be read", where=path, hint=error.strerror) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2024-13-45, and what is no UTF-8
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark is not None else ""
        raise ConfigError(f"not valid YAML{line}", where=path, expected="key: value lines") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError("not a mapping", where=path, expected="key: value lines")
    return data


def _apply_override(data: dict[str, Any], text: str) -> None:
    key, equals, raw = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"cannot read {text!r}", where="--set", expected="key.sub=value")
    try:
        value = yaml.safe_load(raw)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"cannot read the value of {text!r}", where="--set", expected="a YAML value") from error
    _put(data, key.strip(), value, where=f"--set {text}")


def _put(data: dict[str, Any], key: str, value: Any, where: str) -> None:
    *parents, last = key.split(".")
    for depth, name in enumerate(parents):
        if data.get(name) is None:  # absent, or a section with nothing under it
            data[name] = {}
        data = data[name]
        if not isinstance(data, dict):
            raise ConfigError(f"{'.'.join(parents[: depth + 1])} is a value, not a section", where=where)
    data[last] = value


def _merge(data: dict[str, Any], other: Mapping[str, Any]) -> None:
    """Lay `other` over `data`, section by section."""
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = value


def _explain(model: type[Section], error: ValidationError, where: str | None) -> ConfigError:
    faults = error.errors()
    # A key that was misspelt is also one that is missing: what it should have been says both.
    fault = next((one for one in faults if one["type"] in _UNKNOWN), faults[0])
    path = [str(part) for part in fault["loc"]]
    key = ".".join(path)
    if fault["type"] in _UNKNOWN:
        near = difflib.get_close_matches(key, _known_keys(model), n=1, cutoff=0.5)
        near = near or [k for k in _known_keys(model) if k.rsplit(".", 1)[-1] == path[-1]][:1]
        hint = f"did you mean {near[0]!r}?" if near else model.other_keys
        return ConfigError(f"unknown key {key!r}", where=where, hint=hint)
    if fault["type"] == "missing":
        meant = model.model_fields[path[0]].description if path[0] in model.model_fields else None
        return ConfigError(f"{key} is missing", where=where, expected=meant)
    expected = "a section of keys" if fault["type"] == "model_type" else _expected(str(fault["msg"]))
    return ConfigError(f"{key}: got {fault['input']!r}", where=where, expected=expected)


def _expected(message: str) -> str:
    return message.removeprefix("Input should be ").removeprefix("Value error, ")


def _known_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, info in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            keys += _known_keys(info.annotation, f"{prefix}{name}.")
    return keys
