"""An index beside a file of features: what it finds, and who is gone from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reidtrack.embed import index as index_module
from reidtrack.embed.file import ImageFeatures, read_features, write_features
from reidtrack.embed.index import FeatureIndex, index_path, make_index, open_index
from reidtrack.embed.nearest import nearest
from reidtrack.errors import InputError
from reidtrack.types import FloatArray

pytest.importorskip("faiss", reason="faiss-cpu (extra `faiss`) is not installed")
DIM = 160


def looks(count: int, seed: int) -> FloatArray:
    """Unit rows of people who are seen twenty times each."""
    rng, person = np.random.default_rng(seed), np.random.default_rng(0).normal(size=(100, DIM))
    rows = person[np.arange(count) % 100] + 0.7 * rng.normal(size=(count, DIM))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def written(path: Path, rows: FloatArray) -> FloatArray:
    write_features(path, ImageFeatures(tuple(map(str, range(len(rows)))), rows, "0"), "float16")
    return np.asarray(read_features(path).features, np.float32)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FloatArray]:
    path = tmp_path_factory.mktemp("index") / "all.npz"
    rows = written(path, looks(2000, 1))
    make_index(path, rows)
    return path, rows


def opened(path: Path, rows: FloatArray) -> FeatureIndex:
    found = open_index(path, rows)
    assert found is not None
    return found


def test_it_finds_what_comparing_all_finds(made: tuple[Path, FloatArray], monkeypatch: pytest.MonkeyPatch) -> None:
    path, rows = made
    monkeypatch.setattr(index_module, "_CANDIDATES", 200)  # a tenth
    query = looks(100, 2)
    found, exact = opened(path, rows).nearest(query, rows, 5), nearest(query, rows, 5)
    assert (found.rows == exact.rows).all(axis=1).mean() >= 0.99
    assert found.distance == pytest.approx(exact.distance, abs=1e-2)
    assert opened(path, rows).nearest(query[:1], rows, 5000).rows.shape == (1, 2000)


def test_who_leaves_the_file_leaves_the_index_and_who_comes_is_found(
    made: tuple[Path, FloatArray], tmp_path: Path
) -> None:
    path, rows = made
    now = tmp_path / "now.npz"
    changed = written(now, np.concatenate([rows[300:], looks(50, 3)]))
    index_path(now).write_bytes(index_path(path).read_bytes())
    found = opened(now, changed)
    newest, gone = found.nearest(changed[-1:], changed, 3), found.nearest(rows[:1], changed, 1)
    assert newest.rows[0, 0] == len(changed) - 1
    assert gone.distance[0, 0] > 0.05
    with np.load(index_path(now)) as held:
        left = held["code"]
    with np.load(index_path(path)) as held:
        before = held["code"]
    assert (left[:1700] == before[300:]).all()
    assert len(left) == 1750


def test_there_may_be_no_index_or_no_faiss(
    made: tuple[Path, FloatArray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path, rows = made
    assert open_index(tmp_path / "other.npz", rows) is None
    monkeypatch.setattr(index_module.importlib.util, "find_spec", lambda name: None)
    assert open_index(path, rows) is None
    assert "pip install 'reidtrack[faiss]'" in caplog.text


@pytest.mark.parametrize("damage", ["text", "short", "other"])
def test_a_damaged_index_is_refused(made: tuple[Path, FloatArray], tmp_path: Path, damage: str) -> None:
    path, rows = made
    file = tmp_path / "all.npz"
    written(file, rows)
    kept = index_path(path).read_bytes()
    if damage == "other":
        with np.load(index_path(path)) as held:
            np.savez(file.with_name("odd.npz"), **{**held, "code": held["code"][:, :3]})
        file.with_name("odd.npz").rename(index_path(file))
    else:
        index_path(file).write_bytes(b"nothing" if damage == "text" else kept[: len(kept) // 2])
    with pytest.raises(InputError, match="index"):
        open_index(file, rows)
