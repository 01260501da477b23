"""The comparison says what was kept, of runs that may be compared, and nothing else."""

import io
import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from aval.errors import OptionError, RegistryError
from aval.model.evaluation import business_score, paired_cost
from aval.model.ranking import delong_test
from aval.model.registry import Registry
from aval.model.results import cheapest, compare
from aval.model.sheet import caption, left_out, markdown, sheets
from tests.conftest import run as typed
from tests.model.drawn_runs import COST, drawn, portfolio, several


def cells(text: str, title: str) -> dict[tuple[str, ...], list[str]]:
    """A Markdown table's rows under its title, by candidate (and cut-off, where it has one)."""
    lines = text[text.index(f"**{title}") :].split("\n\n")[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(row[0],): row[1:] for row in rows}


def test_the_cheapest_stands_first_and_every_figure_is_the_evaluations_own() -> None:
    runs, files = several(2.5, 0.2, 0.9)
    found = compare(runs, files.__getitem__)
    paid = [row.evaluation.costs.decided.value for row in found.rows]
    assert [row.name for row in found.rows] == ["b", "c", "a"]
    assert paid == sorted(paid)
    assert found.rest == ()
    best, champion = found.rows[0], found.rows[-1]
    assert champion.contender.champion
    assert champion.gap is None
    read = {k: pl.read_parquet(io.BytesIO(files[f"run-{k}"]["predictions.parquet"])) for k in "ab"}
    target, mine, theirs = read["b"]["TARGET"].to_numpy(), read["b"]["probability"], read["a"]["probability"]
    assert best.gap is not None
    assert best.gap.cost == paired_cost(target, mine.to_numpy(), theirs.to_numpy(), COST)
    assert best.gap.auc == delong_test(target, mine.to_numpy(), theirs.to_numpy())
    assert best.gap.cost.value == pytest.approx(paid[0] - paid[-1])

    written = markdown(found)
    costs = cells(written, "What it costs")[("b",)]
    judged = best.evaluation
    assert costs[0] == f"{paid[0]:,.0f} ({judged.costs.decided.low:,.0f} to {judged.costs.decided.high:,.0f})"
    assert costs[3:5] == ["1 ± 0", f"{judged.auc.value:.3f}"]
    ranked = cells(written, "How well it ranks")
    assert ranked[("b",)][0] == f"{judged.auc.value:.3f} ({judged.auc.low:.3f} to {judged.auc.high:.3f})"
    assert ranked[("b",)][3] == "0.750 ± 0.013"
    assert cells(written, "What it costs")[("a",)][1] == ranked[("a",)][1] == "is champion"
    counts = cells(written, "Who is refused")[("b",)]
    wrong = judged.confusion
    assert counts[:5] == ["0.0909", *(f"{n:,}" for n in (wrong.tn, wrong.fp, wrong.fn, wrong.tp))]
    assert counts[6] == f"{business_score(wrong.rows, wrong.fp, wrong.fn):.5f}"
    own = next(line for line in written.splitlines() if line.startswith("|  | own 0.5"))
    half = judged.confusion_own
    assert half != judged.confusion_half
    assert [cell.strip() for cell in own.split("|")[3:7]] == [f"{n:,}" for n in (half.tn, half.fp, half.fn, half.tp)]
    trusted = cells(written, "Whether its probabilities hold")[("b",)]
    assert trusted[1:] == [f"{judged.brier:.4f}", "0.750 ± 0.013", "5"]
    effort = cells(written, "What it takes")[("b",)]
    assert effort == ["2", "drawn", "lightgbm", "700", "300 trees", "12.5", "0.34", "1.25"]


def test_every_row_of_verdicts_adds_up_to_all_applicants_and_to_its_cost() -> None:
    runs, files = several(0.5, 1.5)
    found = compare(runs, files.__getitem__)
    (sheet,) = (one for one in sheets(found) if one.title.startswith("Who is refused"))
    assert len(sheet.rows) == 2 * 2 + 2
    judged = found.first
    for row in sheet.rows:
        tn, fp, fn, tp, paid = (int(cell.replace(",", "")) for cell in row[2:7])
        assert tn + fp + fn + tp == judged.rows
        assert fn + tp == judged.defaults
        assert paid == pytest.approx(1000.0 * (10 * fn + fp) / judged.rows, abs=0.51)
    rules = {row[0]: row for row in sheet.rows}
    assert rules["accept everyone"][3] == rules["refuse everyone"][4] == "0"
    assert [row[1] for row in sheet.rows[:2]] == ["0.0909", "own 0.5"]


def test_a_champion_that_is_not_there_takes_no_columns() -> None:
    runs, files = several(0.5, 1.5, champion=None)
    headers = [name for sheet in sheets(compare(runs, files.__getitem__)) for name in sheet.headers]
    assert not [name for name in headers if "champion" in name or "DeLong" in name]
    runs, files = several(0.5, 1.5)
    headers = [name for sheet in sheets(compare(runs, files.__getitem__)) for name in sheet.headers]
    assert [name for name in headers if "champion" in name]


def test_the_caption_says_what_is_positive_and_who_is_missed() -> None:
    runs, files = several(0.5)
    said = caption(compare(runs, files.__getitem__))
    assert "Positive = default" in said
    assert "FN = a defaulter accepted (costs 10)" in said
    assert "FP = a good payer refused (costs 1)" in said
    assert "3,000 test applicants" in said


@pytest.mark.parametrize("change", [{"data": "ffff0000"}, {"test": "00000000"}])
def test_runs_of_other_rows_are_not_in_the_table(change: dict[str, str]) -> None:
    runs, files = several(0.5, 0.9, 1.5, champion=None)
    runs[1] = replace(runs[1], **change)
    found = compare(runs, files.__getitem__)
    assert [row.name for row in found.rows] == ["a", "c"]
    assert found.rest == (runs[1],)
    assert "Not shown: 1 on " in left_out(found)


def test_runs_judged_at_another_price_are_not_in_the_table() -> None:
    runs, files = several(0.5, 0.9)
    target, odds = portfolio()
    other, kept = drawn("z", 0.4, target=target, odds=odds, cost=replace(COST, accepted_defaulter=5.0))
    found = compare([other, *runs], {**files, other.run: kept}.__getitem__)
    assert {row.name for row in found.rows} == {"a", "b"}
    assert "1 earlier or otherwise priced" in left_out(found)


def test_the_champions_data_lead_and_another_can_be_asked_for() -> None:
    runs, files = several(0.5, 0.9, champion=1)
    runs[0] = replace(runs[0], data="ffff0000")
    assert [row.name for row in compare(runs, files.__getitem__).rows] == ["b"]
    assert [row.name for row in compare(runs, files.__getitem__, data="ffff").rows] == ["a"]
    assert [row.name for row in compare(runs, files.__getitem__, data="ffff0000" + "7" * 56).rows] == ["a"]
    with pytest.raises(OptionError, match="--data names 1234, of which no run was judged"):
        compare(runs, files.__getitem__, data="1234")
    without = [replace(run, aliases=()) for run in runs]
    assert [row.name for row in compare(without, files.__getitem__).rows] == ["a"]


def test_of_one_candidate_the_newest_is_shown_and_the_champion_whatever_its_age() -> None:
    runs, files = several(0.5, 0.9, 1.5, 0.7, champion=1)
    alike = [replace(run, candidate="same") for run in runs[:3]]
    found = compare([*alike, runs[3]], files.__getitem__)
    assert {row.run.run for row in found.rows} == {"run-a", "run-b", "run-d"}
    assert {row.name for row in found.rows} == {"same v4", "same v3", "d"}
    assert found.rest == (alike[2],)


def test_a_run_without_its_files_is_listed_apart_and_altered_files_are_refused() -> None:
    runs, files = several(0.5, 0.9)
    assert [row.name for row in compare(runs, {**files, "run-b": {}}.__getitem__).rows] == ["a"]
    assert compare(runs, lambda _: {}).rows == ()
    earlier = {**files["run-b"], "evaluation.json": files["run-b"]["evaluation.json"].replace(b'"brier"', b'"other"')}
    assert [row.name for row in compare(runs, {**files, "run-b": earlier}.__getitem__).rows] == ["a"]
    swapped = {**files["run-b"], "predictions.parquet": files["run-a"]["predictions.parquet"]}
    with pytest.raises(RegistryError, match="run run-b: its predictions are not those it was judged by"):
        compare(runs, {**files, "run-b": swapped}.__getitem__)
    target, odds = portfolio(seed=2)
    other, kept = drawn("c", 0.4, target=target, odds=odds)
    with pytest.raises(RegistryError, match="test applicants are not those of the others"):
        compare([*runs, replace(other, metrics=runs[0].metrics)], {**files, "run-c": kept}.__getitem__)


def test_how_often_each_is_cheapest_is_the_plain_bootstraps_answer() -> None:
    rng = np.random.default_rng(4)
    paid = rng.choice([0.0, 1.0, 10.0], size=(300, 3), p=[0.7, 0.25, 0.05])
    found = cheapest(paid, resamples=20_000)
    sums = paid[rng.integers(0, 300, (20_000, 300))].sum(axis=1)
    least = sums == sums.min(axis=1, keepdims=True)
    assert sum(found) == pytest.approx(1.0)
    assert found == pytest.approx((least / least.sum(axis=1, keepdims=True)).mean(axis=0), abs=0.02)
    assert cheapest(paid[:, [0, 0]]) == [0.5, 0.5]
    assert cheapest(np.column_stack([paid[:, 0], paid[:, 0] + 1.0])) == [1.0, 0.0]


def test_json_keeps_every_run_and_its_fields_and_adds_the_table() -> None:
    runs, files = several(2.5, 0.2)
    runs.append(replace(runs[0], run="elsewhere", data="ffff0000", aliases=()))
    stored = json.loads(json.dumps(compare(runs, files.__getitem__).to_json(runs)))
    assert [entry["run"] for entry in stored] == ["run-a", "run-b", "elsewhere"]
    assert {"run", "started_at", "candidate", "plan", "version", "aliases", "data", "metrics"} <= stored[0].keys()
    assert [entry["chosen"] for entry in stored] == [False, True, False]
    assert stored[2]["table"] is stored[2]["advice"] is None
    table = stored[1]["table"]
    assert table["cost_minus_champion"]["high"] < 0.0
    assert 0.0 <= table["p_value"] <= 1.0
    assert table["confusion"]["fn"] == stored[1]["metrics"]["fn"]
    assert table["cross_validation"]["auc"] == {"mean": 0.75, "deviation": 0.0125}
    assert "Choose b" in stored[1]["advice"]


def planted(registry: Registry, runs: list, files: dict) -> None:
    """Write runs into a real store, as if they had been trained; the oldest last in the list."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        registry._home.mkdir(parents=True, exist_ok=True)
        client = MlflowClient(registry.uri, registry.uri)
        where = (registry._home / "mlartifacts").as_uri()
        experiment = client.create_experiment("aval", artifact_location=where)
        client.create_registered_model("aval")
        for run in reversed(runs):
            tags = {"candidate": run.candidate, "plan": run.plan, "learner": run.learner}
            tags |= {"data_fingerprint": run.data + "0" * 56, "test_digest": run.test + "0" * 56}
            made = client.create_run(experiment, tags=tags)
            stated = {"features": run.features, "size": run.size, "parts": run.parts, "plan.folds": run.folds}
            figures = [Metric(name, value, 0, 0) for name, value in run.metrics.items()]
            client.log_batch(made.info.run_id, figures, [Param(name, str(value)) for name, value in stated.items()])
            for name, content in files[run.run].items():
                file = registry._home / name
                file.write_bytes(content)
                client.log_artifact(made.info.run_id, str(file))
            client.set_terminated(made.info.run_id)
            version = client.create_model_version("aval", where, made.info.run_id)
            if run.aliases:
                client.set_registered_model_alias("aval", "champion", version.version)


def test_what_is_planted_in_tracking_is_what_the_command_shows(tmp_path: Path) -> None:
    runs, files = several(2.5, 0.2, champion=0)
    runs[1] = replace(runs[1], metrics={**runs[1].metrics, "cv_auc_mean": 0.6543, "fit_seconds": 4321.0})
    registry = Registry("", tmp_path)
    planted(registry, runs, dict(files))
    listed = registry.results()
    assert {run.candidate: run.metrics for run in listed} == {run.candidate: run.metrics for run in runs}
    assert (listed[0].features, listed[0].size, listed[0].parts, listed[0].folds) == (700, 300, "trees", 5)
    assert registry.files(listed[0].run, "evaluation.json", "none.json").keys() == {"evaluation.json"}

    stored = {entry["candidate"]: entry for entry in json.loads(typed(tmp_path, "results", "--json"))}
    expected = {row.name: row for row in compare(runs, files.__getitem__).rows}
    for name, row in expected.items():
        assert stored[name]["table"] == json.loads(json.dumps(row.to_json()))
    printed = typed(tmp_path, "results")
    judged = expected["b"].evaluation
    for figure in ("0.654 ±", "4321.0", f"{judged.confusion.fn:,}", f"{judged.auc.value:.3f}", f"{judged.brier:.4f}"):
        assert figure in printed
    assert "Choose b: it costs" in " ".join(printed.split())
    assert "4321.0" in typed(tmp_path, "results", "--markdown", "-")
    file = tmp_path / "results.md"
    assert f"Written: {file}" in typed(tmp_path, "results", "--markdown", str(file))
    assert "0.654 ±" in file.read_text("utf-8")
    with pytest.raises(OptionError, match="is no file that could be written"):
        typed(tmp_path, "results", "--html", str(tmp_path))
