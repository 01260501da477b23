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
    """Database of the decision log: `postgresql://...`; empty means SQLite under `home`."""
    log_key: Path | None = None
    """File with the key of the house (32 bytes, base64) that keeps applicants' keys at rest."""
    log_head: Path | None = None
    """Where the log's signed head is exported; best a place that others may not change."""
    oidc_issuer: str = ""
    """The bank's identity provider; empty means API keys alone."""
    oidc_audience: str = ""
    """What its tokens must be made for."""
    oidc_roles: str = "roles"
    """The claim that holds roles; a dotted path such as `realm_access.roles` is followed."""
    rate: float = Field(default=50.0, gt=0)
    """Requests a second that one caller may make in the long run."""
    burst: int = Field(default=200, ge=1)
    """Requests a caller may make at once."""
    proxy: str = ""
    """Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed, between commas; none by default."""
    refresh: float = Field(default=10.0, gt=0)
    """Seconds between two looks at the registry's aliases."""
    lender: str = "Prêt à dépenser"
    """The lender's name, as letters sign."""
    policy: Path = ROOT / "policies" / "2026-11-24.toml"
    """The decision rule in force."""
    lang: Literal["fr", "en"] = "en"
    """The language of sentences for people."""
    threads: int = Field(default=2, ge=1)
    """Threads that training may use; deciding always uses one."""
