"""How hard the laws are tried: briefly with the tests, at length with `make laws`."""

import os

import pytest
from hypothesis import HealthCheck, settings

from aval.credit.policy import Policy
from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse
from aval.model.registry import Registry
from aval.service.decide import Decider
from aval.settings import ROOT

LONG = os.environ.get("AVAL_LAWS") == "long"
"""Whether to try at length: more draws, and every applicant instead of a sample."""

LAWS = settings(
    max_examples=400 if LONG else 25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""How a law of draws is tried: a decorator, for a profile would hold for every test that is imported later."""


@pytest.fixture(scope="session")
def warehouse(home) -> Warehouse:  # type: ignore[no-untyped-def]
    return Warehouse.open(home / "warehouse")


@pytest.fixture(scope="session")
def everyone(warehouse: Warehouse) -> Dossiers:
    """Every dossier of the small lender."""
    return warehouse.dossiers(warehouse.ids)


@pytest.fixture(scope="session")
def batch(everyone: Dossiers, decider: Decider) -> dict[int, float]:
    """Everybody's probability, worked out in one batch."""
    return dict(zip(everyone.ids.to_list(), decider.probabilities(everyone).tolist(), strict=True))


@pytest.fixture(scope="session")
def decider(home) -> Decider:  # type: ignore[no-untyped-def]
    """The champion under the policy, loaded from the registry as serving does."""
    model, version = Registry("", home).champion()
    return Decider(model, str(version), Policy.load(ROOT / "policies" / "2026-11-24.toml"))
