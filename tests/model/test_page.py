"""The page is one file, whole, and the same twice; what it says is what the comparison says."""

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from aval.model.page import _spread, page
from aval.model.results import compare
from tests.model.drawn_runs import several


class Parser(HTMLParser):
    """Collects addresses, cells and open tags."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [
            str(v) for k, v in attrs if k in ("src", "href", "xlink:href") and not str(v).startswith("#")
        ]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("noises", [(0.5,), (2.5, 0.2, 0.9), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)])
def test_it_is_self_contained_and_alike_twice(noises: tuple[float, ...]) -> None:
    runs, files = several(*noises)
    found = compare(runs, files.__getitem__)
    text = page(found)
    assert text == page(found)
    read = Parser()
    read.feed(text)
    assert read.addresses == []
    assert not re.search(r"<(script|link|img|iframe)|url\((?!#)|@import", text)
    said = " ".join(" ".join(read.text).split())
    assert found.advice.sentence in said
    assert "FN = a defaulter accepted" in said
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 3
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).get("aria-label")


def test_names_are_written_as_text() -> None:
    runs, files = several(0.5, 0.9)
    runs[1] = replace(runs[1], candidate="<b>&bold</b>")
    text = page(compare(runs, files.__getitem__))
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;bold" in text


def test_labels_keep_their_order_and_their_distance() -> None:
    heights = [5.0, 5.0, 5.1, 9.0, 0.0]
    moved = _spread(heights, 1.0)
    ranked = sorted(moved)
    assert min(b - a for a, b in itertools.pairwise(ranked)) > 0.99
    assert [moved[k] for k in (4, 0, 1, 2, 3)] == ranked
    assert _spread([1.0, 4.0], 1.0) == [1.0, 4.0]
