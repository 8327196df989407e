"""VAT ids with the check digits of their country, made from drawn ones, so that the draws of all else stay the same."""

from random import Random

from stdnum import luhn
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat


def valid_tax_id(country: str, drawn: str) -> str:
    """The id itself if it is valid, or another of its form; of countries without a known form as it is."""
    if country == "FR":
        return _french(drawn)
    if country != "GB" and country.lower() not in eu_vat.MEMBER_STATES:
        return drawn
    is_valid = gb_vat.is_valid if country == "GB" else eu_vat.is_valid
    rng, found = Random(drawn), drawn
    places = [place for place, sign in enumerate(drawn) if sign.isdigit() and not _is_fixed(drawn, place)]
    while not is_valid(found):
        signs = list(found)
        for place in places:
            signs[place] = str(rng.randrange(10))
        found = "".join(signs)
    return found


def _is_fixed(drawn: str, place: int) -> bool:
    """The ending of a Dutch id, and the zero that a Belgian one begins with."""
    return (drawn.startswith("NL") and place >= len(drawn) - 2) or (drawn.startswith("BE") and place == 2)


def _french(drawn: str) -> str:
    """Nine digits of the firm, the last of them a check digit, behind two that follow from them."""
    firm = drawn[4:12]
    firm += luhn.calc_check_digit(firm)
    return f"FR{(12 + 3 * (int(firm) % 97)) % 97:02d}{firm}"
