"""Errors: one line each, and the documented exit codes."""

from __future__ import annotations

import pytest

from reidtrack import errors
from reidtrack.errors import (
    ConfigError,
    DeviceError,
    InputError,
    OutputError,
    ReidtrackError,
    UsageError,
    WeightsError,
)


@pytest.mark.parametrize(
    ("kind", "code", "parent"),
    [
        pytest.param(ReidtrackError, 1, Exception, id="base"),
        pytest.param(UsageError, 2, ReidtrackError, id="usage"),
        pytest.param(ConfigError, 2, UsageError, id="configuration"),
        pytest.param(DeviceError, 2, UsageError, id="device"),
        pytest.param(InputError, 3, ReidtrackError, id="input"),
        pytest.param(WeightsError, 4, ReidtrackError, id="weights"),
        pytest.param(OutputError, 5, ReidtrackError, id="output"),
    ],
)
def test_exit_codes(kind: type[ReidtrackError], code: int, parent: type[Exception]) -> None:
    assert kind("x").exit_code == code
    assert issubclass(kind, parent)


def test_every_error_stands_in_the_tree_of_the_docstring() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, ReidtrackError)]
    assert len(classes) == 7
    for kind in classes:
        assert f"{kind.__name__} ({kind.exit_code})" in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        pytest.param({}, "cannot be read", id="what"),
        pytest.param({"where": "a.mp4"}, "a.mp4: cannot be read", id="where"),
        pytest.param({"expected": "a video"}, "cannot be read (expected a video)", id="expected"),
        pytest.param({"hint": "check it"}, "cannot be read; check it", id="hint"),
        pytest.param(
            {"where": 7, "expected": "a video", "hint": "check it"},
            "7: cannot be read (expected a video); check it",
            id="all",
        ),
        pytest.param(
            {"where": "a\nb", "hint": " two\n\n lines "}, "a b: cannot be read; two lines", id="always one line"
        ),
    ],
)
def test_message(parts: dict[str, str], line: str) -> None:
    error = InputError("cannot be read", **parts)
    assert error.message == line
    assert str(error) == line
