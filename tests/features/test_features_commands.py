"""`aval features`: computes, lists, describes."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from aval.__main__ import app
from aval.data.warehouse import Warehouse
from aval.errors import OptionError
from aval.features.build import catalogue, reference


def _run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_computes_the_warehouse(stored: Warehouse):
    home = stored.path.parent
    told = json.loads(_run("--home", str(home), "features", "--json", "--applicants", "1000"))
    assert told["features"] == len(catalogue())
    assert told["digest"] == catalogue().digest
    found = pl.read_parquet(home / "features" / "*.parquet")
    assert found.columns == ["SK_ID_CURR", *catalogue().names]
    assert found.height == told["applicants"] == len(stored)
    assert not (home / "features.new").exists()


def test_it_lists_without_a_warehouse(tmp_path: Path):
    listed = json.loads(_run("--home", str(tmp_path), "features", "--list", "--json"))
    assert [feature["name"] for feature in listed["features"]] == list(catalogue().names)
    assert all(feature["fr"] and feature["en"] for feature in listed["features"])
    assert "instalments_late_days_max_365d" in _run("features", "--list")


def test_it_computes_the_reference_beside_the_catalogue(stored: Warehouse, tmp_path: Path):
    home = stored.path.parent
    told = json.loads(_run("--home", str(home), "features", "--set", "reference", "--json"))
    assert told["digest"] == reference().digest
    found = pl.read_parquet(home / "features-reference" / "*.parquet")
    assert found.columns == ["SK_ID_CURR", *reference().names]
    assert "refcard_balance_amount_var" in _run("features", "--set", "reference", "--list")
    page = tmp_path / "reference.md"
    assert "650" in _run("features", "--set", "reference", "--docs", str(page))
    assert "## The reference's: credits with other lenders" in page.read_text(encoding="utf-8")
    with pytest.raises(OptionError, match="--set is all or reference"):
        _run("features", "--set", "everything", "--list")


def test_it_writes_the_page(tmp_path: Path):
    page = tmp_path / "features.md"
    assert str(len(catalogue())) in _run("features", "--docs", str(page))
    assert page.read_text(encoding="utf-8").startswith("# Features")
