"""MOTChallenge files: what is read, what is refused with its line, what is written."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reidtrack.errors import InputError, OutputError
from reidtrack.mot import MotRows, format_mot, read_detections, read_mot, write_mot


def written(folder: Path, text: str) -> Path:
    path = folder / "det.txt"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "frames", "ids", "scores"),
    [
        pytest.param("", [], [], [], id="empty file"),
        pytest.param("\n \n", [], [], [], id="blank lines only"),
        pytest.param("1,7,10,20,30,40,0.5,-1,-1,-1\n", [0], [7], [0.5], id="ten columns"),
        pytest.param("1,7,10,20,30,40,1,1,0.25\n", [0], [7], [1.0], id="MOT17 ground truth"),
        pytest.param("1,7,10,20,30,40", [0], [7], [1.0], id="six columns, no last newline"),
        pytest.param("1, 7, 10, 20, 30, 40, 0.5\r\n", [0], [7], [0.5], id="comma and space, CRLF"),
        pytest.param("1 7 10 20 30 40 0.5\n", [0], [7], [0.5], id="spaces"),
        pytest.param("1\t7\t10\t20\t30\t40\t0.5\n", [0], [7], [0.5], id="tabs"),
        pytest.param("1,7,10,20,30,40,0.5,\n", [0], [7], [0.5], id="comma at the end"),
        pytest.param("1.0,7.0,10,20,30,40,5e-1\n", [0], [7], [0.5], id="whole numbers written as decimals"),
        pytest.param("\ufeff1,7,10,20,30,40,0.5\n", [0], [7], [0.5], id="byte order mark"),
        pytest.param(
            "3,1,10,20,30,40\n1,9,10,20,30,40\n1,2,10,20,30,40\n", [0, 0, 2], [9, 2, 1], [1, 1, 1], id="unsorted"
        ),
    ],
)
def test_reads(tmp_path: Path, text: str, frames: list[int], ids: list[int], scores: list[float]) -> None:
    rows = read_mot(written(tmp_path, text))
    assert rows.frame.tolist() == frames
    assert rows.id.tolist() == ids
    assert rows.score.tolist() == scores
    assert rows.xyxy.tolist() == [[10, 20, 40, 60]] * len(frames)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("1,7,10,20,30", "5 columns", id="too few columns"),
        pytest.param("1,7,10,20,30,40,1" + ",0" * 10, "17 columns", id="too many columns"),
        pytest.param("1,7,,20,30,40,1", "'' is not a usable number", id="empty cell"),
        pytest.param("1,7,ten,20,30,40,1", "'ten' is not a usable number", id="a word"),
        pytest.param("1,7,nan,20,30,40,1", "'nan' is not a usable number", id="not a number"),
        pytest.param("1,7,10,20,inf,40,1", "'inf' is not a usable number", id="infinity"),
        pytest.param("1,7,1e300,20,30,40,1", "'1e300' is not a usable number", id="beyond any picture"),
        pytest.param("0,7,10,20,30,40,1", "1-based", id="frame 0"),
        pytest.param("1.5,7,10,20,30,40,1", "whole numbers", id="frame 1.5"),
        pytest.param("1,7.5,10,20,30,40,1", "whole numbers", id="id 7.5"),
        pytest.param("frame,id,left,top,width,height", "'frame' is not a usable number", id="a header"),
    ],
)
def test_refuses_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, f"1,1,10,20,30,40,1\n\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_mot(path)
    assert caught.value.where == f"{path}:3"
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: None, id="missing"),
        pytest.param(lambda path: path.mkdir(), id="a folder"),
        pytest.param(lambda path: path.write_bytes(b"\x00\xff\xfe\x80" * 8), id="binary"),
    ],
)
def test_refuses_what_is_no_text_file(tmp_path: Path, make) -> None:
    path = tmp_path / "det.txt"
    make(path)
    with pytest.raises(InputError) as caught:
        read_mot(path)
    assert caught.value.where == str(path)


def test_frames_are_one_based_in_files_and_pixels_are_not_shifted(tmp_path: Path) -> None:
    rows = MotRows.of(frame=[1, 0], id=[5, 6], xyxy=[[0, 0, 10, 20.126], [3, 4, 5, 6]], score=[0.98765, 1])
    assert format_mot(rows) == "1,6,3.00,4.00,2.00,2.00,1,-1,-1,-1\n2,5,0.00,0.00,10.00,20.13,0.9877,-1,-1,-1\n"


boxes = st.tuples(*[st.integers(-50_000, 200_000)] * 2, *[st.integers(0, 100_000)] * 2)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-1, 10**6), boxes, st.integers(0, 1000)), max_size=20))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, entries: list) -> None:
    xyxy = [[left / 100, top / 100, (left + w) / 100, (top + h) / 100] for _, _, (left, top, w, h), _ in entries]
    rows = MotRows.of([e[0] for e in entries], [e[1] for e in entries], xyxy, [e[3] / 1000 for e in entries])
    path = tmp_path_factory.mktemp("mot") / "new" / "tracks.txt"
    write_mot(path, rows)
    back = read_mot(path)
    assert back.frame.tolist() == rows.frame.tolist()
    assert back.id.tolist() == rows.id.tolist()
    np.testing.assert_allclose(back.xyxy, rows.xyxy, atol=1e-6)
    np.testing.assert_allclose(back.score, rows.score, atol=1e-9)
    assert [p.name for p in path.parent.iterdir()] == ["tracks.txt"]


def test_write_says_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        write_mot(tmp_path / "file" / "tracks.txt", MotRows.empty())


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        pytest.param(([0, 1], [1], [[0, 0, 1, 1]], [1]), "one length", id="lengths differ"),
        pytest.param(([-1], [1], [[0, 0, 1, 1]], [1]), "0 or more", id="negative frame"),
    ],
)
def test_rows_are_checked(columns: tuple, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MotRows.of(*columns)


def test_rows_refuse_an_order_that_is_lost() -> None:
    rows = MotRows.of([0, 1], [1, 1], np.zeros((2, 4)), [1, 1])
    with pytest.raises(ValueError, match="sorted"):
        rows[np.array([1, 0])]


def test_by_frame_gives_each_frame_once_in_order() -> None:
    rows = MotRows.of([4, 2, 4], [1, 2, 3], np.zeros((3, 4)), [1, 1, 1])
    assert [(frame, part.id.tolist()) for frame, part in rows.by_frame()] == [(2, [2]), (4, [1, 3])]
    assert list(MotRows.empty().by_frame()) == []


@pytest.mark.parametrize(
    ("scores", "expected", "said"),
    [
        pytest.param([0.0, 0.5, 1.0], [0, 0.5, 1], "", id="already 0..1"),
        pytest.param([0.0, 50.0, 100.0], [0, 0.5, 1], "divided by 100", id="percent"),
        pytest.param([20.0, 50.0, 200.0], [0.1, 0.25, 1], "divided by 200", id="above 100"),
        pytest.param([-1.0, -1.0], [1, 1], "taken as 1", id="none known"),
        pytest.param([-1.0, 0.0, 1.0], [0.26894, 0.5, 0.73106], "logistic", id="DPM"),
        pytest.param([-1000.0, 1000.0], [0, 1], "logistic", id="far out"),
    ],
)
def test_detection_scores_lie_in_0_to_1(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scores: list[float], expected: list[float], said: str
) -> None:
    path = written(tmp_path, "".join(f"1,-1,10,20,30,40,{score}\n" for score in scores))
    with caplog.at_level(logging.WARNING):
        detections = read_detections(path)
    np.testing.assert_allclose(detections[0].score, expected, atol=1e-5)
    assert said in caplog.text if said else not caplog.text


def test_detections_without_size_are_dropped_aloud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, "1,-1,10,20,0,40,1\n1,-1,10,20,30,-4,1\n3,-1,10,20,30,40,1\n")
    with caplog.at_level(logging.WARNING):
        detections = read_detections(path)
    assert list(detections) == [2]
    assert detections[2].xyxy.tolist() == [[10, 20, 40, 60]]
    assert "2 boxes" in caplog.text


@pytest.mark.shared
@pytest.mark.parametrize(
    ("sequence", "count", "frames"),
    [  # counts by wc -l and by cut -d, -f1 | sort -u | wc -l
        pytest.param("TUD-Stadtmitte", 951, 179, id="TUD-Stadtmitte"),
        pytest.param("ADL-Rundle-6", 4325, 525, id="ADL-Rundle-6"),
    ],
)
def test_reads_the_detections_of_sort(shared: Path, sequence: str, count: int, frames: int) -> None:
    detections = read_detections(shared / "data/mot15" / sequence / "det/det.txt")
    assert sum(map(len, detections.values())) == count
    assert len(detections) == frames


@pytest.mark.parametrize(
    ("line", "labels", "expected"),
    [
        pytest.param("1,7,10,20,30,40", None, -1, id="six columns name no class"),
        pytest.param("1,7,10,20,30,40,1", None, -1, id="nor do seven"),
        pytest.param("1,7,10,20,30,40,1,2", None, 2, id="eight: flag and class"),
        pytest.param("1,7,10,20,30,40,1,7,0.3", None, 7, id="nine: MOT16 to MOT20"),
        pytest.param("1,7,10,20,30,40,1,3,4.5,-1", None, -1, id="ten: MOT15, a place in the world"),
        pytest.param("1,7,10,20,30,40,1,0.5,3,1,2", None, -1, id="eleven: other tools, no class"),
        pytest.param("1,7,10,20,30,40,1,Person,1", None, 1, id="a word"),
        pytest.param("1,7,10,20,30,40,1,'static person',1", None, 7, id="two words in quotes"),
        pytest.param("1,7,10,20,30,40,1,giraffe,1", None, 0, id="a word that is no class of MOTChallenge"),
        pytest.param("1,7,10,20,30,40,1,2,1", "car\nperson\n", 1, id="a number that labels.txt names"),
        pytest.param("1,7,10,20,30,40,1,1,1", "dog\nperson\n", 0, id="labels.txt names another"),
        pytest.param("1,7,10,20,30,40,1,9,1", "car\nperson", 9, id="beyond labels.txt"),
    ],
)
def test_classes(tmp_path: Path, line: str, labels: str | None, expected: int) -> None:
    if labels is not None:
        (tmp_path / "labels.txt").write_text(labels, encoding="utf-8")
    assert read_mot(written(tmp_path, line)).class_id.tolist() == [expected]


@pytest.mark.parametrize("cell", ["", "1.5", "nan", "inf", "1e300"])
def test_classes_that_are_none(tmp_path: Path, cell: str) -> None:
    with pytest.raises(InputError, match=r"det\.txt:1"):
        read_mot(written(tmp_path, f"1,7,10,20,30,40,1,{cell},1"))
