"""Which pictures of people a page carries."""

from __future__ import annotations

from collections.abc import Iterator

from reidtrack.report.run.certainty import least_certain
from reidtrack.report.run.view import View, doubtable, links_by_visit, visits_by_camera
from reidtrack.types import Identity, Link

MOST_CROPS = 8
"""Pictures of a person, where there are not more visits than that."""

CROP_BYTES = 16_000_000
"""Pictures of all people together; when they would be more, the less needed are left out."""

DOUBTS = 100
"""Least certain links whose pictures are needed before those of other visits."""

Place = tuple[int, int, int, int]
"""What comes first: the smaller. Stage, and order within it."""


def choose_pictures(view: View) -> dict[int, list[tuple[int, bytes]]]:
    """Identity to its pictures, each with the number of its visit.

    One of every person comes first, then both sides and the runner-up of the least certain links, then one of each
    visit, then more of the same visits; as many as `CROP_BYTES` allow.
    """
    doubtful = _doubtful(view)
    wanted: list[tuple[Place, int, int, bytes]] = []
    for identity in view.identities:
        for rank, (number, nth, data) in enumerate(_ranked(view, identity)):
            stage = 0 if rank == 0 else 3 if nth else 1 if identity.tracklets[number - 1].key in doubtful else 2
            if nth == 0 or rank < MOST_CROPS:
                wanted.append(((stage, rank, identity.id, number), identity.id, number, data))
    chosen: dict[int, list[tuple[int, bytes]]] = {identity.id: [] for identity in view.identities}
    left = CROP_BYTES
    for (stage, *_), person, number, data in sorted(wanted, key=lambda item: item[0]):
        left -= len(data)
        if stage and left < 0:
            break
        chosen[person].append((number, data))
    return {person: sorted(pictures, key=lambda picture: picture[0]) for person, pictures in chosen.items()}


def _doubtful(view: View) -> set[tuple[str, int]]:
    """Visits that take part in the least certain links."""
    links: list[Link] = [link for who in view.identities for link in doubtable(links_by_visit(who).values())]
    links = sorted(links, key=lambda link: least_certain([link]))[:DOUBTS]
    sides = [(link.a, link.b, link.runner_up) for link in links]
    return {key for side in sides for key in side if key is not None}


def _ranked(view: View, identity: Identity) -> Iterator[tuple[int, int, bytes]]:
    """Number of a visit, which of its pictures, the picture: first ones before second ones, long visits first."""
    ranked: list[tuple[tuple[int, int, int], bytes]] = []
    for found in visits_by_camera(view, identity).values():
        longest = sorted(found, key=lambda visit: -len(visit[1]))
        for place, (number, visit) in enumerate(longest):
            for nth, data in enumerate(view.data.crops.get(visit.key, ())):
                ranked.append(((nth, place, number), data))
    for (nth, _, number), data in sorted(ranked, key=lambda item: item[0]):
        yield number, nth, data
