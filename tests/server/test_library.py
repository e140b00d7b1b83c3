"""Runs that many viewers ask for at once, and runs that are read before anybody asks."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import uvicorn

from reidtrack.cli.main import main
from reidtrack.errors import EXIT_BUG, EXIT_INTERRUPTED
from reidtrack.server.data import prepare
from reidtrack.server.data.library import LoadedRun, RunLibrary, RunSeen
from reidtrack.server.data.prepare import Preparer


def test_viewers_do_not_wait_for_each_other(kept: Path) -> None:
    """One makes something of the people of a run while another asks for them: neither holds what the other needs."""
    loaded = RunLibrary(kept).load("mall")
    assert loaded is not None
    one, other = (RunSeen(loaded, lambda camera: camera == "left") for _ in range(2))
    making, asked = threading.Event(), threading.Event()
    counts: list[int] = []

    def make() -> int:
        making.set()
        assert asked.wait(60)
        return len(one.identities)

    def ask() -> None:
        assert making.wait(60)
        asked.set()
        counts.append(len(other.identities))

    threads = [
        threading.Thread(target=lambda: counts.append(one.made_once("count", make)), daemon=True),
        threading.Thread(target=ask, daemon=True),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(counts) == 2
    assert counts[0] == counts[1] > 0


def test_a_page_that_asks_twice_at_once_has_a_run_read_once(kept: Path) -> None:
    library, found = RunLibrary(kept), list[LoadedRun | None]()
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait(60)
        found.append(library.load("mall"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({id(run) for run in found}) == 1
    assert len(found) == 8


def test_large_runs_are_prepared_when_they_change(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    library = RunLibrary(root)
    preparer = Preparer(library, lambda run: run.made_once("people", lambda: made.append(run.id)))
    assert preparer.look() == []  # it is small
    monkeypatch.setattr(prepare, "FROM_BYTES", 1)
    assert preparer.look() == ["mall"]
    assert preparer.look() == []
    identities = root / "mall" / "identities.json"
    identities.write_text(identities.read_text() + "\n")
    assert preparer.look() == ["mall"]
    assert made == ["mall", "mall"]
    identities.write_text("no JSON")
    assert preparer.look() == ["mall"]  # whoever asks for it is told
    loaded = library.load("mall")
    assert loaded is not None
    with pytest.raises(Exception, match="is not JSON"):
        _ = loaded.identities


def test_a_bug_in_one_run_keeps_no_other_from_being_prepared(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said at once, and what `reidtrack serve` ends by; who asks for the run meets it, too."""
    shutil.copytree(root / "mall", root / "other")
    monkeypatch.setattr(prepare, "FROM_BYTES", 1)
    met, made = threading.Event(), threading.Event()

    def make(run: RunSeen) -> None:
        if run.id == "mall":
            met.set()
            raise KeyError("nobody reckoned with it")
        made.set()

    preparer = Preparer(RunLibrary(root), make)
    preparer.start()
    assert met.wait(60)
    assert made.wait(60)
    preparer.close()
    assert isinstance(preparer.fault, KeyError)
    assert "prepare: bug: KeyError: 'nobody reckoned with it'" in caplog.text


def test_a_look_that_fails_is_not_the_last(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = threading.Semaphore(0)

    def settled(library: RunLibrary, size: int) -> dict[str, object]:
        looks.release()
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(RunLibrary, "settled", settled)
    monkeypatch.setattr(prepare, "EVERY_S", 0.001)
    preparer = Preparer(RunLibrary(root), lambda run: None)
    preparer.start()
    for _ in range(3):
        assert looks.acquire(timeout=60)
    preparer.close()
    assert isinstance(preparer.fault, RuntimeError)


def test_a_bug_beside_the_calls_is_the_exit_code_of_the_server(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def met_and_ended(server: uvicorn.Server) -> None:
        raise KeyboardInterrupt

    bug = KeyError("nobody reckoned with it")
    monkeypatch.setattr(uvicorn.Server, "run", met_and_ended)
    assert main(["serve", str(root), "--quiet"]) == EXIT_INTERRUPTED
    monkeypatch.setattr(Preparer, "fault", bug)
    assert main(["serve", str(root), "--quiet"]) == EXIT_BUG
    assert "bug: KeyError: 'nobody reckoned with it'" in capsys.readouterr().err
