"""Calendar days of a run in a time zone, those of 23 and 25 hours included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from reidtrack.report.times import DayClock

HOURS = 24
"""Of a clock; the hour that comes twice in autumn counts as one."""


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day.

    Attributes:
        date: Of the day.
        first_s: Midnight at its beginning, seconds since the run's origin.
        last_s: Midnight at its end.
        clock: Times of the day as clocks show them.
        hours: When each hour of the clock begins and ends, seconds; an hour that a clock skips has no length, and one
            that comes twice lasts from its first beginning to its second end.
    """

    date: date
    first_s: float
    last_s: float
    clock: DayClock
    hours: tuple[tuple[float, float], ...]

    @property
    def name(self) -> str:
        """ISO 8601, as its page is called."""
        return self.date.isoformat()

    @property
    def long_name(self) -> str:
        """Such as `Sunday, 29 November 2026`."""
        return f"{_WEEKDAYS[self.date.weekday()]}, {self.date.day} {_MONTHS[self.date.month - 1]} {self.date.year}"

    @property
    def short_name(self) -> str:
        """Such as `Sun 29 Nov`."""
        return f"{_WEEKDAYS[self.date.weekday()][:3]} {self.date.day} {_MONTHS[self.date.month - 1][:3]}"

    @property
    def length_h(self) -> float:
        """Hours from midnight to midnight."""
        return (self.last_s - self.first_s) / 3600


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def days_between(origin: datetime, first_s: float, last_s: float, zone: tzinfo) -> list[Day]:
    """Every day from one moment to another, also those on which nothing was recorded.

    Args:
        origin: Of the run's times; aware.
        first_s: The first moment, seconds since the origin.
        last_s: The last one.
        zone: Whose midnights.
    """
    day, end = (_local(origin, moment_s, zone).date() for moment_s in (first_s, last_s))
    found = []
    while day <= end:
        found.append(_day(origin, day, zone))
        day += timedelta(days=1)
    return found


def day_of(origin: datetime, moment_s: float, zone: tzinfo) -> Day:
    """The day that holds a moment; arguments are those of `days_between`."""
    day = _local(origin, moment_s, zone).date()
    found = _day(origin, day, zone)
    # Where clocks go back over midnight, the second time is the new day's as well: it began with the first.
    return found if moment_s < found.last_s else _day(origin, day + timedelta(days=1), zone)


def _day(origin: datetime, day: date, zone: tzinfo) -> Day:
    first, last = (_midnight(d, zone) for d in (day, day + timedelta(days=1)))
    first_s, last_s = (_since(origin, moment) for moment in (first, last))
    return Day(day, first_s, last_s, _clock(origin, first, last, zone), _hours(origin, day, zone))


def _midnight(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day begins; where clocks skip midnight, the first one there is."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _clock(origin: datetime, first: datetime, last: datetime, zone: tzinfo) -> DayClock:
    """The clock of a day: how far it is ahead of seconds since the origin, from when on."""
    shifts: list[tuple[float, float, str]] = []
    moment = first
    midnight = datetime.combine(first.astimezone(zone).date(), time())
    changes = first.astimezone(zone).utcoffset() != last.astimezone(zone).utcoffset()
    while moment < last and (changes or not shifts):
        local = moment.astimezone(zone)
        since = _since(origin, moment)
        shift = (local.replace(tzinfo=None) - midnight).total_seconds() - since
        if not shifts or abs(shifts[-1][1] - shift) > 1e-6:
            shifts.append((since, shift, local.tzname() or ""))
        moment += timedelta(minutes=15)  # clocks change at quarters of an hour, nowhere else
    return DayClock(tuple(shifts))


def _hours(origin: datetime, day: date, zone: tzinfo) -> tuple[tuple[float, float], ...]:
    found = []
    for hour in range(HOURS):
        begins = datetime.combine(day, time(hour), zone)
        after = day if hour < HOURS - 1 else day + timedelta(days=1)
        ends = datetime.combine(after, time((hour + 1) % HOURS), zone)
        # An hour that comes twice ends with its second time: the next one begins there, whatever its fold.
        found.append((_since(origin, begins), max(_since(origin, begins), _since(origin, ends))))
    return tuple(found)


def _local(origin: datetime, moment_s: float, zone: tzinfo) -> datetime:
    return (origin.astimezone(UTC) + timedelta(seconds=moment_s)).astimezone(zone)


def _since(origin: datetime, moment: datetime) -> float:
    return (moment.astimezone(UTC) - origin.astimezone(UTC)).total_seconds()


def short_dates(days: Sequence[Day]) -> str:
    """From the first to the last of some days, such as `23 to 29 November 2026`."""
    one, two = days[0].date, days[-1].date
    last = f"{two.day} {_MONTHS[two.month - 1]} {two.year}"
    if one == two:
        return last
    if (one.year, one.month) == (two.year, two.month):
        return f"{one.day} to {last}"
    return f"{one.day} {_MONTHS[one.month - 1]}{f' {one.year}' if one.year != two.year else ''} to {last}"
