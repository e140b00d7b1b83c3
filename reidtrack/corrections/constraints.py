"""From what a person says about a run to what must hold of its tracklets, or why it cannot."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product

import numpy as np

from reidtrack.corrections.cut import unknown_tracklet
from reidtrack.corrections.schema import Apart, Corrections, Ignore, Lock, Merge, Name, Place, Split, seconds
from reidtrack.errors import ConfigError
from reidtrack.graph import component_labels, component_members
from reidtrack.types import Identity, Tracklet

Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What must hold.

    Attributes:
        ignored: Tracklets that are left out.
        together: Pairs that are one person.
        apart: Pairs that are two.
        names: What the person of a tracklet is called.
        taught: Pairs of which a person said whether they are one, to learn from, and how much each counts: those of
            one correction 1 together.
    """

    ignored: frozenset[Key] = frozenset()
    together: tuple[tuple[Key, Key], ...] = ()
    apart: tuple[tuple[Key, Key], ...] = ()
    names: Mapping[Key, str] = field(default_factory=dict)
    taught: tuple[tuple[Key, Key, bool, float], ...] = ()

    def named(self, identities: Sequence[Identity]) -> list[Identity]:
        """The same people, called by their names."""
        return [replace(who, name=next(self._names_of(who), who.name)) for who in identities]

    def _names_of(self, identity: Identity) -> Iterator[str]:
        return (self.names[t.key] for t in identity if t.key in self.names)


def constrain(tracklets: Sequence[Tracklet], corrections: Corrections) -> Constraints:
    """What corrections mean for tracklets.

    What is ignored is nobody: other corrections of it mean nothing.

    Args:
        tracklets: Cut where corrections say so, and where association cuts.
        corrections: The whole file.

    Raises:
        ConfigError: If a tracklet is not there, or two corrections contradict each other.
    """
    found = _Finder(tracklets, corrections.where)
    ignored = {found.key(place, line) for entry, line in corrections.of(Ignore) for place in entry.ignore}
    said = _said(found, corrections, ignored)
    said.check(found, corrections.where)
    return Constraints(frozenset(ignored), tuple(said.same), tuple(said.other), said.names, tuple(said.taught))


class _Finder:
    """Finds tracklets by their place in a correction."""

    def __init__(self, tracklets: Sequence[Tracklet], where: str) -> None:
        self.tracklets = {t.key: t for t in tracklets}
        self._where = where
        self._parts: dict[Key, list[Tracklet]] = defaultdict(list)
        for tracklet in sorted(tracklets, key=lambda t: t.first_time_s):
            self._parts[tracklet.camera, tracklet.logged_id].append(tracklet)

    def key(self, place: Place, line: int) -> Key:
        """Of the tracklet that is meant.

        Raises:
            ConfigError: If there is none.
        """
        where = f"{self._where}:{line}"
        parts = self._parts.get((place.camera, place.track_id))
        if parts is None:
            part = self.tracklets.get((place.camera, place.track_id))
            if part is None:
                raise unknown_tracklet(place, list(self.tracklets.values()), where)
            better = f"{part.camera} {part.logged_id}@{seconds(middle_s(part))}"
            raise ConfigError(
                f"{place} is a part of a track, and its number may change", where=where, expected=f"{better!r}"
            )
        if place.time_s is None:
            return parts[0].key
        if not parts[0].first_time_s <= place.time_s <= parts[-1].last_time_s:
            raise ConfigError(
                f"{place} is not in sight then",
                where=where,
                expected=f"a time from {seconds(parts[0].first_time_s)} to {seconds(parts[-1].last_time_s)} s",
            )
        return next(part.key for part in reversed(parts) if part.first_time_s <= place.time_s)

    def around(self, place: Place, at_s: float) -> tuple[Key, Key]:
        """The parts of a track just before a cut and just behind it."""
        parts = self._parts[place.camera, place.track_id]
        after = next(i for i, part in enumerate(parts) if part.first_time_s >= at_s)
        return parts[after - 1].key, parts[after].key


def middle_s(tracklet: Tracklet) -> float:
    """A time at which a tracklet is in sight, in its middle; of few decimals where they do."""
    exact = float(tracklet.time_s[len(tracklet) // 2])
    short = round(exact, 2)
    return short if tracklet.first_time_s <= short <= tracklet.last_time_s else exact


@dataclass
class _Said:
    """Pairs with the lines that say so, and names."""

    same: dict[tuple[Key, Key], int] = field(default_factory=dict)
    other: dict[tuple[Key, Key], int] = field(default_factory=dict)
    taught: list[tuple[Key, Key, bool, float]] = field(default_factory=list)
    names: dict[Key, str] = field(default_factory=dict)

    def together(self, keys: Sequence[Key], line: int) -> None:
        """All of them are one person."""
        pairs = list(combinations(dict.fromkeys(keys), 2))
        for pair in pairs:
            self.same.setdefault(pair, line)
        self.taught += [(a, b, True, 1 / len(pairs)) for a, b in pairs]

    def apart(self, pairs: Sequence[tuple[Key, Key]], line: int, *, teach: bool = True) -> None:
        """The two of each pair are two people."""
        for pair in pairs:
            self.other.setdefault(pair, line)
        if teach:
            self.taught += [(a, b, False, 1 / len(pairs)) for a, b in pairs]

    def check(self, found: _Finder, where: str) -> None:
        """Raise ConfigError unless all of it can be true."""
        graph = defaultdict(list)
        for (a, b), line in self.same.items():
            graph[a].append((b, line))
            graph[b].append((a, line))
        groups = _one_person(list(graph), self.same)
        person: dict[Key, object] = {key: i for i, group in enumerate(groups) for key in group}
        for (a, b), line in self.other.items():
            if a == b:
                text = f"{_name(found, a)} stands on both sides"
                raise ConfigError(text, where=f"{where}:{line}", expected="different tracklets")
            if person.get(a, a) == person.get(b, b):
                raise _contradiction(f"{_name(found, a)} and {_name(found, b)}", line, _path(graph, a, b), where)
        for group in groups:
            self._check_side_by_side(group, graph, found, where)

    def _check_side_by_side(
        self, group: Sequence[Key], graph: Mapping[Key, list[tuple[Key, int]]], found: _Finder, where: str
    ) -> None:
        for a, b in combinations(sorted(group), 2):
            one, two = found.tracklets[a], found.tracklets[b]
            if a[0] != b[0] or one.first_time_s > two.last_time_s or two.first_time_s > one.last_time_s:
                continue
            shared = np.intersect1d(one.frame, two.frame, assume_unique=True)
            if len(shared):
                time_s = float(one.time_s[one.frame == shared[0]][0])
                lines, them = _path(graph, a, b), f"{_name(found, a)} and {_name(found, b)}"
                raise ConfigError(
                    f"{them} cannot be one person: both are in sight at {seconds(time_s)} s",
                    where=f"{where}:{lines[-1]}",
                    expected="tracklets that are never in sight together",
                    hint="delete the line, or cut one of the tracks first"
                    if len(lines) == 1
                    else f"see also {_numbers(lines[:-1])}",
                )


def _said(found: _Finder, corrections: Corrections, ignored: set[Key]) -> _Said:
    said = _Said()

    def keys(places: Sequence[Place], line: int) -> list[Key]:
        return [key for place in places if (key := found.key(place, line)) not in ignored]

    for merge, line in corrections.of(Merge):
        said.together(keys(merge.merge, line), line)
    for apart, line in corrections.of(Apart):
        sides = combinations([keys(side, line) for side in apart.apart], 2)
        said.apart([pair for one, two in sides for pair in product(one, two)], line)
    for split, line in corrections.of(Split):
        before, after = found.around(split.split, split.at_s)
        if not ignored & {before, after}:
            said.apart([(before, after)], line)
    for name, line in corrections.of(Name):
        for key in keys(name.tracklet, line):
            if said.names.setdefault(key, name.name) != name.name:
                text = f"{_name(found, key)} is called {said.names[key]!r} already"
                hint = "delete one of the lines"
                raise ConfigError(text, where=f"{corrections.where}:{line}", expected="one name", hint=hint)
    _say_names(said, [(name.name, keys(name.tracklet, line), line) for name, line in corrections.of(Name)])
    _say_locks(said, [(keys(lock.lock, line), line) for lock, line in corrections.of(Lock)], found, ignored)
    return said


def _say_names(said: _Said, named: Sequence[tuple[str, list[Key], int]]) -> None:
    """One name is one person, two names are two."""
    people: dict[str, tuple[list[Key], int]] = {}
    for name, keys, line in named:
        earlier, _ = people.get(name, ([], line))
        said.together([*earlier[:1], *keys], line)
        people[name] = [*earlier, *keys], line
    for (one, line_a), (two, line_b) in combinations(people.values(), 2):
        if one and two:
            said.apart([(one[0], two[0])], max(line_a, line_b))


def _say_locks(said: _Said, locks: Sequence[tuple[list[Key], int]], found: _Finder, ignored: set[Key]) -> None:
    """All others are somebody else; what else is cut off the locked tracks may be either."""
    for keys, line in locks:
        said.together(keys, line)
        tracks = {(key[0], found.tracklets[key].logged_id) for key in keys}
        others = [key for key, t in found.tracklets.items() if (t.camera, t.logged_id) not in tracks]
        said.apart([(keys[0], other) for other in others if keys and other not in ignored], line, teach=False)


def _path(graph: Mapping[Key, list[tuple[Key, int]]], start: Key, end: Key) -> list[int]:
    """Lines that make two tracklets one person, by the shortest way; none where nothing does."""
    came: dict[Key, tuple[Key, int]] = {}
    queue = deque([start])
    while queue and end not in came:
        at = queue.popleft()
        for key, line in graph.get(at, ()):
            if key != start and key not in came:
                came[key] = at, line
                queue.append(key)
    lines = set()
    while end in came:
        end, line = came[end]
        lines.add(line)
    return sorted(lines)


def _one_person(keys: Sequence[Key], pairs: Iterable[tuple[Key, Key]]) -> list[list[Key]]:
    """Tracklets that chains of pairs make one person, person by person."""
    index = {key: i for i, key in enumerate(keys)}
    rows = np.array([(index[a], index[b]) for a, b in pairs], np.int64).reshape(-1, 2)
    return [[keys[i] for i in members.tolist()] for members in component_members(component_labels(len(keys), rows))]


def _contradiction(them: str, line: int, lines: Sequence[int], where: str) -> ConfigError:
    """Names the last line as the wrong one: it was written when the others were there.

    Args:
        them: The two tracklets.
        line: Says that they are two people.
        lines: Say that they are one.
        where: The file.
    """
    last = max(line, *lines)
    if last == line:
        what, why = f"{them} cannot be two people", f"{_lines(lines)} them one"
    else:
        others = [number for number in lines if number != last]
        what, why = f"{them} cannot be one person", f"{_lines([line])} them two"
        why += f" (see also {_numbers(others)})" if others else ""
    hint = f"{why}; delete one of the lines"
    return ConfigError(what, where=f"{where}:{last}", expected="corrections that can all be true", hint=hint)


def _numbers(lines: Sequence[int]) -> str:
    return f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"


def _lines(lines: Sequence[int]) -> str:
    return f"{_numbers(lines)} make{'s' * (len(lines) == 1)}"


def _name(found: _Finder, key: Key) -> str:
    tracklet = found.tracklets[key]
    if tracklet.split_from is None:
        return f"{key[0]} {key[1]}"
    return f"{key[0]} {tracklet.split_from}@{seconds(middle_s(tracklet))}"
