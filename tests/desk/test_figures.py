"""Numbers, shares and dates in French and English."""

from datetime import UTC, datetime

import pytest

from desk.figures import MINUS, NARROW, NOTHING, SPACE, Figures

FR, EN = Figures("fr"), Figures("en")


@pytest.mark.parametrize(
    ("value", "digits", "fr", "en"),
    [
        (1234567.0, 0, f"1{NARROW}234{NARROW}567", "1,234,567"),
        (1234.5, 2, f"1{NARROW}234,50", "1,234.50"),
        (-0.25, 2, f"{MINUS}0,25", f"{MINUS}0.25"),
        (-0.001, 2, "0,00", "0.00"),
        (None, 0, NOTHING, NOTHING),
        (float("nan"), 1, NOTHING, NOTHING),
    ],
)
def test_numbers(value: float | None, digits: int, fr: str, en: str) -> None:
    assert FR.number(value, digits) == fr
    assert EN.number(value, digits) == en


def test_shares_and_signs() -> None:
    assert FR.percent(0.0909) == f"9,1{SPACE}%"
    assert EN.percent(0.0909, 2) == f"9.09{SPACE}%"
    assert FR.percent(-0.1, 0, signed=True) == f"{MINUS}10{SPACE}%"
    assert EN.number(0.5, 2, signed=True) == "+0.50"
    assert EN.span(1.0, 2.5, 1) == "1.0 to 2.5"
    assert FR.span(1.0, 2.5, 1) == "1,0 à 2,5"


def test_instants_are_on_the_readers_clock_and_days_stay_days() -> None:
    paris = Figures.of("fr", "Europe/Paris")
    assert paris.instant("2026-11-25T23:30:00.123456Z") == "26 nov. 2026, 00:30"
    assert EN.instant("2026-11-25T23:30:00+00:00") == "25 Nov 2026, 23:30"
    assert Figures.of("en", "America/New_York").day("2026-11-25") == "25 Nov 2026"
    assert EN.instant(None) == NOTHING
    assert EN.day("yesterday") == NOTHING
    assert Figures.of("fr", "Nowhere/Land").zone is UTC


@pytest.mark.parametrize(
    ("at", "fr", "en"),
    [
        ("2026-11-25T11:58:00Z", f"2{SPACE}min", f"2{SPACE}min"),
        ("2026-11-25T02:00:00Z", f"10{SPACE}h", f"10{SPACE}h"),
        ("2026-11-20T12:00:00Z", f"5{SPACE}j", f"5{SPACE}d"),
    ],
)
def test_how_long_something_has_waited(at: str, fr: str, en: str) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert FR.waited(at, now) == fr
    assert EN.waited(at, now) == en


def test_values_follow_their_unit() -> None:
    assert EN.value(0.25, "share") == f"25.0{SPACE}%"
    assert EN.value(364500.0, "currency") == "364,500"
    assert EN.value(0.4567, "score") == "0.457"
    assert EN.value(100001, "id") == "100001"
    assert EN.value(1.5, "count") == "1.50"
    assert EN.value("Working", "category") == "Working"
    assert EN.value(None, "days") == NOTHING
