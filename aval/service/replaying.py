"""A logged decision made again from what it rested on, with the model and the policy that made it, bit for bit."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.errors import AvalError, Erased
from aval.model.registry import Registry
from aval.service.decide import Decider
from aval.service.inputs import restored
from aval.service.log.entry import Stored, told
from aval.service.log.log import Log


@dataclass(frozen=True, slots=True)
class Replay:
    """What came out the second time."""

    id: str
    outcome: str
    """`same`, `differs`, `erased`, or `impossible` where the model or its features are no longer to be had."""
    differs: tuple[str, ...]
    """Parts that came out otherwise."""
    why: str
    model: str
    policy: str

    @property
    def same(self) -> bool:
        """Whether every part came out as it stands in the log."""
        return self.outcome == "same"

    def to_json(self) -> dict[str, Any]:
        """For scripts and the API."""
        return asdict(self)


class Replayer:
    """Replays decisions; models and policies are loaded once."""

    def __init__(self, log: Log, registry: Registry) -> None:
        self._log, self._registry = log, registry
        self._deciders: dict[tuple[str, str], Decider] = {}

    def replay(self, wanted: str) -> Replay:
        """Make a decision again and compare it with the log. Raises DecisionUnknown, LogUnavailable, LogBroken."""
        return self.again(self._log.decision(wanted))

    def again(self, stored: Stored) -> Replay:
        """The same of a decision that is at hand, its private part with it."""
        if stored.private is None:
            return self._told(stored, "erased", (), Erased(stored.id).said)
        try:
            decider = self._decider(stored)
        except AvalError as problem:
            return self._told(stored, "impossible", (), problem.said)
        asked = Explain.NONE if stored.private.contributions is None else Explain.ALL
        judged = decider.judge(restored(stored.private.inputs), asked)
        (decision,) = judged.decisions
        before = stored.decision()
        differs = [
            name
            for name in ("applicant_id", "points", "cutoff", "verdict", "rules", "features")
            if getattr(decision, name) != getattr(before, name)
        ]
        if decision.probability.hex() != before.probability.hex():
            differs.append("probability")
        if told(decision) != stored.private.told:
            differs.append("reasons")
        if judged.matrix[0].tobytes() != stored.private.features.tobytes() and not np.array_equal(
            judged.matrix[0], stored.private.features, equal_nan=True
        ):
            differs.append("feature values")
        before_why = stored.private.contributions
        if before_why is not None and not np.array_equal(judged.contributions[0], before_why):
            differs.append("contributions")
        return self._told(stored, "differs" if differs else "same", tuple(differs), "")

    def _decider(self, stored: Stored) -> Decider:
        key = (stored.model, stored.policy_digest)
        if key not in self._deciders:
            model, version = self._registry.load(stored.model)
            policy = Policy.read(self._log.policy(stored.policy_digest), stored.policy)
            self._deciders[key] = Decider(model, version, policy)
        return self._deciders[key]

    def _told(self, stored: Stored, outcome: str, differs: tuple[str, ...], why: str) -> Replay:
        return Replay(stored.id, outcome, differs, why, stored.model, stored.policy)
