"""What is certain while cameras are live: who stood beside whom, and what a user said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reidtrack.associate.constraints import PairConstraints
from reidtrack.associate.live.register import Register
from reidtrack.graph import component_labels
from reidtrack.types import IntArray, TrackletKey

Pair = tuple[TrackletKey, TrackletKey]


class Things(NamedTuple):
    """What a clustering is of, by index: parts, and prototypes of people of before.

    Attributes:
        part: Serial of each part to its index.
        prototypes: Number to the indices of the person's prototypes, at least one each.
    """

    part: Mapping[int, int]
    prototypes: Mapping[int, Sequence[int]]


class Said(NamedTuple):
    """What a user said of tracks.

    Attributes:
        must_link: Pairs that are one person.
        cannot_link: Pairs that are two.
    """

    must_link: Sequence[Pair] = ()
    cannot_link: Sequence[Pair] = ()


def constraints_of(register: Register, things: Things, overlapping: IntArray, said: Said) -> PairConstraints:
    """Must-links and cannot-links by index.

    What cannot be true besides what was seen, or what was said to be two, is left out of what is said to be one.

    Args:
        register: Parts and people.
        things: Their indices.
        overlapping: (Q, 2) pairs that share a frame.
        said: What a user said.
    """
    anchor = _anchors(register, things)
    apart = [*_met(register, things, anchor), *_people_met(register, things, anchor)]
    apart += [pair for pair in _indices(register, things, anchor, said.cannot_link) if pair[0] != pair[1]]
    cannot_link = _unique(np.concatenate([overlapping, np.array(apart, np.int64).reshape(-1, 2)]))
    chains = [(rows[0], row) for rows in things.prototypes.values() for row in rows[1:]]
    count = len(things.part) + sum(len(rows) for rows in things.prototypes.values())
    wanted = _indices(register, things, anchor, said.must_link)
    return PairConstraints(_consistent(count, chains, wanted, cannot_link), cannot_link)


def _anchors(register: Register, things: Things) -> dict[int, int]:
    """Number to an index that stands for the person: a prototype, or the first kept part."""
    anchor = {number: rows[0] for number, rows in things.prototypes.items()}
    for serial, index in things.part.items():
        part = register.parts[serial]
        if part.kept and part.number is not None:
            anchor.setdefault(part.number, index)
    return anchor


def _met(register: Register, things: Things, anchor: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    for serial, index in things.part.items():
        part = register.parts[serial]
        yield from ((index, things.part[other]) for other in part.met if other in things.part)
        yield from ((index, anchor[number]) for number in part.met_people if number in anchor)


def _people_met(register: Register, things: Things, anchor: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """People who met, and people of before who are settled: nobody looks at two of them anew."""
    active = {register.parts[serial].number for serial in things.part}
    idle = [number for number in things.prototypes if number not in active]
    for k, number in enumerate(idle):
        yield from ((anchor[number], anchor[other]) for other in idle[:k])
    for number, index in anchor.items():
        met = register.people[number].met
        yield from ((index, anchor[other]) for other in met if other in anchor and anchor[other] != index)


def _indices(
    register: Register, things: Things, anchor: Mapping[int, int], pairs: Sequence[Pair]
) -> list[tuple[int, int]]:
    """Pairs of tracks as indices; a track that is over is what stands for its person, one that is not known is none."""

    def index(key: TrackletKey) -> int | None:
        part = register.newest.get(key)
        if part is not None:
            return things.part.get(part.serial)
        return anchor.get(register.over.get(key, 0))

    found = ((index(a), index(b)) for a, b in pairs)
    return [(a, b) for a, b in found if a is not None and b is not None]


def _consistent(
    count: int, certain: Sequence[tuple[int, int]], wanted: Sequence[tuple[int, int]], cannot_link: IntArray
) -> IntArray:
    """Must-links (P, 2): the certain ones, and each further one that joins no two who cannot be one."""
    kept = list(certain)
    for pair in wanted:
        label = component_labels(count, np.array([*kept, pair], np.int64))
        if not (label[cannot_link[:, 0]] == label[cannot_link[:, 1]]).any():
            kept.append(pair)
    return np.array(kept, np.int64).reshape(-1, 2)


def _unique(pairs: IntArray) -> IntArray:
    found: IntArray = np.unique(np.sort(pairs, axis=1), axis=0)
    return found
