"""Tracking scores: figures worked out by hand, and equality with TrackEval's own reading of MOTChallenge folders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.benchmark.trackeval_input import repeated_id
from reidtrack.benchmark.tracking import (
    NEUTRAL_CLASSES,
    NEUTRAL_CLASSES_MOT20,
    TrackingPair,
    TrackingScore,
    people_only,
    score_sequences,
    score_tracking,
    score_union,
    scored,
)
from reidtrack.mot import MotRows, read_mot, write_mot

ROOT_HALF = 100 * 0.5**0.5


def person(frames: range, number: int, left: float = 0.0, flag: float = 1.0, height: float = 20) -> MotRows:
    """One person 10 pixels wide who stands still."""
    n = len(frames)
    return MotRows.of(frames, [number] * n, [[left, 0, left + 10, height]] * n, [flag] * n)


def together(*parts: MotRows) -> MotRows:
    columns = zip(*((p.frame, p.id, p.xyxy, p.score) for p in parts), strict=True)
    return MotRows.of(*map(np.concatenate, columns))


ten = range(10)


@pytest.mark.parametrize(
    ("gt", "predicted", "expected"),
    [
        pytest.param(
            person(ten, 1),
            person(ten, 9),
            {"hota": 100, "deta": 100, "assa": 100, "idf1": 100, "mota": 100},
            id="perfect",
        ),
        pytest.param(
            person(ten, 1),
            MotRows.empty(),
            {"hota": 0, "idf1": 0, "mota": 0, "fn": 10, "fp": 0, "ml": 1, "gt_boxes": 10, "gt_ids": 1},
            id="nothing found",
        ),
        pytest.param(
            MotRows.empty(),
            person(ten, 1),
            {"hota": 0, "idf1": 0, "fp": 10, "fn": 0, "gt_boxes": 0},
            id="nothing there",
        ),
        pytest.param(
            MotRows.empty(), MotRows.empty(), {"hota": 0, "idf1": 0, "mota": 0, "fp": 0, "fn": 0}, id="both empty"
        ),
        pytest.param(
            # each true positive: 5 frames of its pair, 5 missed by it: A = 1/2; IDF1 = 2 * 5 / (10 + 10)
            person(ten, 1),
            together(person(range(5), 1), person(range(5, 10), 2)),
            {"hota": ROOT_HALF, "deta": 100, "assa": 50, "idf1": 50, "mota": 90, "idsw": 1},
            id="id changes half-way",
        ),
        pytest.param(
            # two persons who swap ids: each pair has 5 frames, 5 missed, 5 false: A = 1/3; IDF1 = 10 / 20
            together(person(ten, 1), person(ten, 2, left=100)),
            together(
                person(range(5), 1),
                person(range(5, 10), 2),
                person(range(5), 2, left=100),
                person(range(5, 10), 1, left=100),
            ),
            {"hota": 100 * (1 / 3) ** 0.5, "deta": 100, "assa": 100 / 3, "idf1": 50, "mota": 90, "idsw": 2},
            id="two swap ids",
        ),
        pytest.param(
            person(ten, 1),
            person(range(5), 1),
            {"deta": 50, "assa": 50, "hota": 50, "idf1": 200 / 3, "idp": 100, "idr": 50, "mota": 50, "fn": 5},
            id="lost half-way",
        ),
        pytest.param(
            person(ten, 1),
            together(person(ten, 1), person(range(5), 2, left=500)),
            {"deta": 200 / 3, "assa": 100, "idf1": 80, "idp": 200 / 3, "idr": 100, "mota": 50, "fp": 5},
            id="a ghost for half the time",
        ),
        pytest.param(
            together(person(ten, 1), person(ten, 2, left=100, flag=0)),
            person(ten, 1),
            {"hota": 100, "idf1": 100, "mota": 100, "gt_boxes": 10, "gt_ids": 1},
            id="flag 0 is not missed",
        ),
        pytest.param(
            together(person(ten, 1), person(ten, 2, left=100, flag=0)),
            together(person(ten, 1), person(ten, 2, left=100)),
            {"mota": 0, "fp": 10},
            id="flag 0 is false when found, as TrackEval has it for MOT15",
        ),
        pytest.param(person(ten, 1), person(ten, 1, height=10), {"mota": 100, "idf1": 100}, id="at IoU 0.5"),
        pytest.param(person(ten, 1), person(ten, 1, height=9.9), {"mota": -100, "idf1": 0}, id="below IoU 0.5"),
    ],
)
def test_worked_out_by_hand(gt: MotRows, predicted: MotRows, expected: dict[str, float]) -> None:
    score = asdict(score_tracking(gt, predicted))
    assert {name: score[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def box(left: float, top: float, right: float, bottom: float) -> MotRows:
    return MotRows.of([0], [1], [[left, top, right, bottom]], [1])


@pytest.mark.parametrize(
    ("gt", "predicted", "ignore", "counts"),
    [
        pytest.param(MotRows.empty(), box(0, 0, 10, 20), MotRows.empty(), True, id="no ignore box"),
        pytest.param(MotRows.empty(), box(0, 0, 10, 20), box(0, 0, 10, 20), False, id="on the ignore box"),
        pytest.param(box(0, 0, 10, 20), box(0, 0, 10, 20), box(0, 0, 10, 20), True, id="matches a person"),
        pytest.param(box(0, 0, 10, 40), box(0, 0, 10, 20), box(0, 0, 10, 20), True, id="matches at IoU 0.5"),
        pytest.param(box(0, 0, 10, 41), box(0, 0, 10, 20), box(0, 0, 10, 20), False, id="person below IoU 0.5"),
        pytest.param(MotRows.empty(), box(0, 0, 10, 10), box(0, 0, 10, 20), False, id="ignore box at IoU 0.5"),
        pytest.param(MotRows.empty(), box(0, 0, 10, 10), box(0, 3, 10, 90), False, id="70 % inside"),
        pytest.param(MotRows.empty(), box(0, 0, 10, 10), box(0, 4, 10, 90), True, id="60 % inside"),
        pytest.param(
            MotRows.empty(), box(0, 0, 10, 10), person(range(1, 2), 1), True, id="ignore box of another frame"
        ),
    ],
)
def test_ignore_rule(gt: MotRows, predicted: MotRows, ignore: MotRows, counts: bool) -> None:
    assert scored(gt, predicted, ignore).tolist() == [counts]
    score = score_tracking(gt, predicted, ignore)
    assert score.fp + score.gt_boxes - score.fn == int(counts)


def test_two_boxes_on_one_person_leave_the_worse_one_to_the_ignore_box() -> None:
    predicted = MotRows.of([0, 0], [1, 2], [[0, 0, 10, 18], [0, 0, 10, 20]], [1, 1])
    assert scored(box(0, 0, 10, 20), predicted, box(0, 0, 10, 30)).tolist() == [False, True]


def test_union_needs_one_id_over_all_cameras() -> None:
    same = {"a": TrackingPair(person(ten, 1), person(ten, 7)), "b": TrackingPair(person(ten, 1), person(ten, 7))}
    split = same | {"b": TrackingPair(person(ten, 1), person(ten, 8))}
    assert (score_union(same).idf1, score_union(same).hota) == (100, 100)
    # 10 of 20 frames under each id, as in "id changes half-way"
    assert score_union(split).idf1 == pytest.approx(50)
    assert score_union(split).hota == pytest.approx(ROOT_HALF)


def test_union_holds_persons_of_one_frame_number_apart_by_camera() -> None:
    swapped = {"a": TrackingPair(person(ten, 1), person(ten, 1)), "b": TrackingPair(person(ten, 2), person(ten, 1))}
    # one id for two persons: 10 true, 10 false, 10 missed
    assert score_union(swapped).idf1 == pytest.approx(50)


def test_order_of_cameras_changes_neither_hota_nor_idf1() -> None:
    pairs = {name: TrackingPair(*walks(seed)) for seed, name in enumerate("abc")}
    one, other = score_union(pairs), score_union(dict(reversed(pairs.items())))
    assert (one.hota, one.assa, one.idf1) == pytest.approx((other.hota, other.assa, other.idf1))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(MotRows.empty(), None, id="empty"),
        pytest.param(person(ten, 1), None, id="once a frame"),
        pytest.param(together(person(ten, 3), person(range(4, 5), 3, left=50)), (4, 3), id="twice in frame 4"),
    ],
)
def test_repeated_id(rows: MotRows, expected: tuple[int, int] | None) -> None:
    assert repeated_id(rows) == expected
    if expected:
        with pytest.raises(ValueError, match="id 3 stands twice in frame 4"):
            score_tracking(person(ten, 1), rows)


def walks(seed: int, people: int = 6, frames: int = 80) -> tuple[MotRows, MotRows]:
    """People who cross each other, and a poor tracker: shaken boxes, gaps, ghosts, changed ids."""
    rng = np.random.default_rng(seed)
    truth, tracks = [], []
    for number in range(people):
        first, last = sorted(rng.choice(frames, 2, replace=False))
        left, speed = rng.uniform(0, 200), rng.uniform(-3, 3)
        for frame in range(first, last + 1):
            xyxy = np.array([left + speed * frame, 50, left + speed * frame + 30, 130])
            truth.append((frame, number + 1, xyxy, float(rng.random() > 0.1)))
            if rng.random() > 0.2:
                track = number + 1 if frame < 40 else people + 1 + number // 2 * 2 + (number + 1) % 2
                tracks.append((frame, track, xyxy + rng.normal(0, 4, 4), float(rng.random())))
        tracks.append((first, 100 + number, rng.uniform(0, 50, 4).cumsum(), 0.5))
    gt, predicted = (MotRows.of(*map(list, zip(*rows, strict=True))) for rows in (truth, tracks))
    return gt, predicted


def trackeval_results(gt_folder: Path, trackers: Path, lengths: dict[str, int], year: str = "MOT15") -> dict[str, Any]:
    """TrackEval's own pipeline on files, as its script for MOTChallenge runs it."""
    from trackeval import Evaluator
    from trackeval.datasets import MotChallenge2DBox
    from trackeval.metrics import CLEAR, HOTA, Identity

    quiet = {"PRINT_CONFIG": False}
    printing = dict.fromkeys(
        ("PRINT_RESULTS", "TIME_PROGRESS", "OUTPUT_SUMMARY", "OUTPUT_DETAILED", "PLOT_CURVES"), False
    )
    evaluator = Evaluator(quiet | printing | {"LOG_ON_ERROR": None, "PRINT_ONLY_COMBINED": True})
    dataset = MotChallenge2DBox(
        quiet
        | {
            "GT_FOLDER": str(gt_folder),
            "TRACKERS_FOLDER": str(trackers),
            "BENCHMARK": year,
            "SKIP_SPLIT_FOL": True,
            "SEQ_INFO": lengths,
            "TRACKERS_TO_EVAL": ["ours"],
        }
    )
    results, _ = evaluator.evaluate([dataset], [HOTA(), CLEAR(dict(quiet)), Identity(dict(quiet))])
    per_sequence: dict[str, Any] = results["MotChallenge2DBox"]["ours"]
    return {name: result["pedestrian"] for name, result in per_sequence.items()}


def assert_equal(score: TrackingScore, reference: dict[str, Any]) -> None:
    hota, clear, identity = reference["HOTA"], reference["CLEAR"], reference["Identity"]
    rates = {"hota": hota["HOTA"], "deta": hota["DetA"], "assa": hota["AssA"], "loca": hota["LocA"]}
    rates |= {"idf1": identity["IDF1"], "idp": identity["IDP"], "idr": identity["IDR"]}
    rates |= {"mota": clear["MOTA"], "motp": clear["MOTP"]}
    counts = {"idsw": clear["IDSW"], "fp": clear["CLR_FP"], "fn": clear["CLR_FN"], "mt": clear["MT"], "ml": clear["ML"]}
    expected = {name: 100 * float(np.mean(value)) for name, value in rates.items()} | counts
    actual = asdict(score)
    assert {name: actual[name] for name in expected} == pytest.approx(expected, abs=1e-9)


def test_equals_trackeval_on_files_per_sequence_and_combined(tmp_path: Path) -> None:
    """Golden: TrackEval's MotChallenge2DBox in its MOT15 setting, 1e-9."""
    names = [f"S{seed}" for seed in range(4)]
    pairs = {}
    for seed, name in enumerate(names):
        gt, predicted = walks(seed)
        predicted = MotRows.empty() if name == "S3" else predicted
        gt_path, predicted_path = tmp_path / "gt" / name / "gt/gt.txt", tmp_path / "trackers/ours/data" / f"{name}.txt"
        write_mot(gt_path, gt)
        write_mot(predicted_path, predicted)
        pairs[name] = TrackingPair(read_mot(gt_path), read_mot(predicted_path))
    reference = trackeval_results(tmp_path / "gt", tmp_path / "trackers", dict.fromkeys(names, 80))
    scores, combined = score_sequences(pairs)
    assert 20 < combined.hota < 80
    assert combined.idsw > 0
    for name in names:
        assert_equal(scores[name], reference[name])
    assert_equal(combined, reference["COMBINED_SEQ"])


@pytest.mark.parametrize("year", ["MOT16", "MOT17", "MOT20"])
def test_equals_trackeval_by_the_class_rules(tmp_path: Path, year: str) -> None:
    """Golden: TrackEval's MotChallenge2DBox of each year, with boxes on things of every class and flags of 0."""
    rng = np.random.default_rng(5)
    neutral = NEUTRAL_CLASSES_MOT20 if year == "MOT20" else NEUTRAL_CLASSES
    names, pairs = ["S0", "S1"], {}
    for seed, name in enumerate(names):
        walked, predicted = walks(seed)
        class_of = rng.choice([1, 1, 1, 2, 3, 6, 7, 8, 12], size=int(walked.id.max()) + 1)
        gt = MotRows.of(walked.frame, walked.id, walked.xyxy, rng.random(len(walked)) > 0.1, class_of[walked.id])
        columns = zip(gt.frame + 1, gt.id, *gt.xyxy.T, gt.score, gt.class_id, strict=True)
        lines = (f"{f},{i},{x},{y},{r - x},{b - y},{s:.0f},{c},0.5" for f, i, x, y, r, b, s, c in columns)
        gt_path, predicted_path = tmp_path / "gt" / name / "gt/gt.txt", tmp_path / "trackers/ours/data" / f"{name}.txt"
        gt_path.parent.mkdir(parents=True)
        gt_path.write_text("\n".join(lines), encoding="utf-8")
        write_mot(predicted_path, predicted)
        pairs[name] = TrackingPair(*people_only(read_mot(gt_path), read_mot(predicted_path), neutral))
    reference = trackeval_results(tmp_path / "gt", tmp_path / "trackers", dict.fromkeys(names, 80), year)
    scores, combined = score_sequences(pairs)
    assert combined.fp > 0
    for name in names:
        assert_equal(scores[name], reference[name])
    assert_equal(combined, reference["COMBINED_SEQ"])


@pytest.mark.shared
def test_equals_trackeval_on_real_sequences(shared: Path, tmp_path: Path) -> None:
    """SORT's detections of MOT15, each given a number by its place in the frame: poor tracks, real boxes."""
    folder = shared / "data/mot15"
    lengths = {"TUD-Stadtmitte": 179, "KITTI-13": 340}
    pairs = {}
    for name in lengths:
        rows = read_mot(folder / name / "det/det.txt")
        numbers = np.concatenate([np.arange(1, len(part) + 1) for _, part in rows.by_frame()])
        path = tmp_path / "ours/data" / f"{name}.txt"
        write_mot(path, MotRows.of(rows.frame, numbers, rows.xyxy, rows.score))
        pairs[name] = TrackingPair(read_mot(folder / name / "gt/gt.txt"), read_mot(path))
    reference = trackeval_results(folder, tmp_path, lengths)
    scores, combined = score_sequences(pairs)
    for name in lengths:
        assert_equal(scores[name], reference[name])
    assert_equal(combined, reference["COMBINED_SEQ"])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-13", "TUD-Stadtmitte"])
def test_ground_truth_as_its_own_prediction_is_perfect(shared: Path, name: str) -> None:
    gt = read_mot(shared / "data/mot15" / name / "gt/gt.txt")
    score = score_tracking(gt, gt[gt.score != 0])
    assert (score.hota, score.idf1, score.mota) == pytest.approx((100, 100, 100))
    assert (score.idsw, score.fp, score.fn) == (0, 0, 0)
