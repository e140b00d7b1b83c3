"""HTML from values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reidtrack.report.html import Markup, join, tag, void


def test_tag() -> None:
    made = tag("a", "1 < 2", Markup("<b>&amp;</b>"), class_="x", data_v='"', hidden=True, title=None, open=False)
    assert made == '<a class="x" data-v="&quot;" hidden>1 &lt; 2<b>&amp;</b></a>'
    assert isinstance(made, Markup)


def test_void_and_join() -> None:
    assert join([void("col", span=2), "&"]) == '<col span="2">&amp;'


@given(st.text())
def test_no_text_becomes_an_element(text: str) -> None:
    made = tag("p", text, title=text)
    assert made.count("<") == made.count(">") == 2
    assert made.count('"') == 2
