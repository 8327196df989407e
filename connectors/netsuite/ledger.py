"""Posting to NetSuite: one document under one external id, and what the ledger holds under it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.netsuite import shapes
from connectors.netsuite.client import Answer, Client, Doc
from connectors.netsuite.config import Config
from connectors.netsuite.directory import Directory
from connectors.netsuite.source import CAPABILITIES
from connectors.netsuite.token import TITLE
from connectors.shapes import read, unreadable
from core.kit.errors import Refused
from core.kit.money import to_decimal, to_minor
from core.ports import (
    ConnectorFailure,
    InDoubt,
    LedgerDocument,
    LedgerLine,
    Misconfigured,
    Posted,
    Probe,
    Rejected,
    Transient,
)

_RECORDS = {"invoice": "invoice", "credit_memo": "creditMemo"}
_WORDS = {"invoice": "invoice", "credit_memo": "credit memo"}
_WRITTEN_AT = re.compile(r"/([0-9]+)/?$")
_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LINE = re.compile(r"item\.items\[(\d+)\]\.?(\w*)")
# The price level "custom": otherwise the customer's price list would replace our amounts.
_OWN_PRICE = {"id": "-1"}
_RECOGNITION = ("revRecStartDate", "revRecEndDate")


class NetSuiteLedger:
    """The port Ledger over the record service."""

    def __init__(self, config: Config, client: Client) -> None:
        self.capabilities = replace(
            CAPABILITIES, max_in_flight=config.max_in_flight, requests_per_second=config.requests_per_second
        )
        self._config = config
        self._client = client
        self._directory = Directory(config, client)

    def check(self) -> Probe:
        sentences: list[str] = []
        try:
            self._client.sign_in()
            sentences.append(f"{TITLE} accepts our certificate.")
            for kind, word in _WORDS.items():
                self.find("quittance_probe", kind)
                sentences.append(f"{TITLE} lets us look up each {word}.")
        except ConnectorFailure as problem:
            return Probe(False, (*sentences, problem.sentence))
        return Probe(True, tuple(sentences))

    def post(self, document: LedgerDocument) -> Posted:
        """Posts once: an upsert of a document that is there would add its lines again, so it is looked up first.

        Codes of Rejected: period_locked, customer_unknown, item_unknown, subsidiary_unknown, currency_unknown,
        currency_not_allowed, subsidiary_not_allowed, tax_code_unknown, key_unusable, line_refused, or NetSuite's own.
        """
        path = _path(document.key, document.kind)
        there = self.find(document.key, document.kind)
        if there is not None:
            return there
        body = self._body(document)
        try:
            answer = self._client.put(path, body)
        except Rejected as problem:
            raise in_business_words(problem, document) from problem
        return self._read_back(document, answer)

    def find(self, key: str, kind: str) -> Posted | None:
        answer = self._client.get(_path(key, kind))
        if answer is None:
            return None
        held = read(shapes.Held, answer.body, f"{TITLE} sent the {_WORDS[kind]}", answer.exchange)
        currency = self._directory.currency_code(held.currency.id)
        return Posted(
            external_id=held.id,
            number=held.tran_id,
            total_minor=_minor(held.total, currency, answer),
            exchange=answer.exchange,
            tax_minor=_minor(held.tax_total, currency, answer),
        )

    def _read_back(self, document: LedgerDocument, answer: Answer) -> Posted:
        """NetSuite answers a write with an address only. That it was written stands, whatever reading it brings."""
        written = _WRITTEN_AT.search(answer.location or "")
        try:
            held = self.find(document.key, document.kind)
        except (Transient, Misconfigured, Rejected):
            held = None
        if held is not None:
            return replace(held, exchange=answer.exchange)
        if written is None:
            raise InDoubt(f"{TITLE} did not say where it wrote the document.", "no_location", answer.exchange)
        return Posted(written[1], None, None, answer.exchange)

    def _body(self, document: LedgerDocument) -> Doc:
        body: Doc = {
            "entity": {"id": self._directory.customer(document.customer_ref)},
            "subsidiary": {"id": self._directory.subsidiary(document.entity)},
            "currency": {"id": self._directory.currency(document.currency)},
            "tranDate": document.issue_date.isoformat(),
            "memo": document.memo[:999],
            "item": {"items": [self._line(document, line) for line in document.lines]},
        }
        if self._config.sends_numbers:
            body["tranId"] = document.number
        if document.kind == "invoice":
            body["dueDate"] = document.due_date.isoformat()
        if document.po_number:
            body["otherRefNum"] = document.po_number[:45]
        return body

    def _line(self, document: LedgerDocument, line: LedgerLine) -> Doc:
        """The amount is ours; NetSuite works out the rate. The tax is ours too, or a cent would go astray."""
        quantity = line.quantity
        posted: Doc = {
            "item": {"id": self._directory.item(line.product_code)},
            "quantity": int(quantity) if quantity == quantity.to_integral_value() else quantity,
            "amount": to_decimal(line.net_minor, document.currency),
            "description": line.description[:999],
            "price": _OWN_PRICE,
        }
        tax_code = self._directory.tax_code(document.entity, line.tax_percent)
        if tax_code is not None:
            posted["taxCode"] = {"id": tax_code}
            posted["tax1Amt"] = to_decimal(line.tax_minor, document.currency)
        if line.is_deferred and line.recognise_from and line.recognise_until:
            # What is paid before it is earned: the item's deferral account holds it until these days.
            posted["revRecStartDate"] = line.recognise_from.isoformat()
            posted["revRecEndDate"] = line.recognise_until.isoformat()
        return posted


def _minor(amount: Decimal | None, currency: str, answer: Answer) -> int | None:
    try:
        return None if amount is None else to_minor(amount, currency)
    except Refused as problem:
        told = f"{TITLE} sent an amount that we do not understand: {problem.sentence}"
        raise unreadable(told, answer.exchange, is_write=False) from problem


def _path(key: str, kind: str) -> str:
    if kind not in _RECORDS:
        raise Rejected(f"{TITLE} is not sent documents of the kind “{kind}”.", "kind_unknown")
    if not _KEY.fullmatch(key):
        raise Rejected(f"{TITLE} takes only letters, digits, “_” and “-” in a key.", "key_unusable")
    return f"{_RECORDS[kind]}/eid:{key}"


def in_business_words(problem: Rejected, document: LedgerDocument) -> Rejected:
    """The refusal of a document as the person who must act would say it."""
    path = str(problem.exchange.get("path", ""))
    if "period" in problem.sentence.lower():
        sentence = f"{TITLE} has locked the period of {_day(document.issue_date)}."
        return Rejected(sentence, "period_locked", problem.exchange)
    if path in ("currency", "subsidiary"):
        other = document.currency if path == "currency" else f"the legal entity {document.entity}"
        sentence = f"In {TITLE} the customer is not set up for {other}."
        return Rejected(sentence, f"{path}_not_allowed", problem.exchange)
    if found := _LINE.match(path):
        number, field = int(found[1]) + 1, found[2] or "content"
        sentence = f"{TITLE} does not accept the {_field_words(field)} of line {number}."
        return Rejected(sentence, "line_refused", problem.exchange)
    detail = problem.sentence.partition(": ")[2].removeprefix("Error while accessing a resource. ")
    sentence = f"{TITLE} refused the {_WORDS[document.kind]}: {detail}"
    return Rejected(sentence, problem.code, problem.exchange)


def _field_words(field: str) -> str:
    words = {"taxCode": "tax code", "tax1Amt": "tax amount"} | dict.fromkeys(_RECOGNITION, "days of recognition")
    return words.get(field, field)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
