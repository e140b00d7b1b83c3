"""HTML from values: whatever is not marked as HTML already is escaped."""

from __future__ import annotations

from base64 import b64encode
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


def inline_image(data: bytes, kind: str = "jpeg", **attributes: str | float | bool | None) -> Markup:
    """An `img` element that holds its own picture.

    Args:
        data: A picture's file.
        kind: What it is a file of: `jpeg` or `png`.
        attributes: Further attributes, as of `tag`.
    """
    return void("img", src=f"data:image/{kind};base64,{b64encode(data).decode('ascii')}", **attributes)


def join(parts: Iterable[str]) -> Markup:
    """Concatenation of parts; plain strings are escaped, `Markup` is not."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def _attributes(attributes: dict[str, str | float | bool | None]) -> str:
    text = ""
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = key.rstrip("_").replace("_", "-")
        text += f" {name}" if value is True else f' {name}="{escape(str(value))}"'
    return text
