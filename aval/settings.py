"""The place: where this installation keeps things and finds things, read from the environment once."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or the installation) that holds `policies/` and `plans/`."""


class Settings(BaseSettings):
    """Every variable has a default that works on a laptop; `__main__` reads them and passes values down."""

    model_config = SettingsConfigDict(env_prefix="AVAL_", frozen=True, extra="ignore")

    home: Path = Path("var")
    """Everything a run makes."""
    tracking_uri: str = Field(default="", validation_alias="MLFLOW_TRACKING_URI")
    """An MLflow server; empty means the SQLite store under `home`."""
    log: str = ""
    """AVAL_LOG: database URL of the log; empty = SQLite file HOME/log.db."""
    policy: Path = ROOT / "policies" / "2026-11-24.toml"
    """The decision rule in force."""
    lang: Literal["fr", "en"] = "en"
    """The language of sentences for people."""
    threads: int = Field(default=2, ge=1)
    """Threads that training may use; deciding always uses one."""
