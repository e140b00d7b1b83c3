"""Dotted keys of nested settings, and settings that were renamed: a former name works for one version."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from reidtrack.errors import ConfigError
from reidtrack.plain_yaml import MOST_DEPTH

logger = logging.getLogger(__name__)

_ABSENT = object()


def rename(model: type[BaseModel], data: dict[str, Any], where: str | None = None) -> dict[str, str]:
    """Move settings from their former names to their present ones, in place; the names of those that were moved.

    Args:
        model: Whose sections say what was renamed.
        data: Settings in nested dictionaries.
        where: What they were read from, if that must not hold a setting under both names; without it, what stands
            under a former name came last, and replaces what stands under the present one.
    """
    moved = {}
    for former, present in _renamed(model).items():
        if _get(data, former) is _ABSENT:
            continue
        if where is not None and _get(data, present) is not _ABSENT:
            raise ConfigError(f"{former} is the former name of {present}", where=where, hint="leave one of them out")
        put(data, present, _pop(data, former), where=where or former)
        moved[former] = present
    return moved


def tell_renamed(moved: Mapping[str, str], where: str = "") -> None:
    """Log a line for each setting that `rename` moved."""
    for former, present in moved.items():
        prefix = f"{where}: " if where else ""
        logger.warning("%s%s is now called %s; the former name works in this version only", prefix, former, present)


def _renamed(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Former to present names, dotted, of a model and of all its sections."""
    own = getattr(model, "renamed", {})
    names = {prefix + former: prefix + present for former, present in own.items()}
    for name, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            names |= _renamed(info.annotation, f"{prefix}{name}.")
    return names


def put(data: dict[str, Any], key: str, value: Any, *, where: str, field: str | None = None) -> None:
    """Set the value at a dotted key, making the sections that lead there.

    Args:
        data: Settings in nested dictionaries.
        key: Dotted.
        value: What it is set to.
        where: What the value was read from, for the error.
        field: The parameter that it was given for, for the error.

    Raises:
        ConfigError: If a part of the key that leads there is a value.
    """
    *parents, last = key.split(".")
    if len(parents) > MOST_DEPTH:
        raise ConfigError(f"a key of {len(parents) + 1} parts", where=where, field=field, expected="key.sub=value")
    for depth, name in enumerate(parents):
        if data.get(name) is None:  # absent, or a section with nothing under it
            data[name] = {}
        data = data[name]
        if not isinstance(data, dict):
            raise ConfigError(f"{'.'.join(parents[: depth + 1])} is a value, not a section", where=where, field=field)
    data[last] = value


def _get(data: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key, `_ABSENT` where there is none."""
    value: Any = data
    for name in key.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _pop(data: dict[str, Any], key: str) -> Any:
    """Take out the value at a dotted key that is there."""
    *parents, last = key.split(".")
    for name in parents:
        data = data[name]
    return data.pop(last)
