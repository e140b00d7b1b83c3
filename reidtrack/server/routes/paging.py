"""Lists in pages: `limit` and `cursor` go in, `items` and `next` come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import Field

from reidtrack.server.endpoint import Words

T = TypeVar("T")


class Page(Words):
    """Which part of a list.

    Attributes:
        limit: Most entries.
        cursor: `next` of the page before; the beginning without it.
    """

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: Annotated[int, Field(ge=0, le=1 << 62)] = 0


def paged(found: Sequence[T], page: Page, as_json: Callable[[T], Any]) -> dict[str, Any]:
    """A page of a list; `next` is None at its end, `total` its whole length."""
    end = page.cursor + page.limit
    items = [as_json(one) for one in found[page.cursor : end]]
    return {"items": items, "next": end if end < len(found) else None, "total": len(found)}
