"""One script of the reports' ES modules, as a page without a network needs it.

The modules keep to a subset of JavaScript for which looking at lines suffices, so that neither a checkout nor the build
of a wheel needs a JavaScript parser: named imports from relative paths and `export` before a function, class or const,
each beginning a line; comments over several lines have these for themselves; template literals end on their line. All
else is refused. Modules become functions, called in the order of their imports, so each keeps its own scope. Only the
standard library is imported here, because setup.py runs this file.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass

ENTRIES = ("run/js/main.js", "days/js/main.js")
"""Modules that pages start with, relative to reidtrack/report."""

_IMPORT = re.compile(r'^import \{([\w\s,$]+)\} from "(\.{1,2}/[\w./-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(
    r"^export (?=(?:(?:async )?function\*? |class |const )(?:\{ ([\w$, ]+) \} =|([\w$]+)))", re.MULTILINE
)
_UNBUNDLED = re.compile(r"^(?:import|export)\b|\bimport\s*\(|\bimport\.meta\b")


class BundleError(ValueError):
    """A module is outside the subset, imports what another does not export, or takes part in a circle of imports."""


@dataclass(frozen=True)
class _Module:
    """A module taken apart.

    Attributes:
        imports: Path of another module, name there, name here.
        exports: Names that others may import.
        code: Its code without imports, the word `export`, blank lines, and comments that have lines of their own.
    """

    imports: list[tuple[str, str, str]]
    exports: list[str]
    code: str


def bundled_name(entry: str) -> str:
    """Path of the bundle that a wheel carries for an entry: `run/js/main.bundle.js` for `run/js/main.js`."""
    return entry.removesuffix(".js") + ".bundle.js"


def bundle(entry: str, read: Callable[[str], str]) -> str:
    """Script that does what a module and all that it imports do.

    Args:
        entry: Path of the first module, with slashes.
        read: Gives a module's source by its path.

    Returns:
        A classic script in strict mode that leaves no global names.

    Raises:
        BundleError: If a module is outside the subset, imports what another does not export, or imports itself by way
            of others.
        OSError: If a module cannot be read.
    """
    modules: dict[str, _Module] = {}
    _load(entry, read, modules, ())
    variables = {path: f"module{n}" for n, path in enumerate(modules, start=1)}
    functions = [_as_function(path, module, variables) for path, module in modules.items()]
    return "\n".join(['"use strict";', "(() => {", *functions, "})();", ""])


def _load(path: str, read: Callable[[str], str], modules: dict[str, _Module], importers: tuple[str, ...]) -> None:
    """Add a module to `modules`, after everything that it imports."""
    if path in importers:
        raise BundleError(f"modules import each other in a circle: {' -> '.join((*importers, path))}")
    if path in modules:
        return
    module = _parse(path, read(path))
    for other, name, _ in module.imports:
        _load(other, read, modules, (*importers, path))
        if name not in modules[other].exports:
            raise BundleError(f"{path} imports {name}, which {other} does not export")
    modules[path] = module


def _parse(path: str, source: str) -> _Module:
    """A module's imports, exports and code."""
    code = _without_comments(path, source)
    imports = []
    for names, other in _IMPORT.findall(code):
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
        for part in filter(None, map(str.strip, names.split(","))):
            name, _, alias = part.partition(" as ")
            imports.append((there, name, alias or name))
    code = _IMPORT.sub("", code)
    exports = [name for several, single in _EXPORT.findall(code) for name in (several or single).split(", ")]
    code = _EXPORT.sub("", code)
    for line in code.splitlines():
        if reason := _why_refused(line):
            raise BundleError(f"{path}: {reason}: {line.strip()}")
    return _Module(imports, exports, code)


def _why_refused(line: str) -> str | None:
    """What a line has that is outside the subset; None where there is nothing."""
    if _UNBUNDLED.search(line):
        return "import or export that cannot be bundled"
    if line.count("`") % 2:
        return "template literal over several lines, or lone backtick"
    return "would end the script or hide it in HTML" if "</script" in line.lower() or "<!--" in line else None


def _without_comments(path: str, source: str) -> str:
    """Source without blank lines and without comments that have lines of their own."""
    kept, inside = [], False
    for line in source.splitlines():
        text = line.strip()
        inside = inside or text.startswith("/*")
        if not inside and text and not text.startswith("//"):
            kept.append(f"{line}\n")
        if inside and "*/" in text:
            if not text.endswith("*/"):
                raise BundleError(f"{path}: code after a comment that has lines of its own: {text}")
            inside = False
    return "".join(kept)


def _as_function(path: str, module: _Module, variables: dict[str, str]) -> str:
    """A module as a function that is called at once and returns what the module exports."""
    lines = [f"const {variables[path]} = (() => {{ // {path}"]
    for other in dict.fromkeys(there for there, _, _ in module.imports):
        taken = [(name, alias) for there, name, alias in module.imports if there == other]
        names = (name if name == alias else f"{name}: {alias}" for name, alias in taken)
        lines.append(f"const {{ {', '.join(names)} }} = {variables[other]};")
    exports = [f"return {{ {', '.join(module.exports)} }};"] if module.exports else []
    return "\n".join([*lines, module.code.rstrip("\n"), *exports, "})();"])
