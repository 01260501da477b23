"""The report: one HTML file that a browser shows without asking the network for anything."""

from collections.abc import Iterable, Sequence
from html import escape

from aval.data.profile import drawing
from aval.data.profile.bins import FEW, OTHER
from aval.data.profile.facts import Bin, Distribution, Held, Profile, Segment
from aval.data.profile.findings import findings, strength
from aval.data.profile.style import STYLE
from aval.data.profile.words import number, percent, rated, several

_PARTS = (
    ("findings", "Findings"),
    ("outcome", "Outcome"),
    ("predictors", "What goes with default"),
    ("missing", "Missing data"),
    ("anomalies", "Anomalies"),
    ("segments", "Segments"),
    ("histories", "Histories"),
    ("groups", "Columns that say the same"),
    ("columns", "Every column"),
    ("method", "How it was computed"),
)


def page(facts: Profile) -> str:
    """The whole file."""
    nav = "".join(f'<li><a href="#{part}">{escape(title)}</a></li>' for part, title in _PARTS)
    makers = (_findings, _outcome, _predictors, _missing, _anomalies, _segments, _histories, _groups, _columns, _method)
    parts = "".join(
        f'<section id="{part}" aria-labelledby="{part}-title"><h2 id="{part}-title">{escape(title)}</h2>{make(facts)}'
        "</section>"
        for (part, title), make in zip(_PARTS, makers, strict=True)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="color-scheme" content="light dark">'
        f"<title>What this warehouse holds</title><style>{STYLE}</style></head><body>"
        f'<nav aria-label="Parts of the report"><p class="brand">aval profile</p><ul>{nav}</ul></nav>'
        f"<main><header><h1>What this warehouse holds</h1>{_key(facts)}</header>{parts}</main></body></html>\n"
    )


def _key(facts: Profile) -> str:
    held = sum(table.supplied for table in facts.tables) - 1
    rows = sum(table.rows for table in facts.tables)
    figures = (
        (f"{facts.applications:,}", "applications"),
        (f"{facts.labelled:,}", "with an outcome"),
        (percent(facts.base.value) if facts.base else "none", "default rate"),
        (f"{held} of {len(facts.tables) - 1}", "histories supplied"),
        (_sized(rows), "rows in all"),
        (f"{len(facts.columns) + len(facts.histories)}", "columns looked at"),
    )
    cells = "".join(f"<div><dt>{name}</dt><dd>{figure}</dd></div>" for figure, name in figures)
    return (
        f'<p class="from">Warehouse {escape(facts.fingerprint[:12])}, ingested {escape(facts.created_at[:16])} UTC. '
        f'Default rates stand with their 95&nbsp;% interval.</p><dl class="key">{cells}</dl>'
    )


def _sized(rows: int) -> str:
    return f"{rows / 1e6:.1f} million" if rows >= 1e6 else f"{rows:,}"


def _findings(facts: Profile) -> str:
    titles = dict(_PARTS)
    drawn = ""
    for found in findings(facts):
        points = "".join(f"<li>{escape(point)}</li>" for point in found.points)
        drawn += (
            f"<article><h3>{escape(found.title)}</h3><p>{escape(found.text)}</p>"
            f"{f'<ul>{points}</ul>' if points else ''}"
            f'<p class="more"><a href="#{found.about}">{escape(titles[found.about])}</a></p></article>'
        )
    return f'<div class="findings">{drawn}</div>'


def _outcome(facts: Profile) -> str:
    base = facts.base
    paid = base.rows - base.bad if base else 0
    parts = [
        ("Paid", paid),
        ("Defaulted", base.bad if base else 0),
        ("Outcome not known", facts.applications - facts.labelled),
    ]
    rows = [
        [name, f"{count:,}", percent(count / facts.applications), drawing.bar(count / facts.applications, 220)]
        for name, count in parts
    ]
    text = _table(("", "applications", "share", ""), rows, numbers=(1, 2))
    if facts.months:
        text += "<h3>By month of application</h3><p>Bars are applications, dots the default rate of the labelled among "
        text += f"them with its interval; the dashed line is the rate of all.</p>{drawing.months(facts.months, base)}"
    return text


def _predictors(facts: Profile) -> str:
    ranked = facts.ranked
    if not ranked:
        return "<p>Nobody is labelled, so nothing can be said of what goes with default.</p>"
    top = ranked[0].iv or 1.0
    rows = [_predictor(place, column, top) for place, column in enumerate(ranked, 1)]
    heads = ("", "column", "information value", "", "noise stays below", "strength", "Pearson", "missing", "meaning")
    text = (
        "<p>The information value sees categories, gaps and bends; Pearson's correlation sees only straight lines "
        "(above 0: more default where the value is higher). Neither says what a column adds to the others.</p>"
    )
    text += _table(heads, rows[:30], numbers=(0, 2, 4, 6, 7))
    if rows[30:]:
        text += _folded(f"The other {len(rows) - 30} columns", _table(heads, rows[30:], numbers=(0, 2, 4, 6, 7)))
    return text


def _predictor(place: int, column: Distribution, top: float) -> list[str]:
    return [
        str(place),
        f'<a href="#{_anchor(column)}">{escape(column.column)}</a>',
        f"{column.iv:.3f}",
        drawing.bar((column.iv or 0.0) / top),
        f"{column.chance:.3f}",
        strength(column),
        "" if column.pearson is None else f"{column.pearson:+.3f}",
        percent(column.missing / column.rows) if column.missing else "",
        escape(column.meaning),
    ]


def _missing(facts: Profile) -> str:
    missing = facts.missing
    if not missing.columns:
        return "<p>No value is missing.</p>"
    blocks = [
        [
            str(place),
            escape(", ".join(block.columns)),
            f"{block.some:,}",
            percent(block.share),
            drawing.bar(block.share),
            f"{block.all:,}" if len(block.columns) > 1 else "",
            rated(block.absent) if block.absent else "",
            rated(block.there) if block.there else "",
            "yes" if block.absent and block.there and block.absent.apart(block.there) else "",
        ]
        for place, block in enumerate(missing.blocks, 1)
    ]
    heads = ("block", "columns", "miss any", "", "", "miss all", "default rate where missing", "where there", "apart")
    text = "<h3>Columns of the application that go missing together</h3>"
    text += "<p>Of the applicants who miss either of two columns of a block, about 95&nbsp;% or more miss both. "
    text += "<em>Apart</em>: the intervals of the two default rates have nothing in common.</p>"
    text += _table(heads, blocks, numbers=(0, 2, 3, 5, 6, 7)) if blocks else "<p>The applications have no gaps.</p>"
    if missing.patterns and blocks:
        text += f"<h3>The most frequent of {several(missing.patterns_in_all, 'pattern')}</h3><p>One line a pattern; a "
        text += f"filled cell means that the block of that number is missing.</p>{drawing.patterns(missing)}"
    columns = [
        [escape(gap.table), escape(gap.column), f"{gap.missing:,}", percent(gap.share), drawing.bar(gap.share)]
        + [rated(rate) if rate else "" for rate in (gap.absent, gap.there)]
        for gap in missing.columns
    ]
    every = _table(
        ("table", "column", "rows without", "share", "", "default rate where missing", "where there"),
        columns,
        (2, 3, 5, 6),
    )
    return text + _folded(f"All {len(columns)} columns with gaps, of every table", every)


def _anomalies(facts: Profile) -> str:
    if not facts.anomalies:
        return "<p>None was found.</p>"
    rows = [
        [escape(odd.table), escape(odd.column), escape(odd.what), f"{odd.rows:,}", percent(odd.share)]
        + [rated(rate) if rate else "" for rate in (odd.rate, odd.others)]
        for odd in facts.anomalies
    ]
    heads = ("table", "column", "what", "rows", "share", "default rate of these", "of the others")
    kept = [
        [escape(entry.table), *(f"{n:,}" for n in (entry.kept, entry.rejected, entry.orphans, entry.unknown_levels))]
        for entry in facts.quality
    ]
    return (
        "<p>Values that are not what they seem. A stand-in is never read as a number: it is a bin of its own wherever "
        "columns are drawn. Values of single applicants are not shown.</p>"
        + _table(heads, rows, numbers=(3, 4, 5, 6))
        + "<h3>What ingest kept and set aside</h3>"
        + _table(("table", "kept", "rejected", "orphans", "unknown levels"), kept, numbers=(1, 2, 3, 4))
    )


def _segments(facts: Profile) -> str:
    drawn = "".join(_segment(segment, facts) for segment in facts.segments)
    return (
        "<p>Groups of applicants: share of all, and default rate of the labelled with its interval; the dashed line is "
        "the rate of all. What divides applicants most comes first. Of so many intervals a few miss their rate by "
        "chance.<br><em>Watched</em>: touches sex, family or age; for fairness, not for deciding.</p>"
        f'<div class="cards">{drawn}</div>'
    )


def _segment(segment: Segment, facts: Profile) -> str:
    natural = len(segment.columns) > 1 or not any(
        column.column in segment.columns and column.unit == "category" for column in facts.columns
    )
    bins = segment.bins if natural else tuple(sorted(segment.bins, key=_by_rate))
    watched = ' <span class="tag">watched</span>' if segment.protected else ""
    said = f"information value {segment.iv:.3f}" if segment.iv is not None else ""
    return (
        f"<article><h3>{escape(segment.name)}{watched}</h3>"
        f'<p class="note">{escape(" / ".join(segment.columns))} {said}</p>'
        f"{drawing.levels(bins, facts.base, segment.name)}</article>"
    )


def _by_rate(part: Bin) -> tuple[bool, float]:
    return part.kind == OTHER or part.rate is None, -(part.rate.value if part.rate else 0.0)


def _histories(facts: Profile) -> str:
    held = [table for table in facts.tables if table.table != "application"]
    rows = [
        [
            escape(table.table),
            f"{table.rows:,}" if table.supplied else "not supplied",
            percent(table.coverage) if table.supplied else "",
            drawing.bar(table.coverage),
            *(f"{figure:,.0f}" if table.supplied else "" for figure in (table.median, table.depth, table.ninetieth)),
            f"{table.reach_months:,.0f} months" if table.reach_months else "",
            *(rated(rate) if rate and table.supplied else "" for rate in (table.having, table.without)),
        ]
        for table in held
    ]
    heads = ("table", "rows", "applicants with any", "", "median rows", "mean", "9 in 10 have at most", "reaches back")
    cards = "".join(_depth(table, facts) for table in held if table.supplied)
    return (
        "<p>Rows are counted over the applicants who have any; how far back the oldest row lies is that of the median "
        "applicant.</p>"
        + _table((*heads, "default rate with rows", "without"), rows, numbers=(1, 2, 4, 5, 6, 7, 8, 9))
        + f'<h3>Depth: applicants by number of rows</h3><div class="cards">{cards}</div>'
    )


def _depth(table: Held, facts: Profile) -> str:
    picture = drawing.levels(table.bands, facts.base, f"{table.table}: applicants by number of rows")
    return f"<article><h3>{escape(table.table)}</h3>{picture}</article>"


def _groups(facts: Profile) -> str:
    if not facts.links.groups:
        return "<p>No two columns of the application correlate by 0.7 or more.</p>"
    rows = [
        [escape(group.leader), ", ".join(f"{escape(twin.column)} ({twin.correlation:+.2f})" for twin in group.twins)]
        for group in facts.links.groups
    ]
    return (
        "<p>Pearson's correlation over the applicants who have both values, stand-ins left out. The leader says most "
        "about default; the others correlate with it by 0.7 or more, up or down.</p>"
        + _table(("leader", "says nearly the same (correlation with the leader)"), rows)
        + f"<h3>Their correlations</h3>{drawing.heat(facts.links)}"
        "<p class='note'>Orange: together; blue: opposed; the paler, the weaker. Order: group by group, as in "
        "the table.</p>"
    )


def _columns(facts: Profile) -> str:
    text = (
        "<p>Left: payers (blue bars) and defaulters (orange line), each as shares of their own, from the 1st to the "
        "99th percentile. Right: default rate with its interval from the lowest tenth of the applicants to the "
        "highest, then of those without a value (<em>gap</em>) or with a stand-in (<em>none</em>); the dashed line is "
        "the rate of all. Columns with few values: one line a value.</p>"
    )
    text += f"<h3>application ({len(facts.columns)} columns)</h3>{_cards(facts.columns, facts)}"
    for table in dict.fromkeys(column.table for column in facts.histories):
        columns = [column for column in facts.histories if column.table == table]
        drawn = (
            f"<p>Row by row, of {facts.sampled:,} applicants spread evenly over the warehouse, each row with its "
            "applicant's outcome. Rows of one applicant are alike, so the intervals are narrower than the truth.</p>"
        )
        text += _folded(f"{table} ({len(columns)} columns)", drawn + _cards(columns, facts))
    return text


def _cards(columns: Iterable[Distribution], facts: Profile) -> str:
    return f'<div class="cards">{"".join(_card(column, facts) for column in columns)}</div>'


def _card(column: Distribution, facts: Profile) -> str:
    said = [column.meaning]
    if column.unit in ("currency", "days", "months", "years"):
        said.append(f"in {column.unit}")
    if column.quartiles:
        lower, middle, upper = map(number, column.quartiles)
        said.append(f"median {middle}, half of the rows from {lower} to {upper}")
    if column.missing:
        said.append(f"{percent(column.missing / column.rows)} missing")
    if column.iv is not None:
        # A history's rows are alike within an applicant, so the limit of noise does not hold for them.
        word = f" ({strength(column)})" if column.table == "application" else ""
        said.append(f"information value {column.iv:.3f}{word}")
    if column.pearson is not None:
        said.append(f"correlation with default {column.pearson:+.3f}")
    base = facts.base if column.table == "application" else column.rate
    figures = [
        [escape(part.label), f"{part.rows:,}", percent(part.rows / column.rows), rated(part.rate) if part.rate else ""]
        for part in column.bins
    ]
    return (
        f'<article id="{_anchor(column)}"><h4>{escape(column.column)}</h4><p class="note">{escape("; ".join(said))}</p>'
        f"{drawing.column(column, base)}"
        f"{_folded('Figures', _table(('', 'rows', 'share', 'default rate'), figures, numbers=(1, 2, 3)))}</article>"
    )


def _method(_: Profile) -> str:
    items = (
        "Every figure of the applications is of all of them; rates, information values and correlations with default "
        "are of the labelled.",
        "Information value: over a column's bins, the sum of (share of the payers - share of the defaulters) x ln("
        "share of the payers / share of the defaulters); an empty side counts half an applicant. Numbers are cut into "
        "tenths of the applicants (or by value where there are at most 12), categories by level (the 24 most "
        "frequent); missing and stand-in are bins. Strong is 0.3 or more, medium 0.1, weak 0.02.",
        "Noise stays below: the information value that a column without any link to default exceeds once in 1,000, "
        "from the chi-square law.",
        "Intervals are Wilson's, 95 %. Two rates are called apart when their intervals have nothing in common.",
        "Blocks: columns in order of missing values; each joins the first block whose leader shares 95 % of its gaps.",
        "Groups: columns in order of information value; each joins the first leader it correlates with by 0.7.",
        f"No default rate is stated of fewer than {FEW} labelled rows (too few), no largest or smallest value, and a "
        "category level that the contract does not list only if 20 rows have it.",
        "summary.json beside this page has every figure.",
    )
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Cells are HTML already."""

    def kind(place: int) -> str:
        return ' class="n"' if place in numbers else ""

    head = "".join(f'<th scope="col"{kind(place)}>{escape(name)}</th>' for place, name in enumerate(heads))
    body = "".join(
        f"<tr>{''.join(f'<td{kind(place)}>{cell}</td>' for place, cell in enumerate(row))}</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _folded(title: str, inner: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{inner}</details>"


def _anchor(column: Distribution) -> str:
    return f"{column.table}-{column.column}"
