"""Hooks of MkDocs: pages outside docs/ join the site, and nothing of the site is loaded from elsewhere.

README.md becomes the site's first page; the READMEs of weights/ and samples/, CONTRIBUTING.md and CHANGELOG.md become
pages; files of the repository that pages link to come along under `repository/`.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "samples/README.md": "samples/README.md",
    "tools/train_detector/README.md": "tools/train_detector/README.md",
    "weights/README.md": "weights/README.md",
}
"""Pages that stand outside docs/, and where they stand in the site."""
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
FOREIGN = re.compile(
    r"""<(?:script|img|iframe)\b[^>]*\ssrc=["']?(?:https?:)?//|<link\b[^>]*\shref=["']?(?:https?:)?//"""
    r"""|@import[^;]*//|url\(["']?(?:https?:)?//"""
)
"""What a browser would load from another place without being asked: links that are clicked are no such thing."""
log = logging.getLogger("mkdocs.hooks.docs_site")


def site_path(path: str) -> str:
    """Where a file of the repository stands in the site, relative to its first page."""
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}"


def rewritten(text: str, page: str) -> tuple[str, set[str]]:
    """A page with its links as they are in the site.

    Args:
        text: The page.
        page: Its path in the repository.

    Returns:
        The page, and the files of the repository outside docs/ that it links to.
    """
    here, found = posixpath.dirname(site_path(page)), set()

    def there(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), match[2]))
        if (ROOT / target).is_dir() and (ROOT / target / "README.md").is_file():
            target += "/README.md"
        if not target.startswith("docs/") and target not in PAGES and (ROOT / target).is_file():
            found.add(target)
        return f"{match[1]}{posixpath.relpath(site_path(target), here or '.')}{match[3]}"

    return LINK.sub(there, text), found


def on_files(files: Any, config: Any) -> Any:
    """Add what stands outside docs/ and is linked to."""
    from mkdocs.structure.files import File  # the tests of this file do without MkDocs

    inside = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    texts = {page: (ROOT / page).read_text(encoding="utf-8") for page in {*inside, *PAGES}}
    linked: set[str] = set()
    for page, text in texts.items():
        new, found = rewritten(text, page)
        linked |= found
        if page in PAGES:
            files.append(File.generated(config, site_path(page), content=new))
    for path in sorted(linked):
        files.append(File.generated(config, site_path(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of a page in docs/ to what stands outside."""
    if page.file.generated_by:
        return markdown
    return rewritten(markdown, f"docs/{page.file.src_uri}")[0]


def on_post_build(config: Any) -> None:
    """Warn (which is an error in strict mode) of whatever a browser would load from elsewhere."""
    site = Path(config["site_dir"])
    for path in sorted(path for path in site.rglob("*") if path.suffix in {".html", ".css"}):
        if path.relative_to(site).parts[0] == "repository":
            continue
        found = FOREIGN.search(path.read_text(encoding="utf-8"))
        if found:
            log.warning("%s loads something from elsewhere: %s", path.relative_to(site), found[0])
