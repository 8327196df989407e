"""The parts of the letter, each as wide as it is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, Paragraph, Spacer, Table, TableStyle

from core.documents.paper import wording
from core.documents.paper.typefaces import INK, PLAIN, RULE, SHADE, marked, style
from core.kit.money import format_minor
from core.ports import LedgerDocument, LedgerLine, Party

_CELL, _NARROWEST, _DESCRIPTION = 6, 46, 160
_NO_PADDING: list[tuple[Any, ...]] = [
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 0),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


def _text(text: str, size: int = 8, **looks: bool) -> Paragraph:
    return Paragraph(marked(text), style(size, **looks))


def _table(rows: Sequence[list[Any]], widths: Sequence[int], looks: Iterable[tuple[Any, ...]] = ()) -> Table:
    return Table(rows, colWidths=widths, style=TableStyle([*_NO_PADDING, *looks]), hAlign="LEFT")


def heading(document: LedgerDocument, width: int) -> Flowable:
    """Who writes, and what it is."""
    left = [_text(wording.title(document), 22, is_bold=True)]
    return _table([[left, _party(document.seller, is_right=True)]], [width - 260, 260])


def _party(party: Party | None, *, is_right: bool = False) -> list[Flowable]:
    if party is None:
        return []
    lines: list[Flowable] = [_text(party.name, 10, is_bold=True, is_right=is_right)]
    lines += [_text(line, 8, is_right=is_right) for line in party.address]
    lines += [_text(f"Tax id {party.tax_id}", 8, is_right=is_right)] if party.tax_id else []
    lines += [_text(party.email, 8, is_right=is_right, is_quiet=True)] if party.email and is_right else []
    return lines


def parties(document: LedgerDocument, width: int) -> Flowable:
    """Who pays on the left, the facts on the right."""
    to = "Credit to" if document.kind == "credit_memo" else "Bill to"
    left = [_text(to, 7, is_quiet=True), Spacer(0, 2), *_party(document.buyer)]
    facts = _table(
        [[_text(label, is_quiet=True), _text(value, is_bold=is_first)] for is_first, label, value in _facts(document)],
        [92, 150],
        [("BOTTOMPADDING", (0, 0), (-1, -1), 2)],
    )
    return _table([[left, facts]], [width - 242, 242], [("RIGHTPADDING", (0, 0), (0, 0), 24)])


def _facts(document: LedgerDocument) -> list[tuple[bool, str, str]]:
    is_credit = document.kind == "credit_memo"
    facts = [
        (f"{wording.title(document)} number", document.number),
        ("Corrects invoice", document.corrects_number),
        ("Issued", wording.day(document.issue_date)),
        ("Due", None if is_credit else wording.day(document.due_date)),
        ("Payment terms", wording.terms(document)),
        ("Purchase order", document.po_number),
        ("Contract", document.contract_number),
        ("Service period", wording.period(document.period_start, document.period_end)),
        ("Currency", document.currency),
    ]
    told = [(label, value) for label, value in facts if value]
    return [(place == 0, label, value) for place, (label, value) in enumerate(told)]


def line_table(document: LedgerDocument, width: int) -> Flowable:
    """One row a line, split over pages where it must be, with its head on each."""
    has_discount = any(line.discount_minor for line in document.lines)
    names = ["Quantity", "Unit price", *(["Discount"] if has_discount else []), "Tax", "Net amount"]
    figures = [_figures(line, document.currency, has_discount) for line in document.lines]
    fixed = _widths(names, figures, width)
    head = [_text("Description", 7, is_bold=True), *(_text(name, 7, is_bold=True, is_right=True) for name in names)]
    rows = [
        [_what(line), *(_text(figure, is_right=True) for figure in told)]
        for line, told in zip(document.lines, figures, strict=True)
    ]
    looks: list[tuple[Any, ...]] = [
        ("BACKGROUND", (0, 0), (-1, 0), SHADE),
        ("LINEBELOW", (0, 0), (-1, 0), 0.75, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.5, RULE),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ("LEFTPADDING", (0, 0), (-1, -1), _CELL),
        ("RIGHTPADDING", (0, 0), (-1, -1), _CELL),
    ]
    table = _table([head, *rows], [width - sum(fixed), *fixed], looks)
    table.repeatRows = 1
    return table


def _widths(names: Sequence[str], figures: Sequence[Sequence[str]], width: int) -> list[int]:
    """Each column takes its longest figure on one line, as far as half the table goes round."""
    columns = [[name, *(row[place] for row in figures)] for place, name in enumerate(names)]
    wanted = [max(int(stringWidth(text, PLAIN, 8)) for text in column) + 2 * _CELL + 4 for column in columns]
    wanted = [max(each, _NARROWEST) for each in wanted]
    most = width - _DESCRIPTION
    return wanted if sum(wanted) <= most else [each * most // sum(wanted) for each in wanted]


def _figures(line: LedgerLine, currency: str, has_discount: bool) -> list[str]:
    off = wording.amount(-line.discount_minor, currency) if line.discount_minor else "–"
    return [
        wording.quantity(line.quantity),
        wording.unit_price(line.unit_price, currency),
        *([off] if has_discount else []),
        wording.percent(line.tax_percent),
        wording.amount(line.net_minor, currency),
    ]


def _what(line: LedgerLine) -> list[Flowable]:
    span = wording.period(line.period_start, line.period_end)
    notes = (note for note in (span, line.arithmetic or "") if note)
    return [_text(line.description or line.product_code), *(_text(note, 7, is_quiet=True) for note in notes)]


def totals(document: LedgerDocument, width: int) -> list[Flowable]:
    """Net, each tax, and what all of it comes to."""
    currency = document.currency
    net = sum(line.net_minor for line in document.lines)
    discount = sum(line.discount_minor for line in document.lines)
    rows = [("Subtotal", net + discount), ("Discounts", -discount)] if discount else []
    rows += [("Net amount", net)]
    rows += [(wording.tax(each, currency), each.tax_minor) for each in document.taxes] or _untold_tax(document)
    shown = [[_text(label), _text(wording.amount(minor, currency), is_right=True)] for label, minor in rows]
    what = "Total credit" if document.kind == "credit_memo" else "Total due"
    total = f"{currency} {format_minor(document.total_minor, currency)}"
    shown.append([_text(what, 10, is_bold=True), _text(total, 10, is_bold=True, is_right=True)])
    looks: list[tuple[Any, ...]] = [
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (1, 0), (1, -1), 6),
        ("LINEABOVE", (0, -1), (-1, -1), 0.75, INK),
        ("TOPPADDING", (0, -1), (-1, -1), 6),
    ]
    sums = _table(shown, [230, 110], looks)
    sums.hAlign = "RIGHT"
    return [sums]


def _untold_tax(document: LedgerDocument) -> list[tuple[str, int]]:
    tax = sum(line.tax_minor for line in document.lines)
    return [("Tax", tax)] if tax else []


def payment_box(document: LedgerDocument, width: int) -> list[Flowable]:
    """How to pay; and what the law wants said."""
    said: list[Flowable] = [_text("Payment", 8, is_bold=True), Spacer(0, 3)]
    said += [_text(line) for line in wording.payment(document)]
    box = _table(
        [[said]],
        [width],
        [
            ("BACKGROUND", (0, 0), (-1, -1), SHADE),
            ("LEFTPADDING", (0, 0), (-1, -1), 10),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10),
            ("TOPPADDING", (0, 0), (-1, -1), 8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
        ],
    )
    law = wording.reverse_charge(document)
    return [*([_text(law, 7, is_quiet=True), Spacer(0, 10)] if law else []), box]
