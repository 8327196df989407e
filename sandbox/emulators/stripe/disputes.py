"""Disputes of charges: evidence, submission, giving in."""

from .call import Call
from .refusals import not_allowed
from .shapes import Doc

OPEN = ("needs_response", "warning_needs_response")


def update_dispute(call: Call) -> Doc:
    """Add evidence; unless `submit` is false it goes to the bank and the dispute is under review."""
    dispute = call.store.need("dispute", call.id)
    evidence = call.params.get("evidence")
    if evidence and dispute["status"] not in OPEN:
        raise not_allowed("Evidence can only be given while a response is needed.", param="evidence")
    dispute["metadata"] = call.metadata(dispute.get("metadata"))
    if evidence:
        dispute["evidence"] = {**dispute["evidence"], **evidence}
        dispute["evidence_details"]["has_evidence"] = True
        if call.params.get("submit", True):
            dispute["evidence_details"]["submission_count"] += 1
            dispute["status"] = dispute["status"].replace("needs_response", "under_review")
    return call.store.put(dispute, "charge.dispute.updated")


def close_dispute(call: Call) -> Doc:
    """Give in: the dispute is lost."""
    dispute = call.store.need("dispute", call.id)
    if dispute["status"] not in OPEN:
        raise not_allowed(f"This dispute is {dispute['status']} and can't be closed.")
    dispute["status"] = "lost"
    return call.store.put(dispute, "charge.dispute.closed", "charge.dispute.updated")
