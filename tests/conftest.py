"""What every test may use: one small simulated lender, its warehouse and a trained champion, made once a run."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import Postgres

# Two threads that wait for each other awake take the other worker's core; it must be said before numpy loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A deadline would fail a test for its neighbours' work, a fresh seed for nobody's.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")

ALLOWED_SKIPS = ("no GPU", "no container engine", "no ../shared/real")
"""The only reasons for which a test may be skipped in continuous integration."""

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
"""A sample of the real tables, read in place and never copied."""


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real rows, or a skip with its reason."""
    if not REAL.is_dir():
        pytest.skip("no ../shared/real")
    return REAL


LONGEST = tuple(
    f"tests/{name}.py"
    for name in (
        *("journeys/test_readme", "journeys/test_demo", "journeys/test_desk", "service/test_running"),
        *("journeys/test_lab", "model/test_registry", "journeys/test_service", "data/test_shelf", "data/test_lender"),
        *("desk/screens/test_model", "model/test_model_commands", "features/test_build", "service/test_live"),
    )
)
"""Files that take longest: they begin, so that no worker is left with one of them when the others have ended."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they were."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(LONGEST)))


_skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember skips whose reason is not one of the allowed ones."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in ALLOWED_SKIPS):
            _skipped.append(f"{report.nodeid}: {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In continuous integration a silent skip is a failure."""
    if os.environ.get("CI") and _skipped and exitstatus == 0:
        print("\nskipped without an allowed reason:\n  " + "\n  ".join(_skipped))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


LENDER_APPLICANTS = 3_000
LENDER_SEED = 11


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that `make` fills, filled by whichever of the run's workers needs it first; it is read from then on."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, whole = root / f"once-{name}", root / f"once-{name}.whole"
    with (root / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed at it
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder


@pytest.fixture(scope="session")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated lender's folder of published files."""
    from aval.data.lender import simulate

    made = once(tmp_path_factory, "lender", lambda place: simulate(place / "tables", LENDER_APPLICANTS, LENDER_SEED))
    return made / "tables"


@pytest.fixture(scope="session")
def ingested(lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lender's warehouse, without a model."""
    from aval.data.warehouse import ingest

    return once(tmp_path_factory, "ingested", lambda place: ingest(lender, place / "warehouse")) / "warehouse"


@pytest.fixture(scope="session")
def home(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AVAL_HOME whose champion was trained by the command a user would type; each worker has a copy."""

    def make(place: Path) -> None:
        shutil.copytree(ingested, place / "warehouse", symlinks=True)
        run(place, "train", str(Path(__file__).parent / "small.toml"))

    place = tmp_path_factory.mktemp("home")
    shutil.copytree(once(tmp_path_factory, "home", make), place, symlinks=True, dirs_exist_ok=True)
    return place


CARD = """
name = "card"
why = "A card to sign, in seconds."
[data]
test_share = 0.2
folds = 2
seed = 3
[features]
set = [
    "external_score_mean", "external_score_min", "application_income_amount", "application_phone_change_days",
    "application_occupation_category", "application_education_category", "application_contract_type_category",
    "bureau_debt_amount_sum", "instalments_late_days_mean", "instalments_late_days_mean_last10", "card_use_ratio_last",
    "application_goods_term_ratio", "across_granted_credit_ratio", "previous_decided_days_min_refused",
]
[[candidates]]
name = "scorecard"
learner = "scorecard"
[candidates.parameters]
information_value = 0.001
doubt = 0.9
"""


@pytest.fixture(scope="session")
def carded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own whose version 1 is a scorecard, trained by the command a user would type."""

    def make(place: Path) -> None:
        for name in ("warehouse", "features"):
            shutil.copytree(home / name, place / name, symlinks=True)
        (place / "card.toml").write_text(CARD)
        run(place, "train", str(place / "card.toml"), "--threads", "1")

    place = tmp_path_factory.mktemp("carded")
    shutil.copytree(once(tmp_path_factory, "carded", make), place, symlinks=True, dirs_exist_ok=True)
    return place


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL, one for the whole run."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """AVAL_LOG of a new log: empty for the home's SQLite file, or a new schema of a real PostgreSQL."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


def run(home: Path, *words: str) -> str:
    """Run `aval WORDS` in this process under a home; what it printed. A failure is re-raised as it was."""
    from typer.testing import CliRunner

    from aval.__main__ import app

    result = CliRunner().invoke(app, ["--home", str(home), *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
