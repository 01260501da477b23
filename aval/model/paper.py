"""A scorecard on paper: what a credit committee reads, and signs."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np

from aval.credit.policy import Policy
from aval.credit.reason import Language
from aval.errors import ArtefactError, FeatureError, RegistryError
from aval.features.feature import UNITS, FeatureSet
from aval.model.model import Model
from aval.model.scorecard import Characteristic, Scorecard

WIDTH: Final = 78
"""Columns of the printed card: every terminal has them, and a page."""

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "title": ("Carte de score, version {0}", "Scorecard, version {0}"),
    "learned": (
        "Établie sur {0} demandes, dont {1} en défaut. Jugée sur {2} demandes mises à part : AUC {3} ({4} à {5}).",
        "Learned from {0} applications, {1} of which defaulted. Judged on {2} kept apart: AUC {3} ({4} to {5}).",
    ),
    "start": (
        "Chacun part de {0} points ; chaque caractéristique ajoute ceux de sa tranche, jamais moins de 0. "
        "Le total va de {0} à {1} points, {2} en moyenne.",
        "Everyone starts with {0} points; each characteristic adds those of its bin, never less than 0. "
        "Totals go from {0} to {1} points, {2} on average.",
    ),
    "scale": (
        "{0} points valent {1} bons payeurs pour un défaut ; {2} points de plus doublent ce rapport.",
        "{0} points mean {1} good payers to one defaulter; {2} points more double that.",
    ),
    "policy": ("Politique {0}, hors règles impératives :", "Policy {0}, its hard rules apart:"),
    "approve": ("accord dès {0} points", "approved from {0} points"),
    "refer": ("à étudier de {0} à {1}", "looked at from {0} to {1}"),
    "decline": ("refus jusqu'à {1}", "declined up to {1}"),
    "other": (
        "La politique affiche une autre échelle : ses points ne sont pas ceux de cette carte.",
        "The policy shows another scale: its points are not those of this card.",
    ),
    "bin": ("tranche", "bin"),
    "share": ("demandes", "applications"),
    "rate": ("défauts", "default"),
    "woe": ("WoE", "WoE"),
    "points": ("points", "points"),
    "value": ("valeur d'information {0}", "information value {0}"),
    "reason": ("motif : {0}", "reason: {0}"),
    "none": ("motif : aucun", "reason: none"),
    "below": ("moins de {0}", "below {0}"),
    "between": ("{0} à moins de {1}", "{0} to below {1}"),
    "above": ("{0} et plus", "{0} and above"),
    "missing": ("non renseigné", "missing"),
    "unknown": ("non renseigné ou inconnu", "missing or unknown"),
    "or": ("{0}, ou non renseigné", "{0}, or missing"),
    "probability": ("Points et probabilité de défaut", "Points and probability of default"),
    "note": (
        "WoE (poids de preuve) : log(part des bons payeurs / part des défauts) ; au-dessus de 0, mieux que la "
        "moyenne. Celui des valeurs non renseignées compte cinquante demandes moyennes de plus, pour que peu "
        "de cas disent peu. "
        "Les points entiers des tranches donnent à eux seuls la probabilité, exactement.",
        "WoE (weight of evidence): log(share of payers / share of defaulters); above 0 is better than average. "
        "That of missing values counts fifty average applications more, so that few cases say little. "
        "The whole points of the bins alone give the probability, exactly.",
    ),
    "signed": ("Lu et approuvé, le                    Signature", "Read and approved on                   Signature"),
}
"""French and English."""


_LABEL: Final = 35
"""Columns for what a bin holds; a longer text is wrapped."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One line of the card."""

    label: str
    share: float
    """Of the applicants of training."""
    rate: float | None
    """Their default rate; None where there was nobody."""
    woe: float
    points: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One characteristic of the card."""

    feature: str
    meaning: str
    unit: str
    reason: str | None
    """The code of what an applicant is told when it speaks against the application."""
    value: float
    """Information value."""
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class Paper:
    """A stored card, as it stands under a policy."""

    model: Model
    card: Scorecard
    version: str
    policy: Policy
    lang: Language

    @classmethod
    def of(cls, model: Model, version: str, policy: Policy, lang: Language) -> "Paper":
        """Raises RegistryError for a version that is another form."""
        if not isinstance(model.scorer, Scorecard):
            what = f"version {version} is no scorecard: it decides by {model.scorer.size:,} {model.scorer.parts}"
            raise RegistryError(what, "name another version, see `aval results`")
        return cls(model, model.scorer, version, policy, lang)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every characteristic in the order it was chosen, the most telling first."""
        pairs = zip(self.card.characteristics, self.card.points, strict=True)
        return tuple(self._entry(one, points) for one, points in pairs)

    @cached_property
    def verdicts(self) -> dict[str, tuple[int, int]]:
        """The points of each verdict by the probability alone, lowest and highest; a verdict nobody gets is absent."""
        points = np.arange(self.card.start, self._most + 1)
        found: dict[str, tuple[int, int]] = {}
        for worth, chance in zip(points.tolist(), self._probability(points).tolist(), strict=True):
            name = self._verdict(chance)
            found[name] = (found.get(name, (worth, worth))[0], worth)
        return found

    def facts(self) -> dict[str, Any]:
        """The card as plain data."""
        calibration = self.model.calibration
        return {
            "version": self.version,
            "start": self.card.start,
            "scale": asdict(self.card.scale),
            "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
            "verdicts": self.verdicts,
            "characteristics": [asdict(entry) for entry in self.entries],
        }

    def text(self) -> str:
        """For a terminal of 80 columns and a sheet of paper."""
        lines = [self._say("title", self.version), ""]
        for sentence in self._sentences():
            lines += textwrap.wrap(sentence, WIDTH)
        for number, entry in enumerate(self.entries, 1):
            lines += ["", *self._block(number, entry)]
        lines += ["", *self._bands(), "", *textwrap.wrap(self._say("note"), WIDTH), "", "", self._say("signed")]
        return "\n".join(lines)

    def markdown(self) -> str:
        """As a page."""
        lines = [f"# {self._say('title', self.version)}", ""]
        for sentence in self._sentences():
            lines += [sentence, ""]
        for number, entry in enumerate(self.entries, 1):
            lines += [f"## {number}. {entry.meaning}", "", f"`{entry.feature}`: {self._details(entry)}", ""]
            lines += [f"| {' | '.join(self._heads)} |", "|---|---:|---:|---:|---:|"]
            lines += [f"| {' | '.join((one.label, *self._figures(one)))} |" for one in entry.bins]
            lines.append("")
        lines += [
            f"## {self._say('probability')}",
            "",
            f"| {self._say('points')} | {self._say('rate')} |",
            "|---:|---:|",
        ]
        lines += [f"| {worth} | {chance} |" for worth, chance in self._ladder()]
        return "\n".join([*lines, "", self._say("note"), "", self._say("signed"), ""])

    def _sentences(self) -> Iterator[str]:
        card, scale = self.card, self.card.scale
        try:
            judged = self.model.evaluation
        except ArtefactError:
            judged = None
        if judged is not None:
            rows, bad = sum(card.characteristics[0].rows), sum(card.characteristics[0].bad)
            counts = (self._number(rows, ",d"), self._share(bad / rows), self._number(judged.rows, ",d"))
            auc = (self._number(value, ".3f") for value in (judged.auc.value, judged.auc.low, judged.auc.high))
            yield self._say("learned", *counts, *auc)
        yield self._say("start", card.start, self._most, round(card.start + sum(card.means)))
        yield self._say("scale", *(self._number(value, "g") for value in (scale.base, scale.odds, scale.double)))
        said = [
            self._say(name, *self.verdicts[name]) for name in ("approve", "refer", "decline") if name in self.verdicts
        ]
        yield f"{self._say('policy', self.policy.name)} {', '.join(said)}."
        if scale != self.policy.points:
            yield self._say("other")

    def _block(self, number: int, entry: Entry) -> Iterator[str]:
        """A characteristic in the terminal: what it is, then a line for each bin."""
        yield from textwrap.wrap(entry.meaning, WIDTH, initial_indent=f"{number:>2}. ", subsequent_indent="    ")
        yield f"    {entry.feature}"
        yield from textwrap.wrap(self._details(entry), WIDTH, initial_indent="    ", subsequent_indent="    ")
        yield self._line(*self._heads)
        for one in entry.bins:
            first, *more = textwrap.wrap(one.label, _LABEL, break_on_hyphens=False) or [""]
            yield self._line(first, *self._figures(one))
            yield from (f"      {rest}" for rest in more)

    def _line(self, label: str, share: str, rate: str, woe: str, points: str) -> str:
        return f"    {label:<{_LABEL}} {share:>12} {rate:>9} {woe:>7} {points:>7}"

    def _bands(self) -> Iterator[str]:
        yield self._say("probability")
        ladder = self._ladder()
        yield "    " + " ".join(f"{worth:>7}" for worth, _ in ladder)
        yield "    " + " ".join(f"{chance:>7}" for _, chance in ladder)

    def _ladder(self) -> list[tuple[int, str]]:
        """Points in equal steps around the base, and what they mean."""
        base, step = round(self.card.scale.base), max(1, round(self.card.scale.double))
        points = np.array([base + step * place for place in range(-4, 5)])
        return [(int(w), self._share(p)) for w, p in zip(points, self._probability(points), strict=True)]

    def _entry(self, one: Characteristic, points: tuple[int, ...]) -> Entry:
        everyone = sum(one.rows)
        bins = tuple(
            Bin(label, rows / everyone, bad / rows if rows else None, woe, worth)
            for label, rows, bad, woe, worth in zip(self._labels(one), one.rows, one.bad, one.woe, points, strict=True)
        )
        used = next((known for known in self.model.used if known.name == one.feature), None)
        reason = used.reason if used is not None and not used.protected else None
        try:
            feature = FeatureSet.named([one.feature])[one.feature]
        except FeatureError:
            return Entry(one.feature, one.feature, "", reason, one.value, bins)  # it was removed since
        meaning = feature.fr if self.lang == "fr" else feature.en
        unit = UNITS[feature.unit][1 if self.lang == "fr" else 0]
        return Entry(one.feature, meaning, unit, reason, one.value, bins)

    def _labels(self, one: Characteristic) -> list[str]:
        """What each bin holds, in words."""
        if one.levels:
            inside = [
                ", ".join(level for level, group in zip(one.levels, one.groups, strict=True) if group == number)
                for number in range(max(one.groups) + 1)
            ]
            return [*inside, self._say("unknown")]
        cuts = [self._cut(cut) for cut in one.cuts]
        between = [self._say("between", low, high) for low, high in pairwise(cuts)]
        labels = [self._say("below", cuts[0]), *between, self._say("above", cuts[-1])]
        if one.missing == len(labels):
            return [*labels, self._say("missing")]
        return [self._say("or", label) if place == one.missing else label for place, label in enumerate(labels)]

    def _details(self, entry: Entry) -> str:
        reason = self._say("none") if entry.reason is None else self._say("reason", entry.reason)
        value = self._say("value", self._number(entry.value, ".3f"))
        return " · ".join(part for part in (entry.unit, value, reason) if part)

    @cached_property
    def _heads(self) -> tuple[str, str, str, str, str]:
        return self._say("bin"), self._say("share"), self._say("rate"), self._say("woe"), self._say("points")

    def _figures(self, one: Bin) -> tuple[str, str, str, str]:
        rate = "-" if one.rate is None else self._share(one.rate)
        return self._share(one.share), rate, self._number(one.woe, "+.2f"), str(one.points)

    @property
    def _most(self) -> int:
        """The points of an applicant who is in the best bin of everything."""
        return self.card.start + sum(max(points) for points in self.card.points)

    def _probability(self, points: Any) -> Any:
        return self.model.calibration.probability(self.card.log_odds(points))

    def _verdict(self, chance: float) -> str:
        band = self.policy.band
        if band is not None and band.low <= chance <= band.high:
            return "refer"
        return "approve" if chance < self.policy.cutoff else "decline"

    def _say(self, what: str, *facts: object) -> str:
        return _WORDS[what][0 if self.lang == "fr" else 1].format(*facts)

    def _cut(self, cut: float) -> str:
        """The single-precision number in as few digits as tell it apart."""
        whole, _, digits = np.format_float_positional(np.float32(cut), trim="-").partition(".")
        sign = whole.removesuffix(whole.lstrip("-"))
        return self._local(f"{sign}{int(whole.lstrip('-')):,}" + (f".{digits}" if digits else ""))

    def _share(self, share: float) -> str:
        return self._local(f"{share:.1%}".replace("%", " %"))

    def _number(self, value: float, form: str) -> str:
        return self._local(f"{value:{form}}".replace("-0.00", "+0.00") if abs(value) < 0.005 else f"{value:{form}}")

    def _local(self, number: str) -> str:
        return number if self.lang == "en" else number.translate({ord(","): "\u202f", ord("."): ","})
