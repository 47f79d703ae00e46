"""What all tests share: the long sweeps behind --proof, no skip where none is allowed, how hypothesis searches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent
_skipped: list[str] = []

# No deadline, since machines are shared; in CI the same examples on each run, so that a failure is the change's.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") or os.environ.get("CATALOG_NO_SKIPS") else "developer")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof", action="store_true", help="run the long sweeps in full, and only those")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    proof = bool(config.getoption("--proof"))
    wanted = [item for item in items if bool(item.get_closest_marker("proof")) == proof]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
    items[:] = wanted


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CATALOG_NO_SKIPS is set, as in CI, a skipped test is a failure: a tool is missing."""
    if _skipped and os.environ.get("CATALOG_NO_SKIPS") and not hasattr(session.config, "workerinput"):
        print("\nskipped, where no skip is allowed:", *_skipped, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def _no_aws_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the user's AWS settings, or writes where the user keeps things."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "CATALOG_")) and name != "CATALOG_NO_SKIPS":
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture
def root() -> Path:
    """The catalogue that this repository is."""
    return ROOT
