"""Archives that unpack to far more than they are; what is no file is not waited for."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from reidtrack.datasets import archive
from reidtrack.errors import InputError

LIMIT = 1 << 20


@pytest.fixture(autouse=True)
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LEAST_LIMIT", LIMIT)


def _tar(path: Path, mode: str, sizes: list[int]) -> Path:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for number, size in enumerate(sizes):
            item = tarfile.TarInfo(f"a/{number}.txt")
            item.size = size
            packed.addfile(item, io.BytesIO(b"\0" * size))
    return path


def _zip(path: Path, sizes: list[int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, size in enumerate(sizes):
            packed.writestr(f"a/{number}.txt", b"\0" * size)
    return path


def _long_header(path: Path) -> Path:
    """A name of 40 MB."""
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as packed:
        packed.addfile(tarfile.TarInfo("a" * (40 << 20)))
    return path


BOMBS = {
    "zip": lambda folder: _zip(folder / "a.zip", [40 * LIMIT]),
    "zip of many": lambda folder: _zip(folder / "a.zip", [LIMIT // 2] * 80),
    "tar.gz": lambda folder: _tar(folder / "a.tar.gz", "w:gz", [40 * LIMIT]),
    "tar.bz2": lambda folder: _tar(folder / "a.tar.bz2", "w:bz2", [40 * LIMIT]),
    "tar.xz": lambda folder: _tar(folder / "a.tar.xz", "w:xz", [LIMIT // 2] * 80),
}


@pytest.mark.parametrize("case", BOMBS)
def test_what_grows_too_much_is_refused(case: str, tmp_path: Path) -> None:
    path = BOMBS[case](tmp_path)
    with pytest.raises(InputError, match="unpacks to more than"):
        archive.unpacked(path, tmp_path / "cache")
    assert not any(tmp_path.joinpath("cache", "datasets").iterdir())


def test_a_header_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a header of"):
        archive.unpacked(_long_header(tmp_path / "a.tgz"), tmp_path / "cache")


TAKEN = {
    "zip": lambda folder: _zip(folder / "a.zip", [100, LIMIT // 2]),
    "tar": lambda folder: _tar(folder / "a.tar", "w:", [100, 3 * LIMIT]),
    "tar.gz": lambda folder: _tar(folder / "a.tar.gz", "w:gz", [100, LIMIT // 2]),
    "tar.bz2": lambda folder: _tar(folder / "a.tar.bz2", "w:bz2", [100, LIMIT // 2]),
    "tar.xz": lambda folder: _tar(folder / "a.tar.xz", "w:xz", [100, LIMIT // 2]),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_does_not_is_unpacked(case: str, tmp_path: Path) -> None:
    folder = archive.unpacked(TAKEN[case](tmp_path), tmp_path / "cache")
    assert (folder / "a" / "0.txt").stat().st_size == 100
    assert len(list((folder / "a").iterdir())) == 2


def test_a_pipe_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(InputError, match="pipe"):
        archive.unpacked(tmp_path / "a.zip", tmp_path / "cache")
