"""The same tasks on Ray: three machines of which one is killed at work, ended and gone on with, the same bytes."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from archives import archive_words, results
from outputs import settled_bytes

from reidtrack.cli.main import main
from reidtrack.distributed.ray_cluster import RayCluster
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
        pytest.param({"workers": 0}, id="no workers"),
    ],
)
def test_shares_that_are_none(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        RayCluster(tmp_path, print, **wrong)


def test_nobody_is_told_that_ray_is_used(tmp_path: Path) -> None:
    RayCluster(tmp_path, print)
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
