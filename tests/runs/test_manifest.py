"""The manifest of a run: what is written is what was read, whichever version wrote it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, UsageError
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.prepare import check_same
from reidtrack.runtime.stage_times import StageTimes
from reidtrack.video.inputs import CameraInput
from reidtrack.video.part import Part

OLDEST: dict[str, Any] = {
    "schema_version": 1,
    "reidtrack": "0.1.0",
    "status": "done",
    "started_utc": "2026-01-01T12:00:00+00:00",
    "origin_utc": "2026-01-01T12:00:00+00:00",
    "origin_from": "start of the run",
    "inputs": [{"camera": "a", "source": "/videos/a.mp4", "offset_s": 0.0}],
    "part": {"start_s": 0.0, "end_s": None, "stride": 1, "fps": 25.0, "time_pattern": None, "time_zone": None},
    "detections": {},
    "weights": {"reid": {"path": "osnet", "sha256": {"osnet.pt": "0123"}, "engine": "torch", "priors": {}}},
    "config": {"detect": {"weights": "y", "conf": 0.1}, "track": {"max_age": 2.0}, "embed": {"batch": 8}},
    "versions": {"python": "3.11.7"},
    "cameras": {},
    "people": 0,
    "timings_s": {},
}
READING = {"wall_s": 1.5, "busy_s": {"decode": 1.0}, "bottleneck": "decode", "cores_busy": 0.5, "cores": 1}
DAMAGED = {"camera": "a", "size": [64, 48], "duration_s": None, "error": "damaged"}


def read(data: dict[str, Any]) -> RunManifest:
    return RunManifest.from_json(copy.deepcopy(data), Path("run.json"))


def begun(settings: dict[str, Any] | None = None, **weights: Weights) -> RunManifest:
    inputs = [CameraInput("a", "/videos/a.mp4"), CameraInput("b", "/videos/b.mp4", 1.5)]
    chosen = OLDEST["config"] if settings is None else settings
    return RunManifest.begin(inputs, Part(), chosen, weights, {}, None)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="before identities were settled"),
        pytest.param({"someday": {"deep": [1, 2.5, None]}}, id="a key of another version"),
        pytest.param(
            {
                "passes": {"reading": READING},
                "people_in_several_cameras": 2,
                "association": {"threshold": 0.5, "same_camera_threshold": 0.4, "calibration": "as given"},
                "corrections": {"file": "corrections.yaml", "entries": 0},
            },
            id="a finished run",
        ),
        pytest.param({"inputs": [DAMAGED]}, id="a fault"),
    ],
)
def test_what_is_read_is_written_again(tmp_path: Path, more: dict[str, Any]) -> None:
    folder = RunFolder(tmp_path)
    text = json.dumps(OLDEST | more, indent=1) + "\n"
    folder.run_json.write_text(text)
    folder.write_manifest(folder.read_manifest())
    assert folder.run_json.read_text() == text


def test_a_run_that_begins_is_written_in_the_order_of_the_file() -> None:
    assert list(begun().to_json()) == list(OLDEST)


def test_what_a_run_learns_comes_behind() -> None:
    manifest = begun()
    manifest.note_pass("reading", StageTimes(("decode", "detect")))
    manifest.note_failures({"b": InputError("is damaged", where="b.mp4")})
    data = manifest.to_json()
    assert list(data) == [*OLDEST, "passes"]
    assert list(data["timings_s"]) == ["reading", "decode", "detect"]
    assert [entry.get("error") for entry in data["inputs"]] == [None, "b.mp4: is damaged"]


def test_settings_that_are_no_more_are_left_out() -> None:
    data = copy.deepcopy(OLDEST)
    data["config"]["associate"] = {"threshold": "auto", "strangers": 0.02}
    assert read(data).settings["associate"] == {"threshold": "auto"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            {"schema_version": 99},
            r"run\.json: has schema version 99 \(expected 1\); a newer reidtrack made it: update this one",
            id="another version",
        ),
        pytest.param({"status": None}, "status: Input should be", id="no state that there is"),
        pytest.param({"cameras": {"a": {}}}, r"lacks 'cameras\.a\.frames'", id="a part of a part"),
        pytest.param({"weights": {"reid": {"path": "x", "priors": [1]}}}, r"weights\.reid\.priors", id="priors"),
        pytest.param({"config": {"track": 0}}, "config.track is 0, not settings", id="a number for settings"),
        pytest.param({"config": {"associate": None}}, "config.associate is None, not settings", id="no settings"),
        pytest.param({"config": {"output": ["video"]}}, r"config.output is \['video'\], not", id="a list for settings"),
    ],
)
def test_what_is_no_manifest_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(OLDEST | change)


@pytest.mark.parametrize("key", ["status", "origin_utc", "inputs", "part", "config", "cameras", "timings_s"])
def test_what_every_run_has(key: str) -> None:
    with pytest.raises(InputError, match=f"lacks '{key}'"):
        read({k: v for k, v in OLDEST.items() if k != key})


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param({}, id="no weights"),
        pytest.param({"reid": {"path": "x"}}, id="a run from before there were any"),
        pytest.param({"reid": {"path": "x", "priors": {}}}, id="none in the card"),
    ],
)
def test_without_priors_those_of_networks_in_general_hold(weights: dict[str, Any]) -> None:
    assert read(OLDEST | {"weights": weights}).prior is GENERIC


def test_the_prior_of_a_network_is_parsed_once() -> None:
    used = Weights("x", priors=AppearancePrior(np.full(8, 0.25)).to_json())
    manifest = begun(reid=used)
    assert manifest.prior is used.prior
    assert used.prior.mean is not None
    np.testing.assert_allclose(used.prior.mean, 0.25)
    again = read(OLDEST | {"weights": manifest.to_json()["weights"]}).prior
    assert again.mean is not None
    np.testing.assert_array_equal(again.mean, used.prior.mean)


def test_damaged_priors_of_a_run_are_refused() -> None:
    manifest = read(OLDEST | {"weights": {"reid": {"path": "x", "priors": {"mean": "?"}}}})
    with pytest.raises(InputError, match="x: the card holds damaged priors"):
        _ = manifest.prior


def other(path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(OLDEST)
    *sections, key = path.split(".")
    place: Any = data
    for section in sections:
        place = place[int(section) if isinstance(place, list) else section]
    place[key] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        pytest.param("inputs.0.offset_s", 2.0, "has other inputs", id="an offset"),
        pytest.param("inputs.0.size", [1, 2], None, id="what a recording tells once it is open"),
        pytest.param("part.stride", 2, "has other part: stride was 2, now 1", id="a part"),
        pytest.param("weights.reid.sha256", {"osnet.pt": "4567"}, "has other weights: reid sha256", id="weights"),
        pytest.param("weights.reid.path", "/elsewhere/osnet.pt", None, id="the same weights elsewhere"),
        pytest.param("detections", {"a": "det.txt"}, "has other detections", id="detections"),
        pytest.param("config.track.max_age", 3.0, "has other track: max_age was 3.0, now 2.0", id="a setting"),
        pytest.param("config.detect.weights", "z", None, id="weights by their name"),
        pytest.param("config.embed", {}, "without the setting embed.batch", id="a setting that it does not know"),
    ],
)
def test_only_what_was_asked_for_alike_is_gone_on_with(path: str, value: Any, said: str | None) -> None:
    former = read(other(path, value))
    if said is None:
        check_same(former, read(OLDEST))
        return
    with pytest.raises(UsageError, match=said):
        check_same(former, read(OLDEST))


def test_a_part_of_another_version_is_read() -> None:
    part = {**OLDEST["part"], "backwards": True, "": None, "stride": 2}
    assert RunManifest.from_json({**OLDEST, "part": part}, Path("run.json")).part == Part(stride=2, fps=25.0)
    with pytest.raises(InputError):
        RunManifest.from_json({**OLDEST, "part": 7}, Path("run.json"))
