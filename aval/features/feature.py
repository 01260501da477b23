"""What a feature is: a named measure of one dossier, its meaning in two languages, what it reads.

A name follows one grammar, `source[_what]_unit[_statistic][_window...]`:

    instalments_late_days_max_365d       the largest delay among instalments due in the last 365 days
    bureau_debt_amount_sum_active        the debt over active credits with other lenders
    external_score_mean                  the mean of the external scores

`source`, `unit`, `statistic` and `window` come from the closed vocabularies below; `what` is free words.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import polars as pl

from aval.credit.reason import REASONS, Theme
from aval.errors import FeatureError

Kind = Literal["number", "category"]

SOURCES: Final[Mapping[str, str]] = {
    "application": "application",
    "external": "application",
    "bureau": "bureau",
    "balance": "bureau_balance",
    "previous": "previous_application",
    "pos": "POS_CASH_balance",
    "instalments": "installments_payments",
    "card": "credit_card_balance",
    "across": "application",
    # The reference's own aggregates, row by row (reference.py).
    "refbureau": "bureau",
    "refbalance": "bureau_balance",
    "refprevious": "previous_application",
    "refpos": "POS_CASH_balance",
    "refinstalments": "installments_payments",
    "refcard": "credit_card_balance",
}
"""First word of a name -> the raw table (for `across`, the one all others are held against)."""

UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "amount": ("in the currency of the tables", "dans la devise des tables"),
    "days": ("days", "jours"),
    "months": ("months", "mois"),
    "years": ("years", "années"),
    "hour": ("hour of the day", "heure de la journée"),
    "count": ("number", "nombre"),
    "share": ("share of one", "part, de 0 à 1"),
    "ratio": ("ratio", "rapport"),
    "rate": ("rate, 0.01 = 1 %", "taux, 0,01 = 1 %"),
    "flag": ("1 yes, 0 no", "1 oui, 0 non"),
    "score": ("score", "score"),
    "rating": ("rating", "note"),
    "index": ("normalised, 0 to 1", "normalisé, de 0 à 1"),
    "category": ("category", "catégorie"),
}
"""Unit -> (English, French) wording."""

STATISTICS: Final[Mapping[str, tuple[str, str]]] = {
    "mean": ("mean", "moyenne"),
    "min": ("smallest", "minimum"),
    "max": ("largest", "maximum"),
    "sum": ("total", "somme"),
    "std": ("standard deviation of the", "écart type"),
    "var": ("variance of the", "variance"),
    "median": ("median", "médiane"),
    "first": ("first", "première valeur"),
    "last": ("latest", "dernière valeur"),
    "range": ("range of the", "étendue"),
    "product": ("product of the", "produit"),
    "distinct": ("number of distinct values of the", "nombre de valeurs distinctes"),
    "slope": ("trend of the", "tendance"),
    "weighted": ("weighted mean of the", "moyenne pondérée"),
}
"""Statistic -> (English, French) wording before the measure."""

WINDOWS: Final = re.compile(
    r"[1-9]\d*(?:d|m)"  # the last so many days or months
    r"|(?:last|first)[1-9]\d*"  # the latest or the first so many rows
    r"|lastloan|latest"  # the latest loan; the latest row of each loan
    r"|active|closed|card|consumer|mortgage|microloan|secured"  # credits at the bureau
    r"|approved|refused|cancelled|running|cash|pos|revolving"  # earlier applications with us
)
"""The rows a statistic is taken over."""

_TOKEN: Final = re.compile(r"[a-z][a-z0-9]*|[1-9]\d*[a-z]+")

SEX: Final = "sex"
FAMILY: Final = "family"
AGE: Final = "age"

PROTECTED: Final[Mapping[str, str]] = {
    "application.CODE_GENDER": SEX,
    "application.NAME_FAMILY_STATUS": FAMILY,
    "application.CNT_CHILDREN": FAMILY,
    "application.CNT_FAM_MEMBERS": FAMILY,
    "application.DAYS_BIRTH": AGE,
    # Who came along to the counter: its values say "Spouse, partner" and "Children" in plain words.
    "application.NAME_TYPE_SUITE": FAMILY,
    "previous_application.NAME_TYPE_SUITE": FAMILY,
}
"""Raw column -> the protected characteristic it states; a feature is protected if any column it reads is."""


class Parts(NamedTuple):
    """A feature's name, taken apart."""

    source: str
    what: str
    unit: str
    statistic: str | None
    windows: tuple[str, ...]


def parse(name: str) -> Parts:
    """Take a name apart. Raises FeatureError where it breaks the grammar."""
    tokens = name.split("_")
    if len(tokens) < 2 or tokens[0] not in SOURCES or not all(_TOKEN.fullmatch(token) for token in tokens):
        raise FeatureError(f"the name {name} is not source_what_unit_statistic_window", "rename it by the grammar")
    at = max((place for place, token in enumerate(tokens) if place and token in UNITS), default=0)
    after = tokens[at + 1 :]
    statistic = after.pop(0) if after and after[0] in STATISTICS else None
    if not at or not all(WINDOWS.fullmatch(token) for token in after):
        raise FeatureError(f"the name {name} lacks a unit or ends in an unknown window", "rename it by the grammar")
    return Parts(tokens[0], "_".join(tokens[1:at]), tokens[at], statistic, tuple(after))


@dataclass(frozen=True, slots=True)
class Feature:
    """One measure of a dossier; `definition` is its whole recipe as text, `reads` its raw columns."""

    name: str
    expr: pl.Expr = field(compare=False, repr=False)
    definition: str
    unit: str
    en: str
    fr: str
    table: str
    theme: Theme
    reason: str | None
    kind: Kind
    reads: frozenset[str]
    actionable: bool = False

    def __post_init__(self) -> None:
        """Raises FeatureError for a name outside the grammar or a reason nobody declared."""
        parts = parse(self.name)
        if parts.unit != self.unit or SOURCES[parts.source] != self.table:
            raise FeatureError(f"{self.name}: its name and its unit or table disagree", "correct the declaration")
        if self.reason is not None and (self.reason not in REASONS or REASONS[self.reason].theme is not self.theme):
            raise FeatureError(f"{self.name}: no reason {self.reason} of theme {self.theme}", "see credit/reason.py")
        if self.reason is not None and self.protected:
            raise FeatureError(f"{self.name}: a protected feature is never a reason", "declare it without one")

    @property
    def protected(self) -> frozenset[str]:
        """The protected characteristics among what it reads: sex, family, age."""
        return frozenset(PROTECTED[column] for column in self.reads if column in PROTECTED)


def _digest(features: Iterable[Feature]) -> str:
    sha = hashlib.sha256()
    for feature in features:
        sha.update(f"{feature.name}\x00{feature.kind}\x00{feature.definition}\x01".encode())
    return sha.hexdigest()


class FeatureSet:
    """Ordered features; a model accepts only the set it was trained on, known by its digest."""

    __slots__ = ("_by_name", "digest", "features", "names")

    def __init__(self, features: Iterable[Feature]) -> None:
        self.features = tuple(features)
        self.names = tuple(feature.name for feature in self.features)
        self._by_name = dict(zip(self.names, self.features, strict=True))
        if len(self._by_name) != len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise FeatureError(f"declared twice: {', '.join(twice)}", "rename or remove one of them")
        self.digest = _digest(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def __iter__(self) -> Iterator[Feature]:
        return iter(self.features)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Feature:
        try:
            return self._by_name[name]
        except KeyError:
            raise FeatureError(f"no feature {name}", "see `aval features --list`") from None

    def select(self, names: Iterable[str]) -> "FeatureSet":
        """These features in this order. Raises FeatureError for a name that is not here."""
        return FeatureSet(self[name] for name in names)

    def without(self, protected: Iterable[str]) -> "FeatureSet":
        """Only the features that read none of these protected characteristics."""
        barred = frozenset(protected)
        return FeatureSet(feature for feature in self.features if not feature.protected & barred)

    @staticmethod
    def named(names: Iterable[str]) -> "FeatureSet":
        """Features of the catalogue or of the reference's set by name."""
        from aval.features.build import holding

        wanted = tuple(names)
        return holding(wanted).select(wanted)
