"""Every data set, from tiny folders laid out as their owners publish them."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from reidtrack.datasets.readers.dukemtmc import parse_dukemtmc
from reidtrack.datasets.readers.market1501 import parse_market1501
from reidtrack.datasets.record import JUNK_ID, queries_with_match, ranking_ids
from reidtrack.datasets.zoo import DATASETS, load_dataset, option_names
from reidtrack.errors import InputError, UsageError


def ids(samples) -> list[tuple[int, int]]:
    return [(sample.person_id, sample.camera_id) for sample in samples]


def counts(dataset) -> tuple[int, int, int]:
    return len(dataset.train), len(dataset.query), len(dataset.gallery)


@pytest.mark.parametrize("above", [0, 1, 2], ids=["itself", "its parent", "two above"])
def test_market1501_is_found_at_and_above_its_folder(market: Path, above: int) -> None:
    root = market if above == 0 else market.parents[above - 1]
    dataset = load_dataset("market1501", root)
    assert counts(dataset) == (4, 2, 5)
    assert ids(dataset.train) == [(2, 1), (2, 2), (7, 3), (7, 3)]


def test_data_sets_of_one_layout_side_by_side(market: Path, write) -> None:
    write(market.parent / "DukeMTMC-reID", ["bounding_box_train/0001_c2_f0046182.jpg"])
    write(market.parent / "cuhk03-np" / "detected", ["bounding_box_train/0009_c1_01.jpg"])
    found = {name: load_dataset(name, market.parent).train[0] for name in ("market1501", "dukemtmc", "cuhk03-np")}
    assert {name: sample.person_id for name, sample in found.items()} == {
        "market1501": 2,
        "dukemtmc": 1,
        "cuhk03-np": 9,
    }


def test_market1501_keeps_junk_and_distractors_in_the_gallery(market: Path) -> None:
    dataset = load_dataset("market1501", market)
    assert ids(dataset.gallery) == [(JUNK_ID, 1), (0, 1), (0, 4), (1, 1), (1, 3)]
    assert dataset.distractors == {0}
    first = dataset.train[0]
    assert (first.sequence, first.frame) == (1, 451)
    assert queries_with_match(dataset.query, dataset.gallery) == 2


def test_counts_are_held_against_the_published_ones(market: Path) -> None:
    notes = load_dataset("market1501", market).notes
    assert "train: 4 images of 2 persons, published 12,936 of 751: not the whole data set" in notes


def test_missing_splits_are_named_and_asked_for_clearly(market: Path, write) -> None:
    for name in ("query", "bounding_box_test"):
        for path in (market / name).iterdir():
            path.unlink()
    dataset = load_dataset("market1501", market)
    assert dataset.notes[0] == "query and gallery are missing (looked for query, bounding_box_test)"
    assert dataset.require_train() is dataset
    with pytest.raises(InputError, match=r"no query and no gallery images.*hold_out N"):
        dataset.require_test()


def test_an_odd_name_is_left_out_and_said(market: Path, write) -> None:
    write(market / "query", ["holiday.jpg"])
    assert any(
        "1 file left out by their names, such as holiday.jpg" in n for n in load_dataset("market1501", market).notes
    )


@pytest.mark.parametrize("name", [n for n in DATASETS if n != "csv"])
def test_a_wrong_folder_is_one_clear_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    with pytest.raises(InputError) as caught:
        load_dataset(name, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "expected" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["market1501", "dukemtmc", "cuhk03-np"])
def test_folders_without_a_fitting_image_are_refused(name: str, tmp_path: Path, write) -> None:
    write(tmp_path / "bounding_box_train", ["holiday.jpg"])
    with pytest.raises(InputError, match=r"no images of .*1 file left out.*holiday\.jpg"):
        load_dataset(name, tmp_path)


def test_dukemtmc(tmp_path: Path, write) -> None:
    write(
        tmp_path / "DukeMTMC-reID",
        [
            "bounding_box_train/0001_c2_f0046182.jpg",
            "query/0005_c2_f0046985.jpg",
            "bounding_box_test/0005_c8_f0057000.jpg",
        ],
    )
    dataset = load_dataset("dukemtmc", tmp_path)
    assert (ids(dataset.train), ids(dataset.query), ids(dataset.gallery)) == ([(1, 2)], [(5, 2)], [(5, 8)])
    assert dataset.train[0].frame == 46182


MSMT_LISTS = {
    "list_train.txt": "0000/0000_000_01_0303morning_0015_0.jpg 0\n",
    "list_val.txt": "0001/0001_000_05_0303noon_0010_1.jpg 1\n\n",
    "list_query.txt": "0000/0000_001_02_0303morning_0007_0.jpg 0\n",
    "list_gallery.txt": "0000/0000_002_14_0302afternoon_0092_0.jpg 0\n",
}


@pytest.fixture
def msmt(tmp_path: Path, write) -> Path:
    for name, text in MSMT_LISTS.items():
        (tmp_path / name).write_text(text)
        folder = "train" if name in ("list_train.txt", "list_val.txt") else "test"
        write(tmp_path / folder, [line.split()[0] for line in text.splitlines() if line])
    return tmp_path


def test_msmt17_joins_training_and_validation_and_keeps_the_tests_persons_apart(msmt: Path) -> None:
    dataset = load_dataset("msmt17", msmt)
    assert ids(dataset.train) == [(0, 1), (1, 5)]
    assert ids(dataset.query) == [(1041, 2)]
    assert ids(dataset.gallery) == [(1041, 14)]


def test_msmt17_says_which_images_and_lists_are_missing(msmt: Path) -> None:
    (msmt / "train/0001/0001_000_05_0303noon_0010_1.jpg").unlink()
    (msmt / "list_query.txt").unlink()
    notes = load_dataset("msmt17", msmt).notes
    assert "list_query.txt is missing" in notes
    assert any("1 image of list_train.txt, list_val.txt missing, such as 0001/" in note for note in notes)


def test_msmt17_names_the_line_of_a_damaged_list(msmt: Path) -> None:
    (msmt / "list_train.txt").write_text("0000/0000_000_01_0303morning_0015_0.jpg\n")
    with pytest.raises(InputError, match=r"list_train\.txt:1: cannot be read"):
        load_dataset("msmt17", msmt)


@pytest.fixture
def cuhk01(tmp_path: Path, write) -> Path:
    return write(tmp_path, [f"campus/{person:04d}{image:03d}.png" for person in (1, 2, 3, 4) for image in (1, 2, 3, 4)])


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        pytest.param("all", (0, 8, 8), id="all: every person is tested"),
        pytest.param("half", (8, 4, 4), id="half and half"),
        pytest.param("train", (16, 0, 0), id="train: every image is trained on"),
    ],
)
def test_cuhk01_protocols(cuhk01: Path, protocol: str, expected: tuple[int, int, int]) -> None:
    dataset = load_dataset("cuhk01", cuhk01, protocol=protocol)
    assert counts(dataset) == expected
    assert {s.camera_id for s in dataset.query} <= {1}
    assert {s.camera_id for s in dataset.gallery} <= {2}
    assert not {s.person_id for s in dataset.train} & {s.person_id for s in dataset.query}


def test_cuhk01_splits_differ_and_are_reproducible(cuhk01: Path) -> None:
    halves = [{s.person_id for s in load_dataset("cuhk01", cuhk01, protocol="half", split=k).query} for k in range(10)]
    again = [{s.person_id for s in load_dataset("cuhk01", cuhk01, protocol="half", split=k).query} for k in range(10)]
    assert halves == again
    assert len({frozenset(half) for half in halves}) > 1


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"protocol": "third"}, id="unknown protocol"),
        pytest.param({"split": 10}, id="split beyond the last"),
        pytest.param({"boxes": "detected"}, id="option of another data set"),
    ],
)
def test_wrong_options_are_usage_errors(cuhk01: Path, options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="expected"):
        load_dataset("cuhk01", cuhk01, **options)


def test_viper(tmp_path: Path, write) -> None:
    home = tmp_path / "VIPeR"
    write(home / "cam_a", ["000_45.bmp", "001_0.bmp", "readme.png"])
    write(home / "cam_b", ["000_90.bmp", "001_90.bmp"])
    dataset = load_dataset("viper", tmp_path)
    assert ids(dataset.query) == [(0, 1), (1, 1)]
    assert ids(dataset.gallery) == [(0, 2), (1, 2)]
    query_id, query_cam, gallery_id, gallery_cam = ranking_ids(dataset.query, dataset.gallery)
    assert (query_id == gallery_id).all()
    assert (query_cam != gallery_cam).all()


def test_an_unknown_name_suggests_one() -> None:
    with pytest.raises(UsageError, match="did you mean market1501"):
        load_dataset("market1502", Path("anywhere"))


def test_options_of_data_sets() -> None:
    assert option_names("cuhk03") == ["boxes", "protocol", "split", "protocol_root"]
    assert option_names("market1501") == []


@pytest.mark.parametrize("suffix", ["zip", "tar.gz", "tar"])
def test_archives_are_unpacked_once_into_the_cache(market: Path, tmp_path: Path, suffix: str) -> None:
    archive = tmp_path / f"market.{suffix}"
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in sorted(market.rglob("*.jpg")):
                packed.write(path, path.relative_to(market.parent))
    else:
        with tarfile.open(archive, "w:gz" if suffix.endswith("gz") else "w") as packed_tar:
            packed_tar.add(market, market.name)
    cache = tmp_path / "cache"
    first = load_dataset("market1501", archive, cache=cache)
    second = load_dataset("market1501", archive, cache=cache)
    assert counts(first) == (4, 2, 5)
    assert first.train[0].path == second.train[0].path
    assert first.train[0].path.is_relative_to(cache)
    assert len(list((cache / "datasets").iterdir())) == 1


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_a_damaged_archive_leaves_nothing_behind(tmp_path: Path, market: Path, suffix: str) -> None:
    whole = tmp_path / "whole.tar.gz"
    with tarfile.open(whole, "w:gz") as packed:
        packed.add(market, market.name)
    archive = tmp_path / f"cut.{suffix}"
    archive.write_bytes(whole.read_bytes()[:200])
    with pytest.raises(InputError, match="copy it again"):
        load_dataset("market1501", archive, cache=tmp_path / "cache")
    assert list((tmp_path / "cache" / "datasets").iterdir()) == []


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_dataset("market1501", tmp_path / "nothing")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("0002_c1s1_000451_03.jpg", (2, 1, 1, 451), id="the data set's own"),
        pytest.param("0002_c6s3_088542_01.jpg.jpg", (2, 6, 3, 88542), id="two suffixes"),
        pytest.param("-1_c3s2_000451_03.jpg", (-1, 3, 2, 451), id="junk"),
        pytest.param("0002_c7s1_000451_03.jpg", (2, 7, 1, 451), id="a seventh camera"),
        pytest.param("0002_c12s11_000451_03.jpg", (2, 12, 11, 451), id="camera and sequence of two digits"),
        pytest.param("123456_c1s1_12345678_00.png", (123456, 1, 1, 12345678), id="long ids and frames"),
        pytest.param("2_c1s1_5_0.jpg", (2, 1, 1, 5), id="without zeros"),
    ],
)
def test_names_in_market1501s_layout(name: str, expected: tuple[int, int, int, int]) -> None:
    found = parse_market1501(Path(name))
    assert found is not None
    assert (found.person_id, found.camera_id, found.sequence, found.frame) == expected


@pytest.mark.parametrize("name", ["0002_c1_f0046182.jpg", "anna_c1s1_000451_03.jpg", "٢_c1s1_000451_03.jpg"])
def test_names_of_other_layouts(name: str) -> None:
    assert parse_market1501(Path(name)) is None


@pytest.mark.parametrize("name", ["0001_c9_f0046182.jpg", "00010_c12_f46182.jpg", "-1_c1_f0000001.jpg"])
def test_names_in_dukemtmcs_layout(name: str) -> None:
    found = parse_dukemtmc(Path(name))
    assert found is not None
    assert name.startswith(("0001", "-1"))
