from pathlib import Path

import pytest

from tests.sandbox.company.memory import Sandbox, generate


@pytest.fixture(scope="session")
def halden(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A small company; tests only read it."""
    return generate(tmp_path_factory.mktemp("halden"))


@pytest.fixture
def living(tmp_path: Path) -> Sandbox:
    """A company of one's own, to change."""
    return generate(tmp_path, scale="0.02")
