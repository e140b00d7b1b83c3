"""The repository's pages: their links and the anchors of their headings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOUND = ("*.md", "docs/**/*.md", "samples/*.md", "weights/*.md", "tools/**/*.md")
PAGES = sorted(path for pattern in FOUND for path in ROOT.glob(pattern))
"""Every page that a reader may be sent to."""


def without_code(text: str) -> str:
    """The text of a page without its code: blocks between fences, indented blocks and what stands between backticks."""
    text = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.M | re.S)
    text = re.sub(r"^    .*$", "", text, flags=re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def links(text: str) -> list[str]:
    """Targets of a page's links and pictures, in order."""
    return re.findall(r"\]\(([^)\s]+)\)", without_code(text))


def anchors(text: str) -> list[str]:
    """Anchors of a page's headings, as GitHub and MkDocs both make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), flags=re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading) for heading in headings]
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain]


def python_blocks(page: Path) -> list[str]:
    """A page's blocks of Python, in order."""
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def commands(text: str) -> list[str]:
    """A page's command lines that call reidtrack, indented or between fences, with continued lines joined."""
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.M | re.S))
    indented = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
    return re.findall(r"^(reidtrack [a-z].*)$", re.sub(r"\\\n *", " ", f"{fenced}\n{indented}"), flags=re.M)
