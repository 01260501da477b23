"""Small pictures as inline SVG: light enough for two hundred on a page, coloured by the page's own style sheet.

Blue is everyone or the payers, orange the defaulters and their rate: a pair that colour-blind readers tell apart.
"""

from collections.abc import Sequence
from html import escape

from aval.credit.rate import Rate
from aval.data.profile.bins import VALUE
from aval.data.profile.facts import Bin, Distribution, Histogram, Links, Missing
from aval.data.profile.words import number, percent, rated

_WIDE = 440


def column(found: Distribution, base: Rate | None, most: int = 12) -> str:
    """One column by outcome: levels as lines, a continuous number as a histogram and its rate by tenths."""
    if found.histogram is None:
        return levels(found.bins, base, f"{found.column}: share of rows and default rate", most)
    return _continuous(found, found.histogram, base)


def levels(bins: Sequence[Bin], base: Rate | None, name: str, most: int = 100) -> str:
    """One line a bin: label, share of all rows, default rate with its interval."""
    rows = sum(part.rows for part in bins) or 1
    shown = bins[:most] if len(bins) <= most else [*bins[: most - 1]]
    top = max((part.rows for part in shown), default=1)
    scale = _scale(shown, base)
    height = 17 * len(shown) + 18
    drawn = [
        '<text class="head" x="146" y="10">share</text>',
        '<text class="head" x="440" y="10" text-anchor="end">default rate</text>' if scale else "",
    ]
    if scale and base:
        x = 270 + 122 * base.value / scale
        drawn.append(f'<line class="base" x1="{x:.1f}" x2="{x:.1f}" y1="14" y2="{height - 2}"/>')
    for place, part in enumerate(shown):
        y = 17 * place + 18
        middle = y + 7
        kind = "" if part.kind == VALUE else " odd"
        drawn.append(
            f"<g><title>{escape(_told(part, rows))}</title>"
            f'<text class="label{kind}" x="138" y="{middle + 4}" text-anchor="end">{escape(_short(part.label))}</text>'
            f'<rect class="all{kind}" x="146" y="{y + 1}" width="{max(78 * part.rows / top, 0.5):.1f}" height="12"/>'
            f'<text class="figure" x="264" y="{middle + 4}" text-anchor="end">{_brief(part.rows / rows)}</text>'
        )
        if scale:
            said = "too few"
            if part.rate:
                said = percent(part.rate.value)
                drawn.append(_whisker(part.rate, scale, middle))
            drawn.append(f'<text class="figure" x="440" y="{middle + 4}" text-anchor="end">{said}</text>')
        drawn.append("</g>")
    rest = len(bins) - len(shown)
    note = f'<p class="note">and {rest} more levels, in the figures below</p>' if rest else ""
    return _svg("".join(drawn), height, name) + note


def _whisker(rate: Rate, scale: float, y: float) -> str:
    at, low, high = (270 + 122 * min(share / scale, 1.0) for share in (rate.value, rate.low, rate.high))
    return (
        f'<line class="bad" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>'
        f'<circle class="bad" cx="{at:.1f}" cy="{y}" r="3.2"/>'
    )


def _continuous(found: Distribution, bars: Histogram, base: Rate | None) -> str:
    labelled, half = sum(bars.paid) + sum(bars.defaulted), 0.5 if bars.whole else 0.0
    drawn = _outline(bars) if labelled else _plain(bars)
    drawn += (
        f'<text class="figure" x="0" y="122">{escape(number(bars.low + half))}</text>'
        f'<text class="figure" x="196" y="122" text-anchor="end">{escape(number(bars.high - half))}</text>'
    )
    scale = _scale(found.bins, base)
    if scale and base:
        drawn += _steps(found.bins, base, scale)
    return _svg(drawn, 126, f"{found.column}: distribution by outcome, and default rate by tenths of the applicants")


def _outline(bars: Histogram) -> str:
    """Payers as bars, defaulters as a line, each as shares of their own."""
    paid, bad = max(sum(bars.paid), 1), max(sum(bars.defaulted), 1)
    top = max(max(bars.paid) / paid, max(bars.defaulted) / bad) or 1.0
    width = 196 / len(bars.paid)
    drawn, line = "", ""
    for place, (good, late) in enumerate(zip(bars.paid, bars.defaulted, strict=True)):
        x, high = place * width, 98 * good / paid / top
        drawn += (
            f'<rect class="all" x="{x:.1f}" y="{108 - high:.1f}" width="{max(width - 0.8, 0.5):.1f}" '
            f'height="{high:.1f}"/>'
        )
        y = 108 - 98 * late / bad / top
        line += f"{'M' if not place else 'L'}{x:.1f} {y:.1f}H{x + width:.1f}"
    return f'{drawn}<path class="late" d="{line}"/><line class="axis" x1="0" x2="196" y1="108" y2="108"/>'


def _plain(bars: Histogram) -> str:
    top, width = max(*bars.unknown, 1), 196 / len(bars.unknown)
    return "".join(
        f'<rect class="all" x="{place * width:.1f}" y="{108 - 98 * rows / top:.1f}" width="{max(width - 0.8, 0.5):.1f}"'
        f' height="{98 * rows / top:.1f}"/>'
        for place, rows in enumerate(bars.unknown)
    )


def _steps(bins: Sequence[Bin], base: Rate, scale: float) -> str:
    """Rates from the lowest tenth to the highest; what has no value stands apart at the right."""
    values = [part for part in bins if part.kind == VALUE]
    others = [part for part in bins if part.kind != VALUE]
    step = (200 - 34 * len(others)) / max(len(values), 1)
    rows = sum(part.rows for part in bins) or 1
    y = 108 - 98 * base.value / scale
    drawn = f'<line class="base" x1="236" x2="440" y1="{y:.1f}" y2="{y:.1f}"/>'
    drawn += '<line class="axis" x1="236" x2="440" y1="108" y2="108"/>'
    drawn += f'<text class="figure" x="232" y="14" text-anchor="end">{_brief(scale)}</text>'
    for place, part in enumerate([*values, *others]):
        beside = place - len(values)
        x = 238 + step * (place + 0.5) if beside < 0 else 440 - 34 * (len(others) - beside) + 17
        if beside >= 0:
            said = "gap" if part.label == "missing" else "none"
            drawn += f'<text class="figure" x="{x:.1f}" y="122" text-anchor="middle">{said}</text>'
        if part.rate is None:
            continue
        at, low, high = (
            108 - 98 * min(share / scale, 1.0) for share in (part.rate.value, part.rate.low, part.rate.high)
        )
        kind = "bad" if beside < 0 else "bad odd"
        drawn += (
            f"<g><title>{escape(_told(part, rows))}</title>"
            f'<line class="bad" x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
            f'<circle class="{kind}" cx="{x:.1f}" cy="{at:.1f}" r="3.4"/></g>'
        )
    return drawn + '<text class="figure" x="238" y="122">low to high</text>'


def bar(share: float, width: int = 90) -> str:
    """A bar in a table's cell."""
    return (
        f'<svg class="cell" viewBox="0 0 {width} 10" width="{width}" height="10" aria-hidden="true">'
        f'<rect class="rail" width="{width}" height="10"/>'
        f'<rect class="all" width="{max(width * min(share, 1.0), 0.0):.1f}" height="10"/></svg>'
    )


def months(bins: Sequence[Bin], base: Rate | None) -> str:
    """Applications by month as bars, and the default rate with its interval above them."""
    step, top = 880 / max(len(bins), 1), max((part.rows for part in bins), default=1)
    scale = _scale(bins, base)
    rows = sum(part.rows for part in bins) or 1
    drawn = ""
    if scale and base:
        y = 110 - 100 * base.value / scale
        drawn += f'<line class="base" x1="0" x2="880" y1="{y:.1f}" y2="{y:.1f}"/>'
        drawn += f'<text class="figure" x="0" y="{y - 42:.1f}">all: {percent(base.value)}</text>'
    every = -(-len(bins) // 12)
    for place, part in enumerate(bins):
        x, high = step * place, 50 * part.rows / top
        drawn += (
            f"<g><title>{escape(_told(part, rows))}</title>"
            f'<rect class="all" x="{x + 1:.1f}" y="{175 - high:.1f}" width="{max(step - 2, 1):.1f}" '
            f'height="{high:.1f}"/>'
        )
        if scale and part.rate:
            at, low, up = (110 - 100 * min(v / scale, 1.0) for v in (part.rate.value, part.rate.low, part.rate.high))
            middle = x + step / 2
            drawn += (
                f'<line class="bad" x1="{middle:.1f}" x2="{middle:.1f}" y1="{low:.1f}" y2="{up:.1f}"/>'
                f'<circle class="bad" cx="{middle:.1f}" cy="{at:.1f}" r="3.4"/>'
            )
        if place % every == 0:
            drawn += f'<text class="figure" x="{x + 1:.1f}" y="190">{escape(part.label)}</text>'
        drawn += "</g>"
    return _svg(drawn, 194, "Applications and default rate by month", wide=880)


def patterns(missing: Missing) -> str:
    """Which blocks the most frequent patterns miss: a filled cell is a missing block."""
    shown = sorted({block for pattern in missing.patterns for block in pattern.blocks})
    places = {block: place for place, block in enumerate(shown)}
    width = 560 / max(len(shown), 1)
    drawn = "".join(
        f'<text class="figure" x="{width * (place + 0.5):.1f}" y="10" text-anchor="middle">{block + 1}</text>'
        for block, place in places.items()
    )
    drawn += '<text class="head" x="690" y="10" text-anchor="end">share</text>'
    drawn += '<text class="head" x="880" y="10" text-anchor="end">default rate (95 %)</text>'
    top = max((pattern.share for pattern in missing.patterns), default=1.0)
    for row, pattern in enumerate(missing.patterns):
        y = 18 + 18 * row
        for block, place in places.items():
            kind = "hole" if block in pattern.blocks else "rail"
            drawn += (
                f'<rect class="{kind}" x="{width * place:.1f}" y="{y}" width="{max(width - 2, 1):.1f}" height="14"/>'
            )
        rate = rated(pattern.rate) if pattern.rate else ""
        drawn += (
            f'<rect class="all" x="572" y="{y + 1}" width="{72 * pattern.share / top:.1f}" height="12"/>'
            f'<text class="figure" x="690" y="{y + 11}" text-anchor="end">{_brief(pattern.share)}</text>'
            f'<text class="figure" x="880" y="{y + 11}" text-anchor="end">{rate}</text>'
        )
    return _svg(drawn, 20 + 18 * len(missing.patterns), "The most frequent patterns of missing blocks", wide=880)


def heat(links: Links) -> str:
    """Correlations of the grouped columns: blue is negative, orange positive, paler is weaker."""
    size = len(links.columns)
    if not size:
        return ""
    cell = 660 / size
    drawn = ""
    for row, (name, values) in enumerate(zip(links.columns, links.matrix, strict=True)):
        y = cell * row
        drawn += f'<text class="tiny" x="214" y="{y + cell * 0.72:.1f}" text-anchor="end">{escape(name)}</text>'
        for place, value in enumerate(values):
            if value is None or abs(value) < 0.05:
                continue
            kind = "warm" if value > 0 else "cold"
            drawn += (
                f'<rect class="{kind}" x="{220 + cell * place:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}" '
                f'opacity="{abs(value):.2f}"/>'
            )
    drawn += f'<rect class="frame" x="220" y="0" width="660" height="{cell * size:.1f}"/>'
    return _svg(drawn, round(cell * size) + 2, "Correlations between the columns that stand in a group", wide=880)


def _svg(drawn: str, height: int, name: str, wide: int = _WIDE) -> str:
    return f'<svg viewBox="0 0 {wide} {height}" role="img" aria-label="{escape(name)}">{drawn}</svg>'


def _scale(bins: Sequence[Bin], base: Rate | None) -> float:
    """The end of the axis of rates; 0 where there is none to draw."""
    if base is None or not base.bad:
        return 0.0
    rates = [part.rate.value for part in bins if part.rate]
    return min(1.0, 1.25 * max([*rates, 1.4 * base.value]))


def _told(part: Bin, rows: int) -> str:
    said = f"{part.label}: {part.rows:,} rows, {percent(part.rows / rows)}"
    return said if part.rate is None else f"{said}; default rate {rated(part.rate)}"


def _brief(share: float) -> str:
    """Short enough to stand beside a bar."""
    said = percent(share, 0 if share >= 0.0995 else 1)
    return escape(said.replace("under ", "<").replace("over ", ">"))


def _short(label: str) -> str:
    return label if len(label) <= 24 else label[:22].rstrip() + "…"
