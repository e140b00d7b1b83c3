"""Converted networks are kept: made once, also by two at a time, and made anew where damaged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from reidtrack.engines import onnx_engine, openvino_engine
from reidtrack.engines.build import build_engine
from reidtrack.engines.cache import is_whole, kept

PARTS = ("digest", "1.0", "settings")


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("REIDTRACK_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "engines"


def writer(content: str = "network", made: list[str] | None = None) -> Callable[[Path], None]:
    def make(place: Path) -> None:
        if made is not None:
            made.append(content)
        (place / "model").write_text(content)

    return make


def read(parts: tuple[str, ...] | None, make: Callable[[Path], None]) -> str:
    with kept(parts, make) as place:
        return (place / "model").read_text()


def test_it_is_made_once(folder: Path) -> None:
    made: list[str] = []
    assert [read(PARTS, writer("a", made)), read(PARTS, writer("b", made))] == ["a", "a"]
    assert made == ["a"]
    (entry,) = folder.iterdir()  # and nothing of the work is left
    assert is_whole(entry)


@pytest.mark.parametrize("other", [("digest", "1.1", "settings"), ("digest2", "1.0", "settings"), ("digest", "1.0")])
def test_other_weights_versions_and_settings_are_other_files(other: tuple[str, ...]) -> None:
    assert [read(PARTS, writer("a")), read(other, writer("b")), read(PARTS, writer("c"))] == ["a", "b", "a"]


def test_nothing_is_kept_where_the_weights_are_not_known(folder: Path) -> None:
    assert [read(None, writer("a")), read(None, writer("b"))] == ["a", "b"]
    assert not folder.exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("cannot write")])
def test_a_full_disk_keeps_nothing_and_stops_nothing(folder: Path, error: Exception) -> None:
    def make(place: Path) -> None:
        if folder in place.parents:
            raise error
        writer("a")(place)

    assert read(PARTS, make) == "a"
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda entry: (entry / "model").write_text("networ"), id="cut short"),
        pytest.param(lambda entry: (entry / "model").unlink(), id="a file is gone"),
        pytest.param(lambda entry: (entry / "sha256.json").write_text("{"), id="the list is cut short"),
        pytest.param(lambda entry: (entry / "sha256.json").unlink(), id="no list"),
    ],
)
def test_a_damaged_entry_is_made_anew(folder: Path, damage: Callable[[Path], object]) -> None:
    read(PARTS, writer())
    (entry,) = folder.iterdir()
    damage(entry)
    made: list[str] = []
    assert [read(PARTS, writer("new", made)), read(PARTS, writer("newer", made))] == ["new", "new"]
    assert list(folder.iterdir()) == [entry]


def test_two_at_once(folder: Path) -> None:
    both = threading.Barrier(2)
    found: list[str] = []

    def make(place: Path) -> None:
        both.wait(timeout=10)  # neither is there before the other has begun
        (place / "model").write_text("network")

    threads = [threading.Thread(target=lambda: found.append(read(PARTS, make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert found == ["network", "network"]
    assert len(list(folder.iterdir())) == 1


def test_what_fails_leaves_nothing(folder: Path) -> None:
    def fail(place: Path) -> None:
        (place / "model").write_text("half of it")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        read(PARTS, fail)
    assert list(folder.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_done_without(folder: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file in its place")
    assert read(PARTS, writer()) == "network"


@pytest.mark.parametrize(
    ("engine_name", "room", "function"),
    [
        pytest.param("openvino", openvino_engine, "to_openvino", id="openvino"),
        pytest.param("onnxruntime", onnx_engine, "write_onnx", id="onnx"),
    ],
)
def test_a_network_is_converted_once(
    monkeypatch: pytest.MonkeyPatch, engine_name: str, room: ModuleType, function: str
) -> None:
    pytest.importorskip(engine_name, reason=f"{engine_name} is not installed")
    if engine_name == "onnxruntime":
        pytest.importorskip("onnx", reason="onnx is not installed")
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    batch = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)

    def built(digest: str) -> np.ndarray:
        return build_engine(net, (8, 8), device="cpu", engine=engine_name, digest=digest).infer(batch)[0]  # type: ignore[arg-type]

    first = built("abc")
    monkeypatch.setattr(room, function, lambda *_: pytest.fail("converted again"))
    assert np.array_equal(built("abc"), first)
    with pytest.raises(pytest.fail.Exception, match="converted again"):
        built("other weights")
