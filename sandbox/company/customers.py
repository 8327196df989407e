"""Customers: who they are, where, in which segment, and how they pay."""

import unicodedata
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from . import names
from .catalogue import SEGMENTS, Segment
from .entities import ENTITIES, LegalEntity
from .model import Behaviour, Customer
from .tax_ids import valid_tax_id

Thing = TypeVar("Thing")
HABITS = ("prompt", "late", "chronic")
NEIGHBOUR_PERCENT = 45


def customers(rng: Random, how_many: int, window_start: date, anchor: date) -> list[Customer]:
    """Customers with names of their own; about a fifth joined after the window began."""
    taken: set[str] = set()
    entities = spread(rng, ENTITIES, [entity.weight for entity in ENTITIES], how_many)
    segments = spread(rng, SEGMENTS, [segment.weight for segment in SEGMENTS], how_many)
    return [
        _customer(rng, index, entity, segment, _since(rng, window_start, anchor), taken)
        for index, (entity, segment) in enumerate(zip(entities, segments, strict=True))
    ]


def spread(rng: Random, things: tuple[Thing, ...], weights: list[int], how_many: int) -> list[Thing]:
    """Things in proportion to their weights, each at least once, in random order."""
    total = sum(weights)
    dealt = [thing for thing, weight in zip(things, weights, strict=True) for _ in range(how_many * weight // total)]
    dealt = (list(things) + dealt)[:how_many]
    dealt += rng.choices(things, weights, k=how_many - len(dealt))
    rng.shuffle(dealt)
    return dealt


def _since(rng: Random, window_start: date, anchor: date) -> date:
    if rng.random() < 0.92:
        return window_start - timedelta(days=rng.randrange(10, 900))
    return window_start + timedelta(days=rng.randrange((anchor - window_start).days - 20))


def _customer(rng: Random, index: int, entity: LegalEntity, segment: Segment, since: date, taken: set[str]) -> Customer:
    country = entity.country
    if country in names.NEIGHBOURS and rng.randrange(100) < NEIGHBOUR_PERCENT:
        country = rng.choice(names.NEIGHBOURS[country])
    name = _name(rng, country, taken)
    city, state, code = rng.choice(names.PLACES[country])
    form = names.STREET_FORMS.get(country, names.STREET_FORM)
    tax_type, tax_form = names.TAX_ID_FORMS.get(country, (None, None))
    domain = _domain(name)
    return Customer(
        index=index,
        name=name,
        segment=segment.name,
        entity=entity.code,
        country=country,
        state=state,
        city=city,
        street=form.format(n=rng.randrange(1, 240), s=rng.choice(names.STREETS)),
        postal_code=_digits(rng, code),
        currency=entity.currency,
        tax_id=valid_tax_id(country, _digits(rng, tax_form)) if tax_form else None,
        tax_id_type=tax_type,
        terms_days=rng.choice(segment.terms),
        po_required=rng.randrange(100) < segment.po_percent,
        email=f"ap@{domain}",
        people=_people(rng, domain, 1 + (segment.name in ("Enterprise", "Mid-market"))),
        owner=rng.randrange(len(names.EMPLOYEES)),
        behaviour=_behaviour(rng, segment),
        since=since,
    )


def _name(rng: Random, country: str, taken: set[str]) -> str:
    while True:
        stem = f"{rng.choice(names.FIRST_WORDS)} {rng.choice(names.SECOND_WORDS)}"
        if stem not in taken:
            taken.add(stem)
            return f"{stem} {rng.choice(names.SUFFIXES[country])}"


def _domain(name: str) -> str:
    return "".join(letter for letter in name.rsplit(" ", 1)[0].lower() if letter.isalnum()) + ".example"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _digits(rng: Random, form: str) -> str:
    return "".join(str(rng.randrange(1, 10)) if letter == "#" else letter for letter in form)


def _people(rng: Random, domain: str, how_many: int) -> tuple[tuple[str, str, str, str], ...]:
    people = []
    for place in range(how_many):
        given, family = rng.choice(names.GIVEN_NAMES), rng.choice(names.FAMILY_NAMES)
        title = names.TITLES[0] if place == 0 else rng.choice(names.TITLES[1:])
        people.append((given, family, f"{_plain(given)}.{_plain(family)}@{domain}", title))
    return tuple(people)


def _behaviour(rng: Random, segment: Segment) -> Behaviour:
    """Segment and customer decide: days late are lognormal with the customer's own middle and spread."""
    if rng.randrange(100) < segment.card_percent:
        return Behaviour("card", "card", 0.0, 0.0, rng.choice((1, 3, 5, 9)))
    habit = rng.choices(HABITS, segment.payers)[0]
    if habit == "prompt":
        return Behaviour("bank", habit, 0.0, rng.uniform(1.0, 3.0), 1)
    if habit == "late":
        return Behaviour("bank", habit, rng.uniform(1.2, 2.7), rng.uniform(0.4, 0.8), 2)
    return Behaviour("bank", habit, rng.uniform(3.0, 3.8), rng.uniform(0.35, 0.6), 6)
