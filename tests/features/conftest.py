"""A small simulated lender, as dossiers."""

import shutil
from pathlib import Path

import pytest

from aval.data.dossiers import Dossiers
from aval.data.warehouse import Warehouse


@pytest.fixture(scope="session")
def stored(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """The small lender's warehouse, in a home of its own."""
    place = tmp_path_factory.mktemp("features") / "warehouse"
    shutil.copytree(ingested, place, symlinks=True)
    return Warehouse.open(place)


@pytest.fixture(scope="session")
def people(stored: Warehouse) -> Dossiers:
    """Every dossier of the small lender."""
    return stored.dossiers(stored.ids)
