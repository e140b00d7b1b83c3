"""Signals that end work early, tried in an interpreter of their own.

In the process of the whole suite, after networks and browsers have run in it, the first signal ended it with a
segmentation fault (seen twice, cause not found; the same tests alone, or with those of runs and reports, pass).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_signals_in_a_process_of_their_own() -> None:
    tests = Path(__file__).with_name("cancel_by_signals.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    done = subprocess.run(command, cwd=tests.parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "5 passed" in done.stdout or "3 passed" in done.stdout  # where there is no SIGHUP
