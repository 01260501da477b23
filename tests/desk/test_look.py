"""Colours that are told apart, cards that are told without them, and nothing that a name can smuggle in."""

import itertools

import pytest

from desk import look


def light(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# Linear RGB -> what dichromats see (Viénot, Brettel and Mollon 1999).
SEEN = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def seen(colour: str, how: str) -> list[float]:
    linear = [(int(colour[place : place + 2], 16) / 255) ** 2.2 for place in (1, 3, 5)]
    return [max(0.0, sum(a * b for a, b in zip(row, linear, strict=True))) ** (1 / 2.2) for row in SEEN[how]]


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_read_and_verdicts_are_told_apart_by_colour_blind_people(dark: bool) -> None:
    p = look.palette(dark)
    assert contrast(p.ink, p.ground) > 7
    assert contrast(p.quiet, p.ground) > 4.5
    for verdict, other in itertools.combinations(look.SHAPES, 2):
        assert contrast(p.verdict(verdict), p.ground) > 3
        for how in SEEN:
            apart = zip(seen(p.verdict(verdict), how), seen(p.verdict(other), how), strict=True)
            assert sum((a - b) ** 2 for a, b in apart) ** 0.5 > 0.15, (verdict, other, how)


def test_a_verdict_is_a_shape_and_a_word_too() -> None:
    assert len(set(look.SHAPES.values())) == len(set(look.MARKS.values())) == 3
    card = look.verdict("refer", "Demande à étudier", "<b>1</b>")
    assert look.MARKS["refer"] in card
    assert "Demande à étudier" in card


def test_no_name_becomes_markup_or_style() -> None:
    bad = '</style><script>alert(1)</script>"}'
    assert "<script>" not in look.styles(False, bad, bad, bad)
    for made in (
        look.verdict("approve", bad, ""),
        look.empty(bad, bad),
        look.reasons([bad]),
        look.terms({bad: bad}),
        look.headed(bad, bad),
    ):
        assert "<script>" not in made
    assert "<script>" not in look.legend({bad: "#fff"})
