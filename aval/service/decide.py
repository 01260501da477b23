"""The one path from dossiers to decisions; training's own features, the registered model, the stated policy."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import polars as pl

from aval.credit.application import Application
from aval.credit.decision import Decision, Given, Verdict
from aval.credit.notice import notice
from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY, columns
from aval.errors import PolicyError
from aval.features.build import build
from aval.model.encoding import Matrix
from aval.model.explanation import reasons
from aval.model.model import Model

EXTERNAL_SCORES: Final = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")


class Decider:
    """A model and a policy, bound together and checked once."""

    def __init__(self, model: Model, version: str, policy: Policy, *, on: date | None = None) -> None:
        """Bind `version` of `model` to `policy`; `on` is the day of the decisions, to hold the policy to its dates.

        Raises:
            FeatureError: this code no longer computes the features the model was trained on.
            PolicyError: the policy is not in force on that day, or a rule names a column the contract lacks.
        """
        self.model, self.version, self.policy = model, version, policy
        self.features = model.feature_set()
        if on is not None and not policy.in_force(on):
            raise PolicyError(policy.name, f"not in force on {on}", "name a policy that is, with AVAL_POLICY")
        contract = columns("application")
        for rule in policy.rules:
            if rule.column not in contract:
                raise PolicyError(policy.name, f"rule {rule.code} reads {rule.column}", "name a column of applications")
        self._facts = sorted({rule.column for rule in policy.rules})
        self._levels = {
            name: frozenset((*column.values, None))  # missing is not unusual
            for name, column in sorted(contract.items())
            if column.dtype == pl.String and column.values
        }

    def probabilities(self, dossiers: Dossiers) -> Matrix:
        """Calibrated probabilities of default, shape (n,), in the order of `dossiers.ids`."""
        return self.model.probability(self.model.matrix(build(dossiers, self.features)))

    def decide(self, dossiers: Dossiers, explain: Explain = Explain.NEEDED) -> list[Decision]:
        """One decision per application, in the order of `dossiers.ids`; the same alone as in any batch."""
        matrix = self.model.matrix(build(dossiers, self.features))
        probabilities = self.model.probability(matrix)
        facts = dossiers.tables["application"][[KEY, *self._facts]].iter_rows(named=True)
        warnings = self._warnings(dossiers)
        judged: list[tuple[int, float, Verdict, tuple[str, ...]]] = []
        for row, probability in zip(facts, probabilities.tolist(), strict=True):
            applicant_id = int(row.pop(KEY))
            verdict, rules = self.policy.verdict(probability, Application(applicant_id, row))
            judged.append((applicant_id, probability, verdict, rules))
        given = self._reasons(matrix, [verdict for _, _, verdict, _ in judged], explain)
        return [
            Decision(
                applicant_id=applicant_id,
                probability=probability,
                points=self.policy.points.of(probability),
                cutoff=self.policy.cutoff,
                verdict=verdict,
                rules=rules,
                reasons=given[index],
                warnings=warnings[index],
                model=self.version,
                policy=self.policy.name,
                features=self.model.digest,
            )
            for index, (applicant_id, probability, verdict, rules) in enumerate(judged)
        ]

    def _reasons(self, matrix: Matrix, verdicts: list[Verdict], explain: Explain) -> list[tuple[Given, ...]]:
        """Reasons in the order of `verdicts`, worked out only for the rows that get them."""
        given: list[tuple[Given, ...]] = [()] * len(verdicts)
        chosen = [
            index
            for index, verdict in enumerate(verdicts)
            if explain is Explain.ALL or (explain is Explain.NEEDED and verdict is not Verdict.APPROVE)
        ]
        if chosen:
            found = reasons(self.model, matrix[chosen], [verdicts[index] for index in chosen])
            for index, those in zip(chosen, found, strict=True):
                given[index] = those
        return given

    def _warnings(self, dossiers: Dossiers) -> list[tuple[str, ...]]:
        """What was missing or unusual, per application."""
        frame = dossiers.tables["application"]
        everywhere = tuple(notice("ABSENT", table) for table in HISTORIES if table in dossiers.absent)
        scores = frame[list(EXTERNAL_SCORES)].rows()
        known = set[int]()
        for table in HISTORIES:
            known.update(dossiers.tables[table][KEY].unique().to_list())
        unknown: dict[int, list[str]] = {}
        for name, levels in self._levels.items():
            for index, level in enumerate(frame[name].to_list()):
                if level not in levels:
                    unknown.setdefault(index, []).append(notice("UNKNOWN_CATEGORY", name))
        return [
            (
                *everywhere,
                *((notice("NO_EXTERNAL_SCORE"),) if scores[index].count(None) == len(EXTERNAL_SCORES) else ()),
                *(() if applicant_id in known else (notice("NO_HISTORY"),)),
                *unknown.get(index, ()),
            )
            for index, applicant_id in enumerate(dossiers.ids.to_list())
        ]


def portions(dossiers: Dossiers, applicants: int = 20_000) -> Iterator[Dossiers]:
    """Whole applicants, at most `applicants` at a time, so that memory stays bounded."""
    ids = dossiers.ids
    for start in range(0, len(ids), applicants):
        yield dossiers.select(ids[start : start + applicants])
