"""What a model's card holds: the shapes only; `cards` fills them."""

from typing import Literal

from aval.service.answer import Answer, Span
from aval.service.judged import Curves, Evaluated


class Happening(Answer):
    """A change of the champion, or one that a gate refused."""

    at: str
    """UTC instant."""
    what: Literal["promoted", "refused", "returned"]
    """`returned`: a rollback made it decide again."""
    version: str
    """Of the model it happened to."""
    by: str
    """Who did it."""
    why: str
    """As they said."""
    before: str | None
    """The champion until then; null for the first."""
    figures: dict[str, str]
    """What the gates measured of both."""


class Identity(Answer):
    """Where a version comes from."""

    version: str
    """Its number in the registry."""
    aliases: tuple[str, ...]
    """`champion` decides; `challenger` is scored beside it."""
    candidate: str
    """The plan's name for it."""
    plan: str
    """The plan it was trained by."""
    why: str
    """What the plan is for."""
    learner: str
    """How it learns."""
    features: int
    """How many it looks at."""
    feature_digest: str
    """Of their definitions: a model accepts no others."""
    grounds: tuple[str, ...]
    """Protected grounds its features look at."""
    size: int
    """How many parts it has."""
    parts: str
    """What `size` counts."""
    data_fingerprint: str
    """sha256 of the tables it learned from."""
    split: str
    """How the test part was chosen: `latest` applications, or drawn."""
    rows_development: int
    """Applications it learned from."""
    rows_test: int
    """Applications it was judged on and had not touched."""
    trained_at: str
    """UTC instant it was stored at."""
    policy: str
    """The policy whose prices it was judged at."""
    versions: dict[str, str]
    """Of the libraries it was trained with."""
    reproduces: bool
    """Whether its golden rows give here, to the last bit, what they gave when it was trained."""
    history: tuple[Happening, ...]
    """What happened to this version, the oldest first."""


class Shuffled(Answer):
    """What changes once values are dealt out anew among applicants."""

    mean: float
    """Over the repeats."""
    deviation: float
    """Standard deviation over the repeats."""


class Weighing(Answer):
    """What a theme, a source table or a feature weighs."""

    name: str
    """Key of `themes`, of `tables`, or a feature's name."""
    contribution: float
    """Mean absolute effect on the log-odds of default."""
    gain: float
    """The form's own measure in training; 0 where it has none."""
    split: float
    """How often it divides applicants; 0 where the form has none."""
    cost: Shuffled | None
    """By how much 1000 applicants are dearer without it; null where not measured."""
    auc: Shuffled | None
    """By how much the AUC falls without it."""


class Effect(Answer):
    """Applicants of like value, and quantiles of what the feature adds to their log-odds of default."""

    value: float | str | None
    """The median of a number, the level of a category, null for missing."""
    rows: int
    """How many, ten at least."""
    low: float
    """5 %."""
    lower: float
    """25 %."""
    middle: float
    """The median."""
    upper: float
    """75 %."""
    high: float
    """95 %."""


class Dependence(Answer):
    """How the risk changes with one feature."""

    name: str
    """Of the feature."""
    fr: str
    """Meaning in French on the day of training."""
    en: str
    """Meaning in English."""
    unit: str
    """Key of `units`."""
    bins: tuple[Effect, ...]
    """By rising value, or the most frequent level first; missing last."""


class Leaning(Answer):
    """What the model leans on; the weightiest first in each."""

    explained: int
    """Applicants whose contributions these are."""
    rows: int
    """Applicants of the test part among whom values were dealt out anew."""
    cost: float
    """Per 1000 of these, nothing changed."""
    auc: float
    """Of these, nothing changed."""
    themes: tuple[Weighing, ...]
    """By theme."""
    tables: tuple[Weighing, ...]
    """By source table."""
    features: tuple[Weighing, ...]
    """The strongest 50."""
    dependence: tuple[Dependence, ...]
    """The strongest 20, value by value."""


class Party(Answer):
    """One group of applicants of the test part."""

    name: str
    """As the data write it."""
    rows: int
    """Applicants."""
    too_small: bool
    """Too few to be compared."""
    default_rate: Span
    """Share that defaulted."""
    mean_probability: float
    """What was predicted on average."""
    approval_rate: Span
    """Share approved."""
    false_positive_rate: Span | None
    """Good payers declined, of all good payers."""
    false_negative_rate: Span | None
    """Defaulters accepted, of all defaulters."""
    calibration_ratio: Span | None
    """Defaults observed over predicted: above 1, the group's risk is underestimated."""


class Distance(Answer):
    """The two groups furthest apart in one measure."""

    measure: str
    """A field of the groups."""
    lowest: str
    """Group."""
    highest: str
    """Group."""
    difference: float
    """Highest minus lowest."""
    ratio: float | None
    """Lowest over highest; null when the highest is 0."""


class Grouping(Answer):
    """One way of grouping applicants; groups are looked at, never decided with."""

    name: str
    """Key of `grounds`, or another attribute."""
    groups: tuple[Party, ...]
    """Groups of ten applicants or more."""
    disparities: tuple[Distance, ...]
    """One for each measure that can be compared."""
    four_fifths: bool | None
    """Whether the rule on approvals holds; null with fewer than two groups to compare."""


class CardBin(Answer):
    """One line of a scorecard."""

    fr: str
    """What it holds, in French."""
    en: str
    """In English."""
    share: float
    """Of the applicants of training."""
    rate: float | None
    """Their default rate; null where there was nobody."""
    woe: float
    """Weight of evidence; above 0 is better than average."""
    points: int
    """What it adds."""


class Trait(Answer):
    """One characteristic of a scorecard."""

    feature: str
    """Its name."""
    fr: str
    """Meaning in French."""
    en: str
    """Meaning in English."""
    reason: str | None
    """Key of `reasons`; null where it is never given as one."""
    value: float
    """Information value."""
    bins: tuple[CardBin, ...]
    """Its bins, missing values last."""


class PointsCard(Answer):
    """A scorecard's points, which alone give the probability."""

    start: int
    """Everyone's."""
    base: float
    """Points at which `odds` good payers come to one defaulter."""
    odds: float
    """Good payers to one defaulter at `base`."""
    double: float
    """Points that double the odds."""
    verdicts: dict[str, tuple[int, int]]
    """Lowest and highest points of each verdict under the policy in force, hard rules apart."""
    characteristics: tuple[Trait, ...]
    """In the order they were chosen, the most telling first."""


class ModelCard(Answer):
    """Everything a reader of a model wants to see."""

    identity: Identity
    """Where it comes from and what happened to it."""
    evaluation: Evaluated
    """How it was judged."""
    curves: Curves
    """To draw."""
    importance: Leaning | None
    """What it leans on; null for a model trained before that was measured."""
    fairness: tuple[Grouping, ...]
    """By group."""
    scorecard: PointsCard | None
    """Null for another form of model."""
