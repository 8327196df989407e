"""A browser before a whole installation; both last for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import create_engine, make_url, text

from tests.browser.browsing import launch, sign_in
from tests.browser.stack import Stack
from tests.stores import TEMPLATE

_PATIENCE_MS = 20_000
_HERE = Path(__file__).parent
OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these drive one installation, so they run in one process of their own."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def stack(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    name = f"browser_{uuid4().hex}"
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {TEMPLATE}"))
    address = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    made = Stack(tmp_path_factory.mktemp("installation"), address)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        with admin.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        admin.dispose()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture
def open_page(stack: Stack, browser: Browser) -> Iterator[OpenPage]:
    """Opens a path as a person of the demo, each in a browser session of their own; signed out without a person."""
    contexts = []

    def run(path: str, person: str | None = None) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(f"{stack.address}/{path}")
        if person is not None:
            sign_in(page, person)
        return page

    yield run
    for context in contexts:
        context.close()
    assert "Traceback" not in stack.log()
