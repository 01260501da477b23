"""The catalogue of features as a page for people: docs/features.md is this page."""

from collections import Counter
from collections.abc import Iterator

from aval.credit.reason import THEMES
from aval.features.feature import SOURCES, UNITS, Feature, FeatureSet

_TITLES = {
    "application": "The application",
    "external": "External scores",
    "bureau": "Credits with other lenders",
    "balance": "Monthly statuses at the bureau",
    "previous": "Earlier applications with us",
    "pos": "Monthly balances of earlier loans",
    "instalments": "Instalments of earlier loans",
    "card": "Monthly balances of credit cards",
    "across": "Histories against the application",
    "refbureau": "The reference's: credits with other lenders",
    "refbalance": "The reference's: monthly statuses at the bureau",
    "refprevious": "The reference's: earlier applications with us",
    "refpos": "The reference's: monthly balances of earlier loans",
    "refinstalments": "The reference's: payments of earlier loans",
    "refcard": "The reference's: monthly balances of credit cards",
}

_HEAD = """# Features

<!-- Written by `aval features --docs docs/features.md`; a test keeps it true. -->

{count} measures of a dossier, from all seven tables. A name is `source[_what]_unit[_statistic][_window...]`; several
windows hold together. An amount is in the currency of the tables, a share or a rate of 0.01 is 1 %. A feature is
missing (never 0, never infinite) where its history was not supplied, where no row is in its window, where a value it
needs is unknown or where it would divide by 0; counts alone are 0 for an applicant without rows. A standard deviation
stands for the variance too, which is its square: the same in other words.

*Protected* is derived: the feature reads a column that states sex, family status or age. *Can act* marks what an
applicant can choose when applying, or change within months.
"""


def page(features: FeatureSet) -> str:
    """Markdown: how many by table and theme, then every feature."""
    return "\n".join(_lines(features)) + "\n"


def _lines(features: FeatureSet) -> Iterator[str]:
    yield _HEAD.format(count=len(features))
    yield "| source | table | features | protected | can act |"
    yield "|---|---|---|---|---|"
    every: dict[str, list[Feature]] = {source: [] for source in SOURCES}
    for feature in features:
        every[feature.name.split("_")[0]].append(feature)
    by_source = {source: found for source, found in every.items() if found}
    for source, found in by_source.items():
        table = "several" if source == "across" else SOURCES[source]
        guarded, acted = sum(bool(f.protected) for f in found), sum(f.actionable for f in found)
        yield f"| {source} | {table} | {len(found)} | {guarded} | {acted} |"
    yield ""
    yield "| theme | thème | features |"
    yield "|---|---|---|"
    for theme, count in sorted(Counter(feature.theme for feature in features).items()):
        french, english = THEMES[theme]
        yield f"| {english} | {french} | {count} |"
    for source, found in by_source.items():
        yield ""
        yield f"## {_TITLES[source]}"
        yield ""
        yield "| name | meaning | sens | unit | reads | protected | can act |"
        yield "|---|---|---|---|---|---|---|"
        for feature in found:
            yield _row(feature)


def _row(feature: Feature) -> str:
    tables: dict[str, list[str]] = {}
    for column in sorted(feature.reads):
        table, name = column.split(".")
        tables.setdefault(table, []).append(name)
    reads = "; ".join(
        f"{table}: {', '.join(names)}" if len(tables) > 1 else ", ".join(names) for table, names in tables.items()
    )
    cells = (
        f"`{feature.name}`",
        feature.en,
        feature.fr,
        UNITS[feature.unit][0],
        reads,
        ", ".join(sorted(feature.protected)),
        "yes" if feature.actionable else "",
    )
    return "| " + " | ".join(cells) + " |"
