"""Passwords, tries, and the life of a session, without a store."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from core.access import rules
from core.access.model import DEMO_PASSWORD, ROLE_NAMES, Ages, demo_people

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
AGES = Ages(idle=timedelta(minutes=30), absolute=timedelta(hours=10))


def test_a_hash_fits_its_password_only_and_hides_it() -> None:
    hashed = rules.hash_password("correct horse battery")
    assert rules.is_password_right("correct horse battery", hashed)
    assert not rules.is_password_right("correct horse batterz", hashed)
    assert "correct" not in hashed
    assert hashed.startswith("$argon2id$")


def test_the_same_password_has_another_hash_each_time() -> None:
    assert rules.hash_password("correct horse battery") != rules.hash_password("correct horse battery")


def test_nobody_has_a_password_that_fits() -> None:
    assert not rules.is_password_right("", None)
    assert not rules.is_password_right("anything", None)


def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not rules.is_password_right("anything", "not a hash")


def _seconds(password_hash: str | None) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        rules.is_password_right("some wrong password", password_hash)
        times.append(time.perf_counter() - start)
    return min(times)


@pytest.mark.slow
def test_an_unknown_person_takes_as_long_as_a_known_one() -> None:
    hashed = rules.hash_password("correct horse battery")
    rules.is_password_right("first", None)
    assert _seconds(None) > _seconds(hashed) / 3


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("short", "at least 12"),
        ("x" * 201, "at most 200"),
        ("abababababababab", "different characters"),
        ("ana-is-the-best-1", "name in the e-mail"),
    ],
)
def test_a_weak_password_is_named_for_what_it_lacks(password: str, complaint: str) -> None:
    assert any(complaint in finding for finding in rules.password_findings(password, "ana@halden.example"))


def test_a_good_password_has_no_findings() -> None:
    assert rules.password_findings("correct horse battery", "ana@halden.example") == ()


def test_the_limit_is_strict_for_one_account_from_one_place_and_generous_for_either() -> None:
    assert [rules.is_limit_reached(count, count, count) for count in (4, 5, 6)] == [False, True, True]
    assert [rules.is_limit_reached(0, count, 0) for count in (24, 25)] == [False, True]
    assert [rules.is_limit_reached(0, 0, count) for count in (49, 50)] == [False, True]


@pytest.mark.parametrize(
    ("created_ago", "seen_ago", "is_alive"),
    [
        (timedelta(hours=1), timedelta(minutes=29), True),
        (timedelta(hours=1), timedelta(minutes=30), False),
        (timedelta(hours=9, minutes=59), timedelta(0), True),
        (timedelta(hours=10), timedelta(0), False),
    ],
)
def test_a_session_lives_until_it_idles_or_grows_old(
    created_ago: timedelta, seen_ago: timedelta, is_alive: bool
) -> None:
    assert rules.is_session_alive(NOW - created_ago, NOW - seen_ago, AGES, NOW) is is_alive


def test_tokens_differ_and_are_kept_as_hashes() -> None:
    first, second = rules.new_token(), rules.new_token()
    assert first != second
    assert rules.token_hash(first) != first
    assert len(first) >= 43


def test_the_demo_has_every_role_and_a_person_limited_to_two_entities() -> None:
    people = demo_people()
    assert {person.role for person in people} == set(ROLE_NAMES)
    assert len({person.email for person in people}) == len(people)
    assert [person.entities for person in people if person.entities] == [("DE", "FR")]
    assert all(rules.password_findings(DEMO_PASSWORD, person.email) == () for person in people)
    limits = {person.name.split()[0]: person.approval_limit_minor for person in people}
    assert (limits["Amara"], limits["Bo"]) == (5_000_000, 25_000_000)
