"""`reidtrack explore`: the table, the page, and one clear line for what is wrong."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from reid_folders import MARKET, write_image, write_images

from reidtrack.cli.main import main
from reidtrack.pipeline.images.explore import explore
from reidtrack.pipeline.images.open_datasets import open_datasets

VOID = {"meta", "link", "img", "br", "input"}


class Checker(HTMLParser):
    """Every element is closed in order; attributes that point anywhere are collected."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.targets: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.targets += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += f" {data.strip()}"


def check(html: str) -> Checker:
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert all(target.startswith(("data:", "#")) for target in checker.targets)  # nothing is fetched
    assert "<script" not in html
    return checker


@pytest.fixture
def market(tmp_path: Path) -> Path:
    return write_images(tmp_path / "Market-1501", MARKET)


def test_page_and_table(market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pages" / "market.html"
    assert main(["explore", "market1501", "--root", str(market), "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert re.search(r"gallery +5 +1 +3 +1 +2 ", table)  # images, persons, cameras, junk, distractors
    assert "published 12,936 of 751" in table
    page = check(out.read_text(encoding="utf-8"))
    for words in ("Camera pairs", "Imbalance", "Junk: neither right nor wrong", "Distractors", "8 × 16 pixels"):
        assert words in page.text
    assert sum(target.startswith("data:image/jpeg") for target in page.targets) > 10


def test_json(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explore", "market1501", "--root", str(market), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["page"] == "explore-market1501.html"
    assert (tmp_path / "explore-market1501.html").is_file()
    assert content["splits"][0] == {
        "name": "train",
        "images": 4,
        "people": 2,
        "cameras": 3,
        "junk": 0,
        "distractors": 0,
        "one_image": 0,
    }
    assert [camera["name"] for camera in content["cameras"]] == ["1", "2", "3", "4"]
    assert content["cameras"][0]["rgb"] == pytest.approx([120, 80, 40], abs=2)


def test_names_are_escaped(tmp_path: Path) -> None:
    for name in ("<b>x", "y & z"):
        write_image(tmp_path / "set" / name / "1_c1_.jpg")
        write_image(tmp_path / "set" / name / "2_c2_.jpg", size_wh=(9, 21))
    html = explore(open_datasets(["folder"], [tmp_path / "set"]), source="<i>here").html()
    page = check(html)
    assert "<b>x" in page.text
    assert "Height over width" in page.text


def test_folder_without_cameras_with_bad_and_lonely_images(tmp_path: Path) -> None:
    write_images(tmp_path, ["anna/1.jpg", "anna/2.jpg", "ben/1.jpg"])
    (tmp_path / "anna" / "3.jpg").write_bytes((tmp_path / "anna" / "1.jpg").read_bytes()[:300])
    found = explore(open_datasets(["folder"], [tmp_path]), source="here")
    assert any("1 person has one image only, such as ben" in note for note in found.page.notes)
    assert any("1 file cannot be read, such as" in note and "ends too early" in note for note in found.page.notes)
    text = check(found.html()).text
    assert "The cameras are not known." in text
    assert "Files that cannot be read: 1" in text


def test_several_data_sets_and_fewer_images(market: Path, tmp_path: Path) -> None:
    arranged = write_images(
        tmp_path / "np", [f"detected/bounding_box_train/{n}.png" for n in ("0001_c1_01", "0001_c2_06")]
    )
    dataset = open_datasets(["market1501", "cuhk03-np"], [market, arranged], {"boxes": "detected"})
    found = explore(dataset, source="here", opened=5)
    assert dataset.name == "market1501+cuhk03-np-detected"
    assert found.page.opened == (5, 13)
    assert "a random 5 of 13 images" in check(found.html()).text


def test_hold_out_makes_a_test_split(market: Path) -> None:
    dataset = open_datasets(["market1501"], [market], hold_out=1)
    assert {s.person_id for s in dataset.query} == {7}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param(["market1501", "--root", "{empty}"], 3, "not market1501", id="a wrong folder"),
        pytest.param(["market1501", "--root", "{empty}/no"], 3, "does not exist", id="no folder"),
        pytest.param(["markt1501", "--root", "{empty}"], 2, "did you mean market1501", id="a wrong name"),
        pytest.param(
            ["market1501", "viper", "--root", "{market}"], 2, "2 data sets but 1 folders", id="a root too few"
        ),
        pytest.param(
            ["market1501", "--root", "{market}", "--boxes", "labeled"], 2, "option 'boxes'", id="an option too many"
        ),
        pytest.param(
            ["market1501", "--root", "{market}", "--hold-out", "9"], 2, "cannot hold out 9", id="too many held out"
        ),
        pytest.param(["market1501", "--root", "{market}", "--images", "0"], 2, "expected 1 or more", id="no images"),
    ],
)
def test_one_clear_line(
    arguments: list[str], code: int, message: str, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    filled = [a.format(empty=tmp_path / "empty", market=market) for a in arguments]
    assert main(["explore", *filled, "--out", str(tmp_path / "x.html")]) == code
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.shared
def test_shared_market1501(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = shared / "data/market1501-train.tar.gz"
    arguments = ["explore", "market1501", "--root", str(root), "--hold-out", "300", "--images", "1500"]
    assert main([*arguments, "--out", str(tmp_path / "market.html")]) == 0
    assert "8,527" in capsys.readouterr().out
    check((tmp_path / "market.html").read_text(encoding="utf-8"))
