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
    Tax_Exempt__c: bool
    Payment_Method__c: Literal["Transfer", "Card"] | None
    Invoice_Release__c: Literal["Auto", "Manual"] | None
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
    Billing_System__c: Literal["Quittance", "Stripe"] | None
    Billing_Anchor_Day__c: Number | None
    Auto_Renew__c: bool
    Renewal_Term_Months__c: Number | None
    Renewal_Uplift_Percent__c: Number | None
    # Read only from an org with CPQ, whose contracts name their opportunity.
    SBQQ__Opportunity__c: str | None = None
    IsDeleted: bool


class Opportunity(Shape):
    Id: str
    AccountId: str | None
    Name: str
    StageName: str
    CloseDate: Day
    Amount: Number | None
    IsWon: bool
    ContractId: str | None
    CurrencyIsoCode: str
    IsDeleted: bool


class Quote(Shape):
    Id: str
    OpportunityId: str | None
    QuoteNumber: str
    Status: str | None
    IsSyncing: bool
    TotalPrice: Number | None
    ExpirationDate: Day | None
    PO_Number__c: str | None
    CurrencyIsoCode: str
    IsDeleted: bool


class CpqQuote(Shape):
    Id: str
    Name: str
    SBQQ__Opportunity2__c: str | None
    SBQQ__Status__c: str | None
    SBQQ__Primary__c: bool
    SBQQ__NetAmount__c: Number | None
    SBQQ__ExpirationDate__c: Day | None
    PO_Number__c: str | None
    CurrencyIsoCode: str
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
    Description: str | None
    Revised_Item__c: str | None
    Charge_Type__c: str | None
    Pricing_Model__c: str | None
    Billing_Timing__c: str | None
    Billing_Frequency_Months__c: Number | None
    Price_Tiers__c: str | None
    Package_Size__c: Number | None
    Ramp__c: str | None
    Meter__c: str | None
    Included_Quantity__c: Number | None
    Minimum_Amount__c: Number | None
    Commit_Amount__c: Number | None
    Free_Until__c: Day | None
    Discount_Percent__c: Number | None
    Discount_End_Date__c: Day | None
    Milestone_Date__c: Day | None
    Proration__c: str | None
    Entity_Shares__c: str | None
    IsDeleted: bool


class Coded(Shape):
    ProductCode: str | None


class CpqQuoteLine(Shape):
    SBQQ__ChargeType__c: str | None
    SBQQ__BillingType__c: str | None
    SBQQ__BillingFrequency__c: str | None


class CpqSubscription(Shape):
    Id: str
    SBQQ__Contract__c: str | None
    SBQQ__Product__r: Coded | None
    SBQQ__ProductName__c: str | None
    SBQQ__QuoteLine__r: CpqQuoteLine | None
    SBQQ__Quantity__c: Number
    SBQQ__NetPrice__c: Number
    SBQQ__StartDate__c: Day
    SBQQ__EndDate__c: Day | None
    SBQQ__TerminatedDate__c: Day | None
    SBQQ__RootId__c: str | None
    SBQQ__RevisedSubscription__c: str | None
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
