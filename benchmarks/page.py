"""Tables of a page that a script writes itself: what lies between `<!-- name -->` and `<!-- end of name -->`."""

from __future__ import annotations

from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Replace a named part of a page.

    Raises:
        SystemExit: If the page has no such part.
    """
    head, begin, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, tail = rest.partition(f"<!-- end of {name} -->")
    if not (begin and end):
        raise SystemExit(f"{page} has no part <!-- {name} -->")
    page.write_text(f"{head}{begin}{text.strip()}\n{end}{tail}", encoding="utf-8")
