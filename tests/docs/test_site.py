"""What joins the manual's site from outside docs/, and what may not be loaded by it."""

from __future__ import annotations

import pytest
from doc_pages import ROOT

from tools.docs_site import FOREIGN, PAGES, rewritten


@pytest.mark.parametrize(
    ("page", "link", "expected", "files"),
    [
        pytest.param("README.md", "docs/cli.md#measure", "cli.md#measure", set(), id="the first page into docs"),
        pytest.param("docs/cli.md", "python.md", "python.md", set(), id="within docs"),
        pytest.param("docs/results/index.md", "../cli.md", "../cli.md", set(), id="up within docs"),
        pytest.param("docs/results/a.md", "../../weights/README.md", "../weights/README.md", set(), id="a page"),
        pytest.param("docs/site.md", "../README.md", "index.md", set(), id="the first page"),
        pytest.param(
            "docs/site.md", "../samples/site.yaml", "repository/samples/site.yaml", {"samples/site.yaml"}, id="a file"
        ),
        pytest.param("README.md", "docs/pictures/mosaic.jpg", "pictures/mosaic.jpg", set(), id="a picture of docs"),
        pytest.param("docs/cli.md", "https://example.com/a", "https://example.com/a", set(), id="another site"),
        pytest.param("docs/cli.md", "#measure", "#measure", set(), id="the same page"),
    ],
)
def test_links_are_rewritten(page: str, link: str, expected: str, files: set[str]) -> None:
    assert rewritten(f"see [it]({link}).", page) == (f"see [it]({expected}).", files)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_there(page: str) -> None:
    assert (ROOT / page).is_file()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param('<script src="https://cdn.example/x.js">', True, id="a script"),
        pytest.param("<script src='//cdn.example/x.js'>", True, id="a script of the same scheme"),
        pytest.param('<link rel="stylesheet" href="https://fonts.example/css">', True, id="a style"),
        pytest.param('<img alt="" src="http://example/x.png">', True, id="a picture"),
        pytest.param("src: url(https://fonts.example/a.woff2)", True, id="a font"),
        pytest.param('@import "https://fonts.example/css";', True, id="an import"),
        pytest.param('<a href="https://arxiv.org/abs/1602.00763">', False, id="a link is no load"),
        pytest.param('<script src="assets/x.js">', False, id="a script of the site"),
        pytest.param("url(data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'>)", False, id="data"),
    ],
)
def test_what_would_be_loaded_from_elsewhere(text: str, found: bool) -> None:
    assert bool(FOREIGN.search(text)) is found
