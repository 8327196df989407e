"""Pages run on a fresh store with the people of the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.runtime import Runtime, share_runtime
from pages.ui.site_map import PAGES
from tests.stores import Furniture, people

OpenPage = Callable[..., AppTest]


@pytest.fixture
def furniture() -> Furniture:
    return people


@pytest.fixture
def house(runtime: Runtime) -> Iterator[Runtime]:
    share_runtime(runtime)
    yield runtime
    share_runtime(None)


@pytest.fixture
def open_page(house: Runtime) -> OpenPage:
    """Opens a page as a person of the demo: open_page("ana", "work/exceptions.py", queue="tax")."""

    def run(name: str, script: str | None = None, **params: str) -> AppTest:
        page = AppTest.from_file(PAGES / "frame.py", default_timeout=30)
        page.user = {"email": f"{name}@halden.example"} if name else {}
        for key, value in params.items():
            page.query_params[key] = value
        page.run()
        return page.switch_page(script).run() if script else page

    return run
