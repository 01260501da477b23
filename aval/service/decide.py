"""The one path from dossiers to decisions; training's own features, the registered model, the stated policy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from aval.credit.application import Application
from aval.credit.decision import Decision, Given, Verdict
from aval.credit.notice import notice
from aval.credit.policy import Policy
from aval.credit.reason import Explain, Language
from aval.data.dossiers import Dossiers
from aval.data.few import FEW
from aval.data.tables import HISTORIES, KEY, columns
from aval.errors import PolicyError
from aval.features.build import build, single
from aval.model.encoding import Matrix
from aval.model.explanation import AT_MOST, weighed
from aval.model.model import Model

EXTERNAL_SCORES: Final = ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")


@dataclass(frozen=True)
class Judged:
    """Decisions and the numbers they rest on, in the order of the applicants."""

    decisions: list[Decision]
    matrix: Matrix
    """Encoded features, shape (n, k)."""
    contributions: Mapping[int, Matrix]
    """Place -> shares of the calibrated log-odds and the base, shape (k + 1,), of those who get reasons."""


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
            table: {
                name: frozenset((*column.values, None))  # missing is not unusual
                for name, column in sorted(columns(table).items())
                if column.dtype == pl.String and column.values and not column.closed
            }
            for table in ("application", *HISTORIES)
        }

    def probabilities(self, dossiers: Dossiers) -> Matrix:
        """Calibrated probabilities of default, shape (n,), in the order of `dossiers.ids`."""
        return self.model.probability(self._matrix(dossiers))

    def decide(self, dossiers: Dossiers, explain: Explain = Explain.NEEDED) -> list[Decision]:
        """One decision per application, in the order of `dossiers.ids`; the same alone as in any batch."""
        return self.judge(dossiers, explain).decisions

    def judge(self, dossiers: Dossiers, explain: Explain = Explain.NEEDED) -> Judged:
        """`decide`, with the features and contributions it rests on."""
        matrix = self._matrix(dossiers)
        probabilities = self.model.probability(matrix)
        facts = dossiers.tables["application"][[KEY, *self._facts]].rows(named=True)
        warnings = self._warnings(dossiers)
        judged: list[tuple[int, float, Verdict, tuple[str, ...]]] = []
        for row, probability in zip(facts, probabilities.tolist(), strict=True):
            applicant_id = int(row.pop(KEY))
            verdict, rules = self.policy.verdict(probability, Application(applicant_id, row))
            judged.append((applicant_id, probability, verdict, rules))
        given, contributions = self._reasons(matrix, [verdict for _, _, verdict, _ in judged], explain)
        decisions = [
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
        return Judged(decisions, matrix, contributions)

    def _matrix(self, dossiers: Dossiers) -> Matrix:
        if len(dossiers) == 1:
            return self.model.single(single(dossiers, self.features))
        return self.model.matrix(build(dossiers, self.features))

    def _reasons(
        self, matrix: Matrix, verdicts: list[Verdict], explain: Explain
    ) -> tuple[list[tuple[Given, ...]], dict[int, Matrix]]:
        """Reasons in the order of `verdicts`, and their contributions, worked out only for the rows that get them."""
        given: list[tuple[Given, ...]] = [()] * len(verdicts)
        chosen = [
            index
            for index, verdict in enumerate(verdicts)
            if explain is Explain.ALL or (explain is Explain.NEEDED and verdict is not Verdict.APPROVE)
        ]
        if not chosen:
            return given, {}
        contributions = self.model.contributions(matrix[chosen])
        found = weighed(self.model, contributions, [verdicts[index] for index in chosen])
        for index, those in zip(chosen, found, strict=True):
            given[index] = those
        return given, dict(zip(chosen, contributions, strict=True))

    def _warnings(self, dossiers: Dossiers) -> list[tuple[str, ...]]:
        """What was missing or unusual, per application."""
        frame = dossiers.tables["application"]
        everywhere = tuple(notice("ABSENT", table) for table in HISTORIES if table in dossiers.absent)
        scores = frame[list(EXTERNAL_SCORES)].rows()
        known = set[int]()
        for table in HISTORIES:
            keys = dossiers.tables[table][KEY]
            known.update((keys if len(keys) <= FEW else keys.unique()).to_list())
        unknown = self._unknown(dossiers)
        return [
            (
                *everywhere,
                *((notice("NO_EXTERNAL_SCORE"),) if scores[index].count(None) == len(EXTERNAL_SCORES) else ()),
                *(() if applicant_id in known else (notice("NO_HISTORY"),)),
                *unknown.get(applicant_id, ()),
            )
            for index, applicant_id in enumerate(dossiers.ids.to_list())
        ]

    def _unknown(self, dossiers: Dossiers) -> dict[int, list[str]]:
        """Columns that hold a category nobody knows, by applicant; those of histories are named with their table."""
        found: dict[int, list[str]] = {}
        for table, named in self._levels.items():
            frame = dossiers.tables[table]
            if not frame.height or not named:
                continue
            cells = frame[list(named)]
            few = frame.height <= FEW
            held = zip(*cells.rows(), strict=True) if few else (series.unique().to_list() for series in cells)
            for (name, levels), values in zip(named.items(), held, strict=True):
                if strange := list(set(values) - levels):
                    subject = name if table == "application" else f"{table}.{name}"
                    for applicant_id in frame.filter(cells[name].is_in(strange))[KEY].unique().to_list():
                        found.setdefault(applicant_id, []).append(notice("UNKNOWN_CATEGORY", subject))
        return found


def told(decision: Decision, policy: Policy, lang: Language) -> list[tuple[str, str]]:
    """Codes and sentences for the applicant, at most four: the hard rules that decided, then the model's reasons."""
    rules = {rule.code: rule.sentence(lang) for rule in policy.rules}
    found = [(code, rules[code]) for code in decision.rules if code in rules]
    return (found + [(reason.code, reason.sentence(lang)) for reason in decision.reasons])[:AT_MOST]


def sentences(decision: Decision, policy: Policy, lang: Language) -> list[str]:
    """The sentences of `told`."""
    return [sentence for _, sentence in told(decision, policy, lang)]


def portions(dossiers: Dossiers, applicants: int = 20_000) -> Iterator[Dossiers]:
    """Whole applicants, at most `applicants` at a time, so that memory stays bounded."""
    ids = dossiers.ids
    for start in range(0, len(ids), applicants):
        yield dossiers.select(ids[start : start + applicants])
