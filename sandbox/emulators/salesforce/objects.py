"""The object types of the emulated org: standard ones, and our own mirrors of invoices."""

from sandbox.emulators.salesforce.refusals import Refusal
from sandbox.emulators.salesforce.schema import Sobject, declare

_DECLARED = (
    (
        "Account",
        "001",
        """Name:string! AccountNumber:string Type:picklist ParentId:reference=Account Industry:picklist Phone:phone
        Website:url Description:textarea BillingStreet:textarea BillingCity:string BillingState:string
        BillingPostalCode:string BillingCountry:string BillingCountryCode:picklist CurrencyIsoCode:picklist
        OwnerId:reference=User MasterRecordId:reference=Account# Segment__c:picklist Legal_Entity__c:picklist
        Tax_Id__c:string PO_Required__c:boolean Payment_Terms_Days__c:double Credit_Hold__c:boolean
        Billing_Email__c:email Tax_Exempt__c:boolean Payment_Method__c:picklist Invoice_Release__c:picklist
        Ext_Id__c:string^ Legacy_Key__c:string~""",
    ),
    (
        "Contact",
        "003",
        """AccountId:reference=Account FirstName:string LastName:string! Name:string# Email:email Phone:phone
        Title:string OwnerId:reference=User""",
    ),
    (
        "Product2",
        "01t",
        """Name:string! ProductCode:string StockKeepingUnit:string Family:picklist IsActive:boolean
        QuantityUnitOfMeasure:picklist Description:textarea CurrencyIsoCode:picklist""",
    ),
    ("Pricebook2", "01s", "Name:string! IsStandard:boolean# IsActive:boolean Description:textarea"),
    (
        "PricebookEntry",
        "01u",
        """Name:string# Pricebook2Id:reference=Pricebook2! Product2Id:reference=Product2! UnitPrice:currency!
        CurrencyIsoCode:picklist IsActive:boolean UseStandardPrice:boolean""",
    ),
    (
        "Opportunity",
        "006",
        """AccountId:reference=Account Name:string! StageName:picklist! CloseDate:date! Amount:currency
        IsWon:boolean# IsClosed:boolean# Pricebook2Id:reference=Pricebook2 CurrencyIsoCode:picklist
        OwnerId:reference=User ContractId:reference=Contract""",
    ),
    (
        "Quote",
        "0Q0",
        """OpportunityId:reference=Opportunity! AccountId:reference=Account# Name:string! QuoteNumber:string#
        Status:picklist IsSyncing:boolean# ContractId:reference=Contract TotalPrice:currency# Tax:currency
        GrandTotal:currency# ExpirationDate:date PO_Number__c:string CurrencyIsoCode:picklist
        OwnerId:reference=User""",
    ),
    (
        "SBQQ__Quote__c",
        "a0R",
        """Name:string# SBQQ__Account__c:reference=Account SBQQ__Opportunity2__c:reference=Opportunity
        SBQQ__Status__c:picklist SBQQ__Type__c:picklist SBQQ__Primary__c:boolean SBQQ__NetAmount__c:currency
        SBQQ__StartDate__c:date SBQQ__EndDate__c:date SBQQ__ExpirationDate__c:date PO_Number__c:string
        CurrencyIsoCode:picklist""",
    ),
    (
        "OpportunityLineItem",
        "00k",
        """OpportunityId:reference=Opportunity! PricebookEntryId:reference=PricebookEntry
        Product2Id:reference=Product2 Quantity:double! UnitPrice:currency TotalPrice:currency ServiceDate:date
        CurrencyIsoCode:picklist""",
    ),
    (
        "Contract",
        "800",
        """AccountId:reference=Account! ContractNumber:string# Status:picklist StartDate:date EndDate:date
        ContractTerm:int CurrencyIsoCode:picklist OwnerId:reference=User PO_Number__c:string
        Payment_Terms_Days__c:double Discount_Percent__c:percent Discount_End_Date__c:date
        Billing_Frequency__c:picklist Billing_System__c:picklist Billing_Anchor_Day__c:double Auto_Renew__c:boolean
        Renewal_Term_Months__c:double Renewal_Uplift_Percent__c:percent SBQQ__Opportunity__c:reference=Opportunity
        Ext_Id__c:string^""",
    ),
    (
        "Order",
        "801",
        """AccountId:reference=Account ContractId:reference=Contract OrderNumber:string# EffectiveDate:date!
        EndDate:date Status:picklist! Type:picklist TotalAmount:currency# Pricebook2Id:reference=Pricebook2
        CurrencyIsoCode:picklist OwnerId:reference=User Ext_Id__c:string^""",
    ),
    (
        "OrderItem",
        "802",
        """OrderId:reference=Order! Product2Id:reference=Product2 PricebookEntryId:reference=PricebookEntry
        Product_Code__c:string Quantity:double! UnitPrice:currency! ServiceDate:date EndDate:date
        CurrencyIsoCode:picklist Description:string Revised_Item__c:reference=OrderItem Charge_Type__c:picklist
        Pricing_Model__c:picklist Billing_Timing__c:picklist Billing_Frequency_Months__c:double
        Price_Tiers__c:textarea Package_Size__c:double Ramp__c:textarea Meter__c:string Included_Quantity__c:double
        Minimum_Amount__c:currency Commit_Amount__c:currency Free_Until__c:date Discount_Percent__c:percent
        Discount_End_Date__c:date Milestone_Date__c:date Proration__c:picklist Entity_Shares__c:textarea
        Ext_Id__c:string^""",
    ),
    (
        "SBQQ__QuoteLine__c",
        "a0Q",
        """Name:string SBQQ__Product__c:reference=Product2 SBQQ__Quantity__c:double SBQQ__ListPrice__c:currency
        SBQQ__NetPrice__c:currency SBQQ__StartDate__c:date SBQQ__EndDate__c:date SBQQ__ChargeType__c:picklist
        SBQQ__BillingType__c:picklist SBQQ__BillingFrequency__c:picklist CurrencyIsoCode:picklist""",
    ),
    (
        "SBQQ__Subscription__c",
        "a0S",
        """Name:string SBQQ__Account__c:reference=Account SBQQ__Contract__c:reference=Contract
        SBQQ__Product__c:reference=Product2 SBQQ__ProductName__c:string
        SBQQ__QuoteLine__c:reference=SBQQ__QuoteLine__c SBQQ__Quantity__c:double SBQQ__NetPrice__c:currency
        SBQQ__StartDate__c:date SBQQ__EndDate__c:date SBQQ__TerminatedDate__c:date
        SBQQ__RevisedSubscription__c:reference=SBQQ__Subscription__c SBQQ__RootId__c:string
        CurrencyIsoCode:picklist""",
    ),
    (
        "Case",
        "500",
        """CaseNumber:string# AccountId:reference=Account ContactId:reference=Contact Subject:string
        Description:textarea Status:picklist Priority:picklist Origin:picklist Reason:picklist Type:picklist
        IsClosed:boolean# ClosedDate:datetime# OwnerId:reference=User ParentId:reference=Case
        CurrencyIsoCode:picklist Invoice_Number__c:string Ext_Id__c:string^""",
    ),
    (
        "CaseComment",
        "00a",
        "ParentId:reference=Case! CommentBody:textarea IsPublished:boolean",
    ),
    (
        "Task",
        "00T",
        """Subject:string Status:picklist Priority:picklist ActivityDate:date Description:textarea
        WhatId:reference=Account OwnerId:reference=User Ext_Id__c:string^""",
    ),
    ("User", "005", "Name:string Username:string Email:email IsActive:boolean"),
    (
        "Organization",
        "00D",
        """Name:string IsSandbox:boolean# OrganizationType:picklist# InstanceName:string#
        DefaultCurrencyIsoCode:picklist#""",
    ),
    (
        "Fin_Invoice__c",
        "a0X",
        """Name:string Account__c:reference=Account Number__c:string Invoice_Date__c:date Due_Date__c:date
        Total__c:currency Balance__c:currency CurrencyIsoCode:picklist Status__c:picklist Ext_Id__c:string^
        Legacy_Key__c:string~""",
    ),
    (
        "Fin_Line__c",
        "a0Y",
        """Name:string Invoice__c:reference=Fin_Invoice__c Amount__c:currency CurrencyIsoCode:picklist
        Ext_Id__c:string^""",
    ),
)

OBJECTS: dict[str, Sobject] = {name: declare(name, prefix, text) for name, prefix, text in _DECLARED}
_BY_LOWER = {name.lower(): sobject for name, sobject in OBJECTS.items()}
CURRENCY = "CurrencyIsoCode"


class Catalogue:
    """The object types as this org shows them: a single-currency org has no CurrencyIsoCode anywhere."""

    def __init__(self, single_currency: bool) -> None:
        self.single_currency = single_currency

    def find(self, name: str) -> Sobject | None:
        sobject = _BY_LOWER.get(name.lower())
        if sobject is None or not self.single_currency:
            return sobject
        return _single(sobject)

    def need(self, name: str) -> Sobject:
        """The object type of a path; the path does not exist if there is none."""
        sobject = self.find(name)
        if sobject is None:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return sobject


def _single(sobject: Sobject) -> Sobject:
    fields = tuple(field for field in sobject.fields if field.name != CURRENCY)
    return Sobject(sobject.name, sobject.prefix, fields)
