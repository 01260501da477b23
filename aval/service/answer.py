"""What every answer of the service has in common: it is frozen, closed, and each of its fields says what it is."""

from pydantic import BaseModel, ConfigDict

from aval.model.interval import Interval


class Answer(BaseModel):
    """Descriptions are the strings under the fields; figures are read from objects that have them."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, use_attribute_docstrings=True)


class Span(Answer):
    """A figure with its 95 % interval."""

    value: float
    """What was measured."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end."""

    @classmethod
    def of(cls, interval: Interval) -> "Span":
        """An interval as an answer."""
        return cls.model_validate(interval)
