"""The queue that survives, the process that works at it, recordings that are sent."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builders import even_times, write_video
from served import Open

from reidtrack.errors import InputError
from reidtrack.server.jobs import worker
from reidtrack.server.jobs.queue import CANCELLED, DONE, FAILED, QUEUED, RUNNING, JobQueue
from reidtrack.server.jobs.runner import JobRunner

SCRIPT = """
import json, signal, sys, time
asked = json.load(sys.stdin)
print(json.dumps({"progress": {"stage": "reading", "tasks": {"hall": {"done": 1, "total": 2}}}}), flush=True)
print("no json", flush=True)
if "error" in asked:
    print(json.dumps({"error": asked["error"]}), flush=True)
if asked.get("wait"):
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    print(json.dumps({"progress": {"stage": "waiting"}}), flush=True)
    time.sleep(60)
sys.exit(asked["code"])
"""


def until(true: Callable[[], Any], what: str) -> None:
    """Wait until something is true."""
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail(f"never: {what}")


@pytest.fixture
def queue(tmp_path: Path) -> JobQueue:
    """An empty queue."""
    return JobQueue(tmp_path / ".serve" / "jobs.db")


@pytest.fixture
def runner(queue: JobQueue) -> Any:
    """Works at the queue with a script in the worker's place."""
    found = JobRunner(queue, command=(sys.executable, "-c", SCRIPT))
    found.start()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("asked", "state", "error"),
    [
        pytest.param({"code": 0}, DONE, None, id="done"),
        pytest.param({"code": 3, "error": "hall: cannot be read"}, FAILED, "hall: cannot be read", id="failed"),
        pytest.param({"code": -9}, FAILED, "the process ended with", id="without a word"),
        pytest.param({"code": 130}, CANCELLED, None, id="interrupted"),
    ],
)
def test_how_a_job_ends(queue: JobQueue, runner: JobRunner, asked: Any, state: str, error: str | None) -> None:
    job = queue.add("next", ("hall",), asked, "anna")
    runner.wake()
    until(lambda: queue.get(job.id).ended, "its end")  # type: ignore[union-attr]
    found = queue.get(job.id)
    assert found is not None
    assert found.state == state
    assert found.progress["tasks"]["hall"] == {"done": 1, "total": 2}
    assert (found.error or "").startswith(error or "")


def test_one_at_a_time_cancelled_and_resumed(queue: JobQueue, runner: JobRunner) -> None:
    jobs = [queue.add(f"run{n}", ("hall",), {"code": 0, "wait": n == 0}, "anna") for n in range(3)]
    runner.wake()
    until(lambda: queue.get(jobs[0].id).progress.get("stage") == "waiting", "its work")  # type: ignore[union-attr]
    assert [job.state for job in reversed(queue.all())] == [RUNNING, QUEUED, QUEUED]
    assert queue.busy("run1") and not queue.busy("run9")
    assert runner.cancel(jobs[1].id)
    assert runner.cancel(jobs[0].id)
    until(lambda: queue.get(jobs[2].id).state == DONE, "the last")  # type: ignore[union-attr]
    assert [job.state for job in reversed(queue.all())] == [CANCELLED, CANCELLED, DONE]
    assert not runner.cancel(jobs[2].id)
    assert not queue.again(jobs[2].id)
    assert queue.again(jobs[1].id)
    runner.wake()
    until(lambda: queue.get(jobs[1].id).state == DONE, "going on")  # type: ignore[union-attr]


def test_a_bug_while_a_job_is_followed_is_what_it_failed_by(
    queue: JobQueue, runner: JobRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process ends, whoever waits for the job is told, and the next one is begun."""
    tell = queue.tell

    def bug(identifier: str, progress: Any) -> None:
        if identifier == jobs[0].id:
            raise ZeroDivisionError("nobody reckoned with it")
        tell(identifier, progress)

    jobs: list[Any] = []
    monkeypatch.setattr(queue, "tell", bug)
    jobs += [queue.add(f"run{n}", ("hall",), {"code": 0, "wait": n == 0}, "anna") for n in range(2)]
    runner.wake()
    until(lambda: queue.get(jobs[1].id).state == DONE, "the next")  # type: ignore[union-attr]
    found = queue.get(jobs[0].id)
    assert found is not None
    assert (found.state, found.error) == (FAILED, "a bug: ZeroDivisionError: nobody reckoned with it")
    assert isinstance(runner.fault, ZeroDivisionError)


def test_a_process_that_cannot_be_begun(queue: JobQueue, tmp_path: Path) -> None:
    runner = JobRunner(queue, command=(str(tmp_path / "gone"),))
    job = queue.add("next", ("hall",), {}, "anna")
    runner.start()
    until(lambda: queue.get(job.id).ended, "its end")  # type: ignore[union-attr]
    runner.close()
    found = queue.get(job.id)
    assert found is not None
    assert (found.state, found.error) == (FAILED, "no process can be begun: No such file or directory")
    assert runner.fault is None


def test_what_ran_when_the_program_ended_goes_on(queue: JobQueue, tmp_path: Path) -> None:
    first = JobRunner(queue, command=(sys.executable, "-c", SCRIPT))
    first.start()
    job = queue.add("next", ("hall",), {"code": 0, "wait": True}, "anna")
    first.wake()
    until(lambda: queue.get(job.id).progress.get("stage") == "waiting", "its work")  # type: ignore[union-attr]
    first.close()
    again = JobQueue(tmp_path / ".serve" / "jobs.db")
    assert again.get(job.id).state == RUNNING  # type: ignore[union-attr]
    again.recover()
    found = again.take()
    assert found is not None and found.id == job.id


def test_what_the_worker_is_told_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def run(request: Any, progress: Any, cancel: Any) -> Any:
        seen.append(request)
        progress.stage("reading", {"hall": 4})
        progress.advance("hall", 3)
        progress.fail(InputError("cannot be read", where="door"))
        progress.finish("hall")
        return type("Outcome", (), {"failed": {"door": InputError("cannot be read")}, "interrupted": False})

    monkeypatch.setattr("reidtrack.pipeline.run.run.run", run)
    asked = {"out": str(tmp_path / "next"), "sources": ["a.mp4"], "cameras": ["hall"], "settings": {"track.max_age": 9}}
    out = io.StringIO()
    code = worker.work(asked, worker.Told(out))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert code == 3
    assert (seen[0].sources, seen[0].cameras, seen[0].resume) == (("a.mp4",), ("hall",), False)
    assert seen[0].config.track.max_age == 9
    assert lines[-2]["progress"]["tasks"] == {"hall": {"done": 3, "total": 3}}
    assert "door" in lines[-2]["progress"]["notes"][0]
    assert lines[-1] == {"error": "cannot be read"}


def test_progress_is_told_until_it_is_over(root: Path, open_app: Open) -> None:
    client = open_app(root)
    job = client.services.queue.add("next", ("left",), {}, "anna")
    client.services.queue.tell(job.id, {"stage": "reading"})
    client.services.queue.end(job.id, FAILED, "no camera can be read")
    said = client.get(f"/api/v1/jobs/{job.id}/events")
    assert said.headers["content-type"].startswith("text/event-stream")
    (event,) = [json.loads(line.removeprefix("data: ")) for line in said.text.split("\n\n") if line]
    assert (event["state"], event["error"], event["progress"]["stage"]) == (FAILED, "no camera can be read", "reading")


def test_a_recording_that_is_sent_can_be_run(root: Path, tmp_path: Path, open_app: Open) -> None:
    video = write_video(tmp_path / "a.mp4", even_times(5, 10)).read_bytes()
    client = open_app(root)
    said = client.put("/api/v1/uploads/the hall.mp4", content=video)
    assert said.status_code == 200, said.text
    source = said.json()["source"]
    assert Path(source).read_bytes() == video
    assert {"source": source} in client.get("/api/v1/recordings").json()["items"]
    job = client.post("/api/v1/runs", json={"name": "next", "sources": [source]}).json()
    assert job["cameras"] == ["the_hall"]
    assert client.services.queue.get(job["id"]).request["sources"] == [source]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        pytest.param("hall.mp4", b"", 422, id="nothing"),
        pytest.param("hall.mp4", b"text that says it is a film", 422, id="text"),
        pytest.param("hall.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", 422, id="a playlist"),
        pytest.param("hall.mp4", b"x" * 5001, 413, id="too large"),
        pytest.param("hall.exe", b"x", 422, id="another ending"),
        pytest.param("hall", b"x", 422, id="no ending"),
        pytest.param("..mp4", b"x", 422, id="no name"),
        pytest.param(".%2e%2fhall.mp4", b"x", 404, id="a path"),
        pytest.param("a" * 300 + ".mp4", b"x", 422, id="a huge name"),
        pytest.param("%3Cscript%3E.mp4", b"x", 422, id="a script"),
    ],
)
def test_what_is_no_recording_is_not_kept(root: Path, open_app: Open, name: str, content: bytes, status: int) -> None:
    said = open_app(root, upload_bytes=5000).put(f"/api/v1/uploads/{name}", content=content)
    assert said.status_code == status, said.text
    folder = root / ".serve" / "uploads"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_body_that_grows_beyond_what_it_announced(root: Path, open_app: Open) -> None:
    def pieces() -> Any:
        for _ in range(20):
            yield b"x" * 1000

    said = open_app(root, upload_bytes=5000).put("/api/v1/uploads/hall.mp4", content=pieces())
    assert said.status_code == 413
    assert not list((root / ".serve" / "uploads").iterdir())


def test_no_run_within_a_run(root: Path, open_app: Open) -> None:
    client = open_app(root / "mall")
    assert [run["id"] for run in client.get("/api/v1/runs").json()["items"]] == ["mall"]
    assert client.post("/api/v1/runs", json={"name": "next", "sources": ["x"]}).status_code == 409
