"""What `reidtrack train` can be told, with its defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from reidtrack.config.load import Section
from reidtrack.config.run import Fraction

Weight = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Side = Annotated[int, Field(ge=16, multiple_of=16)]


MOST_UNLABELLED = 4
"""Images without labels for each one with a label in a batch: of more, the labels would hardly count."""


class SetConfig(Section):
    """One data set."""

    name: str = Field(description="market1501, cuhk03-np, msmt17, folder, ... (docs/datasets.md)")
    root: Path = Field(description="its folder or archive")
    options: dict[str, Any] = Field({}, description="of the data set, such as boxes: detected")


class DataConfig(Section):
    """What is trained on."""

    sets: tuple[SetConfig, ...] = Field((), description="data sets, trained on together")
    hold_out: Annotated[int, Field(ge=0)] = Field(0, description="identities of each set kept for validation")
    hold_out_by: Literal["last", "random"] = Field(
        "last", description="which: the last by id, or drawn at random, so that every camera is among them"
    )
    everything: bool = Field(False, description="train on the test images too: for weights that are scored elsewhere")
    unlabelled: tuple[Path, ...] = Field((), description="folders of people nobody named, for distill.teachers alone")


class ModelConfig(Section):
    """The network."""

    architecture: str = "osnet_x1_0"
    init: str = Field(
        "random", description="random, imagenet, imagenet-or-random, or a checkpoint's path; narrower ones are widened"
    )
    frozen_epochs: Annotated[int, Field(ge=0)] = Field(0, description="epochs at the start that train new layers only")
    frozen: tuple[str, ...] = Field((), description="layers that stay as init brought them, such as conv1, conv2")
    frozen_statistics: bool = Field(False, description="batch normalisation keeps the mean and deviation of init")
    classes_from: Literal["random", "teacher"] = Field(
        "random", description="teacher: class weights begin as the first teacher's mean embeddings; needs arcface"
    )
    mixstyle: Fraction = Field(0.0, description="batches whose pictures swap style, arXiv 2104.02008")
    mixstyle_after: tuple[str, ...] = Field(("conv2", "conv3"), description="layers whose maps are mixed")


class StageConfig(Section):
    """Some epochs at one input size."""

    epochs: Count
    size: tuple[Side, Side] = Field((256, 128), description="height and width, pixels")


class BatchConfig(Section):
    """How batches are put together."""

    sampler: Literal["shuffle", "pk", "pk-cameras", "balanced"] = Field(
        "pk-cameras",
        description="pk: images of `people` persons; -cameras: over their cameras; balanced: rare as often",
    )
    size: Annotated[int, Field(ge=2)] = Field(64, description="images per batch, over all devices")
    images: Annotated[int, Field(ge=1)] = Field(
        4, validate_default=True, description="pk: images per person; size / images persons a batch"
    )
    power: Fraction = Field(1.0, description="balanced: 0 draws images equally often, 1 persons and cameras")
    unlabelled: Annotated[int, Field(ge=0)] = Field(
        0, validate_default=True, description="images of data.unlabelled beside each batch, over all devices"
    )
    accumulate: Count = Field(1, description="parts a batch is cut into when memory is short; doubles by itself")

    @field_validator("images")
    @classmethod
    def _divides_the_batch(cls, value: int, info: ValidationInfo) -> int:
        size = info.data.get("size", value)
        if info.data.get("sampler", "").startswith("pk") and (size % value or size // value < 2):
            raise ValueError(f"a number that divides batch.size ({size}) into two persons or more")
        return value

    @field_validator("unlabelled")
    @classmethod
    def _labelled_ones_count(cls, value: int, info: ValidationInfo) -> int:
        most = MOST_UNLABELLED * info.data.get("size", value)
        if value > most:
            raise ValueError(f"at most {most}, {MOST_UNLABELLED} for each of batch.size")
        return value


class LossConfig(Section):
    """What is minimised: the weighted sum of the terms below."""

    identity: Literal["softmax", "arcface"] = Field("softmax", description="arcface: arXiv 1801.07698")
    identity_weight: Weight = 1.0
    smoothing: Annotated[float, Field(ge=0, lt=1)] = Field(0.1, description="label smoothing")
    arcface_margin: Annotated[float, Field(ge=0, lt=1.57)] = Field(0.3, description="radians")
    arcface_scale: Positive = 30.0
    triplet: Weight = Field(1.0, description="batch-hard triplet loss, arXiv 1703.07737; needs a pk sampler")
    triplet_margin: Annotated[float, Field(ge=0)] | Literal["soft"] = 0.3
    triplet_cross_camera: bool = Field(False, description="positives by other cameras than the anchor's only")
    triplet_normalise: bool = Field(False, description="distances between unit vectors")
    centre: Weight = Field(0.0, description="centre loss (Wen et al. 2016)")
    centre_rate: Fraction = Field(0.5, description="how fast centres follow")
    circle: Weight = Field(0.0, description="pairwise circle loss, arXiv 2002.10857; needs a pk sampler")
    circle_margin: Fraction = 0.25
    circle_scale: Positive = 64.0
    per_set: bool = Field(False, description="a person competes with persons of the same data set only")


class DistillConfig(Section):
    """Other networks to learn from, on the training images as they are."""

    teachers: tuple[str, ...] = Field((), description="re-ID networks, by path or name; their embeddings are cached")
    embedding: Weight = Field(1.0, description="cosine distance to each teacher's embedding, through a linear map")
    relation: Weight = Field(0.0, description="similarities within a batch, arXiv 1907.09682")


class AugmentConfig(Section):
    """How training images are varied; fractions are probabilities unless said otherwise."""

    flip: Fraction = 0.5
    shift: Fraction = Field(0.04, description="padding crop: largest displacement, fraction of the height")
    zoom: Annotated[float, Field(ge=0, lt=0.9)] = Field(0.0, description="largest change of size, fraction")
    brightness: Fraction = Field(0.0, description="largest change, fraction")
    contrast: Fraction = Field(0.0, description="largest change, fraction")
    saturation: Fraction = Field(0.0, description="largest change, fraction")
    hue: Annotated[float, Field(ge=0, le=0.5)] = Field(0.0, description="largest turn, fraction of the colour circle")
    cast: Fraction = Field(0.0, description="white balance: largest change of a channel, fraction")
    grey: Fraction = Field(0.0, description="picture without colour")
    blur: Fraction = Field(0.0, description="picture of lower resolution")
    patch: Fraction = Field(0.0, description="random patch: a part of another picture covers a place")
    erase: Fraction = Field(0.0, description="random erasing, arXiv 1708.04896")
    erase_area: tuple[Fraction, Fraction] = Field((0.02, 0.4), description="fraction of the picture erased")
    cut_below: Fraction = Field(0.0, description="lower part of the person outside the picture")
    cut_side: Fraction = Field(0.0, description="a side of the person outside the picture")
    cut_most: Annotated[float, Field(ge=0.05, le=0.8)] = Field(0.5, description="largest fraction cut off")
    occlude: Fraction = Field(0.0, description="another person of the batch stands in front")
    occlude_most: Annotated[float, Field(ge=0.1, le=0.8)] = Field(0.4, description="largest fraction he covers")
    compress: Fraction = Field(0.0, description="lossy compression, down to JPEG's quality 10")
    noise: Annotated[float, Field(ge=0, le=0.5)] = Field(0.0, description="largest deviation of a camera's noise")


class OptimConfig(Section):
    """Optimiser, its rate over time, and what is averaged."""

    name: Literal["adam", "adamw", "sgd"] = "adam"
    lr: Positive = 3.5e-4
    weight_decay: Weight = 5e-4
    momentum: Fraction = Field(0.9, description="of sgd")
    new_layers: Positive = Field(1.0, description="factor on the rate of layers that init did not bring")
    schedule: Literal["cosine", "steps"] = "cosine"
    warmup_epochs: Weight = Field(5.0, description="linear rise from a hundredth of the rate")
    final: Fraction = Field(0.01, description="cosine: fraction of the rate at the end")
    steps: tuple[Positive, ...] = Field((), description="steps: epochs after which the rate falls")
    gamma: Fraction = Field(0.1, description="steps: factor of each fall")
    clip: Weight = Field(0.0, description="largest norm of the gradient; 0: any")
    ema: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="decay of the averaged weights per step; 0: none")


class ValidateConfig(Section):
    """The ranking on images that are not trained on."""

    every: Annotated[int, Field(ge=0)] = Field(5, description="epochs between rankings; 0: at the end only")
    batch: Count = 64


class TrainConfig(Section):
    """Everything `reidtrack train` can be told."""

    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        "auto", description="auto: bf16 where the machine has it"
    )
    channels_last: bool = True
    threads: Annotated[int, Field(ge=0)] = Field(0, description="CPU threads; 0: PyTorch's choice")
    seed: Annotated[int, Field(ge=0)] = 0
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    stages: Annotated[tuple[StageConfig, ...], Field(min_length=1)] = Field(
        (StageConfig(epochs=60),), description="epochs and input size, in order; the last size is the network's"
    )
    batch: BatchConfig = BatchConfig()
    loss: LossConfig = Field(LossConfig(), validate_default=True)
    distill: DistillConfig = DistillConfig()
    augment: AugmentConfig = AugmentConfig()
    optim: OptimConfig = OptimConfig()
    validation: ValidateConfig = ValidateConfig()
    tensorboard: bool = Field(False, description="write TensorBoard events too: pip install reidtrack[tensorboard]")

    @field_validator("loss")
    @classmethod
    def _pairs_need_persons(cls, value: LossConfig, info: ValidationInfo) -> LossConfig:
        batch = info.data.get("batch")
        if batch is not None and not batch.sampler.startswith("pk") and (value.triplet or value.circle):
            raise ValueError(f"triplet: 0 and circle: 0 with batch.sampler {batch.sampler}: they need a pk sampler")
        return value

    @model_validator(mode="after")
    def _classes_need_teachers(self) -> Self:
        if self.model.classes_from == "teacher" and not (self.distill.teachers and self.loss.identity == "arcface"):
            raise ValueError("model.classes_from: teacher needs distill.teachers and loss.identity: arcface")
        return self

    @model_validator(mode="after")
    def _unlabelled_need_teachers(self) -> Self:
        folders, count, distill = self.data.unlabelled, self.batch.unlabelled, self.distill
        if bool(folders) != bool(count):
            raise ValueError("data.unlabelled and batch.unlabelled go together: folders, and how many images a batch")
        if folders and not (distill.teachers and (distill.embedding or distill.relation)):
            raise ValueError(
                "data.unlabelled needs distill.teachers, and distill.embedding or distill.relation above 0"
            )
        return self

    @model_validator(mode="after")
    def _something_to_minimise(self) -> Self:
        loss, distill = self.loss, self.distill
        taught = distill.teachers and (distill.embedding or distill.relation)
        if not (loss.identity_weight or loss.triplet or loss.circle or loss.centre or taught):
            raise ValueError("nothing to minimise: a weight of loss, or of distill with teachers, has to be above 0")
        return self
