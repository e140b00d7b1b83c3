"""Every link within the repository's pages leads to a file and, where it names one, to a heading that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doc_pages import PAGES, ROOT, anchors, links

TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".sh", ".css", ".js", ".html"}


def broken(page: Path, text: str) -> list[str]:
    """Links of a page that lead nowhere."""

    def leads(link: str) -> bool:
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve()
        if name and not (target.exists() and target.is_relative_to(ROOT)):
            return False
        return not anchor or anchor in anchors(target.read_text(encoding="utf-8") if name else text)

    return [link for link in links(text) if not re.match(r"[a-z]+:", link) and not leads(link)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_heading_stands_twice(page: Path) -> None:
    """GitHub and MkDocs number the second one in different ways."""
    found = anchors(page.read_text(encoding="utf-8"))
    if page.name != "CHANGELOG.md":  # every version has its "Added"
        assert sorted(found) == sorted(set(found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[a](README.md) [b](README.md#licence)", [], id="a file and a heading"),
        pytest.param("[a](no.md)", ["no.md"], id="no such file"),
        pytest.param("[a](README.md#no)", ["README.md#no"], id="no such heading"),
        pytest.param("# Here I am\n[a](#here-i-am) [b](#there)", ["#there"], id="within the page"),
        pytest.param("[a](../x)", ["../x"], id="outside the repository"),
        pytest.param("[a](https://example.com/no.md)", [], id="another site"),
        pytest.param("`[a](no.md)`\n\n    [b](no.md)\n\n```\n[c](no.md)\n```\n", [], id="code is no link"),
        pytest.param("![picture](docs/pictures/no.png)", ["docs/pictures/no.png"], id="a picture"),
    ],
)
def test_the_check_itself(text: str, expected: list[str]) -> None:
    assert broken(ROOT / "page.md", text) == expected


def test_pages_that_code_names_are_there() -> None:
    """`docs/...md` in docstrings, comments, messages and settings, and the heading after a `#`."""
    folders = ("reidtrack", "tests", "benchmarks", "tools", "configs", "samples", "docs")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in TEXT]
    wrong = []
    for path in [*files, *ROOT.glob("*.*"), ROOT / "Makefile"]:
        if path.parent == Path(__file__).resolve().parent or path.suffix not in TEXT or not path.is_file():
            continue
        for page, anchor in re.findall(r"\bdocs/([\w/]+\.md)(?:#([\w-]+))?", path.read_text(encoding="utf-8")):
            target = ROOT / "docs" / page
            if not target.is_file() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
                wrong.append(f"{path.relative_to(ROOT)}: docs/{page}{'#' + anchor if anchor else ''}")
    assert wrong == []
