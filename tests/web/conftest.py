"""One running app per process (a second one would hang); each test gives it a fresh store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from httpx import Response
from starlette.testclient import TestClient

from app import app
from core.access.model import DEMO_PASSWORD
from core.db.engine import open_engine
from core.runtime import Runtime, share_runtime
from core.settings import Settings
from tests.fakes import FixedClock
from tests.stores import Furniture, people

OWN_ORIGIN = {"Origin": "http://testserver"}
WEBHOOK_SECRET = "whsec_for_tests"

SignIn = Callable[..., Response]


@pytest.fixture(scope="session")
def running_app(postgres_url: str) -> Iterator[TestClient]:
    engine = open_engine(postgres_url)
    share_runtime(Runtime(Settings(_env_file=None), engine, FixedClock()))
    with TestClient(app, follow_redirects=False) as client:
        yield client
    share_runtime(None)


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def house(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    """The demo's house, with its people, behind the running app."""
    systems = tmp_path / "systems.json"
    given = {"webhook_secret": WEBHOOK_SECRET}
    systems.write_text(json.dumps([{"system": name, "credentials": given} for name in ("stripe", "mail")]))
    settings = runtime.settings.model_copy(update={"sandbox_systems": systems})
    demo = Runtime(settings, runtime.engine, runtime.clock)
    share_runtime(demo)
    yield demo


@pytest.fixture
def web(running_app: TestClient, house: Runtime) -> TestClient:
    running_app.cookies.clear()
    return running_app


@pytest.fixture
def sign_in(web: TestClient) -> SignIn:
    def send(email: str = "ana@halden.example", password: str = DEMO_PASSWORD, next_path: str = "/") -> Response:
        form = {"email": email, "password": password, "next": next_path}
        return web.post("/login", data=form, headers=OWN_ORIGIN)

    return send
