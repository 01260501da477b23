"""A decision as clients read it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from aval.credit.decision import Decision
from aval.credit.notice import sentence
from aval.credit.policy import Policy
from aval.credit.reason import REASONS, Language, Theme, label
from aval.model.explanation import BASE, by_theme
from aval.model.model import Model
from aval.service.answer import Answer
from aval.service.decide import told
from aval.service.log.entry import Record, Stored
from aval.service.log.sealing import Row


class ReasonAnswer(Answer):
    """A principal reason, in words that a customer may read."""

    code: str = Field(examples=["EXTERNAL_SCORES"])
    """Of the catalogue (`/words`), or of the hard rule that decided."""
    theme: str | None
    """What it is about; null for a hard rule."""
    sentence: str = Field(examples=[REASONS["EXTERNAL_SCORES"].sentence("fr")])
    """In the language asked for."""


class WarningAnswer(Answer):
    """What was missing or unusual in the dossier."""

    code: str = Field(examples=["NO_HISTORY"])
    """Of the catalogue."""
    subject: str | None
    """The table or column it is about."""
    sentence: str
    """In the language asked for."""


class Share(Answer):
    """What one feature adds to the log-odds."""

    name: str
    """Feature; its meaning and unit stand in `/features`."""
    value: float | str | None
    """As the model read it: a number, a level's text, null for missing."""
    contribution: float
    """Calibrated log-odds; above 0 raises the risk."""


class ThemeShare(Answer):
    """What a theme adds to the log-odds."""

    theme: str
    """Code of the theme; `base` is the starting point."""
    label: str
    """In the language asked for."""
    contribution: float
    """Calibrated log-odds; the sum of its features."""
    features: list[Share]
    """Every feature of the theme that adds anything, the strongest first."""


class Contributions(Answer):
    """Why, in full: base and themes add up to the log-odds, and so do base and features."""

    base: float
    """Starting point, calibrated log-odds."""
    log_odds: float
    """log(p / (1 - p)) of the answered probability."""
    themes: list[ThemeShare]
    """The strongest first."""


class RecordAnswer(Answer):
    """Where the decision stands in the chain."""

    seq: int
    """Number of the record, from 1."""
    hash: str
    """SHA-256; covers the record, its decisions and every record before it."""


class EventAnswer(Answer):
    """Something that happened to a decision after it was made."""

    kind: str
    """`override`, `second` or `shadow`."""
    at: str
    """UTC."""
    caller: str
    """Who."""
    verdict: str | None
    """The verdict it brought, null where a second officer said no."""
    motive: str | None
    """Code of the policy's list."""
    words: str | None
    """The officer's own words, for those who may read them."""
    awaiting_second: bool
    """Whether it waits for a second officer."""


class DecisionAnswer(Answer):
    """One application decided."""

    id: str = Field(examples=["0f8fad5bd9cb469fa16570867728950e"])
    """Number of the decision; every later question about it names it."""
    applicant_id: int | None = Field(examples=[100001])
    """SK_ID_CURR; null once erased."""
    at: str = Field(examples=["2026-11-25T10:15:00.123456Z"])
    """UTC."""
    verdict: str = Field(examples=["decline"])
    """`approve`, `refer` or `decline`, as decided."""
    final: str
    """The verdict that stands after overrides."""
    word: str = Field(examples=["refus"])
    """The final verdict in the language asked for."""
    probability: float = Field(ge=0.0, le=1.0)
    """Calibrated probability of default."""
    points: int
    """More points, less risk: the policy's scale."""
    cutoff: float = Field(gt=0.0, lt=1.0)
    """Probability from which the policy refuses."""
    band: tuple[float, float] | None
    """Probabilities that an officer reviews; null where the policy at hand is another one."""
    rules: list[str]
    """Hard rules that decided; empty when the probability did."""
    reasons: list[ReasonAnswer] = Field(max_length=4)
    """The principal reasons, rules first, then the weightiest."""
    warnings: list[WarningAnswer]
    """What was missing or unusual."""
    model: str
    """Registered version."""
    policy: str
    """Name of the dated decision rule."""
    features: str
    """Digest of the feature set."""
    facts: Mapping[str, Any]
    """Coarse public facts: kind of contract, source of income, amount to two digits."""
    record: RecordAnswer
    """Where it stands in the chain."""
    erased: bool
    """Whether everything personal was erased since."""
    events: list[EventAnswer]
    """What happened to it since, the oldest first."""
    contributions: Contributions | None = None
    """With `explain=full`."""
    inputs: Mapping[str, Any] | None = None
    """The raw tables it rests on, for those who may read everything."""


def contributions(model: Model, row: Row, values: Row, lang: Language) -> Contributions:
    """The full explanation from stored contributions and encoded features."""
    sums = by_theme(model, values_of(row))[0]
    levels = model.encoding.levels
    shares: dict[str, list[Share]] = {}
    for used, contribution, value in zip(model.used, row.tolist(), values.tolist(), strict=False):
        if contribution != 0.0:
            shares.setdefault(used.theme, []).append(
                Share(name=used.name, value=_value(levels.get(used.name), value), contribution=contribution)
            )
    themes = [
        ThemeShare(
            theme=name,
            label=label(Theme(name), lang),
            contribution=total,
            features=sorted(shares.get(name, ()), key=lambda one: -abs(one.contribution)),
        )
        for name, total in sums.items()
        if name != BASE
    ]
    themes.sort(key=lambda one: (-abs(one.contribution), one.theme))
    return Contributions(base=float(row[-1]), log_odds=float(row.sum()), themes=themes)


def values_of(row: Row) -> Row:
    """One row as a matrix of one."""
    return row.reshape(1, -1)


def _value(levels: Sequence[str] | None, value: float) -> float | str | None:
    if value != value:  # NaN: missing
        return None
    return value if levels is None else levels[int(value)]


def reasons(decision: Decision, policy: Policy, lang: Language) -> list[ReasonAnswer]:
    """Hard rules that decided, then the model's reasons, at most four."""
    return [
        ReasonAnswer(code=code, theme=REASONS[code].theme.value if code in REASONS else None, sentence=said)
        for code, said in told(decision, policy, lang)
    ]


def warnings(decision: Decision, lang: Language) -> list[WarningAnswer]:
    """What was missing or unusual."""
    found = []
    for stored in decision.warnings:
        code, _, subject = stored.partition(":")
        found.append(WarningAnswer(code=code, subject=subject or None, sentence=sentence(stored, lang)))
    return found


def event(record: Record, *, words: bool) -> EventAnswer:
    """What happened, with the officer's words for those who may read them."""
    return EventAnswer(
        kind=record.kind,
        at=record.at,
        caller=record.caller,
        verdict=record.verdict,
        motive=record.motive,
        words=record.words if words else None,
        awaiting_second=bool(record.body.get("awaiting", False)),
    )


def listed(stored: Stored, policy: Policy, lang: Language) -> DecisionAnswer:
    """A decision as one of many, without reasons."""
    return decided(stored, policy, lang)


def decided(stored: Stored, policy: Policy, lang: Language, *, words: bool = False) -> DecisionAnswer:
    """A decision as the log holds it; reasons where its private part is at hand."""
    decision = stored.decision()
    band = policy.band if policy.digest == stored.policy_digest else None
    return DecisionAnswer(
        id=stored.id,
        applicant_id=stored.applicant_id,
        at=stored.at,
        verdict=stored.verdict.value,
        final=stored.final.value,
        word=stored.final.word(lang),
        probability=stored.probability,
        points=stored.points,
        cutoff=stored.cutoff,
        band=(band.low, band.high) if band is not None else None,
        rules=list(stored.rules),
        reasons=reasons(decision, policy, lang),
        warnings=warnings(decision, lang),
        model=stored.model,
        policy=stored.policy,
        features=stored.features,
        facts=dict(sorted(stored.facts.items())),  # fresh or from the log, the same bytes
        record=RecordAnswer(seq=stored.seq, hash=stored.hash),
        erased=stored.erased,
        events=[event(one, words=words) for one in stored.events],
    )
