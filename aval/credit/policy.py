"""The decision rule a lender states, dates and approves; never learned."""

import hashlib
import math
import operator
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from aval.credit.application import Application, Fact
from aval.credit.decision import Verdict
from aval.credit.reason import Language
from aval.errors import PolicyError


@dataclass(frozen=True, slots=True)
class Cost:
    """What each error costs, in units of one good payer refused."""

    accepted_defaulter: float = 10.0
    refused_payer: float = 1.0
    review: float = 0.0

    @property
    def cutoff(self) -> float:
        """Break-even probability of default: accept below it (Elkan 2001, IJCAI, eq. 2); 1/11 at 10 to 1."""
        return self.refused_payer / (self.refused_payer + self.accepted_defaulter)


@dataclass(frozen=True, slots=True)
class Band:
    """Probabilities that an officer reviews: `low` to `high`, both included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Points:
    """A display scale: `base` points at `odds` good payers to one defaulter, `double` points double the odds."""

    base: float = 500.0
    odds: float = 10.0
    double: float = 40.0

    def of(self, probability: float) -> int:
        """Rounded points; more points, less risk. The probability is kept off 0 and 1 by 1e-12."""
        p = min(max(probability, 1e-12), 1.0 - 1e-12)
        return round(self.base + self.double / math.log(2.0) * (math.log((1.0 - p) / p) - math.log(self.odds)))


_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A hard rule: where `column` `compare` `value` holds, the verdict is at least `verdict`."""

    code: str
    column: str
    compare: str
    value: float | str
    verdict: Verdict
    fr: str
    en: str

    def holds(self, application: Application) -> bool:
        """Whether the rule bites; an unknown fact never does (the contract rejects what must be known)."""
        fact: Fact = application.facts.get(self.column)
        if fact is None or isinstance(fact, str) != isinstance(self.value, str):
            return False
        return _COMPARE[self.compare](fact, self.value)

    def sentence(self, lang: Language) -> str:
        """The rule as said to a person."""
        return self.fr if lang == "fr" else self.en


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the watch raises its voice: an input's drift distance, loss of AUC, the slope's distance from 1."""

    drift: float = 0.1
    auc_loss: float = 0.02
    slope: float = 0.2


@dataclass(frozen=True, slots=True)
class Policy:
    """A dated, approved decision rule. The same probability and facts always give the same verdict."""

    name: str
    valid_from: date
    valid_until: date | None
    approved_by: str
    why: str
    cost: Cost
    band: Band | None
    points: Points
    rules: tuple[Rule, ...]
    four_eyes_above: float | None
    """Amount of credit from which an override needs a second officer."""
    motives: Mapping[str, tuple[str, str]]
    """Motives an officer may override with: code -> (French, English)."""
    random_approvals: float
    """Share of applications not approved otherwise that are approved at random, to learn what refusing hides."""
    limits: Limits
    barred: tuple[str, ...]
    """Protected grounds that no model that decides may look at: sex, family, age."""
    digest: str
    text: str = field(default="", repr=False, compare=False)
    """The TOML it was read from: a log keeps it, so that its decisions replay."""

    @property
    def cutoff(self) -> float:
        """Break-even probability of default."""
        return self.cost.cutoff

    def in_force(self, on: date) -> bool:
        """Whether the policy may decide on this day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def verdict(self, probability: float, application: Application) -> tuple[Verdict, tuple[str, ...]]:
        """The verdict and the codes of the hard rules that decided it, empty when the probability did.

        The harshest of the probability's verdict and the rules' stands, so a rule can never soften one.
        """
        scored = self._scored(probability)
        biting = [rule for rule in self.rules if rule.holds(application)]
        harshest = max((rule.verdict for rule in biting), key=lambda v: v.severity, default=Verdict.APPROVE)
        if harshest.severity > scored.severity:
            return harshest, tuple(rule.code for rule in biting if rule.verdict is harshest)
        if scored is not Verdict.APPROVE and not biting and self.drawn(application.applicant_id):
            # From the band upwards, or a drawn applicant would be referred at 9 % and approved at 50 %.
            return Verdict.APPROVE, ("RANDOM_APPROVAL",)
        return scored, ()

    def _scored(self, probability: float) -> Verdict:
        if not 0.0 <= probability <= 1.0:
            raise PolicyError(self.name, "a probability of default lies outside 0 to 1", "check the model")
        if self.band is not None and self.band.low <= probability <= self.band.high:
            return Verdict.REFER
        return Verdict.APPROVE if probability < self.cutoff else Verdict.DECLINE

    def drawn(self, applicant_id: int) -> bool:
        """Whether this applicant is approved at random: a hash of policy and id, so that a replay draws alike."""
        if self.random_approvals <= 0.0:
            return False
        seed = hashlib.sha256(f"{self.name}:{applicant_id}".encode()).digest()
        return int.from_bytes(seed[:8], "big") / 2**64 < self.random_approvals

    @classmethod
    def load(cls, file: Path) -> "Policy":
        """Read `policies/*.toml`.

        Raises:
            PolicyError: the file is missing, not TOML, or states something impossible.
        """
        try:
            return cls.read(file.read_bytes().decode(), file)
        except FileNotFoundError:
            raise PolicyError(file, "no such policy", "name one of policies/*.toml") from None
        except UnicodeDecodeError:
            raise PolicyError(file, "not a TOML file", "save it as UTF-8") from None

    @classmethod
    def read(cls, text: str, file: Path | str) -> "Policy":
        """From the text of a policy; `file` is what errors call it. Raises PolicyError as `load`."""
        try:
            stated = tomllib.loads(text)
            return _read(file, stated, text)
        except tomllib.TOMLDecodeError as problem:
            raise PolicyError(file, f"not a TOML file ({problem})", "mend the line it names") from None
        except KeyError as missing:
            raise PolicyError(file, f"the entry {missing} is missing", "see policies/2026-11-24.toml") from None
        except (TypeError, ValueError) as problem:
            raise PolicyError(
                file, f"an entry has the wrong type or value ({problem})", "see policies/2026-11-24.toml"
            ) from None


GROUNDS: Final = frozenset(("sex", "family", "age"))
"""What a law may protect: see docs/decisions/0004-protected-grounds.md."""

_ENTRIES: Final = {
    "name", "valid_from", "valid_until", "approved_by", "why", "random_approvals",
    "barred", "cost", "review", "points", "rules", "four_eyes", "motives", "watch",
}  # fmt: skip


def _read(file: Path | str, stated: dict[str, Any], text: str) -> Policy:
    """A policy from its TOML, every entry checked: a misspelt one is an error, never ignored."""
    _only(file, stated, _ENTRIES)
    cost = Cost(**{key: float(value) for key, value in stated["cost"].items()})
    if not (cost.accepted_defaulter > 0 and cost.refused_payer > 0 and cost.review >= 0):
        raise PolicyError(file, "a cost is not positive", "state costs above 0")
    review = stated.get("review")
    band = Band(float(review["low"]), float(review["high"])) if review else None
    if band and not 0.0 <= band.low <= cost.cutoff <= band.high <= 1.0:
        # A band that leaves the cut-off out would approve above a referral, or decline below one.
        raise PolicyError(
            file, f"the review band does not hold the cut-off {cost.cutoff:.4f}", "widen the band around it"
        )
    points = Points(**{key: float(value) for key, value in stated["points"].items()})
    if not (points.odds > 0 and points.double > 0):
        raise PolicyError(file, "the points scale is not increasing", "state odds and double above 0")
    share = float(stated["random_approvals"])
    if not 0.0 <= share <= 1.0:
        raise PolicyError(file, "random_approvals lies outside 0 to 1", "state a share")
    barred = stated["barred"]
    if not isinstance(barred, list) or not set(barred) <= GROUNDS:
        raise PolicyError(file, "barred is not a list of protected grounds", f"use {', '.join(sorted(GROUNDS))}")
    four_eyes = stated.get("four_eyes", {}).get("amount_above")
    start, end = stated["valid_from"], stated.get("valid_until")
    if not isinstance(start, date) or (end is not None and (not isinstance(end, date) or end < start)):
        raise PolicyError(file, "the validity dates are not two dates in order", "write them as 2026-11-24")
    return Policy(
        name=str(stated["name"]),
        valid_from=start,
        valid_until=end,
        approved_by=str(stated["approved_by"]),
        why=str(stated["why"]),
        cost=cost,
        band=band,
        points=points,
        rules=tuple(_rule(file, entry) for entry in stated.get("rules", ())),
        four_eyes_above=None if four_eyes is None else float(four_eyes),
        motives={code: (str(words["fr"]), str(words["en"])) for code, words in stated["motives"].items()},
        random_approvals=share,
        limits=Limits(**{key: float(value) for key, value in stated["watch"].items()}),
        barred=tuple(sorted(barred)),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        text=text,
    )


def _rule(file: Path | str, entry: dict[str, Any]) -> Rule:
    """One hard rule; it may only make a verdict harsher."""
    _only(file, entry, {"code", "column", "compare", "value", "verdict", "fr", "en"})
    if entry["compare"] not in _COMPARE:
        raise PolicyError(
            file, f"the rule {entry['code']} compares by {entry['compare']!r}", f"use one of {' '.join(_COMPARE)}"
        )
    value = entry["value"]
    return Rule(
        code=str(entry["code"]),
        column=str(entry["column"]),
        compare=str(entry["compare"]),
        value=value if isinstance(value, str) else float(value),
        verdict=Verdict(entry["verdict"]),
        fr=str(entry["fr"]),
        en=str(entry["en"]),
    )


def _only(file: Path | str, stated: Iterable[str], known: set[str]) -> None:
    unknown = sorted(set(stated) - known)
    if unknown:
        raise PolicyError(file, f"unknown entry {', '.join(unknown)}", f"use {', '.join(sorted(known))}")
