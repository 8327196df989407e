"""The letter itself: letterhead, who pays, what for, taxes, totals, how to pay; on as many pages as it takes."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, PageTemplate, Spacer
from reportlab.platypus.doctemplate import BaseDocTemplate
from reportlab.platypus.frames import Frame

from core.documents.paper import wording
from core.documents.paper.parts import heading, line_table, parties, payment_box, totals
from core.documents.paper.typefaces import GREY, PLAIN, RULE, register
from core.ports import LedgerDocument

MARGIN, FOOT = 48, 54
_WIDTH, _HEIGHT = int(A4[0]), int(A4[1])
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def render_invoice(document: LedgerDocument) -> bytes:
    """The document as a PDF. The same document makes the same bytes."""
    register()
    output = BytesIO()
    frame = Frame(MARGIN, FOOT, _WIDTH - 2 * MARGIN, _HEIGHT - FOOT - MARGIN, 0, 0, 0, 0)
    letter = BaseDocTemplate(
        output,
        pagesize=A4,
        invariant=1,
        title=f"{wording.title(document)} {document.number}",
        author=document.seller.name if document.seller else "",
        subject=f"For {document.buyer.name}" if document.buyer else "",
        creator="Quittance",
        lang="en",
        pageTemplates=[PageTemplate("page", [frame])],
    )
    letter.build(_content(document), canvasmaker=_canvas_of(document))
    return output.getvalue()


def file_name(document: LedgerDocument) -> str:
    """A name that every system takes."""
    return f"{_UNSAFE.sub('-', wording.title(document))}-{_UNSAFE.sub('-', document.number)}.pdf"


def _content(document: LedgerDocument) -> list[Flowable]:
    width = _WIDTH - 2 * MARGIN
    return [
        heading(document, width),
        Spacer(0, 18),
        parties(document, width),
        Spacer(0, 20),
        line_table(document, width),
        Spacer(0, 8),
        KeepTogether(totals(document, width)),
        Spacer(0, 18),
        KeepTogether(payment_box(document, width)),
    ]


def _canvas_of(document: LedgerDocument) -> Any:
    """Pages are kept until all are there: only then is it known how many there are."""
    name = document.seller.name if document.seller else ""
    left = " · ".join(part for part in (name, f"{wording.title(document)} {document.number}") if part)

    class Numbered(Canvas):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 (the library's name)
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for page in self._pages:
                self.__dict__.update(page)
                _foot(self, left, f"Page {self.getPageNumber()} of {len(self._pages)}")
                super().showPage()
            super().save()

    return Numbered


def _foot(canvas: Canvas, left: str, right: str) -> None:
    canvas.saveState()
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, FOOT - 14, _WIDTH - MARGIN, FOOT - 14)
    canvas.setFillColor(GREY)
    canvas.setFont(PLAIN, 7)
    canvas.drawString(MARGIN, FOOT - 26, left)
    canvas.drawRightString(_WIDTH - MARGIN, FOOT - 26, right)
    canvas.restoreState()
