"""Your own images: folders of persons, and tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from reidtrack.datasets.readers.folder import camera_of
from reidtrack.datasets.record import UNKNOWN_CAMERA, Sample, ranking_ids
from reidtrack.datasets.zoo import load_dataset
from reidtrack.errors import InputError


def test_folders_of_persons_without_cameras(tmp_path: Path, write) -> None:
    write(tmp_path, ["anna/1.jpg", "anna/2.png", "ben 10/1.jpg", "ben 2/x.jpg", "ben 2/.hidden.jpg"])
    dataset = load_dataset("folder", tmp_path)
    assert [s.person_id for s in dataset.train] == [1, 1, 2, 3]
    assert dataset.person_names == {1: "anna", 2: "ben 2", 3: "ben 10"}
    assert {s.camera_id for s in dataset.train} == {UNKNOWN_CAMERA}
    assert "camera unknown for all 4 images" in dataset.notes[1]


def test_an_unknown_camera_hides_no_match(tmp_path: Path, write) -> None:
    write(tmp_path, ["query/7/1.jpg", "gallery/7/2.jpg", "gallery/8/1.jpg"])
    dataset = load_dataset("folder", tmp_path).require_test()
    query_id, query_cam, gallery_id, gallery_cam = ranking_ids(dataset.query, dataset.gallery)
    assert query_id.tolist() == [7]
    assert gallery_id.tolist() == [7, 8]
    assert not set(query_cam) & set(gallery_cam)


def test_numbers_stay_numbers_and_cameras_come_from_names_or_folders(tmp_path: Path, write) -> None:
    write(tmp_path, ["0007/a_c2_1.jpg", "0007/cam05-1.jpg", "12/lobby/1.jpg"])
    dataset = load_dataset("folder", tmp_path)
    assert [s.person_id for s in dataset.train] == [7, 7, 12]
    assert [dataset.camera_names[s.camera_id] for s in dataset.train] == ["2", "5", "lobby"]


@pytest.mark.parametrize(
    ("name", "camera"),
    [
        pytest.param("0002_c1s1_000451_03.jpg", "1", id="Market-1501's"),
        pytest.param("camera_12.png", "12", id="a word"),
        pytest.param("x-Cam03-9.jpg", "3", id="capital letters and zeros"),
        pytest.param("abc123.jpg", "", id="not at the start of a word"),
        pytest.param("c3po.jpg", "", id="a name that begins so"),
        pytest.param("1.jpg", "", id="none"),
    ],
)
def test_camera_in_a_name(name: str, camera: str) -> None:
    assert camera_of(name) == camera


@pytest.mark.parametrize(
    ("files", "people"),
    [
        pytest.param(["mine/anna/1.jpg", "mine/ben/1.jpg"], ["anna", "ben"], id="one folder around everything"),
        pytest.param(["a/b/anna/1.jpg", "a/b/ben/1.jpg"], ["anna", "ben"], id="two of them"),
        pytest.param(["mine/anna/door/1.jpg", "mine/ben/hall/1.jpg"], ["anna", "ben"], id="around cameras"),
        pytest.param(["mine/train/anna/1.jpg", "mine/query/ben/1.jpg"], ["anna", "ben"], id="around splits"),
        pytest.param(["anna/cam1/1.jpg", "anna/c2/1.jpg"], ["anna"], id="one person in two cameras"),
        pytest.param(["anna/1.jpg", "anna/hall/2.jpg"], ["anna"], id="one person"),
    ],
)
def test_the_top_folder_of_an_archive_is_nobody(tmp_path: Path, write, files: list[str], people: list[str]) -> None:
    write(tmp_path, files)
    dataset = load_dataset("folder", tmp_path)
    assert sorted(dataset.person_names.values()) == people


MARKET = ["0002/0002_c1s1_000451_03.jpg", "0002/0002_c2s1_000001_01.jpg", "0007/0007_c3s3_000002_01.jpg"]


@pytest.mark.parametrize(
    ("files", "trained", "note"),
    [
        pytest.param(
            [*(f"train_all/{name}" for name in MARKET), f"train/{MARKET[0]}", f"val/{MARKET[1]}", f"val/{MARKET[2]}"],
            MARKET,
            "train_all is read as the training images",
            id="whole",
        ),
        pytest.param([f"train_all/{name}" for name in MARKET], MARKET, "train_all is read", id="train_all alone"),
        pytest.param(
            [f"train/{MARKET[0]}", f"train/{MARKET[2]}", f"val/{MARKET[1]}"],
            [MARKET[0], MARKET[2], MARKET[1]],
            "val: all of it, 1 image, is trained on too",
            id="train and val",
        ),
        pytest.param([f"train/{name}" for name in MARKET], MARKET, None, id="train"),
        pytest.param(["val/1.jpg", "ben/1.jpg"], ["ben/1.jpg", "val/1.jpg"], None, id="val is somebody"),
    ],
)
@pytest.mark.parametrize("wrapping", ["", "pytorch/"])
def test_layumis_folders(
    tmp_path: Path, write, files: list[str], trained: list[str], note: str | None, wrapping: str
) -> None:
    rest = ["query/0009/0009_c1s1_000001_00.jpg", "gallery/-1/-1_c2s1_000001_00.jpg", "gallery/0009/0009_c4s1_1_00.jpg"]
    tested = [] if note is None and "val/1.jpg" in files else rest
    write(tmp_path, [wrapping + name for name in (*files, *tested)])
    dataset = load_dataset("folder", tmp_path)
    assert ["/".join(s.path.parts[-2:]) for s in dataset.train] == trained
    if trained[0] in MARKET:
        assert {s.person_id for s in dataset.train} == {2, 7}
        assert {dataset.camera_names.get(s.camera_id, str(s.camera_id)) for s in dataset.train} == {"1", "2", "3"}
        assert sorted(s.person_id for s in dataset.gallery) == [-1, 9]
    assert note is None or any(note in line for line in dataset.notes)
    assert (note is not None) == any("trained on too" in n or "is read as" in n for n in dataset.notes)


def test_loose_images_are_explained(tmp_path: Path, write) -> None:
    write(tmp_path, ["1.jpg"])
    with pytest.raises(InputError, match="move each person's into a folder"):
        load_dataset("folder", tmp_path)


def test_one_person_cannot_be_trained_on(tmp_path: Path, write) -> None:
    write(tmp_path, ["anna/1.jpg", "anna/2.jpg"])
    with pytest.raises(InputError, match="one person only"):
        load_dataset("folder", tmp_path).require_train()


TABLE = """path,person,camera,split,frame
a/1.jpg,anna,door,train,3
a/2.jpg,ben,hall,train,
a/3.jpg,anna,,query,
a/4.jpg,anna,hall,gallery,
a/gone.jpg,ben,hall,gallery,
"""


def test_table(tmp_path: Path, write) -> None:
    write(tmp_path, ["a/1.jpg", "a/2.jpg", "a/3.jpg", "a/4.jpg"])
    (tmp_path / "people.csv").write_text("\ufeff" + TABLE, encoding="utf-8")
    dataset = load_dataset("csv", tmp_path)
    assert dataset.name == "people"
    assert [(s.person_id, s.camera_id, s.frame) for s in dataset.samples] == [
        (1, 1, 3),
        (2, 2, None),
        (1, UNKNOWN_CAMERA, None),
        (1, 2, None),
    ]
    assert dataset.camera_names == {1: "door", 2: "hall"}
    assert dataset.notes[-1].startswith("1 image missing, such as ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "no column path and no column person", id="empty"),
        pytest.param("path,camera\n1.jpg,2\n", "no column person", id="no persons"),
        pytest.param("path,person\n,2\n", r"people\.csv:2: no path or no person", id="an empty cell"),
        pytest.param("path,person,split\n1.jpg,2,exam\n", "no split 'exam'", id="unknown split"),
        pytest.param("path,person,frame\n1.jpg,2,x\n", "'x' is no whole number", id="frame that is no number"),
        pytest.param("path;person\ngone.jpg;1\n", "none of its 1 image is there", id="semicolons, no image there"),
        pytest.param("path,person\n", "no images listed", id="header only"),
    ],
)
def test_a_table_that_does_not_fit(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        load_dataset("csv", tmp_path / "people.csv")


def test_two_tables_in_a_folder(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("path,person\n")
    with pytest.raises(InputError, match=r"not exactly one table.*a\.csv, b\.csv"):
        load_dataset("csv", tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"path,person,camera\r\nimg\\1.jpg,7,2\r\nimg\\2.jpg,8,2\r\n", id="backslashes and CRLF"),
        pytest.param(b"sep=;\r\npath;person;camera\r\nimg/1.jpg;7;2\r\nimg/2.jpg;8;2\r\n", id="Excel's first line"),
        pytest.param("path\tperson\tcamera\nimg/1.jpg\t7\t2\nimg/2.jpg\t8\t2\n".encode("utf-16"), id="UTF-16, tabs"),
        pytest.param("Path,Person,Camera,ort\nimg/1.jpg,7,2,Tür\nimg/2.jpg,8,2,\n".encode("cp1252"), id="cp1252"),
        pytest.param(
            b"path,person,camera,frame\nimg/1.jpg,7.0,2.0,12.0\nimg/2.jpg,8.0,2.0,nan\n", id="pandas' decimals and nan"
        ),
        pytest.param(
            b"path,person,camera,split,frame\nimg/1.jpg,7,2,NaN,<NA>\nimg/2.jpg,8,2,None,null\n", id="missing values"
        ),
        pytest.param(b'path,person,camera\n"img/1.jpg","7","2"\n\n,,\n"img/2.jpg","8","2"\n', id="quotes, empty rows"),
    ],
)
def test_tables_of_other_programs(tmp_path: Path, write, data: bytes) -> None:
    write(tmp_path, ["img/1.jpg", "img/2.jpg"])
    (tmp_path / "people.csv").write_bytes(data)
    dataset = load_dataset("csv", tmp_path / "people.csv")
    assert [(s.path.name, s.person_id) for s in dataset.train] == [("1.jpg", 7), ("2.jpg", 8)]
    assert set(dataset.camera_names.values()) <= {"2"}
    assert len({s.camera_id for s in dataset.train}) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("path,person,frame\n1.jpg,2,²\n", r"people\.csv:2: '²' is no whole number", id="superscript"),
        pytest.param("path,person,frame\n1.jpg,2,--5\n", "'--5' is no whole number", id="two signs"),
        pytest.param("path,person\n1.jpg," + "x" * 200_000 + "\n", r"people\.csv:2: is no table", id="a huge cell"),
        pytest.param("path,person\n1.jpg,nan\n", "no path or no person", id="a missing person"),
        pytest.param("sep=;\npath;person\n;2\n", r"people\.csv:3: no path", id="lines count from the file's first"),
        pytest.param("path,person\n1.jpg\0,2\n", "cannot be read as a table", id="a null byte"),
    ],
)
def test_tables_that_nothing_can_be_made_of(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "people.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_dataset("csv", tmp_path / "people.csv")


@pytest.mark.parametrize(
    ("query", "gallery", "hidden"),
    [
        pytest.param(("1.jpg", -1), [("1.jpg", -1), ("2.jpg", -1)], [True, False], id="no cameras"),
        pytest.param(("1.jpg", -1), [("1.jpg", -1), ("1.jpg", -1)], [True, True], id="listed twice"),
        pytest.param(("1.jpg", 4), [("1.jpg", -1), ("2.jpg", 4)], [True, True], id="known in the query"),
        pytest.param(("1.jpg", -1), [("1.jpg", 4), ("2.jpg", 5)], [True, False], id="known in the gallery"),
        pytest.param(("1.jpg", -1), [("./a/../1.jpg", -1), ("2.jpg", -1)], [True, False], id="by another path"),
        pytest.param(("1.jpg", -1), [("2.jpg", -1)], [False], id="another image"),
    ],
)
def test_an_image_does_not_find_itself(query, gallery, hidden: list[bool]) -> None:
    samples = [Sample(Path(name), 1, camera) for name, camera in [query, *gallery]]
    _, query_cam, _, gallery_cam = ranking_ids(samples[:1], samples[1:])
    assert (gallery_cam == query_cam[0]).tolist() == hidden
