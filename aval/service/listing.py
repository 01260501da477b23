"""Versions in a list, and candidates compared in a table: the shapes only; `cards` fills them."""

from aval.service.answer import Answer, Span
from aval.service.judged import Counts


class Brief(Answer):
    """A version in a list."""

    version: str
    """Its number in the registry."""
    aliases: tuple[str, ...]
    """`champion` decides; `challenger` is scored beside it."""
    candidate: str
    """The plan's name for it."""
    plan: str
    """The plan it was trained by."""
    learner: str
    """How it learns."""
    features: int
    """How many it looks at."""
    size: int
    """How many parts it has."""
    parts: str
    """What `size` counts: trees, coefficients, characteristics, terms."""
    grounds: tuple[str, ...]
    """Protected grounds its features look at."""
    trained_at: str
    """UTC instant its training began at."""
    data: str
    """First characters of the fingerprint of the tables it learned from."""
    cost: float | None
    """Per 1000 applications of its test part."""
    auc: float | None
    """On its test part."""


class Fold(Answer):
    """A figure over all folds of cross-validation."""

    mean: float
    """Over the folds."""
    deviation: float
    """Standard deviation over the folds."""


class ResultRow(Answer):
    """One candidate, judged on the same applicants as the others."""

    name: str
    """Short and unlike the others'."""
    version: str
    """Its number in the registry; empty where it is not registered."""
    aliases: tuple[str, ...]
    """Of the version."""
    plan: str
    """Plan it was trained by."""
    learner: str
    """How it learns."""
    features: int
    """How many it looks at."""
    size: int
    """How many parts it has."""
    parts: str
    """What `size` counts."""
    grounds: tuple[str, ...]
    """Protected grounds it looks at."""
    chosen: bool
    """Whether the advice is to choose it."""
    cost: Span
    """Per 1000 applications."""
    cost_minus_champion: Span | None
    """On the same applicants; an interval across 0 may be chance. Null for the champion itself."""
    cheapest_in: float
    """Share of the resamplings of the applicants in which it cost least."""
    auc: Span
    """On the test part."""
    auc_minus_champion: Span | None
    """On the same applicants."""
    p_value: float | None
    """Of the difference of AUC."""
    confusion: Counts
    """At the policy's cut-off."""
    brier: float
    """Mean squared error of the probabilities."""
    calibration_slope: Span | None
    """1 when probabilities mean what they say."""
    cross_validation: dict[str, Fold | None]
    """auc, accuracy, log_loss and cost over all folds."""
    fit_seconds: float | None
    """To train."""
    score_seconds: float | None
    """To score the test part."""


class ResultsTable(Answer):
    """Candidates compared, the cheapest first."""

    rows: tuple[ResultRow, ...]
    """Those judged on the same applicants at the same prices."""
    rest: tuple[Brief, ...]
    """Runs that cannot stand in this table: other data, another test part, other prices, or an older trial."""
    choose: str | None
    """Name of the row to choose; null where none is worth deciding with."""
    advice: str
    """Why, in one English sentence."""
    accept_all: Span | None
    """Cost per 1000 if everyone were accepted; null for an empty table."""
    refuse_all: Span | None
    """Cost per 1000 if everyone were declined."""
