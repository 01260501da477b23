"""A small simulated lender, as dossiers."""

from pathlib import Path

import pytest

from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse, ingest


@pytest.fixture(scope="session")
def stored(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The small lender's warehouse, without a model."""
    place = tmp_path_factory.mktemp("features") / "warehouse"
    ingest(lender, place)
    return Warehouse.open(place)


@pytest.fixture(scope="session")
def people(stored: Warehouse) -> Dossiers:
    """Every dossier of the small lender."""
    return stored.dossiers(stored.ids)
