"""`aval score` and `aval explain`, run as a user runs them."""

import csv
import json
import math
from pathlib import Path

import pytest

from aval.data.warehouse import Warehouse
from aval.errors import ApplicantUnknown, OptionError, RegistryError
from aval.model.influence import Influence
from aval.model.registry import Registry
from aval.service.commands import HEADER
from tests.conftest import run


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def scored(home: Path, lender: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The unlabelled applications, decided from a folder of raw tables in French."""
    folder = tmp_path_factory.mktemp("folder")
    for file in lender.glob("*.csv"):
        if file.stem not in ("application_train", "calendar", "outcomes"):
            (folder / file.name).symlink_to(file)
    out = folder / "decisions.csv"
    run(home, "score", str(folder), "--out", str(out), "--lang", "fr")
    return read(out)


def test_the_file_of_decisions_has_the_promised_columns(scored: list[dict[str, str]], lender: Path) -> None:
    assert tuple(scored[0]) == HEADER
    with (lender / "application_test.csv").open() as lines:
        assert len(scored) == sum(1 for _ in lines) - 1
    assert {row["verdict"] for row in scored} == {"approve", "refer", "decline"}
    assert all(bool(row["reason_1"]) == (row["verdict"] != "approve") for row in scored)


def test_a_folder_and_the_warehouse_give_the_same_decisions(
    scored: list[dict[str, str]], home: Path, tmp_path: Path
) -> None:
    run(home, "score", "--out", str(tmp_path / "all.csv"), "--lang", "fr")
    key = lambda row: row["SK_ID_CURR"]  # noqa: E731
    assert sorted(read(tmp_path / "all.csv"), key=key) == sorted(scored, key=key)


def test_one_row_alone_is_scored_as_among_many(lender: Path, home: Path, tmp_path: Path) -> None:
    head = (lender / "application_test.csv").read_text().splitlines(keepends=True)
    (tmp_path / "many.csv").write_text("".join(head[:40]))
    run(home, "score", str(tmp_path / "many.csv"), "--out", str(tmp_path / "many.out.csv"))
    many = {row["SK_ID_CURR"]: row for row in read(tmp_path / "many.out.csv")}
    for line in head[1:4]:
        (tmp_path / "one.csv").write_text(head[0] + line)
        run(home, "score", str(tmp_path / "one.csv"), "--out", str(tmp_path / "one.out.csv"))
        (alone,) = read(tmp_path / "one.out.csv")
        assert alone == many[alone["SK_ID_CURR"]]


def test_rows_that_break_the_contract_are_written_aside_with_the_rule(lender: Path, home: Path, tmp_path: Path) -> None:
    lines = (lender / "application_test.csv").read_text().splitlines()
    names = lines[0].split(",")
    broken = lines[2].split(",")
    broken[names.index("AMT_CREDIT")] = "-5"
    (tmp_path / "mixed.csv").write_text("\n".join([lines[0], lines[1], ",".join(broken), lines[3]]) + "\n")
    said = run(home, "score", str(tmp_path / "mixed.csv"), "--out", str(tmp_path / "decisions.csv"))
    assert len(read(tmp_path / "decisions.csv")) == 2
    (rejected,) = read(tmp_path / "decisions.rejects.csv")
    assert "AMT_CREDIT" in rejected["rules"]
    assert json.loads(rejected["cells"])["AMT_CREDIT"] == "-5"
    assert "1 rows broke the contract" in said
    # A later clean run leaves no stale rejects behind.
    (tmp_path / "mixed.csv").write_text("\n".join(lines[:2]) + "\n")
    run(home, "score", str(tmp_path / "mixed.csv"), "--out", str(tmp_path / "decisions.csv"))
    assert not (tmp_path / "decisions.rejects.csv").exists()


def test_an_explanation_says_the_same_as_the_score(scored: list[dict[str, str]], home: Path) -> None:
    declined = next(row for row in scored if row["verdict"] == "decline")
    facts = json.loads(run(home, "explain", declined["SK_ID_CURR"], "--json", "--lang", "fr"))
    assert repr(facts["probability"]) == declined["probability"]
    assert facts["verdict"] == "decline"
    assert facts["sentences"][0] == declined["reason_1"]
    assert sum(facts["contributions"].values()) == pytest.approx(
        math.log(facts["probability"] / (1 - facts["probability"])), abs=1e-9
    )


def test_an_explanation_on_screen_is_in_the_readers_language(home: Path, scored: list[dict[str, str]]) -> None:
    declined = next(row for row in scored if row["verdict"] == "decline")
    french = run(home, "explain", declined["SK_ID_CURR"], "--lang", "fr")
    english = run(home, "explain", declined["SK_ID_CURR"], "--lang", "en")
    assert "REFUS" in french
    assert "Probabilité de défaut" in french
    assert "DECLINED" in english
    assert "Probability of default" in english


def test_what_cannot_be_done_says_so(home: Path) -> None:
    with pytest.raises(ApplicantUnknown):
        run(home, "explain", "1")
    with pytest.raises(OptionError, match="--lang is fr or en"):
        run(home, "explain", str(Warehouse.open(home / "warehouse").ids[0]), "--lang", "de")


def test_the_model_as_a_whole_is_explained_in_words_and_pictures(home: Path, tmp_path: Path) -> None:
    english = run(home, "explain", "--global", "--pictures", str(tmp_path / "en"))
    for said in ("What model 1 leans on", "External scores", "The application", "external_score", "shuffled", "±"):
        assert said in english
    assert sorted(file.name for file in (tmp_path / "en").iterdir()) == [
        "dependence.png", "influence.png", "influence_features.png", "influence_summary.png",
    ]  # fmt: skip
    french = run(home, "explain", "--global", "1", "--lang", "fr")
    for said in ("Ce qui pèse dans le modèle 1", "Scores externes", "Échéances des prêts précédents", "mélang"):
        assert said in french
    facts = json.loads(run(home, "explain", "--global", "--json"))
    model, version = Registry("", home).champion()
    stored = json.loads(Influence.of(model).to_json())
    assert {name: facts[name] for name in stored} == stored
    assert (facts["version"], facts["pictures"]) == (version, [])
    assert set(facts["features"]) == set(model.features)


def test_an_application_or_the_whole_model_and_never_both(home: Path) -> None:
    applicant = str(Warehouse.open(home / "warehouse").ids[0])
    with pytest.raises(OptionError, match=r"^ID is missing: name an application, or give --global"):
        run(home, "explain")
    with pytest.raises(OptionError, match=f"^--global explains the model, and {applicant} is no registered version"):
        run(home, "explain", applicant, "--global")
    with pytest.raises(OptionError, match="--global explains a registered model; give one version and no application"):
        run(home, "explain", applicant, "--global", "--model", "1")
    with pytest.raises(OptionError, match="ID is the SK_ID_CURR of an application"):
        run(home, "explain", "champion")
    with pytest.raises(OptionError, match="--pictures goes with --global"):
        run(home, "explain", applicant, "--pictures", "here")
    with pytest.raises(RegistryError, match="no version 'nobody'"):
        run(home, "explain", "--global", "nobody")
