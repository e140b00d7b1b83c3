"""HTML from values: whatever is not marked as HTML already is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already and goes into a page as it stands."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str | float | bool | None) -> Markup:
    """One element with its end tag.

    Args:
        name: Of the element.
        content: Children; plain strings are escaped, `Markup` is not.
        attributes: None and False leave the attribute out, True writes it bare. A trailing underscore is dropped
            (`class_`), others become hyphens (`aria_label`).
    """
    return Markup(f"<{name}{_attributes(attributes)}>{join(content)}</{name}>")


def void(name: str, **attributes: str | float | bool | None) -> Markup:
    """One element that has no end tag, such as `img`."""
    return Markup(f"<{name}{_attributes(attributes)}>")


def join(parts: Iterable[str]) -> Markup:
    """Parts one after another; plain strings are escaped, `Markup` is not."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def _attributes(attributes: dict[str, str | float | bool | None]) -> str:
    text = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = key.rstrip("_").replace("_", "-")
        text += f" {name}" if value is True else f' {name}="{escape(str(value))}"'
    return text
