"""What the API tells about an object type."""

from typing import Any

from sandbox.emulators.salesforce.calls import Call
from sandbox.emulators.salesforce.schema import NUMBERS, Field, Sobject


def listed(sobject: Sobject, call: Call) -> dict[str, Any]:
    """One line of the list of objects."""
    url = f"{call.root}/sobjects/{sobject.name}"
    return {
        "name": sobject.name,
        "label": sobject.name.removesuffix("__c").replace("_", " "),
        "keyPrefix": sobject.prefix,
        "custom": sobject.name.endswith("__c"),
        "createable": True,
        "updateable": True,
        "deletable": True,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def described(sobject: Sobject, call: Call) -> dict[str, Any]:
    return listed(sobject, call) | {"fields": [_field(field) for field in sobject.fields]}


def _field(field: Field) -> dict[str, Any]:
    is_number = field.type in NUMBERS
    return {
        "name": field.name,
        "label": field.name.removesuffix("__c").replace("_", " "),
        "type": field.type,
        "length": 0 if is_number or field.type in ("boolean", "date", "datetime") else field.length,
        "precision": 18 if is_number else 0,
        "scale": 2 if field.type in ("currency", "percent") else 0,
        "custom": field.is_custom,
        "nillable": not (field.required or field.readonly or field.type == "boolean"),
        "createable": not field.readonly,
        "updateable": not field.readonly,
        "unique": field.unique,
        "caseSensitive": field.unique,
        "externalId": field.external,
        "idLookup": field.external or field.type == "id",
        "filterable": True,
        "sortable": True,
        "referenceTo": [field.target] if field.target else [],
        "relationshipName": field.relationship,
        "picklistValues": [],
    }
