"""Parameters as options of the command line: errors name the first, `--overwrite` is what its user types."""

from __future__ import annotations

from reidtrack.errors import ReidtrackError

_OWN = {"settings": "--set", "name": "NAME"}
"""Parameters whose option is called otherwise, or that have none but stand in their place."""


def option(name: str, value: str = "") -> str:
    """Spell a parameter as an option.

    Args:
        name: Plain name, `"keep_days"`.
        value: As Python writes it, `"'torch'"`; "" for none.

    Returns:
        The option as it is typed: `--keep-days`, `--engine torch`, and `--overwrite` for True.
    """
    spelt = _OWN.get(name, f"--{name.replace('_', '-')}")
    return spelt if value in ("", "True") else f"{spelt} {value.strip(chr(39))}"


def told(error: ReidtrackError | str) -> str:
    """The line that tells of an error; a text is one already."""
    return error if isinstance(error, str) else error.told(option)
