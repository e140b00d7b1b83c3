"""Lists of data sets from elsewhere: of any size, kind and content, one line each."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from reidtrack.datasets.layout import MOST_LIST_BYTES, read_list
from reidtrack.datasets.readers import cuhk03_protocol
from reidtrack.datasets.readers.cuhk03_protocol import read_protocol
from reidtrack.datasets.zoo import load_dataset
from reidtrack.errors import InputError


def huge(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)  # sparse: takes no room


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "absent": (lambda path: None, "No such file"),
    "a folder": (lambda path: path.mkdir(), "it is a folder"),
    "a pipe": (lambda path: os.mkfifo(path), "it is a pipe"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    "too large": (lambda path: huge(path, MOST_LIST_BYTES + 1), "it is larger than 64 MB"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe\x00") and None, "is no text"),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("kind", ODD)
def test_a_list(tmp_path: Path, kind: str) -> None:
    make, said = ODD[kind]
    make(tmp_path / "list.txt")
    with pytest.raises(InputError, match=said):
        read_list(tmp_path / "list.txt")


def test_a_list_with_a_mark_and_windows_ends(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfa 1\r\nb 2\r\n")
    assert read_list(tmp_path / "list.txt") == ["a 1", "b 2"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("0000/0000_000_01_0303morning_0015_0.jpg " + "9" * 5000, id="a person of 5,000 digits"),
        pytest.param("0000/0000_000_" + "9" * 5000 + "_0303morning_0015_0.jpg 0", id="a camera of 5,000 digits"),
        pytest.param("x" * 1_000_000, id="a line of a megabyte"),
        pytest.param("0000/0000_000_²_0303morning_0015_0.jpg 0", id="a superscript"),
    ],
)
def test_lines_of_msmt17(tmp_path: Path, line: str) -> None:
    (tmp_path / "list_train.txt").write_text(f"{line}\n", encoding="utf-8")
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="cannot be read as a line of MSMT17's lists") as caught:
        load_dataset("msmt17", tmp_path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"a,b," + b"x" * 200_000 + b"\n", "is no table: field larger", id="a cell too long"),
        pytest.param(b"\xff\xff", "is no text", id="no text"),
    ],
)
def test_pairs_of_cuhk03(tmp_path: Path, write, content: bytes, said: str) -> None:
    write(tmp_path, ["archive/0001_00.jpg", "archive/0001_05.jpg"])
    (tmp_path / "pairs.csv").write_bytes(content)
    with pytest.raises(InputError, match=said):
        load_dataset("cuhk03", tmp_path)


def packed(*elements: bytes) -> bytes:
    """A MATLAB 5 file of compressed elements."""
    packs = [zlib.compress(element) for element in elements]
    return b" " * 124 + b"\x00\x01IM" + b"".join(struct.pack("<II", 15, len(pack)) + pack for pack in packs)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "cannot be read as a split file", id="empty"),
        pytest.param(b"MATLAB", "cannot be read as a split file", id="cut short"),
        pytest.param(packed(bytes(5 << 20)), "it holds more than 1 MB, compressed", id="bomb"),
        pytest.param(packed(*[bytes(600 << 10)] * 2), "it holds more than 1 MB", id="bomb in two parts"),
        pytest.param(packed(b"no element"), "cannot be read as a split file", id="no element"),
        pytest.param(bytes(2 << 20), "it is larger than 1 MB", id="large"),
    ],
)
def test_split_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str) -> None:
    monkeypatch.setattr(cuhk03_protocol, "MOST_BYTES", 1 << 20)
    (tmp_path / "split.mat").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_protocol(tmp_path / "split.mat")


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("names", "rows", "said"),
    [
        pytest.param(np.array([[3.5]]), np.array([[1]]), None, id="numbers as names"),
        pytest.param(
            np.array([["a.png"]], object), np.array([["x"]], object), "other things than names", id="text as rows"
        ),
        pytest.param(np.array([["a.png"]], object), np.array([[2]]), "beyond its file list", id="beyond"),
    ],
)
def test_what_split_files_hold(
    tmp_path: Path, names: np.ndarray, rows: np.ndarray, said: str | None, compressed: bool
) -> None:
    content = {"filelist": names, "train_idx": rows, "query_idx": rows, "gallery_idx": rows}
    savemat(tmp_path / "split.mat", content, do_compression=compressed)
    if said is None:
        assert read_protocol(tmp_path / "split.mat").train == ["3"]
        return
    with pytest.raises(InputError, match=said):
        read_protocol(tmp_path / "split.mat")
