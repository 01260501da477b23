"""What goes into the log, and what comes out of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aval.credit.decision import Decision, Given, Verdict
from aval.service.log.sealing import Private


@dataclass(frozen=True, slots=True)
class Made:
    """A decision to be logged: its number, what it rests on, and public facts for figures."""

    id: str
    decision: Decision
    policy_digest: str
    private: Private
    facts: Mapping[str, Any]
    """Coarse and without identity: they outlive an erasure."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where something stands in the chain."""

    seq: int
    hash: str
    at: str
    answered: str | None = None
    """The decision an Idempotency-Key was answered with before; then nothing was appended."""


@dataclass(frozen=True, slots=True)
class Record:
    """One link of the chain, without its sealed part."""

    seq: int
    id: str
    kind: str
    at: str
    caller: str
    about: str | None
    verdict: str | None
    motive: str | None
    body: Mapping[str, Any]
    hash: str
    words: str | None = None
    """An officer's own words; None where there are none, or the person was erased."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A decision as the log holds it."""

    id: str
    seq: int
    place: int
    at: str
    caller: str
    applicant_id: int | None
    """None once erased."""
    verdict: Verdict
    probability: float
    points: int
    cutoff: float
    rules: tuple[str, ...]
    model: str
    policy: str
    policy_digest: str
    features: str
    facts: Mapping[str, Any]
    hash: str
    """Of the record it came with."""
    kind: str
    about: str | None
    """The job it was part of."""
    private: Private | None = None
    """None once erased, or where it was not asked for."""
    events: tuple[Record, ...] = field(default=())

    @property
    def erased(self) -> bool:
        """Whether nobody can say any more whose decision it was."""
        return self.applicant_id is None

    @property
    def final(self) -> Verdict:
        """The verdict that stands: the last override in force, or what was decided."""
        verdict = self.verdict
        for event in self.events:
            if event.verdict and (
                event.kind == "second" or (event.kind == "override" and not event.body.get("awaiting"))
            ):
                verdict = Verdict(event.verdict)
        return verdict

    @property
    def awaiting(self) -> Record | None:
        """The override that waits for a second officer, None where there is none."""
        last = next((event for event in reversed(self.events) if event.kind in ("override", "second")), None)
        return last if last is not None and last.kind == "override" and last.body.get("awaiting") else None

    def decision(self) -> Decision:
        """The decision as it was answered; without reasons and warnings where these are not at hand."""
        told = self.private.told if self.private is not None else {"reasons": [], "warnings": []}
        return Decision(
            applicant_id=self.applicant_id or 0,
            probability=self.probability,
            points=self.points,
            cutoff=self.cutoff,
            verdict=self.verdict,
            rules=self.rules,
            reasons=tuple(Given(code, weight) for code, weight in told["reasons"]),
            warnings=tuple(told["warnings"]),
            model=self.model,
            policy=self.policy,
            features=self.features,
        )


def told(decision: Decision) -> dict[str, Any]:
    """What is personal in a decision besides its data: reasons and warnings."""
    return {
        "reasons": [[given.code, given.weight] for given in decision.reasons],
        "warnings": list(decision.warnings),
    }


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with one spelling."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
