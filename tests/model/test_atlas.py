"""What a model leans on is drawn whole, in both languages, for any influence, and alike twice."""

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.image import imread

from aval.credit.reason import Language
from aval.model.atlas import chart, meaning, theme
from aval.model.influence import Bin, Influence, Meaning, Spread, Weight
from tests.model.test_influence import FOUND
from tests.model.test_pictures import clipped

LONG = (
    "the largest of the monthly balances of loans past due over the balances of all earlier loans of the last 48 months"
)


def bins(count: int, scale: float) -> tuple[Bin, ...]:
    found = [Bin(scale * (k + 1.0), 10, k - 1.0, k - 0.5, float(k), k + 0.5, k + 1.0) for k in range(count)]
    return (*found, Bin(None, 3, -1.0, -0.5, 0.0, 0.5, 1.0))


def many() -> Influence:
    """Sixty features with long meanings, large values, a category, a constant and one that is never known."""
    names = [f"application_thing{k}_amount" for k in range(60)]
    weight = Weight(0.1, 1.0, 3, Spread(-2.0, 1.0), Spread(0.01, 0.001))
    shown = {name: bins(5, 10.0**k) for k, name in enumerate(names[:20])}
    shown[names[1]] = tuple(Bin(f"a level with a long name {k}", 5, -1.0, -0.5, 0.0, 0.5, 1.0) for k in range(9))
    shown[names[2]] = bins(1, 3.0)
    shown[names[3]] = bins(0, 1.0)
    return replace(
        FOUND,
        features={name: replace(weight, contribution=1.0 / (k + 1)) for k, name in enumerate(names)},
        meanings={name: Meaning(LONG, LONG, "amount") for name in names[:50]},
        summary={name: part[:6] for name, part in shown.items()},
        dependence=shown,
    )


@pytest.mark.parametrize(("influence", "lang"), [(FOUND, "en"), (many(), "fr")], ids=["few", "many"])
def test_all_views_are_drawn_whole(tmp_path: Path, influence: Influence, lang: Language) -> None:
    drawn = chart(influence, tmp_path, lang)
    assert [file.name for file in drawn] == [
        "influence.png", "influence_features.png", "influence_summary.png", "dependence.png",
    ]  # fmt: skip
    for file in drawn:
        assert imread(file).shape[1] == 1440
        assert not clipped(file), file.name


def test_the_same_influence_gives_the_same_bytes(tmp_path: Path) -> None:
    names = list(many().features)[:2]
    small = replace(
        many(), features={name: many().features[name] for name in names}, dependence={names[0]: bins(3, 1.0)}
    )
    once, twice = chart(small, tmp_path / "one"), chart(small, tmp_path / "two")
    assert [file.read_bytes() for file in once] == [file.read_bytes() for file in twice]


def test_a_feature_is_told_in_words_where_there_are_any() -> None:
    name = next(iter(FOUND.meanings))
    assert meaning(FOUND, name, "fr").lower() == FOUND.meanings[name].fr.lower()
    assert meaning(FOUND, name, "en") != meaning(FOUND, name, "fr")
    assert meaning(replace(FOUND, meanings={}), name, "fr").lower() == name


def test_a_theme_of_another_release_keeps_its_name() -> None:
    assert theme("external", "fr") == "Scores externes"
    assert theme("astrology", "fr") == "astrology"
