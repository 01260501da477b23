"""A request for credit, as far as the policy reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

Fact = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Application:
    """An identity and the raw facts that hard rules may read, under their source's column names."""

    applicant_id: int
    facts: Mapping[str, Fact]
