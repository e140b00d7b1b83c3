"""Numbers at the edge, in settings, offsets and parts: a line, never an overflow later."""

from __future__ import annotations

import pytest

from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.config.train import TrainConfig
from reidtrack.errors import ConfigError, UsageError
from reidtrack.video.part import Part
from reidtrack.video.source import open_source

NUMBERS = [".inf", "-.inf", ".nan", "1e300", "-1e300", "1e308", "1.0e+400", "9" * 400]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "key", ["detect.imgsz", "detect.conf", "track.max_age", "track.cascade.gate", "track.cascade.acceleration_noise"]
)
def test_settings(key: str, number: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(RunConfig, overrides=[f"{key}={number}"])
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["detect.imgsz=100000", "detect.imgsz=1099511627776", "detect.batch=1000000000"])
def test_sizes_that_no_machine_has(text: str) -> None:
    with pytest.raises(ConfigError):
        load(RunConfig, overrides=[text])


@pytest.mark.parametrize("number", NUMBERS)
def test_settings_of_training(number: str) -> None:
    with pytest.raises(ConfigError):
        load(TrainConfig, overrides=[f"optim.lr={number}"])


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 1e300, -1e300, 1e11])
def test_offsets_and_starts(number: float) -> None:
    with pytest.raises(UsageError, match="offsets"):
        open_source("a.mp4", "a", offset_s=number)
    with pytest.raises(UsageError, match="start"):
        Part(start_s=number)


def test_minus_zero_is_zero() -> None:
    assert Part(start_s=-0.0).takes(0, 0.0)
    assert load(RunConfig, overrides=["track.max_age=-0.0"]).track.max_age == 0
