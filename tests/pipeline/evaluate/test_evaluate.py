"""`reidtrack evaluate`: which file belongs to which camera, the figures, the outputs, and what is said of bad input."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from reidtrack.cli.main import main
from reidtrack.errors import InputError, OutputError, UsageError
from reidtrack.mot import MotRows, read_mot, write_mot
from reidtrack.pipeline.evaluate.evaluate import assign_cameras, evaluate_mot, evaluate_run, run_cameras

ten = range(10)


def person(frames: range, number: int, left: float = 0.0, flag: float = 1.0) -> MotRows:
    n = len(frames)
    return MotRows.of(frames, [number] * n, [[left, 0, left + 10, 20]] * n, [flag] * n)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Two cameras see one person twice: perfect tracks, but b's second visit has an identity of its own."""
    for camera in ("a", "b"):
        first, second = person(range(5), 1), person(range(5, 10), 2)
        visits = MotRows.of([*first.frame, *second.frame], [1] * 5 + [2] * 5, [[0, 0, 10, 20]] * 10, [1] * 10)
        write_mot(tmp_path / "run/tracks" / f"{camera}.txt", visits)
        write_mot(tmp_path / "run/mot" / f"{camera}.txt", visits if camera == "b" else person(ten, 1))
        write_mot(tmp_path / f"gt_{camera}.txt", visits)
        write_mot(tmp_path / f"gt_{camera}_person.txt", person(ten, 1))
    return tmp_path / "run"


def test_tracks_are_scored_by_visit_and_the_union_by_person(
    run_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_folder.parent
    gt = [f"{c}={folder}/gt_{c}.txt" for c in "ab"]
    people = [f"{c}={folder}/gt_{c}_person.txt" for c in "ab"]
    assert main(["evaluate", str(run_folder), "--gt", *gt, "--gt-person", *people, "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content == json.loads((run_folder / "evaluation.json").read_text())
    assert list(content) == ["cameras", "cross", "basis"]
    assert list(content["basis"]["gt"]) == ["a", "b"]
    assert list(content["cameras"]) == ["a", "b"]
    for figures in content["cameras"].values():
        assert (figures["HOTA"], figures["IDF1"], figures["MOTA"], figures["IDSW"]) == (100, 100, 100, 0)
    assert content["cross"]["IDF1"] == 75  # 15 of 20 boxes under the person's id
    assert set(content["cross"]) == {"HOTA", "DetA", "AssA", "IDF1", "IDP", "IDR"}


def test_gt_serves_both_where_it_is_alone(run_folder: Path) -> None:
    evaluation = evaluate_run(run_folder, [str(run_folder.parent / f"gt_{c}_person.txt") for c in "ab"])
    assert evaluation.cameras["a"].idf1 == 50
    assert evaluation.cross.idf1 == 75


def test_figures_that_cannot_be_written_are_not_lost(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_folder / "evaluation.json").mkdir()
    truth = [str(run_folder.parent / f"gt_{c}_person.txt") for c in "ab"]
    evaluation = evaluate_run(run_folder, truth)
    assert evaluation.cross.idf1 == 75
    assert evaluation.unwritten is not None
    assert main(["evaluate", str(run_folder), "--gt", *truth]) == OutputError.exit_code
    said = capsys.readouterr()
    assert "cross-camera" in said.out
    assert "evaluation.json: cannot be written" in said.err


def test_one_camera_may_be_scored_alone_and_the_other_is_named(
    run_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        evaluation = evaluate_run(run_folder, [f"a={run_folder.parent}/gt_a.txt"])
    assert list(evaluation.cameras) == ["a"]
    assert "camera b has no ground truth" in caplog.text


def test_ignore_boxes_belong_to_their_camera(run_folder: Path) -> None:
    folder = run_folder.parent
    tracks = read_mot(run_folder / "tracks/a.txt")
    ghost = person(ten, 9, left=300)
    both = MotRows.of([*tracks.frame, *ghost.frame], [*tracks.id, *ghost.id], [*tracks.xyxy, *ghost.xyxy], [1.0] * 20)
    for camera in "ab":
        write_mot(run_folder / "tracks" / f"{camera}.txt", both)
    write_mot(folder / "ignore_a.txt", person(ten, -1, left=301))
    evaluation = evaluate_run(
        run_folder, [str(folder / "gt_a.txt"), str(folder / "gt_b.txt")], ignore=[str(folder / "ignore_a.txt")]
    )
    assert {name: score.fp for name, score in evaluation.cameras.items()} == {"a": 0, "b": 10}


@pytest.mark.parametrize(
    ("texts", "cameras", "expected"),
    [
        pytest.param([], ["a"], {}, id="none"),
        pytest.param(["a=x.txt", "b=y.txt"], ["a", "b"], {"a": "x.txt", "b": "y.txt"}, id="named"),
        pytest.param(["x.txt"], ["a"], {"a": "x.txt"}, id="the only camera"),
        pytest.param(
            ["d/gt_View_006.txt", "gt_View_001_person.txt"],
            ["View_001", "View_006"],
            {"View_006": "d/gt_View_006.txt", "View_001": "gt_View_001_person.txt"},
            id="by the file's name, in any order",
        ),
        pytest.param(["gt_cam11.txt"], ["cam1", "cam11"], {"cam11": "gt_cam11.txt"}, id="a name that begins another"),
        pytest.param(["door_left.txt"], ["left", "door_left"], {"door_left": "door_left.txt"}, id="the longer name"),
        pytest.param(["map_b.txt"], ["a", "b"], {"b": "map_b.txt"}, id="a name inside a word does not count"),
        pytest.param(["runs/k=1/gt_a.txt"], ["a", "b"], {"a": "runs/k=1/gt_a.txt"}, id="= inside a path"),
        pytest.param(["a=k=1.txt"], ["a", "b"], {"a": "k=1.txt"}, id="= inside a named path"),
    ],
)
def test_files_find_their_camera(texts: list[str], cameras: list[str], expected: dict[str, str]) -> None:
    assert assign_cameras(texts, cameras, "gt") == {name: Path(path) for name, path in expected.items()}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        pytest.param(["View_01=x.txt"], "did you mean 'View_001'", id="a slip"),
        pytest.param(["kitchen=x.txt"], "expected one of View_001, View_006", id="unknown"),
        pytest.param(["x.txt"], "which camera is x.txt of?", id="not clear"),
        pytest.param(["View_001_View_006.txt"], "which camera is", id="two names in one"),
        pytest.param(["View_001=x.txt", "gt_View_001.txt"], "two files for camera 'View_001'", id="twice"),
    ],
)
def test_files_without_a_clear_camera_are_refused(texts: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        assign_cameras(texts, ["View_001", "View_006"], "gt")
    assert said in str(caught.value)
    assert caught.value.field == "gt"


def test_the_person_truth_must_cover_the_same_cameras(run_folder: Path) -> None:
    folder = run_folder.parent
    with pytest.raises(UsageError, match="leaves out b"):
        evaluate_run(run_folder, [str(folder / "gt_a.txt"), str(folder / "gt_b.txt")], [f"a={folder}/gt_a_person.txt"])


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tracks"):
        run_cameras(tmp_path / "absent")


@pytest.mark.parametrize(
    ("path", "rows", "said"),
    [
        pytest.param("gt_a.txt", MotRows.empty(), "no ground truth", id="empty ground truth"),
        pytest.param("gt_a.txt", person(ten, 1, flag=0), "no ground truth", id="all flags 0"),
        pytest.param("gt_a.txt", person(range(50, 60), 1), "no frame in common", id="another recording"),
        pytest.param("run/tracks/a.txt", None, "tracks/a.txt: cannot be read", id="missing tracks"),
        pytest.param("run/mot/a.txt", None, "mot/a.txt: cannot be read", id="missing identities"),
        pytest.param(
            "run/tracks/a.txt",
            MotRows.of([3, 3], [4, 4], [[0, 0, 1, 1]] * 2, [1, 1]),
            "id 4 stands twice in frame 4",
            id="an id twice in a frame",
        ),
    ],
)
def test_bad_files_are_named(run_folder: Path, path: str, rows: MotRows | None, said: str) -> None:
    target = run_folder.parent / path
    target.unlink() if rows is None else write_mot(target, rows)
    with pytest.raises(InputError) as caught:
        evaluate_run(run_folder, [f"a={run_folder.parent}/gt_a.txt"])
    assert said in str(caught.value)


def test_no_tracks_at_all_score_zero_and_tracks_after_the_end_are_announced(
    run_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_mot(run_folder / "tracks/a.txt", MotRows.empty())
    write_mot(run_folder / "mot/a.txt", person(range(12), 1))
    with caplog.at_level(logging.WARNING):
        evaluation = evaluate_run(run_folder, [f"a={run_folder.parent}/gt_a_person.txt"])
    assert (evaluation.cameras["a"].hota, evaluation.cameras["a"].fn) == (0, 10)
    assert "2 boxes come after the last frame of the ground truth" in caplog.text


def mot_folder(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("S2", "S1"):
        gt = person(ten, 1)
        write_mot(tmp_path / "mot" / name / "gt/gt.txt", gt)
        write_mot(tmp_path / "out" / f"{name}.txt", gt if name == "S1" else gt[:5])
    return tmp_path / "mot", tmp_path / "out"


def test_mot_folders_are_scored_each_and_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, tracks = mot_folder(tmp_path)
    assert main(["evaluate", "--mot", str(folder), "--tracks", str(tracks), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert {name: row["MOTA"] for name, row in content["sequences"].items()} == {"S1": 100, "S2": 50}
    assert content["combined"]["MOTA"] == 75
    assert content["combined"]["GT_ids"] == 2
    assert sorted(p.name for p in tracks.iterdir()) == ["S1.txt", "S2.txt"]


def test_mot_table_shows_every_sequence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, tracks = mot_folder(tmp_path)
    assert main(["evaluate", "--mot", str(folder), "--tracks", str(tracks)]) == 0
    lines = {words[0]: words for line in capsys.readouterr().out.splitlines() if len(words := line.split()) > 1}
    assert lines["sequence"] == ["sequence", "HOTA", "DetA", "AssA", "IDF1", "MOTA", "IDSW", "FP", "FN"]
    assert lines["S1"][5:] == ["100.0", "0", "0", "0"]
    assert lines["S2"][5:] == ["50.0", "0", "0", "5"]
    assert lines["combined"][5:] == ["75.0", "0", "0", "5"]


def test_mot_needs_sequences_and_their_tracks(tmp_path: Path) -> None:
    folder, tracks = mot_folder(tmp_path)
    with pytest.raises(InputError, match="no sequences"):
        evaluate_mot(tracks, tracks)
    (tracks / "S2.txt").unlink()
    with pytest.raises(InputError, match=r"S2\.txt: cannot be read"):
        evaluate_mot(folder, tracks)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param([], 2, "nothing to evaluate", id="nothing"),
        pytest.param(["DIR"], 2, "no ground truth", id="no --gt"),
        pytest.param(["DIR", "--gt", "a=x", "--tracks", "T"], 2, "--tracks goes with --mot", id="--tracks with DIR"),
        pytest.param(["--mot", "M"], 2, "--mot needs", id="--mot alone"),
        pytest.param(["DIR", "--mot", "M", "--tracks", "T"], 2, "--mot goes with --tracks only", id="both"),
        pytest.param(["absent", "--gt", "a=x.txt"], 3, "absent: no tracks", id="no such run"),
    ],
)
def test_wrong_calls_get_one_line_and_their_code(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", *arguments]) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.shared
def test_person_ids_join_the_visits_of_the_real_pair(shared: Path, tmp_path: Path) -> None:
    """Visit ids as their own prediction: perfect per camera, about 87 % of the boxes under the person's main id."""
    data = shared / "data/pets-s2l1"
    for view in ("View_001", "View_006"):
        for part in ("tracks", "mot"):
            write_mot(tmp_path / part / f"{view}.txt", read_mot(data / f"gt_{view}.txt"))
    evaluation = evaluate_run(
        tmp_path,
        [str(data / f"gt_{view}.txt") for view in ("View_001", "View_006")],
        [str(data / f"gt_{view}_person.txt") for view in ("View_001", "View_006")],
        [str(data / f"ignore_{view}.txt") for view in ("View_001", "View_006")],
    )
    assert [score.hota for score in evaluation.cameras.values()] == pytest.approx([100, 100])
    assert evaluation.cross.deta == pytest.approx(100)
    assert 85 < evaluation.cross.idf1 < 88


def lines(*rows: str) -> str:
    return "".join(f"{frame},{row}\n" for frame in range(1, 11) for row in rows)


@pytest.mark.parametrize(
    ("gt", "said", "boxes"),
    [
        pytest.param(lines("1,0,0,10,20,1,1,1", "2,50,0,10,20,1,3,1"), None, 10, id="cars are no people"),
        pytest.param(lines("1,0,0,10,20,1,1,1", "1,50,0,10,20,1,3,1"), None, 10, id="and may have the same number"),
        pytest.param(lines("1,0,0,10,20,1,person,1", "2,50,0,10,20,1,car,1"), None, 10, id="by words"),
        pytest.param(lines("1,0,0,10,20,1,1,1", "2,50,0,10,20,0,1,1"), None, 10, id="flag 0"),
        pytest.param(lines("1,0,0,10,20"), None, 10, id="six columns"),
        pytest.param(lines("1,0,0,10,20,1,0,1"), "all rows are of class 0", 10, id="one class, whatever its number"),
    ],
)
def test_ground_truth_of_people_alone_counts(
    run_folder: Path, caplog: pytest.LogCaptureFixture, gt: str, said: str | None, boxes: int
) -> None:
    path = run_folder.parent / "truth.txt"
    path.write_text(gt, encoding="utf-8")
    score = evaluate_run(run_folder, [f"a={path}"]).cameras["a"]
    assert (score.gt_boxes, score.fn, score.fp) == (boxes, 0, 0)
    assert (said in caplog.text) if said else not [r for r in caplog.records if "class" in r.message]


def test_ground_truth_without_people_is_refused(run_folder: Path) -> None:
    path = run_folder.parent / "truth.txt"
    path.write_text(lines("1,0,0,10,20,1,3,1", "2,50,0,10,20,1,4,1"), encoding="utf-8")
    with pytest.raises(InputError, match="classes 3, 4 and no people"):
        evaluate_run(run_folder, [f"a={path}"])


@pytest.mark.parametrize(
    ("read", "boxes", "said"),
    [
        pytest.param(range(10), 10, None, id="all was read"),
        pytest.param(range(4), 4, "6 of 10 frames", id="up to an end"),
        pytest.param(range(0, 10, 2), 5, "5 of 10 frames", id="every second"),
        pytest.param(range(3, 7), 4, "6 of 10 frames", id="a part"),
    ],
)
def test_what_was_not_read_was_not_missed(
    run_folder: Path, caplog: pytest.LogCaptureFixture, read: range, boxes: int, said: str | None
) -> None:
    log = "".join(json.dumps({"camera": "a", "frame": f, "time_s": f / 10}) + "\n" for f in read)
    (run_folder / "detections.jsonl").write_text(log, encoding="utf-8")
    write_mot(run_folder / "mot/a.txt", person(read, 1))
    write_mot(run_folder / "tracks/a.txt", person(read, 1))
    evaluation = evaluate_run(run_folder, [f"a={run_folder.parent}/gt_a_person.txt"])
    assert (evaluation.cameras["a"].gt_boxes, evaluation.cameras["a"].fn) == (boxes, 0)
    assert evaluation.cross.idf1 == 100
    assert caplog.text.count("were not read") == (said is not None)
    assert said is None or said in caplog.text


def test_nothing_of_the_ground_truth_was_read(run_folder: Path) -> None:
    line = json.dumps({"camera": "a", "frame": 90, "time_s": 9.0})
    (run_folder / "detections.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="none of its frames was read"):
        evaluate_run(run_folder, [f"a={run_folder.parent}/gt_a_person.txt"])


def test_sequences_may_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("S-1", "S-2"):
        write_mot(tmp_path / "gt" / name / "gt/gt.txt", person(ten, 1))
    write_mot(tmp_path / "out/S-2.txt", person(ten, 4))
    words = ["evaluate", "--mot", str(tmp_path / "gt"), "--tracks", str(tmp_path / "out"), "--json", "--sequences"]
    assert main([*words, "S-2"]) == 0
    assert list(json.loads(capsys.readouterr().out)["sequences"]) == ["S-2"]
    assert main([*words, "S-3"]) == 2
    assert "expected one of S-1, S-2" in capsys.readouterr().err
