"""Stripe's error answers: a Refusal is raised by whoever finds the problem and becomes the HTTP answer."""

from typing import Any


class Refusal(Exception):
    """An answer other than 200. `before_work`: parameters failed validation, so no idempotency key is used up."""

    def __init__(self, status: int, message: str, type: str = "invalid_request_error", **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.before_work = bool(more.pop("before_work", False))
        self.error: dict[str, Any] = {
            "type": type,
            "message": message,
            **{k: v for k, v in more.items() if v is not None},
        }

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def bad_parameter(code: str | None, message: str, param: str) -> Refusal:
    """A parameter that fails validation."""
    return Refusal(400, message, code=code, param=param, before_work=True)


def missing(word: str, id: str, param: str = "id") -> Refusal:
    """There is no such object; 404 for the object in the address, 400 for one named by a parameter."""
    status = 404 if param == "id" else 400
    return Refusal(status, f"No such {word}: '{id}'", code="resource_missing", param=param)


def not_allowed(message: str, code: str | None = None, param: str | None = None) -> Refusal:
    """The object's state forbids what was asked."""
    return Refusal(400, message, code=code, param=param)


def card_declined(charge: str, payment_intent: dict[str, Any]) -> Refusal:
    return Refusal(
        402,
        "Your card has insufficient funds.",
        type="card_error",
        code="card_declined",
        decline_code="insufficient_funds",
        charge=charge,
        payment_intent=payment_intent,
    )


KEY_REUSED = (
    "Keys for idempotent requests can only be used with the same parameters they were first used with. "
    "Try using a key other than '{key}' if you meant to execute a different request."
)
KEY_IN_USE = (
    "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
    "twice, and the other request is still going through): {key}. Please try again later."
)


def key_reused(key: str) -> Refusal:
    return Refusal(400, KEY_REUSED.format(key=key), type="idempotency_error", before_work=True)


def key_in_use(key: str) -> Refusal:
    return Refusal(
        409, KEY_IN_USE.format(key=key), type="idempotency_error", code="idempotency_key_in_use", before_work=True
    )
