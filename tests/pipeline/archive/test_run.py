"""`archive run` over the sample in files: whoever does the tasks, however often it is killed, the same bytes."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from archives import archive_words, results
from builders import even_times, write_video
from outputs import check_agreement, read_json, settled_bytes

from reidtrack.cli.main import main
from reidtrack.distributed.pool import ProcessPool
from reidtrack.errors import UsageError
from reidtrack.pipeline.archive.job import Done, Job
from reidtrack.runs.folder import RunFolder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.video.inputs import open_inputs


def words(archive: Path, out: Path, workers: int) -> list[str]:
    return archive_words(archive, out, "--workers", str(workers))


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
    alone: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(alone, tmp_path / "out")
    before, path = results(out), archive.parent / "plaza" / "20261129T120005Z.mp4"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        assert main([word for word in words(archive, out, 1) if word != "--quiet"]) == 0
    finally:
        path.write_bytes(content)
    told = capsys.readouterr().err
    assert "is left out: cut off before its index" in told
    assert "nothing from 2026-11-29 12:00:05 UTC to 2026-11-29 12:00:08 UTC" in told
    assert read_json(out / "run.json")["cameras"]["plaza"]["frames"] == 168 - 36
    assert before.items() <= results(out).items()


def test_what_does_not_belong_is_told_and_changes_nothing(
    alone: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file twice, files of other cameras, an empty one, and files whose folders and dates are in disorder."""
    out, camera = tmp_path / "out", tmp_path / "plaza"
    shutil.copytree(alone / "tasks", out / "tasks")
    names = sorted(path.name for path in (archive.parent / "plaza").iterdir())
    for number, name in enumerate(names):
        place = camera / f"{'zya'[number]}" / name
        place.parent.mkdir(parents=True)
        shutil.copy(archive.parent / "plaza" / name, place)
        os.utime(place, (1e9 - number, 1e9 - number))
    shutil.copy(camera / "z" / names[0], camera / f"copy of {names[0]}")
    (camera / "20261129T120020Z.mp4").touch()
    write_video(camera / "20261129T120006Z.mp4", even_times(20, 10), size=(96, 64), fps=10)
    listed = tmp_path / "archive.yaml"
    listed.write_text("cameras:\n- {name: plaza, source: plaza}\n")
    assert main([word for word in words(listed, out, 1) if word != "--quiet"]) == 0
    told = capsys.readouterr().err
    for line in ("the same recording as", "the file is empty", "another camera's?", "3 of 3 tasks are done already"):
        assert line in told
    assert settled_bytes(out) == settled_bytes(alone)


def test_a_file_that_breaks_off_loses_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a .ts that was cut in its middle, what is there is read, and the next file goes on."""
    for start_s in (0, 4, 8):
        path = tmp_path / "cam" / f"2026-11-29_12-00-{start_s:02}.ts"
        path.parent.mkdir(exist_ok=True)
        write_video(path, even_times(40, 10), size=(96, 64), fps=10)
    broken = tmp_path / "cam" / "2026-11-29_12-00-04.ts"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    listed = tmp_path / "archive.yaml"
    listed.write_text("cameras:\n- {name: cam, source: cam}\n")
    assert main(words(listed, tmp_path / "out", 1)) == 0
    assert 80 < read_json(tmp_path / "out" / "run.json")["cameras"]["cam"]["frames"] < 120


def test_each_camera_keeps_its_own_pattern(alone: Path, archive: Path, tmp_path: Path) -> None:
    """Whoever opens the recordings of an archive again finds them by it."""
    out = tmp_path / "out"
    shutil.copytree(alone / "tasks", out / "tasks")
    listed = archive.parent / "patterns.yaml"
    listed.write_text("cameras:\n- {name: plaza, source: 'plaza/*.mp4', time_pattern: '%Y%m%dT%H%M%S%z'}\n")
    assert main(words(listed, out, 1)) == 0
    manifest = RunFolder(out).read_manifest()
    (item,) = manifest.camera_inputs()
    assert item.time_pattern == "%Y%m%dT%H%M%S%z"
    with contextlib.ExitStack() as stack:
        (source,) = open_inputs([item], manifest.part, stack, lambda _, error: pytest.fail(str(error)))
        assert sum(1 for _ in source) == 168


def test_folders_of_something_else(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "diary.txt").touch()
    assert main(words(archive, tmp_path, 1)) == 2


def test_no_folder(archive: Path) -> None:
    assert main(["archive", "run", str(archive), "--quiet"]) == 2


def test_no_workers(archive: Path, tmp_path: Path) -> None:
    assert main(words(archive, tmp_path / "x", 0)) == 2
    with pytest.raises(UsageError, match="workers"):
        ProcessPool(0)
