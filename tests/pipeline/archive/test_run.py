"""`archive run` over the sample in files: whoever does the tasks, however often it is killed, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from archives import cut_recording
from outputs import check_agreement, read_json, settled_bytes

from reidtrack.cli.main import main
from reidtrack.distributed.pool import ProcessPool
from reidtrack.errors import UsageError
from reidtrack.pipeline.archive.work import Done, Job
from reidtrack.runtime.cancel import CancelToken
from reidtrack.shipped.files import sample_scene


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One camera of the sample in three files of uneven length."""
    folder = tmp_path_factory.mktemp("archive")
    cut_recording(sample_scene().videos["plaza"], folder / "plaza", [5, 3, 6])
    (folder / "archive.yaml").write_text("cameras:\n- {name: plaza, source: plaza}\n")
    return folder / "archive.yaml"


def words(archive: Path, out: Path, workers: int) -> list[str]:
    """Tasks of 5 s; every sixth frame is looked at."""
    settings = ["detect.every=6", "embed.weights=osnet_x0_25"]
    options = ["--task", "5s", "--lead", "2s", "--workers", str(workers), "--set", *settings, "--quiet"]
    return ["archive", "run", str(archive), "--out", str(out), *options]


@pytest.fixture(scope="module")
def alone(archive: Path) -> Path:
    """Done by this process."""
    out = archive.parent / "alone"
    assert main(words(archive, out, 1)) == 0
    return out


def results(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "tasks").rglob("*.npz")}


def test_outputs_agree(alone: Path) -> None:
    check_agreement(alone, videos=False)
    assert read_json(alone / "run.json")["cameras"]["plaza"]["frames"] == 168
    assert len(results(alone)) == 3


def test_a_pool_that_was_ended_and_goes_on_gives_the_same_bytes(
    alone: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by Ctrl-C after the first task: processes are killed amid the others."""
    out, whole = archive.parent / "pool", ProcessPool.work

    def cut_short(pool: ProcessPool, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        for done in whole(pool, jobs, cancel):
            cancel.cancel()
            yield done

    with monkeypatch.context() as patch:
        patch.setattr(ProcessPool, "work", cut_short)
        assert main(words(archive, out, 2)) == 130
    first = results(out)
    assert 1 <= len(first) < 3
    assert not (out / "identities.json").exists()
    assert main(words(archive, out, 2)) == 0
    assert results(out) == results(alone)
    assert settled_bytes(out) == settled_bytes(alone)


def test_a_file_that_goes_loses_no_other_and_little_is_done_again(
    alone: Path, archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, path = results(alone), archive.parent / "plaza" / "20261129T120005Z.mp4"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        assert main([word for word in words(archive, alone, 1) if word != "--quiet"]) == 0
    finally:
        path.write_bytes(content)
    told = capsys.readouterr().err
    assert "is left out: cut off before its index" in told
    assert "nothing from 2026-11-29 12:00:05 UTC to 2026-11-29 12:00:08 UTC" in told
    assert read_json(alone / "run.json")["cameras"]["plaza"]["frames"] == 168 - 36
    assert before.items() <= results(alone).items()


def test_folders_of_something_else(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").touch()
    assert main(words(archive, tmp_path, 1)) == 2


def test_no_folder(archive: Path) -> None:
    assert main(["archive", "run", str(archive), "--quiet"]) == 2


def test_no_workers(archive: Path, tmp_path: Path) -> None:
    assert main(words(archive, tmp_path / "x", 0)) == 2
    with pytest.raises(UsageError, match="workers"):
        ProcessPool(0)
