"""`reidtrack serve --demo`: told to end while it makes its run, it ends, and serves nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from reidtrack.cli.main import main
from reidtrack.errors import EXIT_INTERRUPTED
from reidtrack.pipeline import demo
from reidtrack.pipeline.run.prepare import RunRequest
from reidtrack.pipeline.run.write_outputs import Outcome
from reidtrack.runs.folder import RunFolder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.server import start


@pytest.mark.skipif(os.name != "posix", reason="signals as on Linux")
def test_told_to_end_while_the_sample_is_made(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = RunFolder(finished).read_manifest()

    def interrupted(request: RunRequest, progress: Progress, cancel: CancelToken) -> Outcome:
        """As a stage of the run does: it ends early, and the wish is taken back for the next one."""
        del progress
        os.kill(os.getpid(), signal.SIGTERM)
        assert cancel.cancelled
        cancel.reset()
        return Outcome(RunFolder(request.out), manifest, [], {}, interrupted=True)

    served: list[object] = []
    monkeypatch.setattr(demo, "run", interrupted)
    monkeypatch.setattr(start, "serve", lambda *asked: served.append(asked))
    assert main(["serve", str(tmp_path / "runs"), "--demo", "--quiet"]) == EXIT_INTERRUPTED
    assert not served
