"""Configuration: defaults, then a file, then overrides; every fault is one line that helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from pydantic import ValidationError

from reidtrack.config.load import Section, dump, load, present_names, validate
from reidtrack.config.run import RunConfig
from reidtrack.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "run.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def value_of(config: RunConfig, key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize(
    ("text", "overrides", "key", "expected"),
    [
        pytest.param(None, [], "detect.conf", RunConfig().detect.conf, id="default"),
        pytest.param("", [], "detect.conf", RunConfig().detect.conf, id="empty file"),
        pytest.param("# nothing\n", [], "detect.conf", RunConfig().detect.conf, id="comment only"),
        pytest.param("detect: {conf: 0.4}", [], "detect.conf", 0.4, id="file"),
        pytest.param("detect: {conf: 0.4}", [], "detect.iou", RunConfig().detect.iou, id="the file's silence"),
        pytest.param(None, ["detect.conf=0.5"], "detect.conf", 0.5, id="override"),
        pytest.param("detect: {conf: 0.4}", ["detect.conf=0.5"], "detect.conf", 0.5, id="override beats file"),
        pytest.param(None, ["detect.conf=0.5", "detect.conf=0.6"], "detect.conf", 0.6, id="later override wins"),
        pytest.param(None, [" device = cpu "], "device", "cpu", id="blanks around an override"),
        pytest.param(None, ["output.video=false"], "output.video", False, id="boolean"),
        pytest.param(None, ["detect.weights=a=b.pt"], "detect.weights", Path("a=b.pt"), id="= in a value"),
        pytest.param(None, ["embed.architecture=null"], "embed.architecture", None, id="null"),
        pytest.param(None, ["detect={conf: 0.3}"], "detect.conf", 0.3, id="a whole section"),
        pytest.param("detect:\n", ["detect.conf=0.5"], "detect.conf", 0.5, id="override under an empty section"),
        pytest.param(None, ["detect.conf=0"], "detect.conf", 0.0, id="at the lower bound"),
        pytest.param(None, ["detect.conf=1"], "detect.conf", 1.0, id="at the upper bound"),
    ],
)
def test_defaults_then_file_then_overrides(
    tmp_path: Path, text: str | None, overrides: list[str], key: str, expected: Any
) -> None:
    path = None if text is None else written(tmp_path, text)
    assert value_of(load(RunConfig, path, overrides), key) == expected


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["detect.comf=0.5"], "unknown key 'detect.comf'; did you mean 'detect.conf'?", id="a slip"),
        pytest.param(["conf=0.5"], "unknown key 'conf'; did you mean 'detect.conf'?", id="section left out"),
        pytest.param(["zzz.qqq=1"], "`reidtrack config` prints every key", id="nothing near"),
        pytest.param(["detect.conf=1.01"], "detect.conf: got 1.01 (expected less than or equal to 1", id="too high"),
        pytest.param(["detect.conf=-0.01"], "detect.conf: got -0.01", id="too low"),
        pytest.param(["detect.conf=high"], "detect.conf: got 'high' (expected a valid number", id="a word"),
        pytest.param(["detect.imgsz=650"], "detect.imgsz: got 650 (expected a multiple of 32", id="not a multiple"),
        pytest.param(["output.video=maybe"], "output.video: got 'maybe'", id="not a boolean"),
        pytest.param(["detect=3"], "detect: got 3 (expected a section of keys)", id="a section as a value"),
        pytest.param(["detect.conf"], "expected key.sub=value", id="no ="),
        pytest.param(["=3"], "expected key.sub=value", id="no key"),
        pytest.param(["detect.conf=[1"], "expected a YAML value", id="broken YAML"),
        pytest.param(["device=2024-13-45"], "expected a YAML value", id="no date"),
        pytest.param(["device=cpu", "device.index=1"], "device is a value, not a section", id="a value as a section"),
    ],
)
def test_wrong_overrides(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(RunConfig, None, overrides)
    assert said in str(caught.value)
    assert "settings" in str(caught.value)


@pytest.mark.parametrize(
    ("former", "present"),
    [
        pytest.param(former, present, id=former)
        for former, present in {
            "probation": "min_confirmation_time",
            "patience": "max_unconfirmed_age",
            "low": "low",
            "high": "high",
            "start": "start",
            "low_iou": "low_iou",
            "reach": "gate",
            "agility": "acceleration_noise",
        }.items()
    ],
)
def test_former_settings_of_the_tracker(former: str, present: str) -> None:
    value = value_of(RunConfig(), f"track.cascade.{present}")
    config = load(RunConfig, base={"track": {former: value}})
    assert config == RunConfig()
    with pytest.raises(ConfigError, match=rf"track\.cascade\.{present}: got -1"):
        load(RunConfig, overrides=[f"track.{former}=-1"])


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param(["method=deep"], "track.method: got 'deep' (expected 'cascade' or 'sort')", id="unknown method"),
        pytest.param(["time_unit=frames"], "track.time_unit: got 'frames' (expected seconds: the motion", id="unit"),
        pytest.param(["cascade.high=0.05"], "track.cascade.high: got 0.05 (expected 0.1 or more: low <=", id="scores"),
        pytest.param(["sort.max_age=1"], "unknown key 'track.sort", id="a section that is none"),
    ],
)
def test_settings_that_do_not_fit_the_method(overrides: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(RunConfig, overrides=[f"track.{text}" for text in overrides])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"detect: {comf: 0.5}", "did you mean 'detect.conf'?", id="unknown key"),
        pytest.param(b"a: 1\nb: [\n", "not valid YAML at line 3", id="broken YAML"),
        pytest.param(b"a: 2024-13-45\n", "not valid YAML", id="no date"),
        pytest.param(b"- 1\n- 2\n", "not a mapping", id="a list"),
        pytest.param(b"just text", "not a mapping", id="text"),
        pytest.param(b"\xff\xfe\x00", "not valid YAML", id="binary"),
        pytest.param(b"a: \x00", "not valid YAML", id="control characters"),
        pytest.param(b"1: 2", "unknown key '1'", id="a number as a key"),
        pytest.param(None, "cannot be read", id="missing"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "run.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(RunConfig, path)
    assert said in str(caught.value)
    assert caught.value.where == str(path)


def test_a_fault_under_a_file_and_overrides_names_both(tmp_path: Path) -> None:
    path = written(tmp_path, "device: cpu")
    with pytest.raises(ConfigError) as caught:
        load(RunConfig, path, ["detect.comf=1"])
    assert str(caught.value).startswith(f"{path} with settings: unknown key")


def test_a_dumped_configuration_loads_as_itself(tmp_path: Path) -> None:
    config = load(RunConfig, None, ["detect.weights=x.pt", "associate.threshold=0.25", "output.mosaic=true"])
    path = written(tmp_path, yaml.safe_dump(dump(config)))
    assert load(RunConfig, path) == config


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(ValidationError):
        RunConfig().device = "cuda"  # type: ignore[misc]


def test_validate_names_its_source() -> None:
    with pytest.raises(ConfigError, match=r"^run\.json: unknown key 'deviec'; did you mean 'device'"):
        validate(RunConfig, {"deviec": "cpu"}, where="run.json")


class Motion(Section):
    gate: float = 3.0


class Following(Section):
    renamed: ClassVar[dict[str, str]] = {"reach": "motion.gate", "old_age": "max_age"}
    max_age: float = 2.0
    motion: Motion = Motion()


class Whole(Section):
    renamed: ClassVar[dict[str, str]] = {"speed": "follow.max_age"}
    follow: Following = Following()


@pytest.mark.parametrize(
    ("base", "content", "overrides", "options", "gate", "max_age"),
    [
        pytest.param({}, "", [], {}, 3.0, 2.0, id="nothing"),
        pytest.param({}, "follow: {reach: 1}", [], {}, 1.0, 2.0, id="in a file, to a section below"),
        pytest.param({}, "follow: {old_age: 1}", [], {}, 3.0, 1.0, id="within its section"),
        pytest.param({}, "speed: 1", [], {}, 3.0, 1.0, id="to another section"),
        pytest.param({}, "", ["follow.reach=1"], {}, 1.0, 2.0, id="in an override"),
        pytest.param({}, "", ["follow={reach: 1}"], {}, 1.0, 2.0, id="in an override of a section"),
        pytest.param({}, "", [], {"follow.reach": 1}, 1.0, 2.0, id="in an option"),
        pytest.param({"follow": {"reach": 1}}, "", [], {}, 1.0, 2.0, id="in a run of the version before"),
        pytest.param({"follow": {"motion": {"gate": 4}}}, "follow: {reach: 1}", [], {}, 1.0, 2.0, id="file over base"),
        pytest.param({}, "follow: {motion: {gate: 4}}", ["follow.reach=1"], {}, 1.0, 2.0, id="override over file"),
        pytest.param({}, "follow: {reach: 1}", ["follow.motion.gate=4"], {}, 4.0, 2.0, id="present name over former"),
        pytest.param({}, "", ["follow.motion.gate=4", "follow.reach=1"], {}, 1.0, 2.0, id="the later override wins"),
    ],
)
def test_a_former_name_of_a_setting_works(
    tmp_path: Path,
    base: dict[str, Any],
    content: str,
    overrides: list[str],
    options: dict[str, Any],
    gate: float,
    max_age: float,
) -> None:
    config = load(Whole, written(tmp_path, content), overrides, base=base, options=options)
    assert (config.follow.motion.gate, config.follow.max_age) == (gate, max_age)


def test_a_former_name_is_told_with_the_present_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, "follow: {reach: 1}")
    load(Whole, path, ["speed=1"], base={"follow": {"old_age": 3}})
    assert caplog.messages == [
        f"{path}: follow.reach is now called follow.motion.gate; the former name works in this version only",
        "speed is now called follow.max_age; the former name works in this version only",
    ]  # and nothing of an earlier run's: the user did not write that


def test_a_setting_under_both_names_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "follow: {reach: 1, motion: {gate: 2}}")
    with pytest.raises(ConfigError, match=r"follow\.reach is the former name of follow\.motion\.gate; leave one"):
        load(Whole, path)


def test_values_under_former_names_are_moved_in_a_copy() -> None:
    data = {"follow": {"reach": 1, "max_age": 2}}
    assert present_names(Whole, data) == {"follow": {"max_age": 2, "motion": {"gate": 1}}}
    assert data == {"follow": {"reach": 1, "max_age": 2}}


@pytest.mark.parametrize(
    "key", ["gallery.path", "site.path", "embed.weights", "detect.weights", "site.homographies.hall"]
)
def test_a_path_that_no_file_can_have(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: got .*a path without a zero byte"):
        load(RunConfig, overrides=[f'{key}="a\\0b"'])
