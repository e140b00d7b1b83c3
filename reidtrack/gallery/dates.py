"""Since when somebody has agreed to be known, and until when they are kept: dates of a person, and what follows.

The rule: who is kept until a day is forgotten once that day is over (UTC). Whoever opens the gallery forgets them
first, so that they are neither shown nor matched from then on, whatever is done with the file.
"""

from __future__ import annotations

import sqlite3
from datetime import date
from typing import NamedTuple

from reidtrack import clock
from reidtrack.errors import UsageError


class Dates(NamedTuple):
    """The dates of a person, `YYYY-MM-DD`; None for what is not noted.

    Attributes:
        consent: When the person agreed to be known.
        until: The last day on which they are kept; None keeps them without an end.
    """

    consent: str | None = None
    until: str | None = None


def today() -> str:
    """The present day in UTC, `YYYY-MM-DD`."""
    return clock.now().date().isoformat()


def check_date(text: str, field: str) -> str:
    """A date that was given for the parameter `field`, `YYYY-MM-DD`.

    Raises:
        UsageError: If it is none, or a last day that is over.
    """
    try:
        found = date.fromisoformat(text).isoformat()
    except ValueError:
        found = ""
    if found != text:
        raise UsageError(f"{text[:40]!r} is no date", field=field, expected="a date such as 2027-03-01")
    if field == "until" and text < today():
        raise UsageError(f"{text} is over already", field=field, expected="today or later", hint="forget the person")
    return text


def stricter(one: Dates, other: Dates) -> Dates:
    """Dates of two people who are one: the first's consent or else the other's, and the earlier of the last days."""
    ends = [until for until in (one.until, other.until) if until is not None]
    return Dates(one.consent or other.consent, min(ends, default=None))


def read_dates(sql: sqlite3.Connection, person: int) -> Dates:
    """Dates of a person, by id."""
    return Dates(*sql.execute("SELECT consent, until FROM person WHERE id = ?", (person,)).fetchone())


def write_dates(sql: sqlite3.Connection, person: int, dates: Dates) -> None:
    """Set both dates of a person, by id."""
    sql.execute("UPDATE person SET consent = ?, until = ? WHERE id = ?", (*dates, person))


def expired(sql: sqlite3.Connection) -> list[int]:
    """Ids of people whose last day is over."""
    return [row[0] for row in sql.execute("SELECT id FROM person WHERE until < ?", (today(),))]
