"""Customers of the contracts that the product bills: like the others, but with names and ids of their own."""

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from stdnum import exceptions
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from .. import names
from ..customers import customers
from ..entities import ENTITY, LegalEntity
from ..model import Behaviour, Customer

FIRST = 50_000
LATER = 70_000
"""Customers who come while the company lives."""
CARD_PERCENT = 30
TRADES = (
    "Aerospace", "Agritech", "Bakeries", "Breweries", "Ceramics", "Cinemas", "Commerce", "Couriers", "Furniture",
    "Genomics", "Hardware", "Hosting", "Mining", "Optical", "Outdoor", "Press", "Records", "Signals", "Solar", "Tiles",
)  # fmt: skip
CARD = Behaviour("card", "card", 0.0, 0.0, 1)
BANK = Behaviour("bank", "prompt", 0.0, 1.5, 1)


def people(seed: int, how_many: int, start: date, anchor: date) -> list[Customer]:
    """Of all entities; every third or so pays by card."""
    rng = Random(f"{seed}:house:customers")
    found = customers(rng, max(6, how_many), start, anchor)[:how_many]
    stems = rng.sample([f"{first} {trade}" for first in names.FIRST_WORDS for trade in TRADES], how_many)
    return [
        _own(rng, person, FIRST + place, stem) for place, (person, stem) in enumerate(zip(found, stems, strict=True))
    ]


def newcomer(seed: int, place: int, day: date) -> Customer:
    """The n-th customer who comes while the company lives."""
    rng = Random(f"{seed}:house:newcomer:{place}")
    person = customers(rng, 6, day, day + timedelta(days=365))[rng.randrange(6)]
    stem = f"{rng.choice(names.FIRST_WORDS)} {rng.choice(TRADES)} {place + 2}"
    return replace(_own(rng, person, LATER + place, stem), since=day)


def in_country(person: Customer, country: str, entity: str, rng: Random) -> Customer:
    """The same customer, moved."""
    city, state, code = rng.choice(names.PLACES[country])
    seller: LegalEntity = ENTITY[entity]
    moved = replace(
        person,
        entity=entity,
        country=country,
        city=city,
        state=state,
        postal_code=_digits(rng, code),
        currency=seller.currency,
    )
    return replace(moved, tax_id=_tax_id(rng, country), tax_id_type=names.TAX_ID_FORMS.get(country, (None, ""))[0])


def _own(rng: Random, person: Customer, index: int, stem: str) -> Customer:
    domain = "".join(letter for letter in stem.lower() if letter.isalnum()) + ".example"
    form = person.name.split(" ", 2)[2]
    return replace(
        person,
        index=index,
        name=f"{stem} {form}",
        email=f"ap@{domain}",
        people=tuple(
            (given, family, f"{mail.split('@')[0]}@{domain}", title) for given, family, mail, title in person.people
        ),
        behaviour=CARD if rng.randrange(100) < CARD_PERCENT else BANK,
        tax_id=_tax_id(rng, person.country),
        has_tax_id=True,
    )


def _tax_id(rng: Random, country: str) -> str | None:
    """With right check digits, as its buyer's entity decides who owes the tax."""
    if country not in names.TAX_ID_FORMS:
        return None
    form = names.TAX_ID_FORMS[country][1]
    while True:
        given = _digits(rng, form)
        if is_valid(country, given):
            return given


def is_valid(country: str, tax_id: str) -> bool:
    try:
        if country == "GB":
            gb_vat.validate(tax_id)
        elif country != "AU":
            eu_vat.validate(tax_id)
    except exceptions.ValidationError:
        return False
    return True


def _digits(rng: Random, form: str) -> str:
    return "".join(str(rng.randrange(1, 10)) if letter == "#" else letter for letter in form)
