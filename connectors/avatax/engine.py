"""The port TaxEngine, and the port Ledger for what follows: committing at release, returns, taking back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from connectors.avatax.client import TITLE, Answer, Client, Doc
from connectors.avatax.config import Config
from connectors.avatax.mapping import (
    TYPES,
    answer,
    check_sums,
    code_of,
    differing_tax,
    return_of,
    tax_of,
    totals_of,
    transaction,
)
from connectors.avatax.shapes import Ping, Transaction
from connectors.shapes import faults_of, read
from core.kit.clock import Clock
from core.ports import (
    Capabilities,
    ConnectorFailure,
    LedgerDocument,
    Posted,
    Probe,
    Rejected,
    TaxAnswer,
    TaxQuestion,
)

CAPABILITIES = Capabilities(
    system="avatax",
    title=TITLE,
    posts=("invoice", "credit_memo", "void"),
    finds_by_key=True,
    max_in_flight=4,
    requests_per_second=10,
)
_CREATE = "/api/v2/transactions/createoradjust"
_COMMITTED, _CANCELLED = "Committed", "Cancelled"
_LINES = {"$include": "Lines,Details"}


class AvaTax:
    """A document is known there by company, type and code: the same key names the same transaction for ever."""

    def __init__(self, config: Config, client: Client, clock: Clock) -> None:
        self.capabilities = replace(
            CAPABILITIES, max_in_flight=config.max_in_flight, requests_per_second=config.requests_per_second
        )
        self._config = config
        self._client = client
        self._clock = clock

    def check(self) -> Probe:
        """A ping never fails: whether the key was taken stands in its answer."""
        try:
            pong = self._client.get("/api/v2/utilities/ping")
            if pong is None or not Ping.model_validate(pong.body).authenticated:
                return Probe(False, (f"{TITLE} answers, but does not accept our account and licence key.",))
            self.find("quittance_probe", "invoice")
        except ConnectorFailure as problem:
            return Probe(False, (problem.sentence,))
        except ValidationError as problem:
            return Probe(False, (f"{TITLE} answers in a form that we do not know: {faults_of(problem)}.",))
        company = self._config.company_code
        return Probe(True, (f"{TITLE} accepts our licence key.", f"{TITLE} shows us transactions of {company}."))

    def calculate(self, question: TaxQuestion) -> TaxAnswer:
        """Recorded there uncommitted. To ask again replaces what was recorded, so that nothing is ever in doubt.
        Codes of Rejected: sums_differ, lines_differ, currency_differs, or AvaTax's own."""
        found, _ = self._record(transaction(question, self._config, self._clock().date()))
        if found.currency_code != question.currency:
            raise Rejected(
                f"{TITLE} answered in {found.currency_code} instead of {question.currency}.", "currency_differs"
            )
        return answer(found, question)

    def post(self, document: LedgerDocument) -> Posted:
        """Commits what was recorded under the document's key; records a credit memo first; a "void" takes back.

        Codes of Rejected: not_recorded, cancelled, tax_differs, invoice_unknown, or AvaTax's own.
        """
        if document.kind == "void":
            return self._void(document)
        there = self._get(document.key, document.kind)
        if there is None and document.kind == "credit_memo":
            there = self._return(document)
        if there is None:
            raise Rejected(f"{TITLE} holds no calculation for {document.number}.", "not_recorded")
        found, seen = there
        if found.status == _CANCELLED:
            raise Rejected(f"{document.number} was cancelled in {TITLE}.", "cancelled", seen.exchange)
        if totals_of(found)[1] != tax_of(document):
            raise differing_tax(document, totals_of(found)[1])
        if found.status == _COMMITTED:
            return _posted(found, seen)
        return _posted(*self._change(document.key, document.kind, "commit", {"commit": True}))

    def find(self, key: str, kind: str) -> Posted | None:
        """A document counts once it is committed, a taking back once nothing stands there any more."""
        there = self._get(key, kind)
        if there is None or there[0].status != (_CANCELLED if kind == "void" else _COMMITTED):
            return None
        return _posted(*there)

    def _void(self, document: LedgerDocument) -> Posted:
        there = self._get(document.key, "void")
        if there is None:
            return Posted(code_of(document.key), None, None)
        if there[0].status == _CANCELLED:
            return _posted(*there)
        return _posted(*self._change(document.key, "void", "void", {"code": "DocVoided"}))

    def _return(self, document: LedgerDocument) -> tuple[Transaction, Answer]:
        corrected = self._get(document.corrects_key, "invoice") if document.corrects_key else None
        if corrected is None:
            told = f"{TITLE} does not know the invoice that {document.number} corrects."
            raise Rejected(told, "invoice_unknown")
        return self._record(return_of(document, corrected[0], self._config))

    def _record(self, model: Doc) -> tuple[Transaction, Answer]:
        body = {
            "adjustmentReason": "Other",
            "adjustmentDescription": "Determined again",
            "createTransactionModel": model,
        }
        seen = self._client.post(_CREATE, body, _LINES, is_write=False)
        found = _read(seen, is_write=False)
        check_sums(found)
        return found, seen

    def _path(self, key: str) -> str:
        return f"/api/v2/companies/{self._config.company_code}/transactions/{code_of(key)}"

    def _get(self, key: str, kind: str) -> tuple[Transaction, Answer] | None:
        params = {"documentType": TYPES[kind], "$include": "Lines,Details,Addresses"}
        seen = self._client.get(self._path(key), params)
        return None if seen is None else (_read(seen, is_write=False), seen)

    def _change(self, key: str, kind: str, verb: str, body: Mapping[str, Any]) -> tuple[Transaction, Answer]:
        seen = self._client.post(f"{self._path(key)}/{verb}", dict(body), {"documentType": TYPES[kind]})
        return _read(seen, is_write=True), seen


def _read(seen: Answer, *, is_write: bool) -> Transaction:
    return read(Transaction, seen.body, f"{TITLE} sent a transaction", seen.exchange, is_write=is_write)


def _posted(found: Transaction, seen: Answer) -> Posted:
    total, tax = totals_of(found)
    return Posted(str(found.id), found.code, total, seen.exchange, tax_minor=tax)
