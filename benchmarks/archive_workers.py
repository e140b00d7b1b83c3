"""The tasks of an archive by one process, by a pool and by Ray: the same bytes? How much faster with more workers?

    python benchmarks/archive_workers.py --minutes 60 --out /tmp/workers

The sample's three cameras are cut into files of 5, 3 and 6 seconds, which are laid again and again under later times
until there are so many minutes of each. Each kind of worker does all tasks in a process of its own that may use as many
cores as there are workers; what is timed is from the first job given to the last result written, with the start of the
workers and their networks. Then all is put together and every output compared, byte by byte.

The growth to 32 workers is simulated: tasks in their order go to whoever is free first, with the times that they took
one process; a worker begins after the time that its networks took. `--simulate` does that for so many tasks, with times
drawn from those measured.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from archives import cut_recording

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
NAME = "%Y%m%dT%H%M%SZ.mp4"
LENGTHS_S = (5, 3, 6)
PASS_S = 14
WHO = ("process 1", "pool 1", "pool 2", "ray 1", "ray 2")
COUNTS = (1, 2, 4, 8, 16, 32)
OUTPUTS = ("*.jsonl", "*.json", "*.txt", "*/*.txt", "tracklets.npz", "tasks/*/*.npz")
OWN = ("run.json", "events.jsonl", "sizes.json")
"""These tell when and where it was done."""


def make_archive(folder: Path, minutes: float) -> Path:
    """The sample for so long, as an archive."""
    from reidtrack.shipped.files import sample_scene

    lines = ["cameras:"]
    for camera, video in sample_scene().videos.items():
        first = cut_recording(video, folder / "once" / camera, LENGTHS_S, start=NOON, end_s=PASS_S)
        lines.append(f"- {{name: {camera}, source: {camera}}}")
        (folder / camera).mkdir(parents=True, exist_ok=True)
        for number in range(round(minutes * 60 / PASS_S)):
            for path in first:
                moment = datetime.strptime(path.name, NAME).replace(tzinfo=UTC) + timedelta(seconds=PASS_S * number)
                if not (folder / camera / moment.strftime(NAME)).exists():
                    shutil.copy(path, folder / camera / moment.strftime(NAME))
    (folder / "archive.yaml").write_text("\n".join(lines) + "\n")
    return folder / "archive.yaml"


def one(who: str, listed: Path, out: Path, task_s: float, settings: Sequence[str]) -> dict[str, Any]:
    """Do it all by one kind of worker; its times."""
    kind, count = who.split()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(count)])
    from reidtrack.config.archive import read_archive
    from reidtrack.config.load import load
    from reidtrack.config.run import RunConfig
    from reidtrack.distributed.pool import ProcessPool
    from reidtrack.distributed.ray_cluster import RayCluster
    from reidtrack.pipeline.archive.plan import plan_archive
    from reidtrack.pipeline.archive.run import ArchiveRequest, ThisProcess, run_archive
    from reidtrack.runtime.cancel import CancelToken
    from reidtrack.runtime.progress import Silent
    from reidtrack.video.part import Part

    class Timed:
        """Notes when each job was done."""

        def __init__(self, workers: Any) -> None:
            self._workers, self.times_s = workers, list[float]()

        def work(self, jobs: Any, cancel: CancelToken) -> Iterator[Any]:
            began_s = time.monotonic()
            for done in self._workers.work(jobs, cancel):
                self.times_s.append(time.monotonic() - began_s)
                yield done

    inner: Any = {"process": ThisProcess, "pool": lambda: ProcessPool(int(count))}.get(
        kind, lambda: RayCluster(out, lambda _: None, workers=int(count))
    )()
    workers = Timed(inner)
    config = load(RunConfig, None, ["output.video=false", *settings])
    plan = plan_archive(listed, Silent(), task_s=task_s, lead_s=min(20.0, task_s / 3))
    request = ArchiveRequest(plan, read_archive(listed).cameras, out, config, Part())
    if run_archive(request, workers, Silent(), CancelToken()) is None:
        raise SystemExit("ended early")
    return {"seconds": workers.times_s[-1], "times_s": workers.times_s, "recorded_s": plan.seconds_with_leads}


def digest(out: Path) -> str:
    """Of every output."""
    found = hashlib.sha256()
    for path in sorted({path for pattern in OUTPUTS for path in out.glob(pattern) if path.name not in OWN}):
        found.update(str(path.relative_to(out)).encode() + path.read_bytes())
    return found.hexdigest()


def list_schedule(times_s: Sequence[float], workers: int, begin_s: float) -> float:
    """When all is done, if each task goes to whoever is free first."""
    free = [begin_s] * workers
    for task_s in times_s:
        heapq.heapreplace(free, free[0] + task_s)
    return max(free)


def simulated(times_s: Sequence[float], begin_s: float) -> Iterator[str]:
    """A line for each count of workers."""
    alone_s = list_schedule(times_s, 1, begin_s)
    for count in COUNTS:
        whole_s = list_schedule(times_s, count, begin_s)
        yield f"| {count} | {whole_s / 3600:.3f} | {alone_s / whole_s:.2f} | {alone_s / whole_s / count:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="length of each camera")
    parser.add_argument("--task", type=float, default=300.0, metavar="SECONDS", help="length of a task")
    parser.add_argument("--who", nargs="+", default=WHO, choices=WHO, help="workers to compare with 'process 1'")
    parser.add_argument("--set", nargs="*", default=[], dest="settings", metavar="KEY=VALUE", help="settings of a run")
    parser.add_argument("--simulate", type=int, nargs="*", default=[], metavar="TASKS", help="counts of tasks")
    parser.add_argument("--out", type=Path, required=True, help="folder for all of it")
    parser.add_argument("--one", choices=WHO, help=argparse.SUPPRESS)
    args = parser.parse_args()
    listed, done = args.out / "archive.yaml", dict[str, Any]()
    if args.one:
        print(json.dumps(one(args.one, listed, args.out / args.one.replace(" ", "-"), args.task, args.settings)))
        return
    make_archive(args.out, args.minutes)
    print("| who | seconds | times 'process 1' | outputs |\n| --- | --- | --- | --- |")
    for who in dict.fromkeys(("process 1", *args.who)):
        out = args.out / who.replace(" ", "-")
        shutil.rmtree(out, ignore_errors=True)
        words = [sys.executable, __file__, *sys.argv[1:], "--one", who]
        said = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        done[who] = json.loads(said.splitlines()[-1]) | {"digest": digest(out)}
        same = "the same bytes" if done[who]["digest"] == done["process 1"]["digest"] else "DIFFERENT"
        faster = done["process 1"]["seconds"] / done[who]["seconds"]
        print(f"| {who} | {done[who]['seconds']:.1f} | {faster:.2f} | {same} |", flush=True)
    ends = done["process 1"]["times_s"]
    # the first task of one process has loaded its networks: what it took beyond the median is what a worker begins with
    times_s = [b - a for a, b in zip([0.0, *ends], ends, strict=False)]
    median_s = sorted(times_s)[len(times_s) // 2]
    begin_s, times_s[0] = max(0.0, times_s[0] - median_s), median_s
    (args.out / "times.json").write_text(json.dumps(done, indent=1))
    draw = random.Random(0)
    for drawn in (times_s, *(draw.choices(times_s, k=count) for count in args.simulate)):
        print(f"\n{len(drawn)} tasks, {sum(drawn) / len(drawn):.1f} s each; a worker begins after {begin_s:.1f} s\n")
        print("| workers | hours | times one | efficiency |\n| --- | --- | --- | --- |")
        print("\n".join(simulated(drawn, begin_s)))


if __name__ == "__main__":
    main()
