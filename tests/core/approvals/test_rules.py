"""Who is asked, and who may answer."""

from __future__ import annotations

from uuid import UUID

from core.approvals.model import Asked, Person
from core.approvals.rules import choose, refusal, spread

AMARA = Person(UUID(int=1), "Amara", "approver", None, 50_000_00)
BO = Person(UUID(int=2), "Bo", "approver", None, 250_000_00)
CHEN = Person(UUID(int=3), "Chen", "controller", None, 1_000_000_00)
GERMAN = Person(UUID(int=4), "Gerda", "approver", frozenset({"DE"}), 250_000_00)


def asked(number: int, amount_minor: int = 20_000_00) -> Asked:
    return Asked(UUID(int=number), "US", amount_minor, ("approver",), 24, "Amount", UUID(int=99))


def test_a_batch_is_spread_over_those_who_may_decide() -> None:
    chosen = spread([AMARA, BO], [asked(n) for n in range(10, 20)])
    assert list(chosen.values()).count(AMARA.id) == list(chosen.values()).count(BO.id) == 5


def test_an_amount_goes_only_to_someone_whose_limit_covers_it() -> None:
    assert choose([AMARA, BO], role="approver", entity="US", amount_minor=60_000_00) == BO.id


def test_a_controller_stands_in_only_when_no_approver_can() -> None:
    assert choose([AMARA, CHEN], role="approver", entity="US", amount_minor=100_00) == AMARA.id
    assert choose([AMARA, CHEN], role="approver", entity="US", amount_minor=90_000_00) == CHEN.id


def test_nobody_is_asked_outside_their_entities() -> None:
    assert choose([GERMAN], role="approver", entity="US", amount_minor=100) is None


def test_who_touched_the_invoice_is_refused_before_anything_else() -> None:
    found = refusal(CHEN, role="approver", entity="US", amount_minor=100, currency="USD", touched_by=[str(CHEN.id)])
    assert found is not None
    assert found.code == "sod.own_document"


def test_an_approver_cannot_take_a_controllers_step() -> None:
    found = refusal(BO, role="controller", entity="US", amount_minor=100, currency="USD", touched_by=[])
    assert found is not None
    assert found.code == "approval.role"
