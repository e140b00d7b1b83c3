"""Whether all that corrections say can be true, and which line is wrong where it cannot."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from reidtrack.corrections.schema import seconds
from reidtrack.corrections.statements import Pair, PairStatements
from reidtrack.corrections.tracklet_index import TrackletIndex
from reidtrack.errors import ConfigError
from reidtrack.graph import component_labels, component_members
from reidtrack.types import TrackletKey

Graph = Mapping[TrackletKey, Sequence[tuple[TrackletKey, int]]]
"""Each tracklet's must-link neighbours, with the line that says so."""


def check_statements(found: PairStatements, index: TrackletIndex, where: str) -> None:
    """Raise unless all statements can be true at once, and of tracklets as they were seen.

    Args:
        found: All of them.
        index: Finds the tracklets.
        where: Path of the corrections, for messages.

    Raises:
        ConfigError: At the last line of those that contradict each other.
    """
    graph, people = check_pairs(found, index.name, where)
    for members in people:
        _check_side_by_side(members, graph, index, where)


def check_pairs(
    found: PairStatements, name: Callable[[TrackletKey], str], where: str
) -> tuple[Graph, list[list[TrackletKey]]]:
    """Raise unless all statements can be true at once, whatever was seen.

    Args:
        found: All of them.
        name: A tracklet as a correction would name it.
        where: Path of the corrections, for messages.

    Returns:
        Who is said to be one person with whom, and at which line; the tracklets of each person of whom that is said.

    Raises:
        ConfigError: At the last line of those that contradict each other.
    """
    graph = defaultdict(list)
    for (a, b), line in found.must_link.items():
        graph[a].append((b, line))
        graph[b].append((a, line))
    people = _people(list(graph), found.must_link)
    person: dict[TrackletKey, object] = {key: i for i, members in enumerate(people) for key in members}
    for (a, b), line in found.cannot_link.items():
        if a == b:
            text = f"{name(a)} stands on both sides"
            raise ConfigError(text, where=f"{where}:{line}", expected="different tracklets")
        if person.get(a, a) == person.get(b, b):
            raise _contradiction(f"{name(a)} and {name(b)}", line, _lines_between(graph, a, b), where)
    return graph, people


def _people(keys: Sequence[TrackletKey], pairs: Iterable[Pair]) -> list[list[TrackletKey]]:
    """Tracklets of each person, as chains of must-link pairs make them."""
    row = {key: i for i, key in enumerate(keys)}
    rows = np.array([(row[a], row[b]) for a, b in pairs], np.int64).reshape(-1, 2)
    return [[keys[i] for i in members.tolist()] for members in component_members(component_labels(len(keys), rows))]


def _check_side_by_side(keys: Sequence[TrackletKey], graph: Graph, index: TrackletIndex, where: str) -> None:
    """Raise where one person would stand twice in one frame of a camera."""
    for a, b in combinations(sorted(keys), 2):
        one, two = index.tracklets[a], index.tracklets[b]
        if a[0] != b[0] or one.first_time_s > two.last_time_s or two.first_time_s > one.last_time_s:
            continue
        shared = np.intersect1d(one.frame, two.frame, assume_unique=True)
        if len(shared):
            time_s = float(one.time_s[one.frame == shared[0]][0])
            lines, them = _lines_between(graph, a, b), f"{index.name(a)} and {index.name(b)}"
            raise ConfigError(
                f"{them} cannot be one person: both are in sight at {seconds(time_s)} s",
                where=f"{where}:{lines[-1]}",
                expected="tracklets that are never in sight together",
                hint="delete the line, or cut one of the tracks first"
                if len(lines) == 1
                else f"see also {_list_lines(lines[:-1])}",
            )


def _lines_between(graph: Graph, start: TrackletKey, end: TrackletKey) -> list[int]:
    """Lines that make two tracklets one person, by the fewest pairs (breadth first); none where nothing does."""
    came: dict[TrackletKey, tuple[TrackletKey, int]] = {}
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
        what, why = f"{them} cannot be two people", f"{_lines_make(lines)} them one"
    else:
        others = [number for number in lines if number != last]
        what, why = f"{them} cannot be one person", f"{_lines_make([line])} them two"
        why += f" (see also {_list_lines(others)})" if others else ""
    hint = f"{why}; delete one of the lines"
    return ConfigError(what, where=f"{where}:{last}", expected="corrections that can all be true", hint=hint)


def _list_lines(lines: Sequence[int]) -> str:
    return f"line{'s' * (len(lines) > 1)} {', '.join(map(str, lines))}"


def _lines_make(lines: Sequence[int]) -> str:
    return f"{_list_lines(lines)} make{'s' * (len(lines) == 1)}"
