"""What a model leans on, on a terminal: themes, source tables and the strongest measures, in the reader's language."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aval.credit.reason import Language
from aval.model.atlas import meaning, theme
from aval.model.captions import Captions
from aval.model.influence import Influence, Weight

STRONGEST: Final = 20
_BAR: Final = 12
_WORDS: Final = {
    "title": ("Ce qui pèse dans le modèle {version}", "What model {version} leans on"),
    "themes": ("Par thème", "By theme"),
    "tables": ("Par table d'origine", "By source table"),
    "features": ("Les {count} mesures les plus fortes", "The {count} strongest measures"),
    "effect": ("log-cotes", "log-odds"),
    "cost": ("coût mélangé", "cost shuffled"),
    "auc": ("AUC", "AUC"),
    "about": (
        "log-cotes : effet moyen, en valeur absolue, sur {explained} demandeurs. Coût mélangé : ce que 1 000\n"
        "demandeurs coûteraient de plus (aujourd'hui {cost}), ces valeurs mélangées entre {rows} demandeurs du\n"
        "test : moyenne ± écart type de {repeats} mélanges. AUC : son changement (aujourd'hui {auc}).",
        "log-odds: mean absolute effect over {explained} applicants. Cost shuffled: how much more 1,000 applicants\n"
        "would cost (today {cost}) if these values were shuffled among {rows} applicants of the test part,\n"
        "mean ± standard deviation of {repeats} shuffles. AUC: its change (today {auc}).",
    ),
}


def outline(influence: Influence, version: str, lang: Language) -> None:
    """Print it for a person."""
    words = Captions(lang)

    def word(key: str, **facts: str) -> str:
        return _WORDS[key][0 if lang == "fr" else 1].format(**facts)

    strongest = dict(list(influence.features.items())[:STRONGEST])
    parts: dict[str, tuple[Mapping[str, Weight], list[str]]] = {
        word("themes"): (influence.themes, [theme(name, lang) for name in influence.themes]),
        word("tables"): (influence.tables, [words.say(name) for name in influence.tables]),
        word("features", count=words.number(len(strongest))): (
            strongest,
            [f"{meaning(influence, name, lang)}\n{name}" for name in strongest],
        ),
    }
    console = Console(highlight=False, width=110)
    console.print(Text(word("title", version=version), "bold"))
    for title, (weights, told) in parts.items():
        table = Table(box=None, pad_edge=False, title_justify="left", padding=(0, 2, 0, 0))
        table.add_column(title, width=58, header_style="bold")
        table.add_column(word("effect"), justify="right")
        table.add_column("", width=_BAR)
        table.add_column(word("cost"), justify="right")
        table.add_column(word("auc"), justify="right")
        longest = max((weight.contribution for weight in weights.values()), default=0.0) or 1.0
        for said, weight in zip(told, weights.values(), strict=True):
            first, _, name = said.partition("\n")
            bar = "▇" * max(1, round(_BAR * weight.contribution / longest)) if weight.contribution else ""
            label = Text.assemble(first, ("\n" + name if name else "", "dim"))
            table.add_row(
                label,
                words.number(weight.contribution, 3),
                Text(bar, "blue"),
                _cost(weight, words),
                _auc(weight, words),
            )
        console.print()
        console.print(table)
    facts = {
        "explained": words.number(influence.explained),
        "cost": words.number(influence.cost),
        "rows": words.number(influence.rows),
        "repeats": words.number(influence.repeats),
        "auc": words.number(influence.auc, 3),
    }
    console.print(f"\n{word('about', **facts)}", style="dim", soft_wrap=True)


def _cost(weight: Weight, words: Captions) -> str:
    if weight.cost is None:
        return "–"
    return f"{_signed(weight.cost.mean, 1, words)} ± {words.number(weight.cost.deviation, 1)}"


def _auc(weight: Weight, words: Captions) -> str:
    return "–" if weight.auc is None else _signed(-weight.auc.mean, 3, words)


def _signed(value: float, digits: int, words: Captions) -> str:
    # What rounds to nothing has no sign.
    rounded = round(value, digits) + 0.0
    return f"{'+' if rounded > 0 else ''}{words.number(rounded, digits)}"
