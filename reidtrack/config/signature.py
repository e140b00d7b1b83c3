"""Settings of a signature: what a class or function can be told becomes a section of the configuration.

So a method's settings stand once, in its own file: their names, types, ranges and defaults in its signature, their
meaning in its docstring (Google style).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import Field, create_model

from reidtrack.config.load import Section
from reidtrack.options import Range

S = TypeVar("S", bound=Section)
_ARGUMENT = re.compile(r"(\w+): (.*)")


def default_of(function: Callable[..., Any], name: str) -> Any:
    """Default of a keyword argument of a class or function."""
    return inspect.signature(function).parameters[name].default


def section_of(function: Callable[..., Any], title: str, *, without: Collection[str] = ()) -> type[Section] | None:
    """Section whose keys are the keyword-only arguments of a class or function.

    Args:
        function: Each argument has a default, an annotation, and a line in the docstring's `Args`.
        title: What the section is about, in words.
        without: Arguments that are set elsewhere.

    Returns:
        None where no argument is left.

    Raises:
        KeyError: If the docstring does not say what an argument means.
    """
    meanings = _meanings(function)
    called = function.__init__ if inspect.isclass(function) else function
    hints = get_type_hints(called, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and name not in without:
            fields[name] = (hints[name], Field(parameter.default, description=meanings[name], **_limits(hints[name])))
    if not fields:
        return None
    return create_model(f"{function.__name__}Settings", __base__=Section, __doc__=title, **fields)


def with_sections(
    methods: Mapping[str, Callable[..., Any]], title: str, *, without: Collection[str] = ()
) -> Callable[[type[S]], type[S]]:
    """Class decorator: adds a section for each method that has settings of its own to the section of all.

    Args:
        methods: Name to the class or function that has the settings.
        title: What they are methods of, the first word of each section's title.
        without: Arguments that are settings of the section itself.
    """
    fields: dict[str, Any] = {}
    for name, method in methods.items():
        own = section_of(method, f"{title} {name}.", without=without)
        if own is not None:
            fields[name] = (own, Field(own(), description=f"settings of {title.lower()} {name} alone"))

    def extend(section: type[S]) -> type[S]:
        return create_model(section.__name__, __base__=section, __doc__=section.__doc__, **fields)

    return extend


def first_lines(methods: Mapping[str, Callable[..., Any]]) -> str:
    """What each method is, on one line: its name and the first line of its docstring."""
    told = ((name, (inspect.getdoc(method) or "").partition("\n")[0]) for name, method in methods.items())
    return "; ".join(f"{name}: {_as_description(text)}" for name, text in told)


def _limits(hint: Any) -> dict[str, Any]:
    """Pydantic's words for the `Range` of an annotation."""
    ranges = [one for one in get_args(hint) if isinstance(one, Range)]
    limits = {word: limit for one in ranges for word, limit in (("ge", one.least), ("le", one.most))}
    return {word: limit for word, limit in limits.items() if limit is not None}


def _meanings(function: Callable[..., Any]) -> dict[str, str]:
    """What the docstring says of each argument, each on one line, as the descriptions of settings are written."""
    found: dict[str, str] = {}
    lines = (inspect.getdoc(function) or "").partition("Args:\n")[2].splitlines()
    name = ""
    for line in lines:
        if line.strip() and not line.startswith("    "):
            break
        match = _ARGUMENT.match(line.strip()) if line.startswith("    ") and line[4:5] != " " else None
        if match is not None:
            name = match[1]
            found[name] = match[2]
        elif name:
            found[name] += f" {line.strip()}"
    return {name: _as_description(text) for name, text in found.items()}


def _as_description(text: str) -> str:
    text = text.strip().removesuffix(".")
    return text[:1].lower() + text[1:]
