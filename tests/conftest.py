"""What every test may use: one small simulated lender, its warehouse and a trained champion, made once a run."""

import os
from pathlib import Path

import pytest

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
