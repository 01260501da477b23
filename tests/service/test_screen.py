"""A decision on a terminal: nothing is said by colour alone, and the parts add up to what is shown."""

import pytest

from aval.credit.decision import Decision, Given, Verdict
from aval.credit.policy import Policy
from aval.service.screen import percent, show
from aval.settings import ROOT

THEMES = {"base": -2.5, "external": 0.75, "repayment": -0.25}


@pytest.fixture
def decision() -> Decision:
    return Decision(
        applicant_id=100001,
        probability=0.119,
        points=482,
        cutoff=1 / 11,
        verdict=Verdict.DECLINE,
        rules=(),
        reasons=(Given("EXTERNAL_SCORES", 0.75),),
        warnings=("ABSENT:bureau",),
        model="3",
        policy="2026-11-24",
        features="0" * 64,
    )


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("fr", ["REFUS", "11,9 %", "seuil 9,1 %", "482 points", "Scores externes", "Total", "politique 2026-11-24"]),
        ("en", ["DECLINED", "11.9 %", "cut-off 9.1 %", "482 points", "External scores", "Total", "policy 2026-11-24"]),
    ],
)
def test_everything_needed_is_on_the_screen(
    decision: Decision, lang: str, said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    policy = Policy.load(ROOT / "policies" / "2026-11-24.toml")
    show(decision, THEMES, [decision.reasons[0].sentence(lang)], policy, lang)  # type: ignore[arg-type]
    out = capsys.readouterr().out
    weights = [text.replace(".", "," if lang == "fr" else ".") for text in ("-2.00", "+0.75", "-0.25")]
    for words in [*said, *weights, "bureau", "▼", "▒"]:
        assert words in out


def test_the_gauge_marks_the_far_end_for_a_very_high_probability(
    decision: Decision, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = Policy.load(ROOT / "policies" / "2026-11-24.toml")
    sure = Decision(**{name: getattr(decision, name) for name in decision.__slots__} | {"probability": 0.99})
    show(sure, THEMES, [], policy, "en")
    assert "█▼" in capsys.readouterr().out


def test_shares_are_written_as_the_reader_does() -> None:
    assert percent(1 / 11, "fr") == "9,1 %"
    assert percent(1 / 11, "en") == "9.1 %"
