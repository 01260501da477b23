"""What a committee should take away, in sentences with figures: the first page."""

from collections.abc import Iterator
from dataclasses import dataclass

from aval.credit.rate import Rate
from aval.data.profile.bins import VALUE, chance, counted, information
from aval.data.profile.facts import Bin, Block, Distribution, Held, Profile
from aval.data.profile.words import listed, percent, rated, several, stem

_WEIGHTY = 0.01  # of the labelled: a smaller segment is no finding
_SENSITIVE = "touches sex, family or age, so it is watched, not decided on"


@dataclass(frozen=True)
class Finding:
    """`about`: the part of the page with the detail."""

    about: str
    title: str
    text: str
    points: tuple[str, ...] = ()


def findings(facts: Profile) -> list[Finding]:
    """The most important first. A part with nothing to say is silent."""
    parts = (_outcome, _predictors, _blind, _gaps, _telling_gaps, _anomalies, _segments, _histories, _twins, _kept)
    return [found for part in parts for found in part(facts)]


def _outcome(facts: Profile) -> Iterator[Finding]:
    unknown = facts.applications - facts.labelled
    if facts.base is None:
        yield Finding(
            "outcome",
            "Nobody is labelled",
            f"None of the {facts.applications:,} applications has an outcome, so nothing here is said of default: "
            "no rates, no correlations, no information value.",
        )
        return
    base = facts.base
    said = f"{base.bad:,} of the {base.rows:,} labelled applications defaulted: {rated(base)}"
    said += f", about 1 in {round(1 / base.value)}. " if base.bad else ". "
    if unknown:
        said += f"{unknown:,} applications ({percent(unknown / facts.applications)} of all) have no outcome yet. "
    if facts.first_on is not None:
        said += f"They applied from {facts.first_on} to {facts.last_on}. "
    rates = [month for month in facts.months if month.rate is not None and month.rate.rows >= 100]
    if len(rates) > 2:
        low, high = min(rates, key=_value), max(rates, key=_value)
        counts = counted(facts.months)
        moved = (information(counts) or 0.0) > (chance(counts) or 0.0)
        said += f"From month to month the rate {'moved more' if moved else 'moved no more'} than chance explains: "
        said += f"{rated(low.rate)} in {low.label}, {rated(high.rate)} in {high.label}."
    yield Finding("outcome", f"{percent(base.value)} of the labelled applicants defaulted", said.strip())


def _predictors(facts: Profile) -> Iterator[Finding]:
    ranked = facts.ranked
    told = [column for column in ranked if (column.iv or 0) > (column.chance or 0)]
    if not told:
        return
    first = told[0]
    high, low = _ends(first.bins)
    best = listed(f"{column.column} ({column.iv:.2f})" for column in told[:5])
    ahead = "says" if len(told) == 1 else "say"
    strong = sum((column.iv or 0) >= 0.3 for column in told)
    medium = sum(0.1 <= (column.iv or 0) < 0.3 for column in told)
    said = f"By information value {best} {ahead} most about default. "
    if high is not None and low is not None:
        said += (
            f"Where {first.column} ({first.meaning}) is {low.label}, {rated(low.rate)} default; where it is "
            f"{high.label}, {rated(high.rate)}. "
        )
    said += (
        f"Taken alone, {strong} of {several(len(ranked), 'column')} {_are(strong)} strong (0.3 or more), {medium} "
        f"medium (0.1 to 0.3); {len(told)} say more than noise would, {len(ranked) - len(told)} do not."
    )
    yield Finding("predictors", f"{first.column} says most about default", said)
    leaks = [column.column for column in told if (column.iv or 0) > 0.8]
    if leaks:
        yield Finding(
            "predictors",
            "Too good to be true?",
            f"{listed(leaks)} {'says' if len(leaks) == 1 else 'say'} so much about default (information value above "
            "0.8) that one should check whether it was known on the day of the application.",
        )


def _blind(facts: Profile) -> Iterator[Finding]:
    """What Pearson's correlation does not see."""
    size = {column.column: abs(column.pearson) for column in facts.columns if column.pearson is not None}
    places = {name: place for place, name in enumerate(sorted(size, key=lambda name: -size[name]))}
    unseen = [column for column in facts.ranked[:20] if (column.iv or 0) > max(0.02, column.chance or 0)]
    words = [column for column in unseen if column.unit == "category"][:3]
    bends = [
        column for place, column in enumerate(unseen) if column.column in places and places[column.column] >= place + 10
    ][:3]
    if not words and not bends:
        return
    parts = []
    if words:
        named = listed(f"{column.column} ({column.iv:.2f})" for column in words)
        parts.append(f"{named} {'is a category' if len(words) == 1 else 'are categories'}, which it cannot take.")
    if bends:
        named = listed(
            f"{column.column} (information value {column.iv:.2f}, correlation {column.pearson:+.3f})"
            for column in bends
        )
        parts.append(
            f"{named} {'bends' if len(bends) == 1 else 'bend'}: the rate does not simply rise or fall, or the gaps and "
            "stand-ins say more than the values."
        )
    yield Finding("predictors", "A correlation with default would miss some of them", " ".join(parts))


def _gaps(facts: Profile) -> Iterator[Finding]:
    blocks = facts.missing.blocks
    if not blocks:
        return
    columns = sum(len(block.columns) for block in blocks)
    worst = listed(
        f"{stem(block.columns)} ({several(len(block.columns), 'column')}, {percent(block.share)})"
        for block in blocks[:3]
    )
    half = sum(len(block.columns) for block in blocks if block.share >= 0.5)
    whole = sum(pattern.rows for pattern in facts.missing.patterns if not pattern.blocks)
    said = (
        f"{columns} of {several(len(facts.columns), 'column')} of the application have missing values, {half} of them "
        f"for half of the applicants or more. The largest gaps: {worst}. Columns go missing together: they form "
        f"{several(len(blocks), 'block')} and {several(facts.missing.patterns_in_all, 'pattern')}. "
    )
    said += f"{percent(whole / facts.applications)} of the applicants have no gap at all." if whole else ""
    yield Finding("missing", f"{columns} columns have gaps, in {several(len(blocks), 'block')}", said.strip())


def _telling_gaps(facts: Profile) -> Iterator[Finding]:
    """Blocks whose absence itself goes with default."""
    told = [block for block in facts.missing.blocks if block.some >= 0.005 * facts.applications and _tells(block)]
    if not told:
        return
    told.sort(key=lambda block: -_distance(block.absent, block.there))
    points = tuple(
        f"{stem(block.columns)} {_are(len(block.columns))} missing for {percent(block.share)} of applicants; those "
        f"default at {rated(block.absent)} against {rated(block.there)}."
        for block in told[:4]
    )
    more = len(told) - len(points)
    said = f"For {several(len(told), 'block')} of columns the rates with and without the value lie clearly apart"
    said += ", most clearly for these." if more else "."
    yield Finding("missing", "Being missing is itself a sign", said, points)


def _anomalies(facts: Profile) -> Iterator[Finding]:
    stands = [odd for odd in facts.anomalies if odd.table == "application" and "stands for none" in odd.what]
    for odd in stands[:2]:
        if odd.share < 0.001:
            continue
        said = f"{odd.column} holds {odd.what.split()[0]} for {percent(odd.share)} of applicants: it stands for none. "
        if odd.rate and odd.others:
            said += f"They default at {rated(odd.rate)} against {rated(odd.others)}. "
        said += "Read as a number it would spoil every mean and correlation; here it is a bin of its own."
        yield Finding("anomalies", f"{odd.column}: {odd.what}", said)
    doubtful = [odd for odd in facts.anomalies if "unknown stand-in" in odd.what]
    for odd in doubtful[:2]:
        said = f"{odd.column} holds {odd.what.split(',')[0]} in {several(odd.rows, 'row')}, far from every other value."
        yield Finding("anomalies", "A stand-in the contract does not know of?", said)
    days = [odd for odd in facts.anomalies if odd.table != "application" and odd.what.startswith("365243")]
    if days:
        named = listed(f"{odd.column} ({percent(odd.share)} of rows)" for odd in days[:4])
        said = f"365243 days, a thousand years after the application, also stands for none in {days[0].table}: {named}."
        yield Finding("anomalies", "365243 again, in the histories", said)
    idle = [odd.column for odd in facts.anomalies if odd.what.startswith(("always", "nearly always"))]
    if idle:
        named = listed(sorted(idle, key=lambda name: (len(name), name)))
        yield Finding(
            "anomalies",
            f"{several(len(idle), 'column')} {'says' if len(idle) == 1 else 'say'} next to nothing",
            f"{named} {'holds' if len(idle) == 1 else 'hold'} one value for {percent(0.999)} of applicants or more.",
        )


def _segments(facts: Profile) -> Iterator[Finding]:
    base = facts.base
    if base is None:
        return
    found = [
        (segment, part)
        for segment in facts.segments
        for part in segment.bins
        if part.kind == VALUE and part.rate and part.rate.rows >= _WEIGHTY * facts.labelled and part.rate.apart(base)
    ]
    found.sort(key=lambda pair: -_value(pair[1]))
    for words, chosen in (
        ("more", [pair for pair in found if _value(pair[1]) > base.value]),
        ("less", [pair for pair in reversed(found) if _value(pair[1]) < base.value]),
    ):
        if not chosen:
            continue
        once: dict[str, str] = {}  # a segmentation speaks once, with its furthest group
        guarded = False
        for segment, part in chosen:
            if segment.name not in once and len(once) < 5:
                star = " *" if segment.protected else ""
                guarded |= segment.protected
                once[segment.name] = f"{segment.name}: {part.label}, {rated(part.rate)}{star}"
        said = f"Against {percent(base.value)} overall, in groups of at least {percent(_WEIGHTY, 0)} of the labelled."
        said += f" * {_SENSITIVE}." if guarded else ""
        yield Finding("segments", f"Who defaults {words} often", said, tuple(once.values()))


def _histories(facts: Profile) -> Iterator[Finding]:
    held = [table for table in facts.tables if table.table != "application"]
    there = sorted((table for table in held if table.supplied), key=lambda table: table.coverage)
    absent = [table.table for table in held if not table.supplied]
    if there:
        said = ", ".join(f"{table.table} {percent(table.coverage)}" for table in there)
        least = there[0]
        said = (
            f"Share of applicants with any row: {said}. In {least.table}, those who have any have {least.median:,.0f} "
            f"rows (median)"
        )
        said += f", reaching back {least.reach_months:,.0f} months. " if least.reach_months else ". "
        points = tuple(_having(table) for table in there if _apart(table.having, table.without))
        said += "Having rows at all goes with default:" if points else ""
        title = f"{least.table} knows {percent(least.coverage)} of the applicants"
        yield Finding("histories", title, said.strip(), points)
    if absent:
        yield Finding(
            "histories",
            f"{several(len(absent), 'history', 'histories')} not supplied",
            f"{listed(absent)} {'was' if len(absent) == 1 else 'were'} not among the files: nothing is known, which is "
            "not the same as having none.",
        )


def _having(table: Held) -> str:
    return f"Without rows in {table.table}, {rated(table.without)} default; with rows, {rated(table.having)}."


def _twins(facts: Profile) -> Iterator[Finding]:
    groups = facts.links.groups
    if not groups:
        return
    columns = sum(1 + len(group.twins) for group in groups)
    named = "; ".join(f"{group.leader} with {stem(twin.column for twin in group.twins)}" for group in groups[:3])
    yield Finding(
        "groups",
        f"{columns} columns say what {len(groups)} could say",
        f"{several(len(groups), 'group')} of columns correlate with the group's leader by 0.7 or more: {named}. A "
        "linear model needs one of each; a printed reason should name the group once.",
    )


def _kept(facts: Profile) -> Iterator[Finding]:
    rejected = [(entry.table, entry.rejected) for entry in facts.quality if entry.rejected]
    unknown = [(entry.table, entry.unknown_levels) for entry in facts.quality if entry.unknown_levels]
    orphans = [(entry.table, entry.orphans) for entry in facts.quality if entry.orphans]
    if not rejected and not unknown and not orphans:
        return
    parts = [
        f"{what}: {listed(f'{table} {rows:,}' for table, rows in found)}."
        for what, found in (
            ("Rows set aside because they broke the contract", rejected),
            ("Cells with a level the contract does not list", unknown),
            ("Rows that belong to no application on file", orphans),
        )
        if found
    ]
    yield Finding("anomalies", "What ingest set aside or wondered at", " ".join(parts))


def _ends(bins: tuple[Bin, ...]) -> tuple[Bin | None, Bin | None]:
    """The bins of values with the highest and the lowest rate."""
    told = [part for part in bins if part.kind == VALUE and part.rate is not None]
    return (max(told, key=_value), min(told, key=_value)) if len(told) > 1 else (None, None)


def _value(part: Bin) -> float:
    return part.rate.value if part.rate else 0.0


def _apart(first: Rate | None, second: Rate | None) -> bool:
    return first is not None and second is not None and first.apart(second)


def _tells(block: Block) -> bool:
    return _apart(block.absent, block.there)


def _distance(first: Rate | None, second: Rate | None) -> float:
    """In standard errors of the difference, so that a wide gap of few does not outweigh a clear one of many."""
    if first is None or second is None:
        return 0.0
    pooled = (first.bad + second.bad) / (first.rows + second.rows)
    error = (pooled * (1 - pooled) * (1 / first.rows + 1 / second.rows)) ** 0.5
    return abs(first.value - second.value) / error if error else 0.0


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def strength(column: Distribution) -> str:
    """A word for an information value, as scorecard builders use it."""
    value = column.iv or 0.0
    if value <= (column.chance or 0.0):
        return "no more than noise"
    for least, word in ((0.3, "strong"), (0.1, "medium"), (0.02, "weak")):
        if value >= least:
            return word
    return "very weak"
