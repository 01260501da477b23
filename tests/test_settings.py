"""The place is read from the environment once."""

from pathlib import Path

import pytest

from aval.settings import ROOT, Settings


def test_defaults_work_on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AVAL_HOME", "AVAL_LOG", "AVAL_POLICY", "AVAL_LANG", "AVAL_THREADS", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings()
    assert settings.home == Path("var")
    assert settings.policy.is_file()
    assert settings.tracking_uri == ""
    assert settings.log == ""
    assert (ROOT / "plans" / "champion.toml").is_file()


def test_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVAL_HOME", "elsewhere")
    monkeypatch.setenv("AVAL_LANG", "fr")
    monkeypatch.setenv("AVAL_LOG", "postgresql+psycopg://127.0.0.1/aval")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    settings = Settings()
    assert (settings.home, settings.lang) == (Path("elsewhere"), "fr")
    assert settings.tracking_uri == "http://127.0.0.1:5000"
    assert settings.log == "postgresql+psycopg://127.0.0.1/aval"


def test_every_setting_is_in_the_table_of_the_service_and_in_the_help() -> None:
    from aval.__main__ import place

    table = (ROOT / "docs" / "service.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        variable = str(field.validation_alias or f"AVAL_{name.upper()}")
        assert f"`{variable}`" in table
        assert variable in str(place.__doc__)
