import pytest
from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from tests.sandbox.salesforce.builders import ROOT, account, found, row, row_id

MARCH, JUNE = "2026-03-01T00:00:00.000+0000", "2026-06-01T08:30:00.000+0000"


@pytest.fixture(autouse=True)
def filled(emulator: Emulator) -> None:
    accounts = [
        account(1, MARCH, Name="Alpha", Segment__c="Enterprise", PO_Required__c=True, Payment_Terms_Days__c=60),
        account(2, MARCH, Name="beta", CurrencyIsoCode="GBP", Tax_Id__c="GB1"),
        account(3, JUNE, Name="Gamma & O'Neil", BillingCountryCode="FR", Payment_Terms_Days__c=45.5),
        account(4, JUNE, Name="100% Delta_x", BillingCountryCode=None, Ext_Id__c="Key"),
        account(5, JUNE, Name="gone", IsDeleted=True),
    ]
    contracts = [
        row(
            "800",
            1,
            AccountId=row_id("001", 1),
            ContractNumber="C1",
            ContractTerm=12,
            StartDate="2026-01-01",
            Discount_Percent__c=10,
        ),
        row(
            "800",
            2,
            AccountId=row_id("001", 2),
            ContractNumber="C2",
            ContractTerm=24,
            StartDate="2026-02-01",
            Discount_Percent__c=5.5,
        ),
        row("800", 3, AccountId=None, ContractNumber="C3", StartDate=None, Discount_Percent__c=None),
    ]
    emulator.load("Account", accounts)
    emulator.load("Contract", contracts)
    emulator.load("Order", [row("801", 1, ContractId=row_id("800", 1), OrderNumber="O1", Status="Activated")])


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("Name = 'Alpha'", [1]),
        ("Name = 'ALPHA'", [1]),
        ("name = 'alpha'", [1]),
        ("Ext_Id__c = 'Key'", [4]),
        ("Ext_Id__c = 'key'", []),
        ("Name != 'Alpha'", [2, 3, 4]),
        ("BillingCountryCode != 'DE'", [3, 4]),
        ("BillingCountryCode <> 'DE'", [3, 4]),
        ("BillingCountryCode = null", [4]),
        ("BillingCountryCode = ''", [4]),
        ("BillingCountryCode != NULL", [1, 2, 3]),
        ("Name < 'beta'", [1, 4]),
        ("Name >= 'BETA'", [2, 3]),
        ("Name = 'Gamma & O\\'Neil'", [3]),
        ("Name LIKE 'a%'", [1]),
        ("Name LIKE '%et_'", [2]),
        ("Name LIKE '100\\% Delta\\_x'", [4]),
        ("Name LIKE '1_0\\%%'", [4]),
        ("NOT Name LIKE '%a'", [3, 4]),
        ("PO_Required__c = true", [1]),
        ("PO_Required__c = FALSE", [2, 3, 4]),
        ("PO_Required__c != TRUE", [2, 3, 4]),
        ("Payment_Terms_Days__c > 30", [1, 3]),
        ("Payment_Terms_Days__c = 45.5", [3]),
        ("Payment_Terms_Days__c <= 30.0", [2, 4]),
        ("Payment_Terms_Days__c > -1", [1, 2, 3, 4]),
        ("Name IN ('alpha', 'Beta')", [1, 2]),
        ("BillingCountryCode IN ('FR', null)", [3, 4]),
        ("BillingCountryCode NOT IN ('DE')", [3, 4]),
        ("BillingCountryCode NOT IN ('DE', null)", [3]),
        (f"Id = '{row_id('001', 2)}'", [2]),
        (f"Id = '{row_id('001', 2)[:15]}'", [2]),
        (f"Id IN ('{row_id('001', 2)}', '{row_id('001', 3)[:15]}')", [2, 3]),
        (f"Id > '{row_id('001', 2)}'", [3, 4]),
        ("SystemModstamp > 2026-03-01T00:00:00Z", [3, 4]),
        ("SystemModstamp >= 2026-03-01T01:00:00+01:00", [1, 2, 3, 4]),
        ("SystemModstamp = 2026-06-01T08:30:00.000+0000", [3, 4]),
        ("LastModifiedDate < 2026-06-01T08:30:00Z", [1, 2]),
        ("CreatedDate < 2026-06-01T08:30:00Z", [1, 2]),
        ("PO_Required__c = TRUE OR Tax_Id__c = 'GB1'", [1, 2]),
        ("(PO_Required__c = TRUE AND Name = 'beta') OR CurrencyIsoCode = 'GBP'", [2]),
        ("NOT (Name = 'Alpha' OR Name = 'beta')", [3, 4]),
        ("NOT BillingCountryCode = 'DE'", [3, 4]),
        ("NOT BillingCountryCode = 'FR' AND NOT Name = 'Alpha'", [2, 4]),
        ("((Name = 'Alpha'))", [1]),
        ("IsDeleted = TRUE", []),
    ],
)
def test_where_finds(client: TestClient, where: str, numbers: list[int]) -> None:
    records = found(client, f"SELECT Id FROM Account WHERE {where} ORDER BY Id")
    assert [record["Id"] for record in records] == [row_id("001", number) for number in numbers]


@pytest.mark.parametrize(
    ("tail", "numbers"),
    [
        ("ORDER BY Name", [4, 1, 2, 3]),
        ("ORDER BY Name DESC", [3, 2, 1, 4]),
        ("ORDER BY BillingCountryCode, Name", [4, 1, 2, 3]),
        ("ORDER BY BillingCountryCode NULLS LAST, Name DESC", [2, 1, 3, 4]),
        ("ORDER BY BillingCountryCode DESC NULLS FIRST, Id", [4, 3, 1, 2]),
        ("ORDER BY SystemModstamp DESC, Id ASC", [3, 4, 1, 2]),
        ("ORDER BY Id LIMIT 2", [1, 2]),
        ("ORDER BY Id LIMIT 2 OFFSET 1", [2, 3]),
        ("ORDER BY Id OFFSET 3", [4]),
        ("ORDER BY Id LIMIT 0", []),
    ],
)
def test_order_limit_and_offset(client: TestClient, tail: str, numbers: list[int]) -> None:
    records = found(client, f"SELECT Id FROM Account {tail}")
    assert [record["Id"] for record in records] == [row_id("001", number) for number in numbers]


def test_parent_fields_come_as_an_object_or_null(client: TestClient) -> None:
    fields = "ContractNumber, Account.Name, account.PO_Required__c"
    soql = f"SELECT {fields} FROM Contract c ORDER BY Account.Name DESC NULLS LAST"
    answer = client.get(f"{ROOT}/query/", params={"q": soql}).json()
    assert [record["Account"] and record["Account"]["Name"] for record in answer["records"]] == ["beta", "Alpha", None]
    assert answer["records"][1] == {
        "attributes": {"type": "Contract", "url": f"{ROOT}/sobjects/Contract/{row_id('800', 1)}"},
        "ContractNumber": "C1",
        "Account": {
            "attributes": {"type": "Account", "url": f"{ROOT}/sobjects/Account/{row_id('001', 1)}"},
            "Name": "Alpha",
            "PO_Required__c": True,
        },
    }


def test_parent_fields_filter(client: TestClient) -> None:
    assert found(client, "SELECT ContractNumber FROM Contract WHERE Account.CurrencyIsoCode = 'GBP'") == [
        {"ContractNumber": "C2"}
    ]


def test_order_is_an_object_as_well_as_a_word(client: TestClient) -> None:
    soql = "SELECT OrderNumber, Contract.ContractNumber FROM Order ORDER BY OrderNumber"
    assert found(client, soql)[0]["OrderNumber"] == "O1"


def test_the_name_or_alias_of_the_object_may_stand_before_a_field(client: TestClient) -> None:
    assert found(client, "SELECT a.Name FROM Account a WHERE Account.Name = 'beta'") == [{"Name": "beta"}]


def test_values_keep_their_stored_form(client: TestClient) -> None:
    fields = "Payment_Terms_Days__c, PO_Required__c, Tax_Id__c, Phone, CreatedDate"
    soql = f"SELECT {fields} FROM Account WHERE Payment_Terms_Days__c = 45.5"
    record = {"Payment_Terms_Days__c": 45.5, "PO_Required__c": False, "Tax_Id__c": None, "Phone": None}
    assert found(client, soql) == [record | {"CreatedDate": JUNE}]


def test_deleted_rows_are_found_by_query_all_only(client: TestClient) -> None:
    soql = "SELECT Name, IsDeleted FROM Account WHERE IsDeleted = TRUE"
    assert found(client, soql) == []
    assert found(client, soql, "queryAll") == [{"Name": "gone", "IsDeleted": True}]


@pytest.mark.parametrize(
    ("soql", "rows"),
    [
        ("SELECT COUNT(Id) FROM Account", [{"expr0": 4}]),
        ("SELECT COUNT(BillingCountryCode) n, COUNT(Id) FROM Account", [{"n": 3, "expr0": 4}]),
        (
            "SELECT SUM(Discount_Percent__c), MIN(StartDate) first FROM Contract",
            [{"expr0": 15.5, "first": "2026-01-01"}],
        ),
        ("SELECT MAX(SystemModstamp) FROM Account", [{"expr0": JUNE}]),
        ("SELECT COUNT_DISTINCT(CurrencyIsoCode) FROM Account", [{"expr0": 2}]),
        (
            "SELECT CurrencyIsoCode, COUNT(Id) FROM Account GROUP BY CurrencyIsoCode ORDER BY COUNT(Id) DESC",
            [{"CurrencyIsoCode": "EUR", "expr0": 3}, {"CurrencyIsoCode": "GBP", "expr0": 1}],
        ),
        (
            "SELECT PO_Required__c, COUNT(Id) n FROM Account GROUP BY PO_Required__c ORDER BY PO_Required__c LIMIT 1",
            [{"PO_Required__c": False, "n": 3}],
        ),
        (
            "SELECT Account.Name, SUM(ContractTerm) s FROM Contract WHERE AccountId != null GROUP BY Account.Name",
            [{"Name": "Alpha", "s": 12.0}, {"Name": "beta", "s": 24.0}],
        ),
        ("SELECT SUM(Discount_Percent__c) FROM Contract WHERE Discount_Percent__c > 100", [{"expr0": None}]),
    ],
)
def test_aggregates(client: TestClient, soql: str, rows: list[dict[str, object]]) -> None:
    assert found(client, soql) == rows


def test_a_plain_count_is_in_total_size(client: TestClient) -> None:
    answer = client.get(
        f"{ROOT}/query", params={"q": "SELECT COUNT() FROM Account WHERE SystemModstamp > 2026-05-01T00:00:00Z"}
    )
    assert answer.json() == {"totalSize": 2, "done": True, "records": []}


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Foo FROM Account", "INVALID_FIELD", "No such column 'Foo' on entity 'Account'"),
        ("SELECT Id FROM Account WHERE Bar = 1", "INVALID_FIELD", "No such column 'Bar'"),
        ("SELECT Owner2.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Owner2'"),
        ("SELECT Contract.Account.Name FROM Order", "INVALID_FIELD", "more than one level"),
        ("SELECT Id FROM Acount", "INVALID_TYPE", "sObject type 'Acount' is not supported"),
        ("SELECT Id FORM Account", "MALFORMED_QUERY", "Column:16"),
        ("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", "unexpected token: <EOF>"),
        ("SELECT FROM Account", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ('SELECT Id FROM Account WHERE Name = "x"', "MALFORMED_QUERY", "unexpected token: '\"'"),
        ("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY", "unexpected token: '''"),
        (
            "SELECT Id FROM Account WHERE Name = 'x' AND Id = 'y' OR Id = 'z'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Account WHERE Name IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Account LIMIT -1", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Account WHERE CreatedDate > 2026-13-45T00:00:00Z", "MALFORMED_QUERY", "Invalid datetime"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", "does not support aggregate operator SUM"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Account WHERE Payment_Terms_Days__c = '5'", "INVALID_FIELD", "must be of type double"),
        ("SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Account WHERE SystemModstamp > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Contract WHERE StartDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date "),
        ("SELECT Id FROM Account WHERE PO_Required__c = 1", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Account WHERE Id LIKE '001%'", "INVALID_FIELD", "invalid operator on id field"),
    ],
)
def test_bad_queries_are_refused(client: TestClient, soql: str, code: str, words: str) -> None:
    answer = client.get(f"{ROOT}/query", params={"q": soql})
    assert answer.status_code == 400
    (error,) = answer.json()
    assert error["errorCode"] == code
    assert words in error["message"]


def test_an_error_points_at_the_place(client: TestClient) -> None:
    answer = client.get(f"{ROOT}/query", params={"q": "SELECT Foo FROM Account"})
    opening = "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Account'."
    assert answer.json()[0]["message"].startswith(opening)


def test_a_single_currency_org_has_no_currency_field(client: TestClient) -> None:
    assert client.post("/_sandbox/switches", json={"single_currency": True}).status_code == 200
    answer = client.get(f"{ROOT}/query", params={"q": "SELECT Id, CurrencyIsoCode FROM Account"})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"
    described = client.get(f"{ROOT}/sobjects/Account/describe").json()["fields"]
    assert "CurrencyIsoCode" not in {field["name"] for field in described}
    assert "CurrencyIsoCode" not in client.get(f"{ROOT}/sobjects/Account/{row_id('001', 1)}").json()
