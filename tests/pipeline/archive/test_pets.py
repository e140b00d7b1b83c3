"""PETS in files that end with each minute of the clock: the same people as in a pass over unbroken recordings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import NOON, cut_recording

from reidtrack.cli.main import main
from reidtrack.config.run import RunConfig
from reidtrack.engines.provenance import Weights
from reidtrack.mot import MotRows, read_mot
from reidtrack.networks.build import make_embedder
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.types import Detections, Frame
from reidtrack.video.source import open_source

VIEWS = ("View_001", "View_006")
BEGINS = NOON + timedelta(seconds=30)
"""Of its 57 seconds."""


class ByPicture:
    """Finds the true boxes, give or take a pixel, by what a picture shows: whatever file it is in."""

    def __init__(self, found: Mapping[bytes, Detections]) -> None:
        self._found = found

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._found[digest(frame)] for frame in frames]


def digest(frame: Frame) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(frame.image)).digest()


def truth(rows: MotRows, random: np.random.Generator, frame: Frame) -> Detections:
    xyxy = rows.xyxy[rows.frame == frame.index]
    moved = np.round(xyxy + random.normal(0, 1, xyxy.shape), 2).astype(np.float32)
    return Detections(moved, np.full(len(xyxy), 0.8, np.float32))


@pytest.mark.shared
@pytest.mark.slow
def test_pets_in_files_of_a_minute(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: dict[bytes, Detections] = {}
    for view in VIEWS:
        folder, random = shared / "data" / "pets-s2l1", np.random.default_rng(0)
        for name, lengths_s in (("whole", [1000]), ("minutes", [30, 60])):
            place = tmp_path / name / view
            cut_recording(folder / f"{view}.mp4", place, lengths_s, start=BEGINS, lossless=True)
        rows = read_mot(folder / f"gt_{view}.txt")
        with open_source(str(tmp_path / "whole" / view), view) as source:
            found |= {digest(frame): truth(rows, random, frame) for frame in source}
    assert len(list((tmp_path / "minutes").rglob("*.mp4"))) == 4

    def load(config: RunConfig, *_: Any) -> RunNetworks:
        embedder, embedded_by = make_embedder(config.embed, "cpu", config.engine, config.precision)
        return RunNetworks(ByPicture(found), embedder, {"detector": Weights("true boxes"), "reid": embedded_by})

    monkeypatch.setattr(RunNetworks, "load", load)
    options = ["--reid", "osnet_x0_25", "--set", "embed.every_s=2", "output.crops=none", "--quiet"]
    folders = [str(tmp_path / "whole" / view) for view in VIEWS]
    assert main(["run", "--videos", *folders, "--no-video", "--out", str(tmp_path / "run"), *options]) == 0
    listed = tmp_path / "archive.yaml"
    listed.write_text("\n".join(["cameras:", *(f"- {{name: {view}, source: minutes/{view}}}" for view in VIEWS)]))
    words = ["archive", "run", str(listed), "--task", "25s", "--workers", "1", "--out", str(tmp_path / "archive")]
    assert main([*words, *options]) == 0
    unbroken, minutes = ((tmp_path / name / "mtmc.txt").read_text() for name in ("run", "archive"))
    assert len(unbroken.splitlines()) > 2000
    assert minutes == unbroken
