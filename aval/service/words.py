"""One catalogue of words for every client: made from what decides, so that no screen has a list of its own."""

from functools import lru_cache
from typing import Final, Literal

from aval.credit.decision import Verdict
from aval.credit.notice import patterns
from aval.credit.policy import Policy
from aval.credit.reason import REASONS, THEMES, Language
from aval.data.meanings import meaning
from aval.data.modalities import modality
from aval.data.tables import HISTORIES, columns
from aval.features.feature import SOURCES, STATISTICS, UNITS, Feature, parse
from aval.model.captions import Captions
from aval.model.captions import words as captions
from aval.model.model import Model
from aval.service import labels, remedies, terms
from aval.service.answer import Answer
from aval.service.terms import Pair, typeset

TABLES: Final = ("application", *HISTORIES)


class VerdictWord(Answer):
    """A verdict as said."""

    word: str
    """In a line of text."""
    sentence: str
    """As a heading."""


class ReasonWord(Answer):
    """What a reason says."""

    theme: str
    """The theme it belongs to."""
    against: str
    """When it speaks against the application."""
    in_favour: str
    """When it speaks for it."""


class ColumnWord(Answer):
    """A raw column."""

    meaning: str
    """In words."""
    unit: str
    """Key of `units`; `category` for text."""
    levels: dict[str, str]
    """Known levels of a text column, as they are written -> as they are said."""


class TableWord(Answer):
    """A raw table."""

    title: str
    """As a heading."""
    columns: dict[str, ColumnWord]
    """Its columns, in the order of the published file."""


class FigureWord(Answer):
    """A figure of a model or a decision."""

    label: str
    """Its name."""
    meaning: str
    """What it says, in one line."""


class Words(Answer):
    """Everything a client says in one language. Keys are those of the other answers."""

    lang: Language
    """Of all that follows."""
    verdicts: dict[str, VerdictWord]
    """approve, refer, decline."""
    themes: dict[str, str]
    """What features and reasons are about."""
    reasons: dict[str, ReasonWord]
    """Every reason a decision may be given."""
    warnings: dict[str, str]
    """Every warning by its code; `{subject}` is a table or a column."""
    units: dict[str, str]
    """Of features, raw columns and figures."""
    statistics: dict[str, str]
    """What a feature takes of its rows."""
    tables: dict[str, TableWord]
    """The seven raw tables; `several` names what holds one against another."""
    grounds: dict[str, str]
    """Protected grounds."""
    policy: str
    """Name of the policy that motives and rules are of."""
    motives: dict[str, str]
    """Why an officer may decide otherwise."""
    rules: dict[str, str]
    """The policy's hard rules, and the approval by lot."""
    roles: dict[str, str]
    """Of callers."""
    rights: dict[str, str]
    """What roles may do."""
    jobs: dict[str, str]
    """States of a job."""
    levers: dict[str, str]
    """What an applicant could ask for otherwise."""
    obstacles: dict[str, str]
    """Why a lever cannot be moved."""
    parts: dict[str, str]
    """Parts of a decision, that a replay may find otherwise."""
    what_if: dict[str, str]
    """What is said about simulations."""
    figures: dict[str, FigureWord]
    """Names and meanings of what is measured."""
    captions: dict[str, str]
    """Titles, axes and legends of charts, with places for figures in braces."""
    desk: dict[str, str]
    """Headings, labels and sentences of the desk's screens, with places for figures in braces."""
    problems: dict[str, str]
    """What went wrong and what to do, by the last part of a problem's type."""


class LevelWord(Answer):
    """A level of a category."""

    level: str
    """As it is written in data."""
    fr: str
    """In French."""
    en: str
    """In English."""


class FeatureWord(Answer):
    """A measure of a dossier."""

    name: str
    """Its name, `source[_what]_unit[_statistic][_window]`."""
    fr: str
    """Meaning in French."""
    en: str
    """Meaning in English."""
    unit: str
    """Key of `units` in the words."""
    statistic: str | None
    """Key of `statistics`; null where it takes none."""
    theme: str
    """Key of `themes`."""
    reason: str | None
    """Key of `reasons`; null where it is never given as one."""
    table: str
    """The raw table it is measured on, or `several`."""
    reads: tuple[str, ...]
    """Raw columns, `table.COLUMN`."""
    kind: Literal["number", "category"]
    """How its values are to be read."""
    actionable: bool
    """Whether an applicant can choose it when applying, or change it within months."""
    protected: tuple[str, ...]
    """Protected grounds it looks at."""
    levels: tuple[LevelWord, ...]
    """Known levels of a category; empty for a number, and where no list is known."""
    used: bool
    """Whether the model in question uses it."""


def words(lang: Language, policy: Policy) -> Words:
    """All of it in one language, with the motives and rules of a policy."""
    french = lang == "fr"

    def said(pairs: dict[str, Pair]) -> dict[str, str]:
        return {key: typeset(pair[0 if french else 1], lang) for key, pair in pairs.items()}

    def typed(texts: dict[str, str]) -> dict[str, str]:
        return {key: typeset(text, lang) for key, text in texts.items()}

    swapped = {key: (fr, en) for key, (en, fr) in (*UNITS.items(), *STATISTICS.items())}
    rules = {rule.code: (rule.fr, rule.en) for rule in policy.rules}
    return Words(
        lang=lang,
        verdicts={v.value: VerdictWord(word=v.word(lang), sentence=v.sentence(lang)) for v in Verdict},
        themes=said({theme.value: pair for theme, pair in THEMES.items()}),
        reasons={
            code: ReasonWord(
                theme=reason.theme.value,
                against=typeset(reason.sentence(lang), lang),
                in_favour=typeset(reason.sentence(lang, against=False), lang),
            )
            for code, reason in REASONS.items()
        },
        warnings=typed(patterns(lang)),
        units=said({**{unit: swapped[unit] for unit in UNITS}, **terms.MORE_UNITS}),
        statistics=said({name: swapped[name] for name in STATISTICS}),
        tables=_tables(lang),
        grounds=said(terms.GROUNDS),
        policy=policy.name,
        motives=said(dict(policy.motives)),
        rules=said({**rules, "RANDOM_APPROVAL": terms.DRAWN}),
        roles=said(terms.ROLES),
        rights=said(terms.RIGHTS),
        jobs=said(terms.JOBS),
        levers=said(terms.LEVERS),
        obstacles=said(terms.OBSTACLES),
        parts=said(terms.PARTS),
        what_if=said(terms.WHAT_IF),
        figures={
            key: FigureWord(label=said({key: label})[key], meaning=said({key: meant})[key])
            for key, (label, meant) in terms.FIGURES.items()
        },
        captions=typed(dict(captions(lang))),
        desk=said(labels.DESK),
        problems=said(remedies.PROBLEMS),
    )


@lru_cache(maxsize=2)
def _tables(lang: Language) -> dict[str, TableWord]:
    told = Captions(lang)
    found = {
        table: TableWord(
            title=told.say(table),
            columns={
                name: ColumnWord(
                    meaning=typeset(meaning(table, name, lang), lang),
                    unit=column.unit,
                    levels={level: modality(name, level, lang) for level in column.values},
                )
                for name, column in columns(table).items()
            },
        )
        for table in TABLES
    }
    return {**found, "several": TableWord(title=told.say("several"), columns={})}


def features(model: Model | None = None) -> list[FeatureWord]:
    """The catalogue, and what the model uses beyond it, each with whether the model uses it."""
    from aval.features.build import catalogue, holding

    used = frozenset() if model is None else frozenset(model.features)
    known = catalogue()
    beyond = [name for name in (() if model is None else model.features) if name not in known]
    more = holding(beyond).select(beyond) if beyond else ()
    return [_feature(feature, feature.name in used) for feature in (*known, *more)]


def _feature(feature: Feature, used: bool) -> FeatureWord:
    parts = parse(feature.name)
    return FeatureWord(
        name=feature.name,
        fr=typeset(feature.fr, "fr"),
        en=feature.en,
        unit=feature.unit,
        statistic=parts.statistic,
        theme=feature.theme.value,
        reason=feature.reason,
        table="several" if parts.source == "across" else SOURCES[parts.source],
        reads=tuple(sorted(feature.reads)),
        kind=feature.kind,
        actionable=feature.actionable,
        protected=tuple(sorted(feature.protected)),
        levels=_levels(feature),
        used=used,
    )


def _levels(feature: Feature) -> tuple[LevelWord, ...]:
    """Of the raw column a category is read from; a contract's state beside it only says which rows count."""
    if feature.kind != "category":
        return ()
    read = (column.split(".") for column in sorted(feature.reads))
    found = {name: columns(table)[name].values for table, name in read if columns(table)[name].values}
    if len(found) > 1:
        found.pop("NAME_CONTRACT_STATUS", None)
    return tuple(
        LevelWord(level=level, fr=modality(name, level, "fr"), en=modality(name, level, "en"))
        for name, levels in found.items()
        for level in levels
    )
