"""Processes on machines of a Ray cluster, each with networks of its own, which do one job after another."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from reidtrack.errors import ReidtrackError
from reidtrack.pipeline.archive.job import Done, Job, compute
from reidtrack.pipeline.archive.result import encode

_COUNT_EVERY_S = 2.0
"""Machines are counted anew."""
_MOST_STILLBORN = 3
"""Processes that die before their first job, as where reidtrack is not installed."""


class Answer(NamedTuple):
    """What comes of a job on another machine: how it ended and the bytes of its result, or an error for the user."""

    done: Done | None
    content: bytes
    error: ReidtrackError | None


class HandProcess:
    """What runs on the other machine, as an actor; its networks are loaded with its first job and kept.

    Args:
        gpus: Share of a GPU that it was given; with none it is to see none.
    """

    def __init__(self, gpus: float) -> None:
        if not gpus:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""

    def missing(self, samples: Sequence[Path]) -> list[str]:
        """Of some files, those that cannot be seen from there."""
        return [str(path) for path in samples if not path.is_file()]

    def do(self, job: Job) -> Answer:
        """Do a job; errors that a user can mend are answers too."""
        try:
            done, result = compute(job, elsewhere=True)
        except ReidtrackError as error:
            return Answer(None, b"", error)
        return Answer(done, b"" if result is None else encode(result), None)


@dataclass
class Hand:
    """One of them.

    Attributes:
        actor: Ray's handle.
        node: Id of its machine.
        ref: What it is to answer next; None while it has nothing to do.
        job: What it is at; None while it begins.
    """

    actor: Any
    node: str
    ref: Any
    job: Job | None = None


class Ended(NamedTuple):
    """A job that came to an end: with an answer, or lost with the machine or process that was at it."""

    job: Job
    answer: Answer | None


class Hands:
    """As many processes as machines have room for, begun and given up as machines come and go.

    Args:
        ray: The package, connected.
        cpus: Cores that each one takes.
        gpus: Share of a GPU that each one takes.
        most: Most of them; None for as many as there is room for.
        samples: Files that every machine must see.
    """

    def __init__(self, ray: Any, *, cpus: float, gpus: float, most: int | None, samples: Sequence[Path]) -> None:
        self._ray, self._cpus, self._gpus = ray, cpus, gpus
        self._most, self._samples = most, list(samples)
        self._hands: list[Hand] = []
        self._next_count_s = 0.0
        self._stillborn = Counter[str]()
        self.left_out: dict[str, str] = {}
        """Machine that gets nothing to do to the reason."""

    @property
    def at_work(self) -> list[Hand]:
        """Those that have a job."""
        return [hand for hand in self._hands if hand.job is not None]

    @property
    def free(self) -> list[Hand]:
        """Those that wait for one."""
        return [hand for hand in self._hands if hand.ref is None]

    def places(self) -> dict[str, int]:
        """Machine to how many it has room for, of machines that are alive."""
        found = {}
        for node in self._ray.nodes():
            has = node["Resources"]
            fits = [int(has.get(kind, 0) / need + 1e-9) for kind, need in self._needs() if need]
            if node["Alive"] and min(fits) > 0:
                found[node["NodeID"]] = min(fits)
        return found

    def hire(self, wanted: int) -> None:
        """Begin more of them, while there is room and work for them.

        Args:
            wanted: Jobs that wait.
        """
        now_s = time.monotonic()
        if now_s < self._next_count_s or wanted <= len(self._hands) - len(self.at_work):
            return
        self._next_count_s = now_s + _COUNT_EVERY_S
        room = Counter(self.places())
        for node in self.left_out:
            del room[node]
        room.subtract(hand.node for hand in self._hands)
        most = min(len(self.at_work) + wanted, len(self._hands) + wanted if self._most is None else self._most)
        while len(self._hands) < most and room and max(room.values()) > 0:
            node = max(sorted(room), key=room.__getitem__)
            room[node] -= 1
            self._hands.append(self._begin(node))

    def give(self, hand: Hand, job: Job) -> None:
        """Have a job done."""
        hand.job, hand.ref = job, hand.actor.do.remote(job)

    def ended(self, patience_s: float) -> Iterator[Ended]:
        """Jobs that have ended meanwhile, after at most so long.

        Raises:
            Exception: What was raised there, if it is no error that a user can mend.
        """
        refs = [hand.ref for hand in self._hands if hand.ref is not None]
        if not refs:
            time.sleep(patience_s)
            return
        ready, _ = self._ray.wait(refs, num_returns=1, timeout=patience_s, fetch_local=False)
        for hand in [hand for hand in self._hands if hand.ref in ready]:
            job, hand.job = hand.job, None
            try:
                answer = self._ray.get(hand.ref)
            except self._ray.exceptions.RayTaskError as error:
                raise error.cause from error
            except self._ray.exceptions.RayError:
                self._dismiss(hand)
                answer = None
            hand.ref = None
            if job is not None:
                yield Ended(job, answer)
            elif answer is None:
                self._stillborn[hand.node] += 1
                if self._stillborn[hand.node] >= _MOST_STILLBORN:
                    self.left_out[hand.node] = "processes that are begun there die at once"
            elif answer:
                self._next_count_s = 0.0
                self.left_out[hand.node] = f"it does not see {answer[0]}"
                self._dismiss(hand)

    def close(self) -> None:
        """End all of them at once: what they were at is lost."""
        for hand in list(self._hands):
            self._dismiss(hand)

    def _needs(self) -> tuple[tuple[str, float], ...]:
        return ("CPU", self._cpus), ("GPU", self._gpus)

    def _begin(self, node: str) -> Hand:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        there = NodeAffinitySchedulingStrategy(node, soft=False)
        kind = self._ray.remote(num_cpus=self._cpus, num_gpus=self._gpus, max_restarts=0)(HandProcess)
        actor = kind.options(scheduling_strategy=there).remote(self._gpus)
        return Hand(actor, node, actor.missing.remote(self._samples))

    def _dismiss(self, hand: Hand) -> None:
        self._hands.remove(hand)
        self._ray.kill(hand.actor)
