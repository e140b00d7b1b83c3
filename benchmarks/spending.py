"""What a command costs: seconds on the clock and of the processor, and its largest resident set. POSIX."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
REIDTRACK = (sys.executable, "-m", "reidtrack")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY", "KMP_BLOCKTIME")


class Spent(NamedTuple):
    """Of one process and those it waited for.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: Over all its threads.
        peak_mib: Largest resident set.
    """

    wall_s: float
    cpu_s: float
    peak_mib: float


def free_environment() -> dict[str, str]:
    """This environment without settings of threads: every command takes as many as it likes."""
    kept = {name: value for name, value in os.environ.items() if name not in _THREADS}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return kept


def spend(words: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Spent:
    """Run a command to its end; what it says goes to `log`.

    Raises:
        SystemExit: If it fails, with the end of what it said.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, env=environment or free_environment())
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:])
        raise SystemExit(f"{' '.join(words)}\nended with {process.returncode}:\n{tail}")
    kib = usage.ru_maxrss if sys.platform != "darwin" else usage.ru_maxrss / 1024
    return Spent(wall_s, usage.ru_utime + usage.ru_stime, kib / 1024)


def machine() -> dict[str, str | int]:
    """What it ran on."""
    import platform

    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"processor": model, "cores": cores, "system": platform.platform(), "python": platform.python_version()}
