"""How a version was judged, and the curves to draw it: the shapes only; `cards` fills them."""

from aval.service.answer import Answer, Span
from aval.service.crowd import ScoreBar
from aval.service.curve import Point


class Counts(Answer):
    """Verdicts against outcomes, in applicants; positive = default."""

    cutoff: float
    """Declined from this probability on."""
    tn: int
    """Good payers accepted."""
    fp: int
    """Good payers declined."""
    fn: int
    """Defaulters accepted."""
    tp: int
    """Defaulters declined."""
    approved: float
    """Share of applicants accepted."""


class Prices(Answer):
    """Cost per 1000 applications, in units of one good payer refused."""

    accepted_defaulter: float
    """What accepting a defaulter costs."""
    refused_payer: float
    """What declining a good payer costs."""
    review: float
    """What an officer's look costs."""
    cutoff: float
    """Break-even probability."""
    decided: Span
    """At the cut-off, the review band ignored: the headline."""
    accept_all: Span
    """If everyone were accepted."""
    refuse_all: Span
    """If everyone were declined."""
    saved: Span
    """Accept-all minus decided."""
    best_cutoff: float
    """The cheapest on these very rows, so an optimistic one."""
    best: float
    """Cost there."""
    reviewed: Span | None
    """With the review band, as if officers always decided right."""
    referred: float | None
    """Share of applicants inside the band."""


class Line(Answer):
    """The outcome against the log-odds: slope 1 and intercept 0 when probabilities mean what they say."""

    slope: Span
    """Below 1: too extreme; above: too timid."""
    intercept: Span
    """Above 0: risk is underestimated."""


class Against(Answer):
    """Against the true probabilities, which only a simulation knows."""

    mean_absolute_error: float
    """Of the probabilities."""
    root_mean_square_error: float
    """Of the probabilities."""
    log_odds_correlation: float | None
    """Of both log-odds; null where either side is constant."""
    gini: float
    """The model's, without the noise of single outcomes."""
    attainable_gini: float
    """That of the truth itself: no model can do better."""
    attainable_share: float | None
    """The first over the second."""


class Evaluated(Answer):
    """How a version did on applications it had not touched."""

    rows: int
    """Applications."""
    defaults: int
    """Those that defaulted."""
    default_rate: float
    """Their share."""
    mean_probability: float
    """What was predicted on average."""
    auc: Span
    """Share of pairs of a defaulter and a payer in the right order."""
    gini: Span
    """Twice the AUC, minus 1."""
    ks: float
    """Largest gap between the shares of defaulters and of payers declined."""
    average_precision: float
    """Area under the precision-recall curve."""
    brier: float
    """Mean squared error of the probabilities."""
    log_loss: float
    """Mean negative log-likelihood."""
    calibration: Line | None
    """Null where there is no finite line."""
    calibration_error: float
    """Mean distance of predicted and observed over tenths of the applicants."""
    costs: Prices
    """At the prices of the policy of its day."""
    confusion: Counts
    """At the policy's cut-off."""
    confusion_half: Counts
    """At 0.5 of the calibrated probability, which suits no lender."""
    confusion_own: Counts
    """At 0.5 of the learner's own probability, before calibration."""
    truth: Against | None
    """Null for real applicants."""


class XY(Answer):
    """A line to draw, at most 200 points."""

    x: tuple[float, ...]
    """Never falls."""
    y: tuple[float, ...]
    """One for each x."""


class Tenth(Answer):
    """Applicants of like probability."""

    rows: int
    """How many."""
    predicted: float
    """Their mean probability of default."""
    observed: Span
    """The share that defaulted."""


class Curves(Answer):
    """Of the test part."""

    roc: XY
    """x = share of payers declined, y = share of defaulters declined."""
    precision_recall: XY
    """x = share of defaulters declined, y = share of the declined that default."""
    reliability: tuple[Tenth, ...]
    """Predicted against observed."""
    cutoffs: tuple[Point, ...]
    """What every cut-off would have done: observed, at most 200 points."""
    scores: tuple[ScoreBar, ...]
    """The probability's spread, by outcome."""
