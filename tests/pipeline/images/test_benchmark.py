"""`reidtrack benchmark` on a small drawn data set, from images to results.json, plots, pictures and page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from reidtrack.benchmark.ranking import rank
from reidtrack.cli.main import main
from reidtrack.errors import InputError, UsageError
from reidtrack.image import read_image, resize
from reidtrack.models.card import ModelCard
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.models.zoo import build_model
from reidtrack.pipeline.images.benchmark import BenchmarkRequest, open_tests

PEOPLE, CAMERAS = 6, 3
UNREADABLE = 3
"""Exit code where an image could not be read and the rest was done."""
ENGINE = ("--set", "engine=torch")
"""Starts at once; OpenVINO takes seconds to."""


def picture(person: int, camera: int, seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A person of two colours before a camera's grey."""
    rng = np.random.default_rng((person, camera, seed))
    image = np.full((64, 32, 3), 60 + 40 * camera, np.uint8)
    colours = np.random.default_rng(person).integers(0, 256, (2, 3))
    image[10:34, 8:24], image[34:60, 8:24] = colours
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


def write(folder: Path, person: int, camera: int, frame: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{person:04d}_c{camera}s1_{frame:06d}_01.jpg" if person >= 0 else f"-1_c{camera}s1_{frame:06d}_01.jpg"
    cv2.imwrite(str(folder / name), picture(max(person, 99), camera, frame))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Market-1501's layout: people walk from camera to camera, 500 frames apart."""
    root = tmp_path_factory.mktemp("market") / "Market-1501-v15.09.15"
    for person in range(1, 2 * PEOPLE + 1):
        for camera in range(1, CAMERAS + 1):
            frame = 2000 * person + 500 * camera
            trained = person % 2 == 0
            write(root / ("bounding_box_train" if trained else "bounding_box_test"), person, camera, frame)
            write(root / ("bounding_box_train" if trained else "query"), person, camera, frame + 7)
    for number in range(3):
        write(root / "bounding_box_test", -1, 1, 900 + number)
        write(root / "bounding_box_test", 0, 2, 950 + number)
    (root / "bounding_box_test" / "0001_c2s1_009999_01.jpg").write_bytes(b"\xff\xd8 no image")
    return root


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with random weights, made for small pictures: colours survive it well enough."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "drawn.safetensors"
    save_checkpoint(path, build_model("osnet_x0_25"), ModelCard("osnet_x0_25", size_hw=(64, 32)))
    return path


def benchmark(*arguments: object) -> int:
    return main(["benchmark", *map(str, arguments), *ENGINE, "--quiet", "--debug"])


@pytest.fixture(scope="module")
def scored(root: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "all"
    arguments = ("--weights", weights, "--out", out, "--flip", "--st-reid", "--rerank")
    assert benchmark("market1501", "--root", root, *arguments, "--set", "rerank.k1=5", "rerank.k2=2") == UNREADABLE
    return out


def results(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return content


def test_results_have_figures_on_top_and_their_meaning_below(scored: Path) -> None:
    found = results(scored)
    assert list(found)[:6] == ["rank1", "rank5", "rank10", "rank20", "mAP", "mINP"]
    assert all(0 <= found[key] <= 1 for key in list(found)[:6])
    assert found["counts"] == {
        "queries": 18,
        "queries_used": 18,
        "queries_left_out": 0,
        "gallery": 24,
        "gallery_junk": 3,
        "gallery_distractors": 3,
        "persons": 6,
        "cameras": 3,
        "unreadable": 1,
    }
    assert list(found["variants"]) == ["features", "ST-ReID", "ST-ReID, re-ranked"]
    assert found["variants"]["ST-ReID, re-ranked"] == {key: found[key] for key in list(found)[:6]}
    assert found["protocol"]["ap_rule"] == "step"
    assert found["protocol"]["flip"] is True
    assert found["settings"]["rerank"]["k1"] == 5
    assert "0001_c2s1_009999_01.jpg" in found["unreadable"][0]
    pairs = found["verification"]
    assert pairs["pairs_same"] == 18 * 2
    assert pairs["pairs_different"] == 18 * (24 - 3) - 18 * 3
    assert found["verification"]["at_far"]["far"] <= 1e-3


def test_times_tell_people_apart(scored: Path) -> None:
    found = results(scored)["variants"]
    assert found["ST-ReID"]["mAP"] > found["features"]["mAP"]


def test_plots_pictures_and_page_are_there(scored: Path) -> None:
    for name in ("cmc.png", "roc.png", "distances.png", "ranked-random.jpg", "ranked-worst.jpg", "ranked-best.jpg"):
        image = read_image(scored / name)
        assert image.std() > 5
    page = (scored / "benchmark.html").read_text(encoding="utf-8")
    assert "drawn on market1501" in page
    assert page.count("data:image/png;base64,") == 3
    assert page.count("data:image/jpeg;base64,") == 3
    assert "<script" not in page and "http" not in page.split("</style>")[1]


def test_figures_are_those_of_the_features(root: Path, weights: Path, tmp_path: Path) -> None:
    arguments = ("--weights", weights, "--out", tmp_path, "--metric", "euclidean", "--ap-rule", "trapezoid")
    assert benchmark("market1501", "--root", root, *arguments, "--set", "pictures.queries=0") == UNREADABLE
    found = results(tmp_path)
    loaded = load_checkpoint(weights)

    def features(folder: str) -> tuple[Any, Any, Any]:
        names = [p for p in sorted((root / folder).glob("*.jpg")) if "009999" not in p.name]
        batch = np.stack([resize(read_image(p), (64, 32))[..., ::-1] / 255 for p in names])
        batch = (batch - loaded.card.mean) / loaded.card.std
        with torch.inference_mode():
            x = loaded.model(torch.from_numpy(batch.transpose(0, 3, 1, 2).astype(np.float32))).numpy()
        ids = np.array([int(p.name.split("_")[0]) for p in names])
        return x, ids, np.array([int(p.name.split("_c")[1][0]) for p in names])

    (query, *asked), (gallery, *known) = features("query"), features("bounding_box_test")
    distance = np.linalg.norm(query[:, None] - gallery[None], axis=2)
    expected = rank(distance, *asked, *known, ap_rule="trapezoid")
    assert found["mAP"] == pytest.approx(expected.mean_ap, abs=1e-5)
    assert found["rank5"] == pytest.approx(expected.cmc[4], abs=1e-5)
    assert list(found["variants"]) == ["features"]
    assert not list(tmp_path.glob("ranked-*"))


def test_several_weights_on_several_data_sets(
    root: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["market1501", "dukemtmc"]
    duke = tmp_path / "DukeMTMC-reID"
    for folder in ("bounding_box_train", "bounding_box_test", "query"):
        (duke / folder).mkdir(parents=True)
        for path in sorted((root / folder).glob("0*.jpg")):
            if "009999" not in path.name:
                person, camera, *_ = path.name.split("_")
                name = f"{person}_{camera[:2]}_f{path.name.split('_')[2]}0.jpg"
                (duke / folder / name).write_bytes(path.read_bytes())
    out = tmp_path / "out"
    arguments = ["--root", root, duke, "--weights", weights, weights, "--out", out, "--set", "pictures.queries=1"]
    assert main(["benchmark", *names, *map(str, arguments), *ENGINE, "--debug"]) == UNREADABLE
    assert "Rank-1 / mAP" in capsys.readouterr().out
    matrix = results(out)["matrix"]
    assert len(matrix) == 4
    assert len({row["folder"] for row in matrix}) == 4
    for row in matrix:
        single = results(out / row["folder"])
        assert (single["rank1"], single["mAP"]) == (row["rank1"], row["mAP"])
    page = (out / "benchmark.html").read_text(encoding="utf-8")
    assert page.count('href="#part-') == 4


def test_held_out_identities(root: Path, weights: Path, tmp_path: Path) -> None:
    arguments = ("--root", root, "--weights", weights, "--out", tmp_path, "--hold-out", 3, "--st-reid")
    assert benchmark("market1501", *arguments) == 0
    found = results(tmp_path)
    assert found["counts"]["persons"] == 3
    assert found["counts"]["queries"] == 9
    assert any("held out" in note for note in found["notes"])


@pytest.mark.parametrize("shots", ["single", "multi"])
def test_a_gallery_of_people(root: Path, weights: Path, tmp_path: Path, shots: str) -> None:
    arguments = ("--root", root, "--weights", weights, "--out", tmp_path, "--shots", shots)
    assert benchmark("market1501", *arguments, "--set", "pictures.queries=0") == UNREADABLE
    found = results(tmp_path)
    assert found["protocol"]["shots"] == shots
    assert found["mAP"] == found["mINP"]  # one true match each
    assert found["rank10"] == 1.0  # there are seven people


def test_splits_are_averaged(weights: Path, tmp_path: Path) -> None:
    for camera, folder in enumerate(("cam_a", "cam_b"), start=1):
        (tmp_path / folder).mkdir()
        for person in range(12):
            cv2.imwrite(str(tmp_path / folder / f"{person:03d}_45.bmp"), picture(person, camera, 0))
    arguments = ("viper", "--root", tmp_path, "--weights", weights, "--protocol", "half", "--set", "pictures.queries=0")
    for number in range(2):
        assert benchmark(*arguments, "--split", number, "--out", tmp_path / str(number)) == 0
    assert benchmark(*arguments, "--splits", 2, "--out", tmp_path / "mean") == 0
    found, single = results(tmp_path / "mean"), [results(tmp_path / str(number)) for number in range(2)]
    assert found["protocol"]["splits"] == 2
    for key in ("rank1", "mAP"):
        assert found[key] == pytest.approx(np.mean([one[key] for one in single]), abs=1e-5)
    pairs = [one["verification"]["pairs_different"] for one in single]
    assert found["verification"]["pairs_different"] == sum(pairs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["market1501", "viper"], "2 data sets but 1 folders", id="folders"),
        pytest.param(["market1501", "--boxes", "labeled"], "has an option 'boxes'", id="an option nobody has"),
        pytest.param(
            ["market1501", "--st-reid", "--metric", "euclidean"], "ST-ReID with euclidean", id="euclidean times"
        ),
        pytest.param(["market1501", "--set", "rerank.k2=30"], "k2 of at most k1 + 1", id="k2"),
        pytest.param(["market1501", "--hold-out", "99"], "cannot hold out 99", id="too many held out"),
    ],
)
def test_wrong_calls(
    root: Path, weights: Path, tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = ["--root", str(root), "--weights", str(weights), "--out", str(tmp_path)]
    assert main(["benchmark", *arguments, *rest, *ENGINE, "--quiet"]) == 2
    assert message in capsys.readouterr().err


def test_names_without_times(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for person in range(4):
        for number in range(4):
            folder = tmp_path / "own" / f"p{person}"
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{number}.jpg"), picture(person, 1, number))
    arguments = ["--root", tmp_path / "own", "--weights", weights, "--out", tmp_path / "out", "--hold-out", 2]
    assert main(["benchmark", "folder", *map(str, arguments), "--st-reid", *ENGINE, "--quiet"]) == 2
    assert "file names tell no frames" in capsys.readouterr().err


def test_options_that_are_paths_are_recorded(weights: Path, tmp_path: Path) -> None:
    arranged = tmp_path / "cuhk03-np" / "detected"
    for folder, camera, people in (
        ("bounding_box_train", 1, (1, 2)),
        ("query", 1, (3,)),
        ("bounding_box_test", 2, (3, 4)),
    ):
        (arranged / folder).mkdir(parents=True)
        for person in people:
            cv2.imwrite(str(arranged / folder / f"{person:04d}_c{camera}_01.jpg"), picture(person, camera, 0))
    arguments = (
        "cuhk03",
        "--root",
        tmp_path,
        "--weights",
        weights,
        "--out",
        tmp_path / "out",
        "--protocol-root",
        tmp_path,
    )
    assert benchmark(*arguments, "--set", "pictures.queries=0") == 0
    assert results(tmp_path / "out")["protocol"]["options"] == {"protocol_root": str(tmp_path)}


def test_nothing_to_rank(root: Path, tmp_path: Path) -> None:
    only_train = tmp_path / "bounding_box_train"
    only_train.mkdir()
    for path in (root / "bounding_box_train").iterdir():
        (only_train / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="hold_out N"):
        open_tests(BenchmarkRequest(["market1501"], [tmp_path], [Path("w")]))
    with pytest.raises(UsageError, match="no weights"):
        open_tests(BenchmarkRequest(["market1501"], [root], []))
