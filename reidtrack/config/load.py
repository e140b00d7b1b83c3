"""Settings from YAML and dotted overrides into checked pydantic models, with "did you mean"."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from reidtrack.config.keys import put, rename, tell_renamed
from reidtrack.errors import ConfigError, param
from reidtrack.options import OptionError
from reidtrack.plain_yaml import PlainYamlError, load_plain, read_plain_yaml
from reidtrack.video.secrets import redact_within


class Section(BaseModel):
    """A group of settings: unknown keys are errors, values cannot change after construction."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    @field_validator("*", mode="after")
    @classmethod
    def _usable(cls, value: Any) -> Any:
        """A number that arithmetic has room for: squares of 1e300 are infinite."""
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > _MOST_NUMBER:
            raise ValueError(f"a number up to {_MOST_NUMBER:.0e}")
        return value

    other_keys: ClassVar[str] = "`reidtrack config` prints every key"
    """Said of a key that is near none."""

    renamed: ClassVar[Mapping[str, str]] = {}
    """Former to present name of settings, both dotted and from this section on; a former one works for one version."""


C = TypeVar("C", bound=Section)
_MOST_NUMBER = 1e12
"""No setting, in seconds, pixels or people, is anywhere near it."""
_UNION_TAGS = ("constrained-", "literal[")
"""What pydantic calls the types of which a value may be one."""
_UNKNOWN = ("extra_forbidden", "invalid_key")
"""Pydantic's words for a key that is not known."""


def load(
    model: type[C],
    path: Path | None = None,
    overrides: Iterable[str] = (),
    *,
    base: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
) -> C:
    """Build a configuration from defaults, then `base`, then a YAML file, then dotted overrides, then options.

    Args:
        model: The configuration to build.
        path: A YAML file whose keys are those of `model`.
        overrides: `key.sub=value` texts, values in YAML; later ones win.
        base: Plain values that stand in for the defaults, as `dump` of this version or of the one before gives them.
        options: Dotted keys to values that were given in another way, such as a command's own options.

    Returns:
        The validated configuration.

    Raises:
        ConfigError: If the file cannot be read, a key is unknown (with the nearest known one), or a value is wrong.
    """
    data = present_names(model, base or {})
    if path is not None:
        written = _read_yaml(path)
        tell_renamed(rename(model, written, where=str(path)), str(path))
        _merge(data, written)
    overrides = list(overrides)
    for text in overrides:
        _apply_override(data, text)
        tell_renamed(rename(model, data))
    for key, value in (options or {}).items():
        put(data, key, value, where=key)
        tell_renamed(rename(model, data))
    if path is not None and overrides:
        return validate(model, data, where=f"{path} with {param('settings')}")
    return validate(model, data, where=path, field="settings" if overrides else None)


def present_names(model: type[Section], data: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values with renamed settings moved to their present names.

    Args:
        model: Whose sections say what was renamed.
        data: Values as `dump` gives them, such as the `config` of a `run.json` that the version before wrote.

    Returns:
        A copy.

    Raises:
        ConfigError: If a setting is there under both names.
    """
    renewed = copy.deepcopy(dict(data))
    rename(model, renewed, where="settings")
    return renewed


def validate(model: type[C], data: Mapping[str, Any], *, where: object | None = None, field: str | None = None) -> C:
    """Check `data` against `model`; the first fault becomes one line.

    Args:
        model: What it shall be.
        data: Plain values.
        where: The file they are of.
        field: The parameter that they, or some of them, were given for.

    Raises:
        ConfigError: If a key is unknown or a value does not fit.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        wrong = _explain(model, error, where, field)
    raise wrong  # without the original, whose text holds keys and values, and so what is secret in them


def dump(config: BaseModel) -> dict[str, Any]:
    """The configuration as plain values, ready for YAML or JSON."""
    return config.model_dump(mode="json")


def document(config: BaseModel, indent: str = "") -> str:
    """The configuration as YAML that `load` takes back, each key with what it means."""
    lines = []
    for name, info in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            lines += [f"{indent}# {(type(value).__doc__ or '').splitlines()[0]}", f"{indent}{name}:"]
            lines.append(document(value, indent + "  "))
        else:
            plain = config.model_dump(mode="json", include={name})
            text = f"{indent}{yaml.safe_dump(plain).strip()}"
            lines.append(f"{text}  # {info.description}" if info.description else text)
    return "\n".join(lines)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        data = read_plain_yaml(path)
    except OSError as error:
        raise ConfigError("cannot be read", where=path, hint=error.strerror) from error
    except PlainYamlError as error:
        raise ConfigError(error.what, where=path, expected="key: value lines") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError("not a mapping", where=path, expected="key: value lines")
    return data


def _apply_override(data: dict[str, Any], text: str) -> None:
    key, equals, raw = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"cannot read {text!r}", field="settings", expected="key.sub=value")
    try:
        value = load_plain(raw)
    except PlainYamlError as error:
        raise ConfigError(f"cannot read the value of {text!r}", field="settings", expected="a YAML value") from error
    put(data, key.strip(), value, where=text, field="settings")


def _merge(data: dict[str, Any], other: Mapping[str, Any]) -> None:
    """Lay `other` over `data`, section by section."""
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = value


def _explain(model: type[Section], error: ValidationError, where: object | None, field: str | None) -> ConfigError:
    wrong = partial(ConfigError, where=where, field=field)
    faults = error.errors()
    # A key that was misspelt is also one that is missing: what it should have been says both.
    fault = next((one for one in faults if one["type"] in _UNKNOWN), faults[0])
    path = _keys_of(fault["loc"])
    key = ".".join(path)
    if fault["type"] in _UNKNOWN:
        near = difflib.get_close_matches(key, _known_keys(model), n=1, cutoff=0.5)
        near = near or [k for k in _known_keys(model) if k.rsplit(".", 1)[-1] == path[-1]][:1]
        return wrong(
            f"unknown key {redact_within(repr(key))}", hint=f"did you mean {near[0]!r}?" if near else model.other_keys
        )
    if fault["type"] == "missing":
        meant = model.model_fields[path[0]].description if path[0] in model.model_fields else None
        return wrong(f"{key} is missing", expected=meant)
    unfit = fault.get("ctx", {}).get("error")
    if isinstance(unfit, OptionError):  # of a section as a whole: the error knows which of its keys it is
        key = ".".join([*path, unfit.name])
        return wrong(f"{key}: got {redact_within(repr(unfit.value))}", expected=unfit.expected)
    expected = "a section of keys" if fault["type"] == "model_type" else _expected(str(fault["msg"]))
    return wrong(f"{key}: got {redact_within(repr(fault['input']))}", expected=expected)


def _keys_of(loc: tuple[int | str, ...]) -> list[str]:
    """The keys on the way to a fault; of a value that may be of several types, not which of them was tried."""
    path = [str(part) for part in loc]
    return path[:-1] if path and path[-1].startswith(_UNION_TAGS) else path


def _expected(message: str) -> str:
    return message.removeprefix("Input should be ").removeprefix("Value error, ")


def _known_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, info in model.model_fields.items():
        keys.append(prefix + name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            keys += _known_keys(info.annotation, f"{prefix}{name}.")
    return keys
