"""Takes the pictures in docs/screenshots from a running demo, in light and in dark.

    make run                                   (in one terminal; wait until the first synchronisation is done)
    .venv/bin/python -m docs.take_screenshots  (in another)

`--address` names another server, `--only` some of the pictures, `--scheme` one of the colour schemes, `--size` another
window, `--into` another folder. Every person of the demo that a picture needs signs in with the demo's password. The
pictures are reduced to 256 colours, so that they stay small.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.browsing import click_cell, grid, launch, painted, sign_in

_SCHEMES = ("light", "dark")
_COLOURS = 256
# Left of the grid's ticks there is nothing; its rows' own button comes first.
_ROW_BUTTON_X = 30
_ROW_TEXT_X = 160


@dataclass(frozen=True)
class Picture:
    """`path` is opened as `person` (None: signed out), then `act` brings the page into the state to be shown."""

    name: str
    person: str | None
    path: str
    act: Callable[[Page], None] = painted


def _open_exception(page: Page) -> None:
    click_cell(page, grid(page, "Exceptions"), 0, x=_ROW_BUTTON_X + 40)
    page.wait_for_url("**/exception?*")
    painted(page)


def _tick_approval(page: Page) -> None:
    click_cell(page, grid(page, "Approvals that wait"), 0)
    why = page.get_by_text("Asked because")
    expect(why).to_be_visible()
    painted(page)
    why.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")


def _tick_customer(page: Page) -> None:
    click_cell(page, grid(page, "Customers by expected benefit of a contact"), 0)
    expect(page.get_by_text("Tick a customer to see")).to_be_hidden()
    painted(page)


def _open_invoice(page: Page) -> None:
    click_cell(page, grid(page, "Invoices"), 0)
    page.wait_for_url("**/invoice?*")
    painted(page)


def _open_customer(page: Page) -> None:
    _open_invoice(page)
    page.locator('[data-testid="stMain"] a[href*="customer"]').first.click()
    page.wait_for_url("**/customer?*")
    painted(page)


def _open_first(name: str, address: str) -> Callable[[Page], None]:
    """Opens what stands in the first row of the grid."""

    def act(page: Page) -> None:
        click_cell(page, grid(page, name), 0)
        page.wait_for_url(f"**/{address}?*")
        painted(page)

    return act


PICTURES = (
    Picture("sign-in", None, "login", lambda page: expect(page.get_by_label("E-mail")).to_be_visible()),
    Picture("overview", "elif", ""),
    Picture("exceptions", "ana", "exceptions"),
    Picture("exception", "ana", "exceptions?ex_type=Purchase+order", _open_exception),
    Picture("approvals", "bo", "approvals", _tick_approval),
    Picture("collections", "cole", "collections", _tick_customer),
    Picture("invoices", "cole", "invoices"),
    Picture("invoice", "ana", "invoices?show=All&state=Posted&sort=Newest", _open_invoice),
    Picture("customer", "cole", "invoices", _open_customer),
    Picture("disputes", "cole", "disputes"),
    Picture("contracts", "ana", "contracts"),
    Picture("contract", "ana", "contracts?billed_by=house", _open_first("Contracts", "contract")),
    Picture("usage", "ana", "usage"),
    Picture("billing-runs", "ana", "billing_runs"),
    Picture("billing-run", "ana", "billing_runs", _open_first("Billing runs", "billing_run")),
    Picture("drift", "ana", "drift"),
    Picture("entities", "chen", "entities"),
    Picture("api-keys", "ada", "api_keys"),
    Picture("integrations", "ada", "integrations"),
    Picture("audit", "chen", "audit"),
    Picture("import", "chen", "import"),
    Picture("people", "ada", "people"),
    Picture("sandbox", "ada", "sandbox"),
)


def _take(browser: Browser, picture: Picture, scheme: str, args: argparse.Namespace) -> Path:
    width, height = (int(side) for side in args.size.split("x"))
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{args.address}/{picture.path}")
    if picture.person is not None:
        sign_in(page, picture.person)
        page.mouse.move(0, 0)
    picture.act(page)
    page.mouse.move(0, 0)
    path: Path = args.into / f"{picture.name}-{scheme}.png"
    _save(page.screenshot(animations="disabled"), path)
    context.close()
    return path


def _save(picture: bytes, path: Path) -> None:
    reduced = Image.open(BytesIO(picture)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m docs.take_screenshots", description=__doc__.splitlines()[0])
    parser.add_argument("--address", default="http://localhost:8501")
    parser.add_argument("--only", nargs="*", choices=[each.name for each in PICTURES], default=())
    parser.add_argument("--scheme", choices=_SCHEMES)
    parser.add_argument("--size", default="1280x800", metavar="WIDTHxHEIGHT")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "screenshots")
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for picture in PICTURES:
            if not args.only or picture.name in args.only:
                for scheme in [args.scheme] if args.scheme else _SCHEMES:
                    path = _take(browser, picture, scheme, args)
                    print(f"{path} ({path.stat().st_size // 1024} KiB)")
        browser.close()


if __name__ == "__main__":
    main()
