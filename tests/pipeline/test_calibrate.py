"""`reidtrack calibrate` on a drawn scene, and what every run says of its threshold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from outputs import read_json, settled_bytes

from reidtrack.cli.main import main


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def check_content(found: dict[str, Any], people: int) -> None:
    assert found["schema"] == 1
    assert 0.3 <= found["threshold"] <= 0.9
    assert found["confidence"] in ("good", "fair", "poor")
    assert found["pairs"][0]["cameras"] == ["*", "*"]
    assert found["pairs"][1]["cameras"] == ["left", "right"]
    for pair in found["pairs"]:
        histogram = pair["histogram"]
        assert len(histogram["edges"]) == len(histogram["same"]) + 1 == len(histogram["different"]) + 1
        assert pair["slope"] > 0
        assert {"threshold", "false_accept", "false_reject"} == set(pair["roc"][0])
    assert len(found["sweep"]) >= 4
    for entry in found["sweep"]:
        assert entry["threshold"] != found["threshold"]
        assert entry["identities"] + len(entry["joined"]) - len(entry["parted"]) <= people


def test_every_run_says_how_its_threshold_was_found(finished: Path) -> None:
    found, record = read_json(finished / "calibration.json"), read_json(finished / "run.json")
    check_content(found, len(read_json(finished / "identities.json")))
    assert found["source"] == "auto"
    assert found["threshold"] == record["association"]["threshold"]
    assert found["confidence"] in record["association"]["calibration"]
    links = [t["link"] for person in read_json(finished / "identities.json") for t in person["tracklets"] if t["link"]]
    assert links
    assert all(0.5 < link["probability"] <= 1 for link in links)
    assert 'id="threshold"' in (finished / "report.html").read_text(encoding="utf-8")


def test_calibrating_leaves_the_rest_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, found = settled_bytes(folder), (folder / "calibration.json").read_bytes()
    (folder / "calibration.json").unlink()
    assert main(["calibrate", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("threshold 0.")
    for words in ("(found)", "confidence: ", "left and right", "sure matches", "calibration.json"):
        assert words in out
    assert settled_bytes(folder) == before
    assert (folder / "calibration.json").read_bytes() == found


def test_another_threshold_is_told_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(folder), "--threshold", "0.05"]) == 0
    out = capsys.readouterr().out
    assert "at 0.050: of pairs of two people" in out
    assert "\n4 people\n" in out
    assert f"reidtrack associate {folder} --threshold 0.050" in out
    assert main(["calibrate", str(folder), "--threshold", "0.05", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    check_content(found, 4)
    assert found["asked"]["threshold"] == 0.05
    assert found["asked"]["identities"] == 4
    assert "asked" not in read_json(folder / "calibration.json")


@pytest.mark.parametrize("rate", ["1%", "0.01"])
def test_the_threshold_for_a_rate(folder: Path, capsys: pytest.CaptureFixture[str], rate: str) -> None:
    assert main(["calibrate", str(folder), "--false-accept", rate, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["asked"]
    assert found["false_accept"] <= 0.01 or found["threshold"] == 0  # none is strict enough among four people


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        pytest.param(["--false-accept", "many"], "--false-accept: got 'many' (expected a share", id="no number"),
        pytest.param(["--false-accept", "200%"], "--false-accept: got '200%'", id="more than all"),
        pytest.param(["--threshold", "3"], "--threshold: got 3.0 (expected a cosine distance, 0 to 2)", id="far"),
    ],
)
def test_what_cannot_be(words: list[str], fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", "there", *words]) == 2
    assert fault in capsys.readouterr().err


def test_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate", str(tmp_path)]) == 3
    assert "holds no run" in capsys.readouterr().err


def test_a_given_threshold_is_said_to_be_given(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["associate", str(folder), "--threshold", "0.5"]) == 0
    assert "threshold 0.50 as given" in capsys.readouterr().out
    found = read_json(folder / "calibration.json")
    assert (found["source"], found["threshold"]) == ("fixed", 0.5)
    assert main(["associate", str(folder), "--threshold", "auto", "--set", "associate.shrink=1", "--quiet"]) == 0
    assert read_json(folder / "calibration.json")["source"] == "auto"
    assert read_json(folder / "run.json")["config"]["associate"]["shrink"] == 1


@pytest.mark.parametrize("word", ["high", "3"])
def test_a_threshold_that_is_none(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["associate", "there", "--threshold", word])
    assert stopped.value.code == 2
    assert f"got '{word}' (expected auto, or a cosine distance, 0 to 2)" in capsys.readouterr().err


def test_runs_from_before_are_settled_anew(folder: Path) -> None:
    record = read_json(folder / "run.json")
    record["config"]["associate"]["strangers"] = 0.3
    del record["config"]["associate"]["least_probability"]
    (folder / "run.json").write_text(json.dumps(record))
    assert main(["associate", str(folder), "--quiet"]) == 0
    assert "strangers" not in read_json(folder / "run.json")["config"]["associate"]
