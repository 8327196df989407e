"""What the API answers when it does not do what was asked."""

from typing import Any


class Refusal(Exception):
    """One error of the data API: HTTP status, errorCode, message, and the fields it is about (None: not told)."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The JSON array that goes over the wire."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [error if self.fields is None else error | {"fields": list(self.fields)}]

    def row(self) -> dict[str, Any]:
        """The same inside a collection's answer, which uses other names."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found() -> Refusal:
    return Refusal(404, "NOT_FOUND", "The requested resource does not exist")


def deleted() -> Refusal:
    return Refusal(404, "ENTITY_IS_DELETED", "entity is deleted", ())


def no_such_field(field: str, sobject: str) -> Refusal:
    return Refusal(400, "INVALID_FIELD", f"No such column '{field}' on sobject of type {sobject}")
