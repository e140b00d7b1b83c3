"""What is worth asking a person about a run: the least certain links, and people who were nearly joined.

Of each question it is said how likely the present answer is wrong, and what an answer is expected to put right: that
chance times the tracklets of the smaller side, which would go over to somebody else.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from reidtrack.corrections.apply import read_corrections
from reidtrack.corrections.schema import Apart, Corrections, Lock, Merge
from reidtrack.errors import InputError
from reidtrack.report.run.link_text import named_terms
from reidtrack.runs.json_file import read_json
from reidtrack.server.data.library import RunSeen

WORTH = 0.05
"""Expected tracklets put right from which on a question counts as worth an answer: one mistake in twenty answers."""


@dataclass(frozen=True, slots=True)
class Question:
    """Are these two tracklets one person?

    Attributes:
        kind: `link`: they are joined now; `near`: they are not.
        a: What names one tracklet in corrections, `hall 3`.
        b: The other one.
        people: Numbers of their identities.
        wrong: How likely the present answer is wrong, 0 to 1; None where nothing was calibrated.
        gain: Tracklets that an answer is expected to put right; None likewise.
        distance: Of their appearance; None of those who are not joined.
        terms: What else was weighed, in words.
    """

    kind: str
    a: str
    b: str
    people: tuple[int, int]
    wrong: float | None
    gain: float | None
    distance: float | None = None
    terms: Sequence[tuple[str, str]] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """As the interface gives it."""
        return asdict(self)


def questions(run: RunSeen) -> list[Question]:
    """Questions about the people that the user sees, the likeliest mistakes first; those answered are left out.

    Raises:
        InputError: If calibration or corrections cannot be read.
    """
    said = read_corrections(run.folder.corrections, wanted=False)
    together, apart = _answered(said)
    refs = {t.key: str(t.ref) for person in run.whole.people for t in person.tracklets}
    found = [*_links(run.identities, refs), *_near(run, refs)]
    open_ = [q for q in found if not (_in_one(q, together) or _in_two(q, apart))]
    return sorted(open_, key=lambda q: (-_chance(q), -(q.gain or 0.0), q.a, q.b))


def worth_asking(found: Sequence[Question]) -> tuple[int, float]:
    """How many questions are worth an answer, and the tracklets that answering these is expected to put right."""
    gains = [q.gain for q in found if q.gain is not None and q.gain >= WORTH]
    return len(gains), round(sum(gains), 3)


def _chance(question: Question) -> float:
    return question.wrong if question.wrong is not None else (question.distance or 0.0) / 2


def _links(identities: Sequence[Mapping[str, Any]], refs: Mapping[tuple[str, int], str]) -> Iterator[Question]:
    for entry in identities:
        tracklets = {_key(t): t for t in entry["tracklets"]}
        behind = _behind(tracklets)
        for key, t in tracklets.items():
            link = t["link"]
            if link is None or _key(link) not in tracklets:
                continue
            wrong = None if link["probability"] is None else 1 - float(link["probability"])
            side = min(behind[key], len(tracklets) - behind[key])
            yield Question(
                "link",
                refs[key],
                refs[_key(link)],
                (entry["id"], entry["id"]),
                None if wrong is None else round(wrong, 4),
                None if wrong is None else round(wrong * side, 4),
                link["distance"],
                tuple(named_terms(link.get("terms") or {})),
            )


def _behind(tracklets: Mapping[tuple[str, int], Mapping[str, Any]]) -> dict[tuple[str, int], int]:
    """Tracklet to how many would leave with it if its link broke; links lead to earlier ones."""
    count = dict.fromkeys(tracklets, 1)
    for key, t in reversed(list(tracklets.items())):
        if t["link"] is not None and _key(t["link"]) in count:
            count[_key(t["link"])] += count[key]
    return count


def _near(run: RunSeen, refs: Mapping[tuple[str, int], str]) -> Iterator[Question]:
    """Pairs of people whom a somewhat higher threshold would join, unless they were seen at once in one camera."""
    if not run.folder.calibration.is_file() or run.folder.calibration.is_symlink():
        return
    read = read_json(run.folder.calibration)
    try:
        threshold, slope = float(read["threshold"]), float(read["pairs"][0]["slope"])
        steps = sorted((float(step["threshold"]), step["joined"]) for step in read["sweep"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError("cannot be read", where=run.folder.calibration) from error
    people, told = {entry["id"]: entry for entry in run.identities}, set()
    for at, joined in steps:
        for pair in joined:
            known = [people[number] for number in pair if number in people]
            if at <= threshold or len(known) != 2 or tuple(pair) in told or seen_at_once(*known):
                continue
            told.add(tuple(pair))
            wrong = 1 / (1 + math.exp(min(50.0, abs(slope) * (at - threshold))))
            side = min(len(one["tracklets"]) for one in known)
            a, b = (refs[_key(max(one["tracklets"], key=_length))] for one in known)
            yield Question("near", a, b, (pair[0], pair[1]), round(wrong, 4), round(wrong * side, 4))


def seen_at_once(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two people were in sight of one camera at the same time."""
    return any(
        a["camera"] == b["camera"] and a["first_time_s"] <= b["last_time_s"] and b["first_time_s"] <= a["last_time_s"]
        for a in one["tracklets"]
        for b in other["tracklets"]
    )


def _key(entry: Mapping[str, Any]) -> tuple[str, int]:
    return entry["camera"], entry["track_id"]


def _length(tracklet: Mapping[str, Any]) -> float:
    return float(tracklet["last_time_s"] - tracklet["first_time_s"])


Sides = Sequence[Collection[str]]


def _answered(said: Corrections) -> tuple[list[set[str]], list[Sides]]:
    """Tracklets of which a person said that they are one, and sides of which they said that they are not."""
    together = [{str(ref) for ref in entry.merge} for entry, _ in said.of(Merge)]
    together += [{str(ref) for ref in entry.lock} for entry, _ in said.of(Lock)]
    apart = [[{str(ref) for ref in side} for side in entry.apart] for entry, _ in said.of(Apart)]
    return together, list(apart)


def _in_one(question: Question, together: Sequence[Collection[str]]) -> bool:
    return any(question.a in one and question.b in one for one in together)


def _in_two(question: Question, apart: Sequence[Sides]) -> bool:
    for sides in apart:
        found = [next((i for i, side in enumerate(sides) if ref in side), None) for ref in (question.a, question.b)]
        if None not in found and found[0] != found[1]:
            return True
    return False
