"""One script of several modules: what goes in, what comes out, what is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import reidtrack.report
from reidtrack.report.bundle import ENTRIES, BundleError, bundle, bundled_name
from reidtrack.report.shell import asset, page_script

ROOM = Path(reidtrack.report.__file__).parent
MODULES = sorted(path.relative_to(ROOM).as_posix() for path in ROOM.rglob("*.js"))

COUNTER = """
// A comment.
/** One more,
 *  over several lines. */
let count = 0;

export function next() {
  return ++count; // beside code it stays
}
export const url = "https://example.org/*", names = `${next()}`;
export const { length, at } = "word";
export class Thing {}
export async function wait() {}
"""


def made(**modules: str) -> str:
    """The bundle of modules by their names, with `main` the first."""
    return bundle("a/main.js", {f"a/{name}.js": text for name, text in modules.items()}.__getitem__)


def test_modules_become_functions_in_the_order_of_their_imports() -> None:
    script = made(
        main='import { next, length as size } from "./counter.js";\nimport { two } from "./two.js";\ntwo(next(), size)',
        two='import {\n  next,\n} from "./counter.js";\n\nexport const two = () => next();\n',
        counter=COUNTER,
    )
    assert script == (
        '"use strict";\n(() => {\n'
        "const module1 = (() => { // a/counter.js\n"
        "let count = 0;\n"
        "function next() {\n  return ++count; // beside code it stays\n}\n"
        'const url = "https://example.org/*", names = `${next()}`;\n'
        'const { length, at } = "word";\n'
        "class Thing {}\n"
        "async function wait() {}\n"
        "return { next, url, length, at, Thing, wait };\n"
        "})();\n"
        "const module2 = (() => { // a/two.js\n"
        "const { next } = module1;\n"
        "const two = () => next();\n"
        "return { two };\n"
        "})();\n"
        "const module3 = (() => { // a/main.js\n"
        "const { next, length: size } = module1;\n"
        "const { two } = module2;\n"
        "two(next(), size)\n"
        "})();\n"
        "})();\n"
    )


def test_paths_go_up_and_down() -> None:
    files = {
        "run/js/main.js": 'import { one } from "../../js/dom.js";\none();\n',
        "js/dom.js": "export const one = 1;\n",
    }
    assert "const { one } = module1;" in bundle("run/js/main.js", files.__getitem__)


@pytest.mark.parametrize(
    ("modules", "complaint"),
    [
        pytest.param({"main": "export default 1;\n"}, "cannot be bundled", id="a default export"),
        pytest.param({"main": "export let a = 1;\n"}, "cannot be bundled", id="a binding that changes"),
        pytest.param({"main": 'export { a } from "./b.js";\n'}, "cannot be bundled", id="an export of another's"),
        pytest.param({"main": 'import a from "./b.js";\n'}, "cannot be bundled", id="a default import"),
        pytest.param({"main": 'import * as a from "./b.js";\n'}, "cannot be bundled", id="a namespace"),
        pytest.param({"main": 'import "./b.js";\n'}, "cannot be bundled", id="nothing by name"),
        pytest.param({"main": 'import { a } from "package";\n'}, "cannot be bundled", id="a package"),
        pytest.param({"main": 'import { a } from "./b.js"\n'}, "cannot be bundled", id="no semicolon"),
        pytest.param({"main": 'a(import("./b.js"));\n'}, "cannot be bundled", id="an import at run time"),
        pytest.param({"main": "a(import.meta.url);\n"}, "cannot be bundled", id="the module's own address"),
        pytest.param({"main": "const a = `\n`;\n"}, "template literal", id="a template over two lines"),
        pytest.param({"main": "/* a */ b();\n"}, "code after a comment", id="code after a comment"),
        pytest.param({"main": 'a("</SCRIPT>");\n'}, "end the script", id="the end of the page's element"),
        pytest.param(
            {"main": 'import { a, b } from "./b.js";\n', "b": "export const a = 1;\n"},
            "a/main.js imports b, which a/b.js does not export",
            id="a name that is not exported",
        ),
        pytest.param(
            {"main": 'import { a } from "./b.js";\n', "b": "export const c = 2, a = 1;\n"},
            "does not export",
            id="the second name of an export",
        ),
        pytest.param(
            {
                "main": 'import { a } from "./b.js";\n',
                "b": 'import { c } from "./c.js";\nexport const a = 1;\n',
                "c": 'import { a } from "./b.js";\nexport const c = 1;\n',
            },
            "a/main.js -> a/b.js -> a/c.js -> a/b.js",
            id="a circle",
        ),
    ],
)
def test_what_cannot_be_bundled_is_refused(modules: dict[str, str], complaint: str) -> None:
    with pytest.raises(BundleError, match=complaint):
        made(**modules)


def test_every_module_belongs_to_a_page() -> None:
    scripts = "".join(page_script(entry) for entry in ENTRIES)
    assert [name for name in MODULES if f"// {name}\n" not in scripts] == []


@pytest.mark.parametrize("name", MODULES)
def test_lines_fit_a_screen(name: str) -> None:
    assert [line for line in asset(name).splitlines() if len(line) > 120] == []


def test_a_wheels_bundle_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run/js").mkdir(parents=True)
    (tmp_path / bundled_name(ENTRIES[0])).write_text("bundled();\n", encoding="utf-8")
    monkeypatch.setattr("reidtrack.report.shell.files", lambda _: tmp_path)
    page_script.cache_clear()
    assert page_script(ENTRIES[0]) == "bundled();\n"
    page_script.cache_clear()


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js on this machine")
@pytest.mark.parametrize("entry", ENTRIES)
def test_bundles_are_javascript(tmp_path: Path, entry: str) -> None:
    script = tmp_path / "script.js"
    script.write_text(page_script(entry), encoding="utf-8")
    subprocess.run(["node", "--check", str(script)], check=True)
