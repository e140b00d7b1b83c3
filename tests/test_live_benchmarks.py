"""The arithmetic of the benchmarks of live cameras."""

from __future__ import annotations

import sys
from pathlib import Path

import live_capacity
import motion_gate
import numpy as np
import pytest
import serve_live


def turn(cameras: int, missed_share: float, cpu_ms: float) -> dict[str, float]:
    told = {"cameras": cameras, "missed_share": missed_share, "cpu_ms_a_frame": cpu_ms, "delay_p95_s": 0.2}
    return told | {"looks_a_second": 5.0}


@pytest.mark.parametrize(
    ("turns", "cells"),
    [
        pytest.param(
            [turn(1, 0, 20), turn(2, 0.004, 20), turn(3, 0.2, 20)], ["2", "5.0", "20.0", "10.0", "20% of 3"], id="some"
        ),
        pytest.param([turn(1, 0.5, 80)], ["0", "5.0", "80.0", "2.5", "50% of 1"], id="none"),
        pytest.param([turn(4, 0, 10)], ["4", "5.0", "10.0", "20.0", "-"], id="as many as were tried"),
    ],
)
def test_table(turns: list[dict[str, float]], cells: list[str]) -> None:
    result = {"machine": {"cores": 2}, "sizes": {"768x576": {"ours": {"label": "reidtrack", "turns": turns}}}}
    row = live_capacity.table(result, 0.005).splitlines()[-1]
    assert row.split(" | ")[2:7] == cells


def test_videos_begin_at_other_places(tmp_path: Path) -> None:
    pictures = [np.full((48, 64, 3), 25 * number, np.uint8) for number in range(10)]
    live_capacity.encode(pictures, tmp_path / "a.mp4")
    read = live_capacity.read_pictures(tmp_path / "a.mp4", (128, 72))
    assert len(read) == 10
    assert read[0].shape == (72, 128, 3)
    assert [round(float(picture.mean()) / 25) for picture in read] == list(range(10))


def test_frozen_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes of the frame that is held stand in each frame of the pause; later ones come later."""
    monkeypatch.setattr(motion_gate, "FREEZE_AT", 2)
    monkeypatch.setattr(motion_gate, "FREEZE_S", 1)
    monkeypatch.setattr(motion_gate, "SAMPLE_FPS", 3)
    motion_gate.write([np.zeros((48, 64, 3), np.uint8)] * 4, tmp_path / "hall.mp4")
    (tmp_path / "hall.txt").write_text("1,7,a\n2,7,b\n3,7,c\n")
    (tmp_path / "ignore_hall.txt").write_text("")
    scene = motion_gate.freeze([tmp_path / "hall.mp4"], tmp_path, tmp_path / "made")
    lines = (tmp_path / "made" / "hall.txt").read_text().splitlines()
    assert lines == ["1,7,a", "2,7,b", "3,7,b", "4,7,b", "5,7,b", "6,7,c"]
    assert len(motion_gate.read(scene.videos[0])) == 7


def test_who_looks_on_and_dies_ends_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who look on are gone before they were there: the measurement says so in place of waiting for them."""
    monkeypatch.setattr(serve_live, "view", lambda *_: sys.exit(7))
    with pytest.raises(serve_live.MeasurementError, match="ended with 7"), serve_live.Viewers(2, ["hall"]):
        pass
