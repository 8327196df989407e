"""Shapes of the access room: a person, a session's ages, and the people of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

DEMO_PASSWORD = "quittance-demo"

RoleName = Literal["viewer", "collector", "analyst", "approver", "controller", "executive", "administrator"]
ROLE_NAMES: tuple[RoleName, ...] = (
    "viewer",
    "collector",
    "analyst",
    "approver",
    "controller",
    "executive",
    "administrator",
)


@dataclass(frozen=True, slots=True)
class Person:
    """`entities` None = all legal entities; the limit is in minor units of the reporting currency, 0 = no approvals."""

    email: str
    name: str
    role: RoleName
    entities: tuple[str, ...] | None = None
    approval_limit_minor: int = 0
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Ages:
    """How long a session lives: without activity, and at most."""

    idle: timedelta
    absolute: timedelta


def demo_people() -> tuple[Person, ...]:
    """The people of Halden Cloud, the simulated company; all have DEMO_PASSWORD."""
    return (
        Person("vera@halden.example", "Vera Holm", "viewer"),
        Person("cole@halden.example", "Cole Barrett", "collector"),
        Person("ana@halden.example", "Ana Ribeiro", "analyst"),
        Person("dieter@halden.example", "Dieter Brandt", "analyst", entities=("DE", "FR")),
        Person("amara@halden.example", "Amara Okafor", "approver", approval_limit_minor=50_000_00),
        Person("bo@halden.example", "Bo Lindqvist", "approver", approval_limit_minor=250_000_00),
        Person("chen@halden.example", "Chen Wei", "controller", approval_limit_minor=1_000_000_00),
        Person("elif@halden.example", "Elif Demir", "executive"),
        Person("ada@halden.example", "Ada Novak", "administrator"),
    )
