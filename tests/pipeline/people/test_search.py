"""`reidtrack embed` and `reidtrack search`: features of pictures, and who a photo shows."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from outputs import read_json
from scene import CLOTHES

from reidtrack.benchmark.pictures import CELL_HW, GREY
from reidtrack.cli.main import main
from reidtrack.embed.file import ImageFeatures, read_features, write_features
from reidtrack.embed.index import index_path
from reidtrack.errors import InputError, UsageError
from reidtrack.pipeline.people import search as search_module
from reidtrack.pipeline.people.photo import LEAST_SCORE, choose_person
from reidtrack.runs.features import read_tracklets
from reidtrack.runs.features_by_identity import read_run_people
from reidtrack.types import Detections, Frame, ImageArray

CPU = ("--engine", "torch", "--device", "cpu", "--quiet")


def person(number: int, brightness: float = 1.0) -> ImageArray:
    """Somebody in the clothes of a walker of the scene, from edge to edge."""
    image = np.empty((66, 22, 3))
    image[:36], image[36:] = CLOTHES[number]
    image[:12, 5:-5] = (140, 170, 210)
    return np.clip(image * brightness, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a picture of each of four people, one in a folder below it."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "more").mkdir()
    for number in range(4):
        name = "more/3.png" if number == 3 else f"{number}.png"
        cv2.imwrite(str(folder / name), person(number))
    return folder


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """The third of them in other light."""
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), person(2, 0.9))
    return path


@pytest.fixture(scope="module")
def features(people: Path, reid: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("features") / "features.npz"
    assert main(["embed", str(people), "--reid", str(reid), "--out", str(out), *CPU]) == 0
    return out


def search(photo: Path, gallery: Path, reid: Path, *words: object) -> int:
    texts = ["search", photo, "--gallery", gallery, "--reid", reid, *CPU, *words]
    return main([str(text) for text in texts])


def found(capsys: pytest.CaptureFixture[str], *words: Any) -> Any:
    """What a search prints as JSON."""
    capsys.readouterr()
    assert search(*words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_features_say_what_they_are_of(features: Path, people: Path, reid: Path) -> None:
    data = read_features(features)
    names = [Path(name).relative_to(people).as_posix() for name in data.paths]
    assert names == ["0.png", "1.png", "2.png", "more/3.png"]
    assert data.features.shape == (4, 512)
    np.testing.assert_allclose(np.linalg.norm(data.features, axis=1), 1, atol=1e-6)
    assert data.sha256 == hashlib.sha256(reid.read_bytes()).hexdigest()


def test_half_precision_and_json(
    features: Path, people: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half.npz"
    words = ["embed", str(people / "1.png"), str(people), "--reid", str(reid), "--out", str(out), "--json"]
    assert main([*words, "--dtype", "float16", *CPU]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["images"], told["dim"], told["faults"]) == (4, 512, [])
    with np.load(out) as data:
        assert data["feature"].dtype == np.float16
        assert Path(str(data["path"][0])).name == "1.png"  # given twice, embedded once
    again, whole = read_features(out), read_features(features)
    np.testing.assert_allclose(again.features[[1, 0, 2, 3]], whole.features, atol=1e-3)


def test_bad_images_are_told_and_the_others_done(
    people: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    (tmp_path / "empty").mkdir()
    given = [people, tmp_path / "bad.jpg", tmp_path / "gone.png", tmp_path / "empty"]
    out = tmp_path / "out.npz"
    assert main(["embed", *map(str, given), "--reid", str(reid), "--out", str(out), *CPU]) == 3
    assert len(read_features(out).paths) == 4
    error = capsys.readouterr().err
    assert all(text in error for text in ("bad.jpg: cannot be decoded", "gone.png", "empty: holds no images"))


@pytest.mark.parametrize(
    ("given", "out", "code", "said"),
    [
        pytest.param("gone.png", "out.npz", 3, "none of 1 images", id="nothing readable"),
        pytest.param("void", "out.npz", 3, "holds no images", id="nothing there"),
        pytest.param("gone.png", "void", 5, "is a folder", id="the output is a folder"),
    ],
)
def test_embed_errors(
    given: str, out: str, code: int, said: str, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "void").mkdir()
    assert main(["embed", str(tmp_path / given), "--reid", str(reid), "--out", str(tmp_path / out), *CPU]) == code
    error = capsys.readouterr().err.splitlines()
    assert said in error[-1]
    assert len(error) == 1


def test_a_folder_and_its_features_give_the_same_ranking(
    people: Path, features: Path, photo: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "hits.png"
    first = found(capsys, photo, people, reid, "--top", 3, "--picture", picture)
    second = found(capsys, photo, features, reid, "--top", 3)
    assert first["hits"] == second["hits"]
    assert [hit["rank"] for hit in first["hits"]] == [1, 2, 3]
    assert first["hits"][0]["picture"] == str(people / "2.png")
    distance = [hit["distance"] for hit in first["hits"]]
    assert distance == sorted(distance)
    assert first["box_xyxy"] == [0, 0, 22, 66]
    drawn = cv2.imread(str(picture))
    assert drawn.shape[0] > CELL_HW[0]
    assert (drawn == GREY).all(axis=2).sum() > 1000  # nobody knows whether they are right


def test_with_an_index_the_ranking_is_the_same(
    features: Path, photo: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("faiss", reason="faiss-cpu (extra `faiss`) is not installed")
    few, many = read_features(features), tmp_path / "many.npz"
    rows = np.concatenate([few.features * np.float32(1 - k / 100) for k in range(8)])  # some are farther than others
    write_features(many, ImageFeatures(tuple(f"{i}.png" for i in range(len(rows))), rows, few.sha256))
    plain = found(capsys, photo, many, reid, "--top", 5)
    assert found(capsys, photo, many, reid, "--top", 5, "--index")["hits"] == plain["hits"]
    assert index_path(many).is_file()
    assert search(photo, photo.parent, reid, "--index") == 2
    assert "is no file of features" in capsys.readouterr().err


def test_a_gallery_with_a_bad_image(people: Path, photo: Path, reid: Path, tmp_path: Path) -> None:
    gallery = Path(shutil.copytree(people, tmp_path / "gallery"))
    (gallery / "bad.png").write_bytes(b"no image")
    assert search(photo, gallery, reid) == 3


def crops(run: Path) -> dict[int, Path]:
    """Identity to a kept crop."""
    return {int(path.parent.name): path for path in sorted(run.glob("crops/*/*.jpg"))}


def test_a_run_answers_who_where_and_when(
    finished: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    record = {**read_json(run / "run.json"), "origin_utc": "2026-11-20T10:00:00+00:00", "origin_from": "--origin"}
    (run / "run.json").write_text(json.dumps(record))
    entries = {entry["id"]: entry for entry in read_json(run / "identities.json")}
    for identity, path in crops(run).items():
        told = found(capsys, path, run, reid)
        assert sorted(hit["identity"] for hit in told["hits"]) == sorted(entries)  # each person once
        best = told["hits"][0]
        assert best["identity"] == identity
        if identity != 2:  # whose clothes are the same in the light of both cameras: a tie, settled by rounding
            assert path.name.startswith(f"{best['camera']}-")  # its best visit is the one the photo is from
        assert best["cameras"] == entries[identity]["cameras"]
        (visit,) = [part for part in entries[identity]["tracklets"] if part["camera"] == best["camera"]]
        assert {key: best[key] for key in ("track_id", "first_time_s", "last_time_s")}.items() <= visit.items()
        assert best["first_utc"] == f"2026-11-20T10:00:{visit['first_time_s']:06.3f}+00:00"
        assert Path(best["picture"]).parent.name == str(identity)


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        pytest.param("--origin", "2026-11-20 10:00:0", id="time of day"),
        pytest.param("start of the run", "--origin", id="time since the beginning"),
    ],
)
def test_tables(
    finished: Path, people: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], origin: str, said: str
) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    record = {**read_json(run / "run.json"), "origin_utc": "2026-11-20T10:00:00+00:00", "origin_from": origin}
    (run / "run.json").write_text(json.dumps(record))
    shutil.rmtree(run / "crops")  # a run that kept no pictures
    for gallery in (run, people):
        words = ["search", people / "0.png", "--gallery", gallery, "--reid", reid, "--engine", "torch"]
        assert main([str(word) for word in (*words, "--picture", tmp_path / "hits.jpg")]) == 0
        out = capsys.readouterr().out
        assert out.splitlines()[1].startswith("   1  ")
        assert (said in out) == (gallery == run)
        assert ("0.png" in out) == (gallery == people)


def test_parts_of_a_track_have_their_own_features(finished: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    people = read_json(run / "identities.json")
    whole = people[0]["tracklets"][0]
    middle = (whole["first_frame"] + whole["last_frame"]) // 2
    cut = {**whole, "track_id": 99, "split_from": whole["track_id"], "first_frame": middle + 1}
    whole["last_frame"] = middle
    other = {**people[0], "id": 50, "tracklets": [cut, {**cut, "track_id": 98, "split_from": 97}]}
    (run / "identities.json").write_text(json.dumps([*people, other]))
    gallery = read_run_people(run)
    assert gallery.featureless == 1  # the one whose track was never embedded
    assert {visit.track_id for visit in gallery.tracklets if visit.identity == 50} == {99}
    assert sum(len(visit.features) for visit in gallery.tracklets) == len(read_tracklets(run / "tracklets.npz").feature)


def test_features_of_other_weights_are_refused(
    finished: Path, features: Path, photo: Path, reid: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(finished, tmp_path / "run"))
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text.replace(hashlib.sha256(reid.read_bytes()).hexdigest(), "0123" * 16))
    with np.load(features) as data:
        np.savez(tmp_path / "other.npz", **{**data, "sha256": np.array("0123" * 16)})
    for gallery in (run, tmp_path / "other.npz"):
        assert search(photo, gallery, reid) == 4
        error = capsys.readouterr().err.splitlines()
        assert len(error) == 1
        assert "made by other weights, sha256 012301230123" in error[0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["--top", 0], 2, "--top: got 0", id="empty list"),
        pytest.param(["--person", 1, "--box", 0, 0, 9, 9], 2, "exclude each other", id="number and box"),
        pytest.param(["--box", 30, 0, 40, 9], 2, "within 0 0 22 66", id="box outside"),
        pytest.param(["--picture", "hits.gif"], 2, "its ending names no picture format", id="unknown picture format"),
        pytest.param(["--gallery", "gone"], 3, "gone: is not there", id="no gallery"),
        pytest.param(["--gallery", "void"], 3, "holds no images", id="empty gallery"),
        pytest.param(["--gallery", "bad.npz"], 3, "the file that `reidtrack embed` wrote", id="no features"),
        pytest.param(["--gallery", "run/tracklets.npz"], 2, "give the run's folder", id="part of a run"),
        pytest.param(["--gallery", "run"], 3, "identities.json: cannot be read", id="damaged run"),
        pytest.param(["--gallery", "unread"], 3, "reading has not ended", id="interrupted run"),
    ],
)
def test_search_errors(
    words: list[object],
    code: int,
    said: str,
    finished: Path,
    people: Path,
    photo: Path,
    reid: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("void", "run", "unread"):
        Path(name).mkdir()
    Path("bad.npz").write_bytes(b"nothing")
    for name in ("run.json", "tracklets.npz"):
        shutil.copy(finished / name, f"run/{name}")
    Path("run/identities.json").write_text('[{"id": 1}]')
    Path("unread/run.json").write_text(json.dumps({**read_json(finished / "run.json"), "status": "reading"}))
    assert search(photo, people, reid, *words) == code
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert said in error[0]


class Seen:
    """A detector that knows what it sees."""

    def __init__(self, boxes: Sequence[Sequence[float]], score: float = 0.9) -> None:
        self._found = Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), score, np.float32))

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._found for _ in frames]


TWO = [[60, 5, 80, 65], [10, 5, 30, 65]]


@pytest.mark.parametrize(
    ("size", "options", "expected"),
    [
        pytest.param((30, 60), {}, [0, 0, 30, 60], id="a crop"),
        pytest.param((60, 60), {}, [0, 0, 60, 60], id="as wide as high"),
        pytest.param((90, 60), {"box_xyxy": (-5, 2, 20, 70)}, [0, 2, 20, 60], id="box, cut to the photo"),
        pytest.param((90, 70), {"detector": Seen(TWO[:1])}, TWO[0], id="one is found"),
        pytest.param((90, 70), {"detector": Seen(TWO), "person": 1}, TWO[1], id="the left one"),
        pytest.param((90, 70), {"detector": Seen(TWO), "person": 2}, TWO[0], id="the right one"),
        pytest.param((30, 60), {"detector": Seen([])}, [0, 0, 30, 60], id="a crop in which nobody is found"),
    ],
)
def test_who_is_meant(size: tuple[int, int], options: dict[str, Any], expected: list[float]) -> None:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    assert choose_person(image, Path("p.jpg"), **options).tolist() == expected


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        pytest.param({}, UsageError, "90 x 70 pixels are too wide", id="a scene without a detector"),
        pytest.param(
            {"detector": Seen(TWO)},
            UsageError,
            "p.jpg: shows 2 people (1: 10 5 30 65, 2: 60 5 80 65); say which: person 1..2, or box",
            id="several",
        ),
        pytest.param({"detector": Seen(TWO), "person": 3}, UsageError, "no person 3 of 2 people", id="too high"),
        pytest.param({"detector": Seen(TWO), "person": 0}, UsageError, "no person 0 of 2 people", id="too low"),
        pytest.param({"detector": Seen([])}, InputError, "nobody is found", id="nobody"),
        pytest.param({"detector": Seen(TWO, LEAST_SCORE - 0.01)}, InputError, "nobody is found", id="doubtful"),
        pytest.param({"box_xyxy": (5, 5, 5.5, 30)}, UsageError, "box: 5 5 5.5 30", id="box without a width"),
        pytest.param({"box_xyxy": (float("nan"), 0, 9, 9)}, UsageError, "box: nan", id="box of no numbers"),
    ],
)
def test_who_is_not_clear(options: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        choose_person(np.zeros((70, 90, 3), np.uint8), Path("p.jpg"), **options)
    assert said in str(caught.value)


def test_a_photo_of_several_people(
    people: Path, reid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image = np.full((80, 120, 3), 90, np.uint8)
    for number, (left, top, right, bottom) in ((1, (70, 5, 92, 71)), (3, (10, 5, 32, 71))):
        image[top:bottom, left:right] = person(number)
    path = tmp_path / "street.png"
    cv2.imwrite(str(path), image)
    boxes = [[70, 5, 92, 71], [10, 5, 32, 71]]
    monkeypatch.setattr(search_module, "make_detector", lambda *_: (Seen(boxes), SimpleNamespace()))
    for words in ([], ["--detector", "yolo.pt"]):  # too wide for one person: somebody has to find them
        assert search(path, people, reid, *words) == 2
        assert "shows 2 people (1: 10 5 32 71, 2: 70 5 92 71)" in capsys.readouterr().err
    for words, number in ((["--person", 2], 1), (["--box", *boxes[1]], 3)):
        best = found(capsys, path, people, reid, *words)["hits"][0]
        assert Path(best["picture"]).stem == str(number)
        assert best["distance"] < 1e-4
