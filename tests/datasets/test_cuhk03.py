"""CUHK03 in all its forms: the official file, cut out, arranged for the new protocol, flat."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from reidtrack.datasets.readers.cuhk03_flat import parse_cuhk03
from reidtrack.datasets.zoo import load_dataset
from reidtrack.errors import InputError, UsageError

PERSONS_PER_PAIR = (3, 2, 1)
NAMES = [
    f"{pair}_{person:03d}_{view}_{number:02d}.png"
    for pair, persons in enumerate(PERSONS_PER_PAIR, start=1)
    for person in range(1, persons + 1)
    for view, number in ((1, 1), (1, 2), (2, 6), (2, 7))
]


def pixels(name: str) -> np.ndarray:
    """(6, 4, 3) RGB, different in every image and along every axis."""
    seed = sum(map(ord, name)) * 31 + int(name[:1])
    return np.random.default_rng(seed).integers(0, 256, (6, 4, 3), dtype=np.uint8)


def protocol_file(folder: Path, boxes: str = "detected") -> Path:
    """The new protocol's file: pair 1's persons are tested, the first image of each view asks."""
    test = [name for name in NAMES if name.startswith("1_")]
    query = [name for name in test if name[8:10] in ("01", "06")]
    index = {name: place for place, name in enumerate(NAMES, start=1)}
    path = folder / f"cuhk03_new_protocol_config_{boxes}.mat"
    cells = np.empty((len(NAMES), 1), object)
    cells[:, 0] = NAMES
    savemat(
        path,
        {
            "filelist": cells,
            "train_idx": np.array([[index[n]] for n in NAMES if n not in test], np.uint16),
            "query_idx": np.array([[index[n]] for n in query], np.uint16),
            "gallery_idx": np.array([[index[n]] for n in test if n not in query], np.uint16),
        },
    )
    return path


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A `cuhk-03.mat` laid out as MATLAB 7.3 writes it: HDF5 with references and axes turned round."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "release" / "cuhk-03.mat"
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        for boxes in ("detected", "labeled"):
            pairs = []
            for pair, persons in enumerate(PERSONS_PER_PAIR, start=1):
                refs = np.empty((10, persons), h5py.ref_dtype)
                for person in range(1, persons + 1):
                    for number in range(1, 11):
                        name = f"{pair}_{person:03d}_{1 if number < 6 else 2}_{number:02d}.png"
                        at = f"#refs#/{boxes}{pair}_{person}_{number}"
                        data = pixels(name).T if name in NAMES else np.zeros(2, np.uint64)  # MATLAB's empty cell
                        refs[number - 1, person - 1] = file.create_dataset(at, data=data).ref
                pairs.append(file.create_dataset(f"#refs#/{boxes}{pair}", data=refs, dtype=h5py.ref_dtype).ref)
            file.create_dataset(boxes, data=np.array([pairs], h5py.ref_dtype), dtype=h5py.ref_dtype)
        sets = [np.array([[1, 2], [2, 1]], float), np.array([[3, 1], [1, 3]], float)]
        refs = [file.create_dataset(f"#refs#/test{k}", data=table.T).ref for k, table in enumerate(sets)]
        file.create_dataset("testsets", data=np.array([refs], h5py.ref_dtype), dtype=h5py.ref_dtype)
    return path


@pytest.mark.parametrize("as_file", [True, False], ids=["the file", "its folder"])
def test_official_file_with_the_new_protocol(official: Path, tmp_path: Path, as_file: bool) -> None:
    protocol_file(official.parent)
    dataset = load_dataset(
        "cuhk03",
        official if as_file else official.parent,
        cache=tmp_path / "cache",
        **({"protocol_root": official.parent} if as_file else {}),
    )
    assert (len(dataset.train), len(dataset.query), len(dataset.gallery)) == (12, 6, 6)
    assert {s.person_id for s in dataset.query} == {1, 2, 3}
    assert {s.person_id for s in dataset.train} == {844, 845, 1284}  # numbered as in the protocol's files
    assert {s.camera_id for s in dataset.query} == {1, 2}


def test_official_file_gives_its_pixels_back(official: Path, tmp_path: Path) -> None:
    dataset = load_dataset("cuhk03", official, cache=tmp_path / "cache")
    for sample in dataset.train:
        assert (cv2.imread(str(sample.path))[..., ::-1] == pixels(sample.path.name)).all()
    assert len(dataset.train) == len(NAMES)
    assert "is missing, so every image is a training image" in dataset.notes[0]


@pytest.mark.parametrize(("split", "tested"), [(0, {2, 844}), (1, {1284, 3})])
def test_classic_protocol(official: Path, tmp_path: Path, split: int, tested: set[int]) -> None:
    dataset = load_dataset(
        "cuhk03", official, protocol="classic", split=split, cache=tmp_path / "cache", boxes="labelled"
    )
    assert {s.person_id for s in dataset.query} == tested
    assert {(s.camera_id, s.person_id in tested) for s in dataset.query} == {(1, True)}
    assert {(s.camera_id, s.person_id in tested) for s in dataset.gallery} == {(2, True)}
    assert not {s.person_id for s in dataset.train} & tested
    assert len(dataset.samples) == len(NAMES)


def test_classic_split_that_is_not_there(official: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no split 2.*0 to 1"):
        load_dataset("cuhk03", official, protocol="classic", split=2, cache=tmp_path / "cache")


def test_a_damaged_official_file(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    (tmp_path / "cuhk-03.mat").write_bytes(b"MATLAB 7.3 MAT-file, cut short")
    with pytest.raises(InputError, match=r"no MATLAB 7.3 file, or a damaged one"):
        load_dataset("cuhk03", tmp_path, cache=tmp_path / "cache")


@pytest.mark.parametrize("folder", ["images_detected", "detected"])
def test_images_cut_out_of_the_official_file(tmp_path: Path, write, folder: str) -> None:
    write(tmp_path / "cuhk03" / folder, NAMES)
    protocol_file(tmp_path / "cuhk03")
    dataset = load_dataset("cuhk03", tmp_path)
    assert (len(dataset.train), len(dataset.query), len(dataset.gallery)) == (12, 6, 6)
    with pytest.raises(InputError, match="classic protocol needs the official file"):
        load_dataset("cuhk03", tmp_path, protocol="classic")


ARRANGED = ("bounding_box_train/0001_c1_01.png", "query/0002_c1_01.png", "bounding_box_test/0002_c2_06.png")


@pytest.mark.parametrize("name", ["cuhk03", "cuhk03-np"])
@pytest.mark.parametrize("boxes", ["detected", "labeled"])
def test_arranged_folders(tmp_path: Path, write, name: str, boxes: str) -> None:
    write(tmp_path / "cuhk03-np" / boxes, ARRANGED)
    dataset = load_dataset(name, tmp_path, boxes=boxes)
    assert dataset.name == f"cuhk03-np-{boxes}"
    assert [(s.person_id, s.camera_id) for s in dataset.samples] == [(1, 1), (2, 1), (2, 2)]
    other = "labeled" if boxes == "detected" else "detected"
    with pytest.raises(InputError, match=f"no {other} boxes here.*found {boxes}"):
        load_dataset(name, tmp_path, boxes=other)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("2_001_1_03.png", (844, 1), id="as in the official file"),
        pytest.param("1467_c2_10.jpg", (1467, 2), id="as arranged"),
        pytest.param("0012_04.jpg", (12, 1), id="fifth image: view 1"),
        pytest.param("0012_05.jpg", (12, 2), id="sixth image: view 2"),
        pytest.param("6_001_1_03.png", None, id="no sixth pair"),
        pytest.param("pairs.png", None, id="another name"),
    ],
)
def test_names_of_images(name: str, expected: tuple[int, int] | None) -> None:
    sample = parse_cuhk03(Path(name))
    assert expected == (None if sample is None else (sample.person_id, sample.camera_id))


def test_flat_archive_with_pairs(tmp_path: Path, write) -> None:
    write(tmp_path / "archive", ["0001_00.jpg", "0001_05.jpg", "0002_00.jpg", "0002_05.jpg"])
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("image1,image2,label\narchive/0001_00.jpg,archive/0001_05.jpg,1\n0001_00.jpg,0002_05.jpg,0\n")
    dataset = load_dataset("cuhk03", tmp_path)
    assert [(s.person_id, s.camera_id) for s in dataset.train] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    pairs.write_text("0001_00.jpg,0002_05.jpg,1\n")
    with pytest.raises(InputError, match=r"pairs\.csv:1: calls 0001_00\.jpg and 0002_05\.jpg one person"):
        load_dataset("cuhk03", tmp_path)


def test_a_damaged_protocol_file(tmp_path: Path, write) -> None:
    write(tmp_path / "images_detected", NAMES)
    protocol_file(tmp_path).write_bytes(b"cut short")
    with pytest.raises(InputError, match="cannot be read as a split file"):
        load_dataset("cuhk03", tmp_path)


def test_unknown_boxes_and_protocol(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="detected or labeled"):
        load_dataset("cuhk03", tmp_path, boxes="drawn")
    with pytest.raises(UsageError, match="new or classic"):
        load_dataset("cuhk03", tmp_path, protocol="old")
