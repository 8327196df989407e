from starlette.testclient import TestClient

from tests.sandbox.salesforce.builders import ROOT


def test_a_record_opens_in_a_browser_under_its_id_and_leads_on(client: TestClient) -> None:
    account = client.post(f"{ROOT}/sobjects/Account/", json={"Name": "<Acme>"}).json()["id"]
    fields = {"AccountId": account, "Name": "First year", "StageName": "Closed Won", "CloseDate": "2026-10-28"}
    deal = client.post(f"{ROOT}/sobjects/Opportunity/", json=fields).json()["id"]
    page = client.get(f"/{deal}")
    assert page.status_code == 200 and "First year" in page.text
    assert f'<a href="/{account}">' in page.text
    assert "&lt;Acme&gt;" in client.get(f"/{account[:15]}").text


def test_what_is_not_there_is_not_available(client: TestClient) -> None:
    assert client.get("/006000000000000AAA").status_code == 404
    assert client.get("/favicon.ico").status_code == 404


def test_a_quote_has_a_number_and_its_tax_in_the_grand_total(client: TestClient) -> None:
    fields = {"Name": "First year", "StageName": "Closed Won", "CloseDate": "2026-10-28"}
    deal = client.post(f"{ROOT}/sobjects/Opportunity/", json=fields).json()["id"]
    offer = {"OpportunityId": deal, "Name": "First", "Tax": 19}
    quote = client.post(f"{ROOT}/sobjects/Quote/", json=offer).json()["id"]
    row = client.get(f"{ROOT}/sobjects/Quote/{quote}").json()
    assert row["QuoteNumber"] and row["IsSyncing"] is False and row["GrandTotal"] is None
