"""Which of several judged models to choose, why, and how sure one can be: a sentence from their figures alone.

Costs are per 1000 applicants on one test part; a difference whose 95 % interval holds 0 may be chance.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from aval.model.interval import Interval
from aval.model.ranking import Comparison

FEW: Final = 100
"""Defaulters below which a test part tells models apart badly."""

READABLE: Final = frozenset({"coefficients", "characteristics", "terms"})
"""Parts of which each says what one feature adds, whatever the others are."""


@dataclass(frozen=True, slots=True)
class Gap:
    """One model against another on the same applicants: its cost and its AUC minus the other's."""

    cost: Interval
    auc: Comparison


@dataclass(frozen=True, slots=True)
class Contender:
    """What the choice looks at."""

    name: str
    champion: bool
    cost: Interval
    idle: Interval
    """Its cost minus that of the cheaper rule that needs no model: accepting or refusing everyone."""
    slope: Interval | None
    cheapest: float
    """Share of the resamplings of the applicants in which it cost least."""
    elsewhere: float | None
    """Mean cost in cross-validation, on the rows it was developed with."""
    features: int
    size: int
    parts: str
    barred: tuple[str, ...] = ()
    """Protected grounds it looks at although the policy bars them."""

    def simpler(self, other: "Contender") -> bool:
        """Whether it can be read where the other cannot, or has fewer features and parts and more of neither."""
        mine, theirs = _opacity(self.parts), _opacity(other.parts)
        if mine != theirs:
            return mine < theirs
        if self.parts != other.parts:
            return self.features < other.features
        pair, against = (self.features, self.size), (other.features, other.size)
        return pair != against and pair[0] <= against[0] and pair[1] <= against[1]

    def calibrated(self, tolerance: float) -> bool:
        """As the gates see it."""
        return self.slope is not None and (abs(self.slope.value - 1.0) <= tolerance or self.slope.holds(1.0))


@dataclass(frozen=True, slots=True)
class Advice:
    """`choose` is the name of a contender, or None where none is worth deciding with."""

    choose: str | None
    sentence: str


def advise(
    contenders: Sequence[Contender], gap: Callable[[str, str], Gap], *, defaulters: int, tolerance: float = 0.2
) -> Advice:
    """The champion, unless another is cheaper beyond chance; without one, the cheapest.

    Args:
        contenders: judged on the same applicants, in any order, under names that differ.
        gap: of the first named against the second.
        defaulters: among those applicants.
        tolerance: how far from 1 the gates let a calibration slope lie.
    """
    ranked = sorted(contenders, key=lambda c: (c.cost.value, c.features, c.size, c.name))
    if not ranked:
        return Advice(None, "Nothing was judged yet: train a plan.")
    fit = [c for c in ranked if c.calibrated(tolerance) and not c.barred]
    if not fit and all(c.barred for c in ranked):
        grounds = " and ".join(sorted({ground for c in ranked for ground in c.barred}))
        return Advice(None, f"Choose none of these: they look at {grounds}, which the policy bars.")
    if not fit:
        return Advice(None, "Choose none yet: no candidate's probabilities can be believed (see the slopes).")
    best = fit[0]
    if best.idle.high >= 0.0:
        return Advice(
            None,
            f"Choose none yet: the cheapest, {best.name}, costs {_figure(best.cost.value)} per 1000, "
            f"{_than(best.idle)} than deciding without a model, which may be chance.",
        )
    champion = next((c for c in ranked if c.champion), None)
    chosen, lead = _lead(fit, champion, gap)
    shut = _shut(ranked[: ranked.index(best)])
    said = [lead, *_rivals(chosen, champion, fit, gap), *shut, _sure(chosen, ranked, defaulters)]
    return Advice(chosen.name, " ".join(part for part in said if part))


def _lead(
    fit: Sequence[Contender], champion: Contender | None, gap: Callable[[str, str], Gap]
) -> tuple[Contender, str]:
    best = fit[0]
    alone = f"{_than(best.idle)} than deciding without a model"
    if len(fit) == 1 and champion in (None, best):
        verb = "Keep the champion" if best.champion else "Choose"
        return best, f"{verb} {best.name}: it costs {_figure(best.cost.value)} per 1000, {alone}."
    if champion is None:
        against = gap(best.name, fit[1].name)
        return best, (
            f"Choose {best.name}: it costs {_figure(best.cost.value)} per 1000, "
            f"{_than(against.cost)} than the next, {fit[1].name} (AUC {_chance(against)}); "
            "the champion is not among them."
        )
    if champion == best:
        return best, f"Keep the champion {best.name}: it costs {_figure(best.cost.value)} per 1000, the least; {alone}."
    for rival in fit:
        against = gap(rival.name, champion.name)
        if not rival.champion and against.cost.high < 0.0:
            return rival, (
                f"Choose {rival.name}: it costs {_figure(rival.cost.value)} per 1000, "
                f"{_than(against.cost)} than the champion {champion.name} (AUC {_chance(against)})."
            )
    if champion.barred:
        return best, (
            f"Choose {best.name}: it costs {_figure(best.cost.value)} per 1000, and the champion {champion.name} "
            f"looks at {' and '.join(champion.barred)}, which the policy bars."
        )
    if champion not in fit:
        return best, (
            f"Choose {best.name}: it costs {_figure(best.cost.value)} per 1000, and the champion {champion.name} "
            "is no longer calibrated."
        )
    against = gap(best.name, champion.name)
    return champion, (
        f"Keep the champion {champion.name}: it costs {_figure(champion.cost.value)} per 1000; the cheapest, "
        f"{best.name}, costs {_than(against.cost)}, which may be chance (AUC {_chance(against)})."
    )


def _rivals(
    chosen: Contender, champion: Contender | None, fit: Sequence[Contender], gap: Callable[[str, str], Gap]
) -> list[str]:
    """Who cannot be told from the chosen one; those that are simpler are worth a thought."""
    near = []
    for rival in fit:
        if rival is chosen or rival is champion:
            continue
        against = gap(rival.name, chosen.name)
        if against.cost.holds(0.0):
            near.append((rival, against))
    simple = [(rival, against) for rival, against in near if rival.simpler(chosen)]
    said = [
        f"{rival.name} is not distinguishable from it ({_than(against.cost)}; AUC {_chance(against)}) "
        f"and is simpler: {rival.size:,} {rival.parts} on {rival.features} features, "
        f"not {chosen.size:,} {chosen.parts} on {chosen.features}."
        for rival, against in simple[:2]
    ]
    others = len(near) - len(said)
    if others:
        what = ("one" if others == 1 else f"{others}") + (" more" if said else "")
        said.append(f"{what.capitalize()} cannot be told from it in cost.")
    return said


def _sure(chosen: Contender, ranked: Sequence[Contender], defaulters: int) -> str:
    said = []
    if len(ranked) > 1:
        said.append(
            f"{chosen.name} was the cheapest of {len(ranked)} in {100.0 * chosen.cheapest:.0f} % of 1,000 resamplings"
        )
        judged = [(c.elsewhere, c.name) for c in ranked if c.elsewhere is not None]
        if len(judged) == len(ranked):
            first = min(judged)[1]
            said.append(
                "cross-validation on the other rows puts it first too"
                if first == chosen.name
                else f"cross-validation on the other rows puts {first} first"
            )
    if defaulters < FEW:
        said.append(f"{defaulters} defaulters are few to tell models apart by")
    if not said:
        return ""
    return "; ".join(said) + "."


def _shut(cheaper: Sequence[Contender]) -> list[str]:
    """Those that cost less and may not decide, each with its ground."""
    said = []
    barred = [one for one in cheaper if one.barred and not one.champion]
    if barred:
        names = ", ".join(f"{one.name} ({_figure(one.cost.value)})" for one in barred)
        grounds = " and ".join(sorted({ground for one in barred for ground in one.barred}))
        verb = "costs less, but looks" if len(barred) == 1 else "cost less, but look"
        said.append(f"{names} {verb} at {grounds}, which the policy bars.")
    for one in cheaper:
        if not one.barred:
            slope = "there is none" if one.slope is None else f"{one.slope.value:.2f}"
            paid = _figure(one.cost.value)
            said.append(f"{one.name} costs less ({paid}), but the gates would refuse its calibration slope ({slope}).")
    return said


def _opacity(parts: str) -> int:
    """Read feature by feature, or not, or several models at once."""
    return 0 if parts in READABLE else 2 if parts == "models" else 1


def _than(gap: Interval) -> str:
    """14 (2 to 26) less; the sign is in the word."""
    if gap.value < 0.0:
        return f"{_figure(-gap.value)} ({_figure(-gap.high)} to {_figure(-gap.low)}) less"
    return f"{_figure(gap.value)} ({_figure(gap.low)} to {_figure(gap.high)}) more"


def _figure(value: float) -> str:
    written = f"{value:,.0f}" if abs(value) >= 9.95 else f"{value:.1f}"
    return "0" if written in ("0.0", "-0.0") else written


def _chance(gap: Gap) -> str:
    p = gap.auc.p_value
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}" if p < 0.095 else f"p = {p:.1f}"
