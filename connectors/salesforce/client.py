"""Salesforce over HTTP: own sign-in, queries through simple-salesforce, one translator of errors."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlparse

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession

from connectors.http import Masker, Received, Sent, retry_after, transient
from connectors.salesforce.config import Config
from core.kit.clock import Clock, utc_now
from core.ports import ConnectorFailure, Misconfigured, Rejected

TITLE = "Salesforce"
Doc = dict[str, Any]
# Of one day's requests none is left: it makes no sense to come back at once.
LIMIT_PAUSE_SECONDS = 900.0
_BUSY = {"UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "INVALID_QUERY_LOCATOR"}
_HIDDEN = {"INVALID_FIELD", "INVALID_TYPE"}


class Client:
    """Runs SOQL. A token that was declared expired is renewed once; decimals arrive as their exact text."""

    def __init__(self, config: Config, adapter: BaseAdapter | None = None, clock: Clock = utc_now) -> None:
        self._config = config
        self._clock = clock
        self._session = requests.Session()
        self._session.mount("https://", adapter or HTTPAdapter(pool_connections=2, pool_maxsize=8))
        self._session.hooks["response"].append(self._note_time)
        # By how much the org's clock is ahead of ours.
        self._ahead = timedelta(0)
        self._api: Salesforce | None = None
        self._lock = threading.Lock()
        self._masker = Masker(config.consumer_secret.get_secret_value(), self._basic())
        # By call and not on the session, where variables of the environment would win.
        verify = True if config.ca_file is None else str(config.ca_file)
        connect = min(5.0, config.timeout_seconds)
        self._how: Doc = {"timeout": (connect, config.timeout_seconds), "verify": verify}

    def query(self, soql: str, with_deleted: bool = False) -> Doc:
        """One batch of rows: {"totalSize", "done", "records"}. What follows is asked for by key, never by locator."""
        answer = self._call(lambda api: api.query(soql, include_deleted=with_deleted, **self._how), soql)
        if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
            raise transient(f"{TITLE} sent an answer of an unknown form.", "unreadable", self._sent(soql))
        return answer

    def time(self) -> datetime:
        """The org's clock: as its last answer told, and gone on by ours since. Ours before the first answer."""
        return self._clock() + self._ahead

    def sign_in(self) -> None:
        """Fetches a token. Raises Misconfigured if the org refuses."""
        with self._lock:
            self._api = self._signed_in()

    def _call(self, ask: Callable[[Salesforce], Any], soql: str) -> Any:
        api = self._api
        if api is None:
            self.sign_in()
            api = self._api
        try:
            return self._once(ask, api, soql)
        except SalesforceExpiredSession:
            self._renew(api)
        try:
            return self._once(ask, self._api, soql)
        except SalesforceExpiredSession as problem:
            sentence = f"{TITLE} does not accept the token that it has just given out."
            raise Misconfigured(sentence, "authentication", self._exchange(problem)) from problem

    def _renew(self, expired: Salesforce | None) -> None:
        """A new token, unless another thread has fetched one in the meantime."""
        with self._lock:
            if self._api is expired:
                self._api = self._signed_in()

    def _once(self, ask: Callable[[Salesforce], Any], api: Salesforce | None, soql: str) -> Any:
        try:
            return ask(api) if api is not None else None
        except SalesforceExpiredSession:
            raise
        except SalesforceError as problem:
            raise self._failure(problem) from problem
        except requests.exceptions.RequestException as problem:
            raise self._broken(problem, self._sent(soql)) from problem

    def _signed_in(self) -> Salesforce:
        url = self._config.address.rstrip("/") + "/services/oauth2/token"
        headers = {"Authorization": f"Basic {self._basic()}"}
        sent = Sent("POST", url, headers, "grant_type=client_credentials")
        try:
            response = self._session.post(
                url, data={"grant_type": "client_credentials"}, headers=headers, allow_redirects=False, **self._how
            )
            received = Received(response.status_code, response.headers, response.content)
            given = response.json() if response.content else {}
        except requests.exceptions.RequestException as problem:
            raise self._broken(problem, self._masker.exchange(sent)) from problem
        if response.status_code != 200 or not isinstance(given, dict) or "access_token" not in given:
            raise self._no_token(response.status_code, given, self._masker.exchange(sent, received))
        self._masker.add(given["access_token"])
        return self._api_for(given["access_token"], given.get("instance_url") or self._config.address)

    def _api_for(self, token: str, instance_url: str) -> Salesforce:
        if urlparse(instance_url).scheme != "https":
            raise Misconfigured(f"{TITLE} named an address without encryption.", "address")
        return Salesforce(
            session_id=token,
            instance_url=instance_url,
            version=self._config.api_version,
            session=self._session,
            # The text of a number: exact, and it survives being stored as JSON.
            parse_float=str,
            object_pairs_hook=dict,
        )

    def _no_token(self, status: int, given: Any, exchange: Doc) -> ConnectorFailure:
        if status >= 500 or status == 429:
            return transient(f"{TITLE} is not available at the moment.", "server_error", exchange)
        if status == 403 and "REQUEST_LIMIT_EXCEEDED" in str(given):
            return self._spent(exchange)
        said = given if isinstance(given, dict) else {}
        reason = said.get("error_description") or said.get("error") or f"HTTP status {status}"
        words = self._masker.text(str(reason))
        return Misconfigured(f"{TITLE} refused the consumer key or secret: {words}.", said.get("error"), exchange)

    def _failure(self, problem: SalesforceError) -> ConnectorFailure:
        """The one translator: an error of the data API becomes the family of whoever acts next."""
        said = problem.content[0] if isinstance(problem.content, list) and problem.content else None
        first: Doc = said if isinstance(said, dict) else {}
        code, words = str(first.get("errorCode") or problem.status), self._masker.text(str(first.get("message") or ""))
        exchange = self._exchange(problem)
        if code == "REQUEST_LIMIT_EXCEEDED":
            return self._spent(exchange)
        if problem.status >= 500 or problem.status == 429 or code in _BUSY:
            return transient(f"{TITLE} is not available at the moment.", code, exchange, retry_after({}))
        if problem.status == 403:
            return Misconfigured(f"The integration user of {TITLE} lacks a permission: {words}", code, exchange)
        if code in _HIDDEN:
            reason = words.strip().rsplit("\n", 1)[-1]
            return Misconfigured(f"{TITLE} does not show us a field or an object: {reason}", code, exchange)
        return Rejected(f"{TITLE} refused the request: {words or code}", code, exchange)

    def _spent(self, exchange: Doc) -> ConnectorFailure:
        sentence = f"The requests that {TITLE} allows in a day are used up."
        return transient(sentence, "REQUEST_LIMIT_EXCEEDED", exchange, LIMIT_PAUSE_SECONDS)

    def _broken(self, problem: requests.exceptions.RequestException, exchange: Doc) -> ConnectorFailure:
        match problem:
            case requests.exceptions.SSLError():
                return Misconfigured(f"The certificate of {TITLE} could not be verified.", "certificate", exchange)
            case requests.exceptions.ConnectTimeout():
                return transient(f"{TITLE} cannot be reached.", "unreachable", exchange)
            case requests.exceptions.Timeout():
                return transient(f"{TITLE} did not answer in time.", "timeout", exchange)
            case requests.exceptions.JSONDecodeError():
                return transient(f"{TITLE} sent an answer that is not JSON.", "unreadable", exchange)
        return transient(f"{TITLE} cannot be reached.", "connection", exchange)

    def _exchange(self, problem: SalesforceError) -> Doc:
        body = problem.content if isinstance(problem.content, str) else None
        exchange = self._masker.exchange(Sent("GET", problem.url, {}), Received(problem.status, {}, body))
        if body is None:
            exchange["response"]["body"] = self._masker.value(problem.content)
        return exchange

    def _sent(self, soql: str) -> Doc:
        return self._masker.exchange(Sent("GET", f"{self._config.address}/query", {}, soql))

    def _note_time(self, response: requests.Response, **_: Any) -> None:
        told = response.headers.get("Date")
        if told:
            self._ahead = parsedate_to_datetime(told) - self._clock()

    def _basic(self) -> str:
        key, secret = self._config.consumer_key.get_secret_value(), self._config.consumer_secret.get_secret_value()
        return base64.b64encode(f"{key}:{secret}".encode()).decode()
