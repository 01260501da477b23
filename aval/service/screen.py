"""A decision on a terminal: verdict, gauge, reasons and what weighs, in the reader's language."""

from typing import Final

from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from aval.credit.decision import Decision, Verdict
from aval.credit.notice import sentence
from aval.credit.policy import Policy
from aval.credit.reason import Language, Theme, label

_STYLE: Final = {Verdict.APPROVE: "bold blue", Verdict.REFER: "bold yellow", Verdict.DECLINE: "bold red"}
_WORDS: Final = {
    "applicant": ("Demande", "Application"),
    "probability": ("Probabilité de défaut", "Probability of default"),
    "cutoff": ("seuil", "cut-off"),
    "points": ("points", "points"),
    "reasons": ("Motifs", "Reasons"),
    "weighs": (
        "Ce qui pèse, par thème (log-cotes ; + augmente le risque)",
        "What weighs, by theme (log-odds; + raises the risk)",
    ),
    "base": ("Point de départ", "Starting point"),
    "total": ("Total", "Total"),
    "model": ("modèle", "model"),
    "policy": ("politique", "policy"),
    "notices": ("À savoir", "Please note"),
}
_GAUGE_WIDTH: Final = 48
_GAUGE_TOP: Final = 4.0
"""The gauge ends at this many times the cut-off: beyond, a refusal is a refusal."""


def percent(share: float, lang: Language) -> str:
    """A share as the reader writes it: 9,1 % or 9.1 %."""
    text = f"{100 * share:.1f} %"
    return text.replace(".", ",") if lang == "fr" else text


def weight(value: float, lang: Language) -> str:
    """A contribution as the reader writes it: +0,57 or +0.57."""
    text = f"{value:+.2f}"
    return text.replace(".", ",") if lang == "fr" else text


def show(decision: Decision, themes: dict[str, float], told: list[str], policy: Policy, lang: Language) -> None:
    """Print a decision for a person."""

    def word(key: str) -> str:
        return _WORDS[key][0 if lang == "fr" else 1]

    head = Text.assemble(
        (decision.verdict.word(lang).upper(), _STYLE[decision.verdict]),
        f"   {word('probability')} ",
        (percent(decision.probability, lang), "bold"),
        f"  ({word('cutoff')} {percent(decision.cutoff, lang)})   {decision.points} {word('points')}",
    )
    parts: list[Text | Table | Padding] = [head, Text(""), _gauge(decision.probability, policy)]
    if told:
        parts += [
            Text(""),
            Text(word("reasons"), style="bold"),
            *(Text(f" {n}. {line}") for n, line in enumerate(told, 1)),
        ]
    parts += [Text(""), Text(word("weighs"), style="bold"), _bars(themes, word("base"), word("total"), lang)]
    if decision.warnings:
        parts += [
            Text(""),
            Text(word("notices"), style="bold"),
            *(Text(f" - {sentence(w, lang)}") for w in decision.warnings),
        ]
    footer = f"{word('model')} {decision.model} · {word('policy')} {decision.policy}"
    Console(highlight=False, width=100).print(
        Panel(Group(*parts), title=f"{word('applicant')} {decision.applicant_id}", subtitle=footer, padding=(1, 2))
    )


def _gauge(probability: float, policy: Policy) -> Text:
    """Approve, review band and decline on one line, with a mark where this applicant stands."""
    top = _GAUGE_TOP * policy.cutoff
    gauge = Text(" ")
    mark = min(int(probability / top * _GAUGE_WIDTH), _GAUGE_WIDTH - 1)
    for cell in range(_GAUGE_WIDTH):
        middle = (cell + 0.5) / _GAUGE_WIDTH * top
        if policy.band and policy.band.low <= middle <= policy.band.high:
            glyph, style = "▒", "yellow"
        elif middle < policy.cutoff:
            glyph, style = "░", "blue"
        else:
            glyph, style = "█", "red"
        gauge.append("▼" if cell == mark else glyph, "bold" if cell == mark else style)
    return gauge


def _bars(themes: dict[str, float], base: str, total: str, lang: Language) -> Table:
    """Contributions by theme, the strongest first, each with a bar to its side; they add up to the last line."""
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column(width=46)
    table.add_column(justify="right", width=7)
    table.add_column(width=24)
    weights = {key: value for key, value in themes.items() if key != "base"}
    longest = max((abs(value) for value in weights.values()), default=1.0) or 1.0
    table.add_row(base, weight(themes["base"], lang), "")
    for key, value in sorted(weights.items(), key=lambda entry: (-abs(entry[1]), entry[0])):
        bar = ("+" if value > 0 else "-") * max(1, round(20 * abs(value) / longest))
        table.add_row(label(Theme(key), lang), weight(value, lang), Text(bar, "red" if value > 0 else "blue"))
    table.add_row(Text(total, "bold"), Text(weight(sum(themes.values()), lang), "bold"), "")
    return table
