"""Two processes that share each batch take the steps that one process takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from small_training import beside, taught

from reidtrack.train.parallel import Group, share

CHILD = """
import sys, torch
from small_training import beside, taught
from reidtrack.train.parallel import joined, share
from reidtrack.train.trainer import cut
torch.set_num_threads(1)
with joined(use_gpu=False) as group:
    taken = taught(group=group, parts=2)
    for _ in range(3):
        taken.take(cut(beside(8), group.rank, group.size), rate=1.0)
    assert group.any(group.rank == 1, torch.device("cpu"))
    assert not group.any(False, torch.device("cpu"))
    made = []
    assert group.from_first(lambda: made.append(group.rank) or [3, 4]) == [3, 4]
    assert made == [0] * group.first
    torch.save(taken.state(), f"{sys.argv[1]}/{group.rank}.pt")
    group.wait()
"""


def test_two_processes_equal_one(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "GLOO_SOCKET_IFNAME": "lo",
    }
    children = [
        subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], env={**common, "RANK": r, "LOCAL_RANK": r})
        for r in ("0", "1")
    ]
    assert [child.wait(timeout=120) for child in children] == [0, 0]
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))

    alone = taught(parts=4)
    for _ in range(3):
        alone.take(beside(8), rate=1.0)
    expected = alone.state()
    for key, value in expected["model"].items():
        assert torch.equal(first["model"][key], second["model"][key])
        torch.testing.assert_close(first["model"][key], value)
    assert torch.equal(first["projections"]["0.weight"], second["projections"]["0.weight"])
    torch.testing.assert_close(first["projections"], expected["projections"])
    torch.testing.assert_close(first["centres"], expected["centres"])
    assert first["sums"]["loss"] + second["sums"]["loss"] == pytest.approx(expected["sums"]["loss"])


def test_a_process_alone_makes_its_own() -> None:
    assert Group().from_first(lambda: 5) == 5


@pytest.mark.parametrize(("rank", "expected"), [(0, [0, 1, 2, 3]), (1, [4, 5, 6, 7])])
def test_shares_do_not_overlap(rank: int, expected: list[int]) -> None:
    assert list(range(8))[share(8, Group(rank, 2))] == expected
