"""Collecting through Stripe: an invoice of the house becomes an invoice there, under our number and our amounts.

A step is written under a key of its own made from the delivery's, so that a repetition within a day is answered as the
first time. Keys are forgotten after that, and Stripe cannot look an invoice up by a key of ours: therefore the
customer's invoices are looked through before one is made, and one that is half done is finished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import partial

from connectors.shapes import S, read
from connectors.stripe.answers import Held, HeldCustomer, HeldInvoice
from connectors.stripe.client import TITLE, Client, Doc
from connectors.stripe.invoice_form import credit_form, customer_form, invoice_form, line_forms
from connectors.stripe.source import CAPABILITIES
from connectors.stripe.writing import write
from core.kit.money import format_minor
from core.ports import ConnectorFailure, LedgerDocument, Misconfigured, Posted, Probe, Rejected

_INVOICES = "/v1/invoices"
_CREDIT_NOTES = "/v1/credit_notes"
_CUSTOMERS = "/v1/customers"
_WORDS = {"invoices": "an invoice", "credit_notes": "a credit note", "customers": "a customer"}
_LINES_AT_ONCE = 100
# How far back `find` looks; `post` looks through all that the customer ever had.
_PAGES = 5
_MOST_REMEMBERED = 50_000


class StripeLedger:
    """The port Ledger: `post` makes, finishes and collects an invoice, or credits one."""

    def __init__(self, client: Client) -> None:
        self.capabilities = replace(CAPABILITIES, posts=("invoice", "credit_memo"), finds_by_key=True)
        self._client = client
        self._known: dict[str, str] = {}

    def check(self) -> Probe:
        try:
            self._client.get(_INVOICES, limit=1)
        except ConnectorFailure as problem:
            return Probe(False, (problem.sentence,))
        return Probe(True, (f"{TITLE} shows us its invoices.",))

    def post(self, document: LedgerDocument) -> Posted:
        """Codes of Rejected: customer_unknown, invoice_unknown, total_differs, already_voided, or Stripe's own."""
        return self._credit(document) if document.kind == "credit_memo" else self._invoice(document)

    def find(self, key: str, kind: str) -> Posted | None:
        """What is there under the key and needs no more work."""
        path = _CREDIT_NOTES if kind == "credit_memo" else _INVOICES
        if key in self._known:
            found = self._client.find(f"{path}/{self._known[key]}")
        else:
            found = next((doc for doc in self._newest(path) if _is_under(doc, key)), None)
        if found is None:
            return None
        held = self._read(HeldInvoice if path == _INVOICES else Held, found, path, None)
        return None if held.status == "draft" else self._posted(key, held, path, {})

    def _newest(self, path: str) -> Iterator[Doc]:
        for number, (found, _) in enumerate(self._client.pages(path), start=1):
            yield from found
            if number == _PAGES:
                return

    def _read(self, shape: type[S], found: Doc, path: str, form: Doc | None) -> S:
        """`form` is what was written, None of what was looked up."""
        told = f"{TITLE} sent {_WORDS[path.split('/')[2]]}"
        exchange = self._client.exchange(path, form, found)
        return read(shape, found, told, exchange, is_write=form is not None)

    def _invoice(self, document: LedgerDocument) -> Posted:
        payer = self._payer(document)
        there = self._there(payer, document)
        invoice = self._create(payer, document) if there is None else self._read(HeldInvoice, there, _INVOICES, None)
        if invoice.status == "draft":
            invoice = self._finish(invoice, document)
        if invoice.status == "void":
            raise Rejected(f"Invoice {document.number} was voided in {TITLE}.", "already_voided")
        if invoice.status == "open" and invoice.collection_method == "charge_automatically":
            self._collect(invoice, document)
        return self._posted(document.key, invoice, _INVOICES, invoice_form(document, payer.id, payer.can_be_charged))

    def _payer(self, document: LedgerDocument) -> HeldCustomer:
        if document.payer_ref is None:
            found, form = self._namesake(document), None
            if found is None:
                form = customer_form(document)
                found = self._new_payer(document, form)
            return self._read(HeldCustomer, found, _CUSTOMERS, form)
        found = self._client.find(f"{_CUSTOMERS}/{document.payer_ref}")
        if found is None:
            raise Rejected(f"{TITLE} does not have this customer any more.", "customer_unknown")
        return self._read(HeldCustomer, found, _CUSTOMERS, None)

    def _new_payer(self, document: LedgerDocument, form: Doc) -> Doc:
        key = f"customer:{document.customer_ref}"
        return write(self._client, _CUSTOMERS, form, key, lambda: self._namesake(document))

    def _namesake(self, document: LedgerDocument) -> Doc | None:
        """A customer that we made before and whose link has not come back yet."""
        email = document.buyer.email if document.buyer else None
        pages = self._client.pages(_CUSTOMERS, **({"email": email} if email else {}))
        for number, (found, _) in enumerate(pages, start=1):
            for doc in found:
                if _said_of(doc, "sf_account_id") == document.customer_ref:
                    return doc
            if number == _PAGES:
                return None
        return None

    def _there(self, payer: HeldCustomer, document: LedgerDocument) -> Doc | None:
        since = int(datetime.combine(document.issue_date, time(), UTC).timestamp()) - 86_400
        for found, _ in self._client.pages(_INVOICES, customer=payer.id, created={"gte": since}):
            for doc in found:
                if _is_under(doc, document.key):
                    return doc
        return None

    def _create(self, payer: HeldCustomer, document: LedgerDocument) -> HeldInvoice:
        form = invoice_form(document, payer.id, payer.can_be_charged)
        key = f"{document.key}:invoice"
        made = write(self._client, _INVOICES, form, key, lambda: self._there(payer, document))
        return self._read(HeldInvoice, made, _INVOICES, form)

    def _finish(self, draft: HeldInvoice, document: LedgerDocument) -> HeldInvoice:
        """Puts on the lines that are missing and finalizes, but only if the totals agree."""
        path, forms = f"{_INVOICES}/{draft.id}", line_forms(document)
        for start in range(self._lines_on(path), len(forms), _LINES_AT_ONCE):
            part = {"lines": forms[start : start + _LINES_AT_ONCE]}
            end = start + len(part["lines"])
            is_there = partial(self._if_filled, path, end)
            write(self._client, f"{path}/add_lines", part, f"{document.key}:lines:{start}", is_there)
        found = self._client.get(path)
        total = self._read(HeldInvoice, found, path, None).total
        if total != document.total_minor:
            mine, theirs = (format_minor(minor, document.currency) for minor in (document.total_minor, total))
            sentence = f"{TITLE} makes {theirs} of invoice {document.number}, which is {mine} here."
            raise Rejected(sentence, "total_differs", self._client.exchange(path, {}, found))
        form, key = {"auto_advance": True}, f"{document.key}:finalize"
        done = write(self._client, f"{path}/finalize", form, key, lambda: self._if_final(path))
        return self._read(HeldInvoice, done, path, form)

    def _lines_on(self, path: str) -> int:
        return sum(len(found) for found, _ in self._client.pages(f"{path}/lines"))

    def _if_filled(self, path: str, end: int) -> Doc | None:
        return self._client.get(path) if self._lines_on(path) >= end else None

    def _if_final(self, path: str) -> Doc | None:
        found = self._client.get(path)
        return None if found.get("status") == "draft" else found

    def _collect(self, invoice: HeldInvoice, document: LedgerDocument) -> None:
        """Charges the payment method on file. Whether that works is no matter of delivery: Stripe goes on trying."""
        try:
            self._client.post(f"{_INVOICES}/{invoice.id}/pay", {}, f"{document.key}:pay")
        except Misconfigured:
            raise
        except ConnectorFailure:
            return

    def _credit(self, document: LedgerDocument) -> Posted:
        path = f"{_INVOICES}/{document.corrects_ref}"
        invoice = self._client.find(path) if document.corrects_ref is not None else None
        if invoice is None:
            raise Rejected(f"{TITLE} does not have the invoice that is credited.", "invoice_unknown")
        form = credit_form(document, self._read(HeldInvoice, invoice, path, None).amount_remaining)
        made = self._credit_note(document) or write(
            self._client, _CREDIT_NOTES, form, f"{document.key}:credit", lambda: self._credit_note(document)
        )
        return self._posted(document.key, self._read(Held, made, _CREDIT_NOTES, form), _CREDIT_NOTES, form)

    def _credit_note(self, document: LedgerDocument) -> Doc | None:
        pages = self._client.pages(_CREDIT_NOTES, invoice=document.corrects_ref)
        return next((doc for found, _ in pages for doc in found if _is_under(doc, document.key)), None)

    def _posted(self, key: str, held: Held, path: str, form: Doc) -> Posted:
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = held.id
        net = held.total_excluding_tax
        tax = None if net is None else held.total - net
        told = held.model_dump(include={"id", "number", "status", "total"})
        return Posted(held.id, held.number, held.total, self._client.exchange(path, form, told), tax)


def _is_under(doc: Doc, key: str) -> bool:
    return _said_of(doc, "house_key") == key


def _said_of(doc: Doc, name: str) -> object:
    """One of the facts that we have noted on an object."""
    noted = doc.get("metadata")
    return noted.get(name) if isinstance(noted, dict) else None
