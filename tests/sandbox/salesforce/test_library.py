"""The real client library against the emulator, over HTTP."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import requests
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_external_id

from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Faults
from tests.sandbox.salesforce.builders import START, account, row_id


def test_jwt_bearer_signs_in(emulator: Emulator, session: requests.Session) -> None:
    given = emulator.credentials()
    sf = Salesforce(
        username=given["username"],
        consumer_key=given["consumer_key"],
        privatekey=given["private_key"],
        instance_url=given["domain"],  # in this flow a bare prefix: the host that is asked for the token
        version="66.0",
        session=session,
    )
    assert sf.limits()["DailyApiRequests"]["Max"] > 0


def test_a_wrong_secret_is_told(emulator: Emulator, session: requests.Session) -> None:
    given = emulator.credentials()
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        Salesforce(consumer_key=given["consumer_key"], consumer_secret="no", domain=given["domain"], session=session)


def test_a_session_id_may_be_used_at_the_local_address(sf: Salesforce, session: requests.Session, address: str) -> None:
    direct = Salesforce(session_id=sf.session_id, instance_url=address, version="66.0", session=session)
    assert direct.query("SELECT Name FROM Organization")["records"][0]["Name"] == "Halden Cloud"


def test_all_pages_are_read_and_usage_is_known(sf: Salesforce, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(7)))
    emulator.org.switches.page_rows = 3
    result = sf.query_all(format_soql("SELECT Id, Name FROM Account WHERE CreatedDate < {} ORDER BY Id", START))
    assert [record["Id"] for record in result["records"]] == [row_id("001", number) for number in range(7)]
    assert sf.api_usage["api-usage"].used >= 3


def test_money_is_read_as_decimal(sf: Salesforce, emulator: Emulator, session: requests.Session) -> None:
    sf.Fin_Invoice__c.create({"Ext_Id__c": "in_1", "Total__c": 594.1})
    exact = Salesforce(
        session_id=sf.session_id,
        instance_url=f"https://{sf.sf_instance}",
        version="66.0",
        session=session,
        parse_float=Decimal,
    )
    (record,) = exact.query("SELECT Total__c FROM Fin_Invoice__c")["records"]
    assert record["Total__c"] == Decimal("594.1")


def test_objects_are_written_and_windows_read(sf: Salesforce) -> None:
    path = format_external_id("Ext_Id__c", "in/1")
    first = sf.Fin_Invoice__c.upsert(path, {"Number__c": "INV-1"}, raw_response=True)
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert sf.Fin_Invoice__c.upsert(path, {"Number__c": "INV-2"}) == 200
    id = first.json()["id"]
    assert sf.Fin_Invoice__c.get_by_custom_id("Ext_Id__c", "in/1")["Number__c"] == "INV-2"
    window: tuple[datetime, datetime] = (START - timedelta(hours=1), START + timedelta(hours=1))
    assert sf.Fin_Invoice__c.updated(*window)["ids"] == [id]
    assert sf.Fin_Invoice__c.delete(id) == 204
    assert [gone["id"] for gone in sf.Fin_Invoice__c.deleted(*window)["deletedRecords"]] == [id]
    assert sf.is_sandbox() is True
    assert sf.Account.describe()["name"] == "Account"


def test_errors_arrive_as_the_exceptions_of_the_library(sf: Salesforce, faults: Faults) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="No such column"):
        sf.query("SELECT Foo FROM Account")
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get("001000000000001AAA")
    for _ in range(2):
        sf.Fin_Invoice__c.create({"Legacy_Key__c": "L"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Fin_Invoice__c.upsert("Legacy_Key__c/L", {})
    faults.rate_429 = 1.0
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        sf.query("SELECT Id FROM Account")
    faults.reset()
    faults.outage = True
    with pytest.raises(SalesforceGeneralError, match="SERVER_UNAVAILABLE"):
        sf.query("SELECT Id FROM Account")


def test_an_expired_token_is_renewed_by_the_library(sf: Salesforce, faults: Faults) -> None:
    before = sf.session_id
    faults.token_expired = True
    assert sf.query("SELECT Id FROM Account")["totalSize"] == 0
    assert sf.session_id != before


def test_a_cut_connection_is_seen_by_the_client_and_the_row_is_there(sf: Salesforce, faults: Faults) -> None:
    faults.commit_then_disconnect = 1.0
    with pytest.raises(requests.ConnectionError):
        sf.Fin_Invoice__c.create({"Ext_Id__c": "in_1"})
    faults.commit_then_disconnect = 0.0
    assert sf.query("SELECT Id FROM Fin_Invoice__c WHERE Ext_Id__c = 'in_1'")["totalSize"] == 1


def test_composite_goes_through_restful(sf: Salesforce) -> None:
    part = {
        "method": "POST",
        "url": "/services/data/v66.0/sobjects/Account",
        "referenceId": "a",
        "body": {"Name": "x"},
    }
    reply = sf.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": [part]})
    assert reply["compositeResponse"][0]["httpStatusCode"] == 201


def test_bulk_query_pages_through_the_library(sf: Salesforce, emulator: Emulator) -> None:
    emulator.load("Account", (account(number) for number in range(5)))
    soql = "SELECT Id FROM Account ORDER BY Id"
    pages = list(sf.bulk2.Account.query(soql, max_records=2, wait=0))
    assert [len(page.splitlines()) - 1 for page in pages] == [2, 2, 1]


def test_bulk_upsert_tells_of_failed_rows(sf: Salesforce) -> None:
    rows = [{"Ext_Id__c": "in_1", "Total__c": "5"}, {"Ext_Id__c": "in_2", "Total__c": "much"}]
    bulk = sf.bulk2.Fin_Invoice__c
    (result,) = bulk.upsert(records=rows, external_id_field="Ext_Id__c", wait=0)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (2, 1)
    assert "JSON_PARSER_ERROR" in bulk.get_failed_records(result["job_id"])
    assert "in_1" in bulk.get_successful_records(result["job_id"])
