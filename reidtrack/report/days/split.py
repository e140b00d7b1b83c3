"""Visits by day, and which page of the day each person is on: numbers alone, a few bytes for each visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reidtrack.report.days.calendar import HOURS, Day
from reidtrack.report.run.link_text import certainty_class
from reidtrack.types import DoubleArray, Identity, IntArray

MOST_PEOPLE = 300
"""Of a page."""
MOST_VISITS = 1000
"""Of a page: whoever has more on one day goes on on the next page."""


@dataclass(frozen=True, eq=False)
class DayTable:
    """Every visit on every day it touches, sorted by day, person and number of the visit; columns of (N,).

    Attributes:
        days: All of the run.
        cameras: Names.
        identities: Sorted by id.
        day: Index of the day.
        person: Index of the identity.
        visit: Index among the identity's tracklets.
        camera: Index of the camera.
        first_s: First box of the day, seconds since the run's origin.
        last_s: Last box of the day.
        boxes: Of the day.
        close: Whether the visit begins on that day and its link is `close`.
        page: Page of the day, from 1.
    """

    days: Sequence[Day]
    cameras: Sequence[str]
    identities: Sequence[Identity]
    day: IntArray
    person: IntArray
    visit: IntArray
    camera: IntArray
    first_s: DoubleArray
    last_s: DoubleArray
    boxes: IntArray
    close: IntArray
    page: IntArray

    @classmethod
    def of(cls, identities: Sequence[Identity], cameras: Sequence[str], days: Sequence[Day]) -> DayTable:
        """The table of everybody.

        Args:
            identities: Everybody.
            cameras: Names of all cameras that saw them.
            days: Consecutive, from the first box to the last.
        """
        people = sorted(identities, key=lambda identity: identity.id)
        found = np.fromiter(_rows(people, cameras, days), np.dtype((np.float64, 8)))
        rows: DoubleArray = np.asarray(found, np.float64).reshape(-1, 8)
        whole = rows[:, [0, 1, 2, 3, 6, 7]].astype(np.int64)
        order = np.lexsort((whole[:, 2], whole[:, 1], whole[:, 0]))
        whole, times = whole[order], rows[order, 4:6]
        day, person = whole[:, 0], whole[:, 1]
        page = _pages(day, person)
        columns = (day, person, whole[:, 2], whole[:, 3], times[:, 0], times[:, 1], whole[:, 4], whole[:, 5], page)
        return cls(days, cameras, people, *columns)

    @cached_property
    def pages(self) -> tuple[tuple[int, int, slice], ...]:
        """Index of the day, page of the day, rows; a day without visits has a page too."""
        found = []
        for day in range(len(self.days)):
            low, high = np.searchsorted(self.day, [day, day + 1]).tolist()
            starts = [low, *(low + 1 + np.flatnonzero(np.diff(self.page[low:high]))).tolist()]
            for number, (start, end) in enumerate(zip(starts, [*starts[1:], high], strict=True), 1):
                found.append((day, number, slice(start, end)))
        return tuple(found)

    @cached_property
    def pages_of_day(self) -> tuple[int, ...]:
        """How many pages each day has."""
        counts = [0] * len(self.days)
        for day, _, _ in self.pages:
            counts[day] += 1
        return tuple(counts)

    @cached_property
    def _by_person(self) -> tuple[IntArray, IntArray]:
        """Rows by person, then day; where each person's begin."""
        order = np.lexsort((self.visit, self.day, self.person))
        return order, np.searchsorted(self.person[order], np.arange(len(self.identities) + 1))

    def rows_of(self, person: int) -> IntArray:
        """Rows of an identity, by its index."""
        order, starts = self._by_person
        return order[starts[person] : starts[person + 1]]

    def pages_of(self, person: int) -> list[tuple[int, int]]:
        """Index of the day and page of each page on which an identity is, by its index."""
        rows = self.rows_of(person)
        return sorted(set(zip(self.day[rows].tolist(), self.page[rows].tolist(), strict=True)))

    def days_of_people(self) -> IntArray:
        """(P,) on how many days each identity was seen."""
        seen = np.unique(self.person * len(self.days) + self.day)
        return np.bincount(seen // max(1, len(self.days)), minlength=len(self.identities)).astype(np.int64)

    def people_by_hour(self) -> IntArray:
        """(days, cameras + 1, 24) people in each hour of the clock; the last row of each day is of all cameras."""
        counts = np.zeros((len(self.days), len(self.cameras) + 1, HOURS), np.int64)
        for index, day in enumerate(self.days):
            low, high = np.searchsorted(self.day, [index, index + 1])
            for hour, (begins, ends) in enumerate(day.hours):
                if ends <= begins:
                    continue
                inside = low + np.flatnonzero((self.first_s[low:high] < ends) & (self.last_s[low:high] >= begins))
                pairs = np.unique(np.stack([self.camera[inside], self.person[inside]]), axis=1)
                counts[index, :-1, hour] = np.bincount(pairs[0], minlength=len(self.cameras))
                counts[index, -1, hour] = len(np.unique(self.person[inside]))
        return counts


def _rows(
    people: Sequence[Identity], cameras: Sequence[str], days: Sequence[Day]
) -> Iterator[tuple[int, int, int, int, float, float, int, bool]]:
    """Day, person, visit, camera, first and last second, boxes, whether its link is close."""
    places = {name: index for index, name in enumerate(cameras)}
    midnights = np.array([day.first_s for day in days[1:]])
    for person, identity in enumerate(people):
        close = {link.a for link in identity.links if certainty_class(link) == "close"}
        for visit, tracklet in enumerate(identity):
            camera, doubtful = places[tracklet.camera], tracklet.key in close
            first, last = tracklet.first_time_s, tracklet.last_time_s
            begins, ends = np.searchsorted(midnights, [first, last], "right").tolist()
            if begins == ends:
                yield begins, person, visit, camera, first, last, len(tracklet), doubtful
                continue
            cuts = np.searchsorted(tracklet.time_s, midnights[begins:ends]).tolist()
            for part, (low, high) in enumerate(zip([0, *cuts], [*cuts, len(tracklet)], strict=True)):
                if low < high:
                    times = tracklet.time_s[[low, high - 1]].tolist()
                    yield begins + part, person, visit, camera, *times, high - low, doubtful and not low


def _pages(day: IntArray, person: IntArray) -> IntArray:
    """Page of each row, from 1 on each day: a person is on one page unless there are too many visits for it."""
    page = np.zeros(len(day), np.int64)
    starts = np.flatnonzero(np.diff(day, prepend=-1) | np.diff(person, prepend=-1))
    number = people = visits = 0
    for low, high in zip(starts.tolist(), [*starts[1:].tolist(), len(day)], strict=True):
        if not low or day[low] != day[low - 1]:
            number, people, visits = 1, 0, 0
        for start in range(low, high, MOST_VISITS):
            count = min(high - start, MOST_VISITS)
            if people + 1 > MOST_PEOPLE or visits + count > MOST_VISITS:
                number, people, visits = number + 1, 0, 0
            page[start : start + count] = number
            people, visits = people + 1, visits + count
    return page
