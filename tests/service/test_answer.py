"""Every answer of the screens is frozen, closed and described, and none can hold an identity."""

import pytest
from pydantic import ValidationError

from aval.model.interval import Interval
from aval.service import cards, crowd, curve, words
from aval.service.answer import Answer, Span
from aval.service.api import app


def answers(kind: type[Answer] = Answer) -> list[type[Answer]]:
    found = [kind for kind in kind.__subclasses__() if kind.__module__.startswith("aval.service.")]
    return [*found, *(deeper for one in found for deeper in answers(one))]


def test_every_field_says_what_it_is_and_none_is_an_identity() -> None:
    assert app is not None  # with it every answer is there, whichever tests ran before
    assert {cards.ModelCard, crowd.Company, curve.Point, words.Words} <= set(answers())
    for kind in answers():
        for name, field in kind.model_fields.items():
            assert field.description, f"{kind.__name__}.{name}"
            if not kind.__module__.startswith("aval.service.api."):  # decisions are somebody's, screens nobody's
                assert "applicant_id" not in name
                assert "SK_ID" not in name
        assert kind.__doc__
        assert kind.__doc__ != Answer.__doc__, kind.__name__


def test_frozen_and_closed() -> None:
    span = Span.of(Interval(0.5, 0.25, 0.75))
    assert span.model_dump() == {"value": 0.5, "low": 0.25, "high": 0.75}
    with pytest.raises(ValidationError, match="frozen"):
        span.value = 1.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Span.model_validate({"value": 0.5, "low": 0.25, "high": 0.75, "applicant": 1})
