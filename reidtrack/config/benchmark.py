"""What `reidtrack benchmark` can be told beside its inputs, with its defaults."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from reidtrack.config.load import Section
from reidtrack.config.run import Fraction
from reidtrack.engines.names import EngineName

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]


class RankConfig(Section):
    """How a ranking is scored."""

    ap_rule: Literal["step", "trapezoid"] = Field("step", description="trapezoid: as the Market-1501 evaluation code")
    max_rank: Annotated[int, Field(ge=20)] = Field(50, description="length of the CMC curve")
    shots: Literal["auto", "all", "single", "multi"] = Field(
        "auto",
        description="all: each gallery image has its place; single, multi: people have; auto: single for classic",
    )
    draws: Count = Field(100, description="single: galleries drawn at random")
    splits: Annotated[int, Field(ge=1, le=20)] = Field(
        1, description="protocols classic and half: splits averaged, from that of the data set's option `split` on"
    )
    far: Fraction = Field(0.001, description="false accept rate at which verification is reported")


class RerankConfig(Section):
    """k-reciprocal re-ranking, arXiv 1701.08398."""

    use: bool = Field(False, description="re-rank")
    k1: Count = Field(20, description="neighbours considered")
    k2: Count = Field(6, description="neighbours averaged; at most k1 + 1")
    weight: Fraction = Field(0.3, description="of the distance before (the paper's lambda)")


class TimeConfig(Section):
    """ST-ReID, arXiv 1812.03282; histograms are learned on the training split."""

    use: bool = Field(False, description="join appearance with times")
    bin_frames: Count = Field(100, description="length of a histogram's bin")
    sigma_bins: Annotated[float, Field(ge=0)] = Field(50.0, description="smoothing of the histograms; 0: none")
    scale: Positive = Field(1.0, description="lambda of the logistic function of appearance")
    rate: Positive = Field(5.0, description="gamma of the same")
    time_scale: Positive = Field(2.0, description="lambda of the logistic function of times")
    time_rate: Positive = Field(5.0, description="gamma of the same")


class PictureConfig(Section):
    """Ranked lists that are drawn."""

    queries: Annotated[int, Field(ge=0)] = Field(8, description="rows of each picture; 0 draws none")
    top: Annotated[int, Field(ge=1, le=50)] = Field(10, description="gallery images in a row")


class BenchmarkConfig(Section):
    """Everything `reidtrack benchmark` can be told beside its inputs."""

    device: str = Field("auto", description="auto, cpu, cuda or cuda:N")
    engine: EngineName = Field("auto", description="what runs the network")
    batch: Count = Field(64, description="images embedded at once")
    metric: Literal["cosine", "euclidean"] = Field("cosine", description="euclidean sees the length of features too")
    flip: bool = Field(False, description="add the features of the mirrored image")
    seed: int = Field(0, description="of everything that is drawn at random")
    rank: RankConfig = RankConfig()
    rerank: RerankConfig = RerankConfig()
    times: TimeConfig = TimeConfig()
    pictures: PictureConfig = PictureConfig()

    @field_validator("rerank")
    @classmethod
    def _expansion_within_neighbours(cls, value: RerankConfig) -> RerankConfig:
        if value.k2 > value.k1 + 1:
            raise ValueError("k2 of at most k1 + 1")
        return value
