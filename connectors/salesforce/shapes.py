"""What Salesforce sends, with the fields we read (API version 66.0). Numbers arrive as the text of a decimal."""

from __future__ import annotations

from typing import Literal

from connectors.shapes import Day, Moment, Number, Shape


class Named(Shape):
    Name: str


class Account(Shape):
    Id: str
    Name: str
    AccountNumber: str | None
    BillingStreet: str | None
    BillingCity: str | None
    BillingState: str | None
    BillingPostalCode: str | None
    BillingCountryCode: str | None
    CurrencyIsoCode: str
    Owner: Named | None
    Segment__c: str | None
    Legal_Entity__c: str | None
    Tax_Id__c: str | None
    PO_Required__c: bool
    Payment_Terms_Days__c: Number | None
    Credit_Hold__c: bool
    Billing_Email__c: str | None
    IsDeleted: bool


class Product2(Shape):
    Id: str
    Name: str
    ProductCode: str | None
    IsDeleted: bool


class Contract(Shape):
    Id: str
    AccountId: str
    ContractNumber: str
    Status: Literal["Draft", "In Approval Process", "Activated", "Expired"]
    StartDate: Day | None
    EndDate: Day | None
    CurrencyIsoCode: str
    PO_Number__c: str | None
    Payment_Terms_Days__c: Number | None
    Discount_Percent__c: Number | None
    Discount_End_Date__c: Day | None
    Billing_Frequency__c: Literal["Monthly", "Quarterly", "Annual"] | None
    IsDeleted: bool


class OrderOf(Shape):
    ContractId: str | None


class OrderItem(Shape):
    Id: str
    Order: OrderOf
    Product_Code__c: str
    Quantity: Number
    UnitPrice: Number
    ServiceDate: Day
    EndDate: Day | None
    IsDeleted: bool


class Case(Shape):
    Id: str
    CaseNumber: str
    AccountId: str | None
    Subject: str | None
    Description: str | None
    Status: str
    Reason: str | None
    Type: str | None
    IsClosed: bool
    ClosedDate: Moment | None
    CreatedDate: Moment
    Invoice_Number__c: str | None
    IsDeleted: bool
