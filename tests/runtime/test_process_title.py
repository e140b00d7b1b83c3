import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from pathlib import Path
from reidtrack.runtime.process_title import hide_arguments
from reidtrack.video.secrets import redact_within
print(hide_arguments(redact_within))
print(Path("/proc/self/cmdline").read_bytes())
print(sys.argv[1:])
"""


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc here")
def test_what_others_see_of_a_process_has_no_passwords() -> None:
    address = "rtsp://viewer:hunter2@10.0.0.5/live"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--videos", address, f"--mqtt={address}", "rtsp://a@h/ä", "x y", ""],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    could, seen, kept = done.stdout.splitlines()
    assert could == "True"
    assert "hunter2" not in seen
    assert "rtsp://***@10.0.0.5/live" in seen
    assert "--mqtt=rtsp://***@10.0.0.5/live" in seen
    assert "x y" in seen
    assert kept.count("hunter2") == 2, "the process itself still knows it"
