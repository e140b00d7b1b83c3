"""The list of live cameras."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from reidtrack.config.live import LiveConfig, fill_variables, read_cameras
from reidtrack.config.load import document, dump, load
from reidtrack.errors import ConfigError


def written(folder: Path, text: str) -> Path:
    path = folder / "cameras.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    path = written(
        tmp_path, "cameras:\n- {name: hall, address: 'rtsp://me:${WORD}@10.0.0.5/main', sub: '${SUB}', fps: 5}\n"
    )
    (camera,) = read_cameras(path, {"WORD": "s3cret", "SUB": "rtsp://x/sub"})
    assert (camera.address, camera.sub, camera.fps) == ("rtsp://me:s3cret@10.0.0.5/main", "rtsp://x/sub", 5)


WRONG = {
    "a variable that is not set": ("cameras: [{name: a, address: 'rtsp://${NO}@b'}]", "the variable NO is not set"),
    "a key that is misspelt": ("cameras: [{name: a, adress: x}]", "adress"),
    "two of one name": ("cameras: [{name: a, address: x}, {name: A, address: y}]", "a name of its own"),
    "a name that leads elsewhere": ("cameras: [{name: ../a, address: x}]", "letters, digits"),
    "no camera": ("cameras: []", "cameras"),
    "a region of two points": ("cameras: [{name: a, address: x, ignore: [[[0, 0], [1, 1]]]}]", "ignore"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told(name: str, tmp_path: Path) -> None:
    text, told = WRONG[name]
    with pytest.raises(ConfigError, match=told):
        read_cameras(written(tmp_path, text), {})


def test_live_settings_are_a_runs_and_more() -> None:
    config = LiveConfig()
    assert config.detect.batch
    assert config.stream.window_s == 600


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("address: [rtsp://viewer:hunter2@10.0.0.5/live]", id="a list"),
        pytest.param("address: {rtsp://viewer:hunter2@10.0.0.5/live: 1}", id="a key"),
        pytest.param("address: x\n    sub: [rtsp://viewer:hunter2@10.0.0.5/live]", id="the smaller stream"),
        pytest.param("rtsp://viewer:hunter2@10.0.0.5/live: 1", id="an unknown key"),
        pytest.param("rtsp://viewer:hunter2@10.0.0.5/live", id="no YAML"),
    ],
)
def test_no_error_of_the_list_shows_a_password(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "cameras.yaml"
    path.write_text(f"cameras:\n  - name: b\n    {entry}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_cameras(path)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("key", "address", "shown"),
    [
        ("mqtt", "mqtt://me:s3cret@host:1883/site", "mqtt://***@host:1883/site"),
        ("mqtt", "mqtt://host/site", "mqtt://host/site"),
        ("mqtt", "mqtt://${USER}:${PASSWORD}@host/site", "mqtt://***@host/site"),
        ("webhook", "https://me:s3cret@host:8443/s3cret?key=s3cret", "https://***@host:8443/***"),
        ("webhook", "https://host/services/s3cret/s3cret#s3cret", "https://host/***"),
        ("webhook", "https://host?s3cret", "https://host/***"),
        ("webhook", "s3cret", "***"),
    ],
)
def test_addresses_are_written_down_without_their_secrets(key: str, address: str, shown: str) -> None:
    config = load(LiveConfig, options={f"publish.{key}": address})
    assert getattr(config.publish, key) == address
    assert dump(config)["publish"][key] == shown
    assert "s3cret" not in document(config)


def test_secrets_of_outlets_come_from_the_environment() -> None:
    words = {"WORD": "p@ss"}
    assert fill_variables("mqtt://u:${WORD}@host", "mqtt", environment=words) == "mqtt://u:p@ss@host"
    with pytest.raises(ConfigError, match=r"^mqtt: the variable NONE is not set; set it: export NONE="):
        fill_variables("mqtt://u:${NONE}@host", "mqtt", environment=words)
