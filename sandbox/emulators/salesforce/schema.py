"""What an object type knows about its fields."""

import re
from dataclasses import dataclass
from functools import cached_property

_DECLARED = re.compile(r"(?P<name>\w+):(?P<type>[a-z]+)(?:=(?P<target>\w+))?(?P<marks>[!^~#]*)")
SYSTEM = """Id:id# IsDeleted:boolean# CreatedDate:datetime# CreatedById:reference=User# LastModifiedDate:datetime#
LastModifiedById:reference=User# SystemModstamp:datetime#"""
NUMBERS = ("double", "currency", "percent", "int")


@dataclass(frozen=True)
class Field:
    """One field. `target` is the object a reference points to."""

    name: str
    type: str
    target: str | None = None
    required: bool = False
    unique: bool = False
    external: bool = False
    readonly: bool = False

    @property
    def is_custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def relationship(self) -> str | None:
        """The name under which the parent's fields are reached: AccountId -> Account, Account__c -> Account__r."""
        if self.target is None:
            return None
        return self.name[:-1] + "r" if self.is_custom else self.name.removesuffix("Id")

    @property
    def is_exact(self) -> bool:
        """True if the values differ by case; other text is compared without it."""
        return self.type in ("id", "reference") or self.unique

    @property
    def length(self) -> int:
        return {"textarea": 32000, "id": 18, "reference": 18, "email": 80, "phone": 40}.get(self.type, 255)


@dataclass(frozen=True)
class Sobject:
    name: str
    prefix: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """Fields by lower-case name: the API does not care about the case of names."""
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def parents(self) -> dict[str, Field]:
        """Reference fields by the lower-case name of their relationship."""
        return {field.relationship.lower(): field for field in self.fields if field.relationship}

    def field(self, name: str) -> Field | None:
        return self.by_name.get(name.lower())


def declare(name: str, prefix: str, declared: str) -> Sobject:
    """Marks behind a field: ! required, ^ unique external id, ~ external id that may repeat, # not writable."""
    fields = tuple(_field(match) for match in _DECLARED.finditer(f"{SYSTEM} {declared}"))
    return Sobject(name, prefix, fields)


def _field(match: re.Match[str]) -> Field:
    marks = match["marks"]
    return Field(
        name=match["name"],
        type=match["type"],
        target=match["target"],
        required="!" in marks,
        unique="^" in marks,
        external="^" in marks or "~" in marks,
        readonly="#" in marks,
    )
