"""The same tasks on Ray: three machines of which one is killed at work, ended and gone on with, the same bytes."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from archives import archive_words, results
from outputs import settled_bytes

from reidtrack.cli.main import main
from reidtrack.distributed import ray_hands
from reidtrack.distributed.ray_cluster import RayCluster
from reidtrack.distributed.ray_hands import Hand, Hands
from reidtrack.errors import UsageError
from reidtrack.pipeline.archive.job import Done, Job
from reidtrack.runtime.cancel import CancelToken


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Three machines, as far as Ray knows, each with room for one task."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # 15 takes minutes where others are at work
    logging.getLogger("ray").setLevel(logging.ERROR)
    from ray.cluster_utils import Cluster

    quick = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300, "health_check_failure_threshold": 10}
    machine = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 << 20}
    made = Cluster(initialize_head=True, head_node_args={**machine, "_system_config": quick})
    try:
        for _ in range(2):
            made.add_node(**machine)
        yield made
    finally:
        made.shutdown()


def kill_one_at_work(cluster: Any, crew: RayCluster, delay_s: float) -> None:
    """Kill a machine, not that of this process, so long after it was given a task."""
    others = {node.node_id: node for node in cluster.worker_nodes}
    for _ in range(1200):
        hands = crew.hands
        busy = [hand.node for hand in hands.at_work] if hands is not None else []
        struck = next((others[node] for node in busy if node in others), None)
        if struck is not None:
            time.sleep(delay_s)
            cluster.remove_node(struck, allow_graceful=False)
            return
        time.sleep(0.05)


def test_three_machines_one_killed_ended_and_gone_on_with(
    alone: Path, archive: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    out, whole, told = archive.parent / "ray", RayCluster.work, list[str]()
    words = archive_words(archive, out, "--ray", cluster.address)

    def cut_short(crew: RayCluster, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        for done in whole(crew, jobs, cancel):
            cancel.cancel()
            yield done

    def struck(crew: RayCluster, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        crew._tell = told.append
        delay_s = random.Random(16).uniform(0, 1)
        killer = threading.Thread(target=kill_one_at_work, args=(cluster, crew, delay_s))
        killer.start()
        yield from whole(crew, jobs, cancel)
        killer.join()

    capfd.readouterr()
    former = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(RayCluster, "work", cut_short)
        assert main([*words, "--workers", "1"]) == 130
    assert signal.getsignal(signal.SIGTERM) == former
    first = results(out)
    assert 1 <= len(first) < 3
    assert not (out / "identities.json").exists()
    with monkeypatch.context() as patch:
        patch.setattr(RayCluster, "work", struck)
        assert main(words) == 0
    assert results(out) == results(alone)
    assert settled_bytes(out) == settled_bytes(alone)
    assert len(cluster.worker_nodes) == 1
    assert capfd.readouterr() == ("", "interrupted: what is done stays done; the same command goes on\n")
    assert "plaza: the machine or process of a task was lost" in told


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"cpus": 0.0}, id="no core"),
        pytest.param({"gpus": -1.0}, id="less than no GPU"),
        pytest.param({"cpus": float("nan")}, id="no number"),
        pytest.param({"gpus": float("inf")}, id="all GPUs"),
        pytest.param({"gpus": 1.5}, id="one and a half"),
        pytest.param({"workers": 0}, id="no workers"),
    ],
)
def test_shares_that_are_none(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        RayCluster(tmp_path, print, address="auto", **wrong)


class Machines:
    """Stands for Ray: machines with cores, and what processes there answer; a word for one that dies."""

    class exceptions:  # noqa: N801
        class RayError(Exception):
            pass

        class RayTaskError(RayError):
            pass

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def nodes(self) -> list[dict[str, Any]]:
        return [{"NodeID": name, "Alive": True, "Resources": {"CPU": 2.0}} for name in self._answers]

    def wait(self, refs: list[str], **_: Any) -> tuple[list[str], list[str]]:
        return refs[:1], refs[1:]

    def get(self, ref: str) -> Any:
        if self._answers[ref] == "dies":
            raise self.exceptions.RayError
        return self._answers[ref]

    def kill(self, actor: str) -> None:
        pass


@pytest.mark.parametrize(
    ("answers", "left_out", "hands"),
    [
        pytest.param({"a": [], "b": []}, {}, {"a": 2, "b": 1}, id="all well"),
        pytest.param({"a": ["/x/1.mp4"], "b": []}, {"a": "it does not see /x/1.mp4"}, {"b": 2}, id="one sees nothing"),
        pytest.param(
            {"a": "dies", "b": []}, {"a": "processes that are begun there die at once"}, {"b": 2}, id="one cannot begin"
        ),
    ],
)
def test_machines_that_cannot_do_anything_are_left_out(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], left_out: dict[str, str], hands: dict[str, int]
) -> None:
    monkeypatch.setattr(ray_hands, "_COUNT_EVERY_S", 0.0)
    monkeypatch.setattr(Hands, "_begin", lambda self, node: Hand(node, node, node))
    crew = Hands(Machines(answers), cpus=1, gpus=0, most=3, samples=[])
    for _ in range(20):
        crew.hire(5)
        assert not list(crew.ended(0.0))
    assert crew.left_out == left_out
    assert Counter(hand.node for hand in crew.free) == hands


@pytest.mark.parametrize(("address", "tries"), [("local", 3), ("auto", 1)])
def test_ray_that_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, tries: int, archive: Path
) -> None:
    crew, tried = RayCluster(tmp_path, print, address="auto"), list[object]()

    def init(**options: object) -> None:
        tried.append(options["address"])
        raise RuntimeError("timed out\nand more")

    monkeypatch.setattr(crew, "_address", address)
    monkeypatch.setattr(crew._ray, "init", init)
    job = SimpleNamespace(task=SimpleNamespace(camera="cam", pieces=[SimpleNamespace(path=archive)]))
    with pytest.raises(UsageError, match=r"(join Ray at auto|begin here): timed out( \(expected|; where)"):
        list(crew.work([job], CancelToken()))  # type: ignore[list-item]
    assert tried == [address] * tries


def test_nobody_is_told_that_ray_is_used(tmp_path: Path) -> None:
    RayCluster(tmp_path, print, address="auto")
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
