"""Commands that are killed at any moment: what they leave can be gone on with or written over, and says how it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from outputs import check_agreement, read_json, settled_bytes
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.runs import outputs, prepare


class Killed(BaseException):
    """What ends a process at once: nothing is tidied up."""


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


def again(scene: Scene, run: Path, word: str = "--overwrite") -> int:
    return main(scene.arguments("--out", run, word, "--no-video", "--quiet"))


@pytest.mark.parametrize("after", [0, 1, 5, 12])
@pytest.mark.parametrize("word", ["--overwrite", "--resume"])
def test_killed_while_overwriting(
    scene: Scene, run: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, after: int, word: str
) -> None:
    remove, count = prepare._remove, iter(range(100))

    def strike(*args: object) -> None:
        if next(count) == after:
            raise Killed
        remove(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(prepare, "_remove", strike)
    with pytest.raises(Killed):
        again(scene, run)
    monkeypatch.undo()
    assert read_json(run / "run.json")["status"] == "reading"
    assert main(["associate", str(run), "--quiet"]) == 3
    assert again(scene, run, word) == 0
    assert settled_bytes(run) == settled_bytes(finished)
    check_agreement(run, videos=False)


@pytest.mark.parametrize("word", ["--overwrite", "--resume", "--quiet"])
@pytest.mark.parametrize("left", [".run.json.abcd1234.unfinished", None])
def test_killed_while_beginning(scene: Scene, tmp_path: Path, word: str, left: str | None) -> None:
    run = tmp_path / "run"
    run.mkdir()
    if left is not None:
        (run / left).write_text("{")
    assert again(scene, run, word) == 0
    assert not list(run.glob(".*"))


@pytest.mark.parametrize("text", ["", "\0" * 100, '{"schema_version": 1, "in'])
def test_a_power_cut_while_beginning(scene: Scene, run: Path, text: str) -> None:
    (run / "run.json").write_text(text)
    assert again(scene, run) == 0
    check_agreement(run, videos=False)


def test_a_damaged_manifest_beside_other_things_is_no_run(scene: Scene, run: Path) -> None:
    (run / "run.json").write_text("")
    (run / "thesis.txt").write_text("mine")
    assert again(scene, run) == 2
    assert (run / "thesis.txt").is_file()
    assert (run / "tracks.jsonl").is_file()


@pytest.mark.parametrize("word", ["--overwrite", "--resume"])
def test_what_a_user_put_among_outputs_stays(scene: Scene, run: Path, word: str) -> None:
    mine = ["crops/notes.txt", "crops/1/best.jpg", "crops/1/photo-2024-11.jpg", "crops/anna/left-1-3.jpg"]
    mine += ["tracks/other.txt", "mot/notes.md"]
    for name in mine:
        (run / name).parent.mkdir(exist_ok=True)
        (run / name).write_text(name)
    (run / "crops" / "empty").mkdir()
    assert again(scene, run, word) == 0
    assert [name for name in mine if not (run / name).is_file()] == []
    assert (run / "crops" / "empty").is_dir()
    assert main(["associate", str(run), "--quiet"]) == 0
    assert [name for name in mine if not (run / name).is_file()] == []


@pytest.mark.parametrize("name", list(outputs.OUTPUTS))
def test_killed_while_settling(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Outputs of two minds are told, and settling again makes them whole."""

    def strike(*args: object) -> None:
        raise Killed

    monkeypatch.setattr(outputs, "OUTPUTS", {**outputs.OUTPUTS, name: strike})
    with pytest.raises(Killed):
        main(["name", str(run), "1", "Anna", "--quiet"])
    monkeypatch.undo()
    assert read_json(run / "run.json")["status"] != "done"
    gt = run / "tracks" / "left.txt"
    for command in (["name", str(run), "2", "Ben"], ["evaluate", str(run), "--gt", f"left={gt}"]):
        capsys.readouterr()
        assert main(command) == 3
        assert f"run `reidtrack associate {run}`" in capsys.readouterr().err
    assert main(["associate", str(run), "--quiet"]) == 0
    assert read_json(run / "run.json")["status"] == "done"
    assert "settling" not in read_json(run / "run.json")
    assert main(["name", str(run), "2", "Ben", "--quiet"]) == 0
    assert {person.get("name") for person in read_json(run / "identities.json")} >= {"Anna", "Ben"}
    check_agreement(run)


def test_killed_between_a_correction_and_settling(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reidtrack.pipeline import associate

    def strike(*args: object, **more: object) -> None:
        raise Killed

    monkeypatch.setattr(associate, "associate_again", strike)
    with pytest.raises(Killed):
        main(["name", str(run), "1", "Anna", "--quiet"])
    assert (run / "corrections.yaml").is_file()
    assert read_json(run / "run.json")["status"] == "rendering"
    monkeypatch.undo()
    assert main(["associate", str(run), "--quiet"]) == 0
    assert read_json(run / "run.json")["status"] == "done"


@pytest.mark.parametrize("name", ["\u6751" * 90, "\U0001f600" * 30 + "a" * 90, "a" * 255])
def test_long_names(scene: Scene, tmp_path: Path, name: str) -> None:
    """Names of files in scripts of three and four bytes a letter: names of outputs are longer still."""
    folder = tmp_path / "v"
    folder.mkdir()
    stem = name.encode()[:251].decode(errors="ignore")
    video = Path(shutil.copy(scene.videos["left"], folder / f"{stem}.mp4"))
    words = ["run", "--videos", video, "--detections", scene.detections["left"], "--reid", scene.reid]
    words += ["--engine", "torch", "--crops", "--quiet", "--out", tmp_path / "run"]
    assert main([str(word) for word in words]) == 0
    assert main([str(word) for word in [*words, "--overwrite"]]) == 0


def test_a_name_that_is_too_long_is_refused_at_once(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = scene.arguments("--out", tmp_path / "run", "--cameras", "\u6751" * 90, "right")
    assert main(words) == 2
    assert "is too long for the names of files" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert main(scene.arguments("--out", tmp_path / ("x" * 300))) == 5


def test_a_run_of_before_with_a_long_name_can_be_overwritten(scene: Scene, run: Path) -> None:
    data = read_json(run / "run.json")
    data["inputs"][0]["camera"] = "\u6751" * 90
    (run / "run.json").write_text(json.dumps(data))
    assert again(scene, run) == 0
