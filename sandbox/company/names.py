"""Words from which companies, people and addresses are put together. All invented."""


def _words(text: str) -> list[str]:
    return text.split()


FIRST_WORDS = _words(
    """
    Alder Amber Anvil Arbor Aspen Atlas Beacon Birch Bluff Bramble Bright Canyon Cedar Cinder Clover Cobalt Copper
    Coral Crest Cypress Delta Drift Ember Falcon Fathom Fern Flint Forge Garnet Glacier Granite Harbor Hazel Heron
    Indigo Iron Ivory Jasper Juniper Kestrel Lantern Larch Linden Lumen Maple Marlow Meridian Mosaic Nimbus Northern
    Oakley Onyx Opal Orchard Osprey Pebble Pine Pioneer Quarry Quartz Raven Ridge River Rowan Saffron Sable Sequoia
    Sierra Silver Slate Solstice Spruce Sterling Summit Tamarack Tidal Timber Topaz Umber Vale Velvet Verdant Vista
    Walnut Willow Windward Winter Yarrow Zephyr
    """
)
SECOND_WORDS = _words(
    """
    Analytics Apparel Aviation Bank Biotech Brands Care Chemicals Components Consulting Devices Diagnostics Dynamics
    Education Electric Energy Engineering Finance Foods Freight Games Health Hotels Insurance Interactive Labs
    Learning Logistics Manufacturing Maritime Media Medical Mobility Motors Networks Optics Packaging Payments
    Pharma Plastics Power Properties Rail Retail Robotics Security Software Sports Studios Supply Systems Telecom
    Textiles Therapeutics Tools Travel Ventures Water Works
    """
)
GIVEN_NAMES = _words(
    """
    Aisha Alan Amélie Andre Anna Ben Carla Chen Clara Daniel Diego Elena Emma Erik Fatima Felix Grace Hannah Hugo
    Ines Ivan Jack Jonas Julia Kai Karim Laura Leon Lina Luca Maria Marcus Mia Nadia Noah Nora Oliver Olga Paul Priya
    Rosa Ravi Sara Sofia Stefan Tara Theo Tomas Uma Victor Wanda Yuki Zoe
    """
)
FAMILY_NAMES = _words(
    """
    Abbott Andersson Baker Bauer Becker Bennett Brown Carter Chan Costa Dubois Evans Fischer Foster Garcia Gomez Gray
    Gupta Hall Hansen Haddad Ito Jansen Johnson Kaur Keller Kim Kovacs Lambert Lee Lopez Martin Meyer Moreau Murphy
    Nakamura Novak Okafor Olsen Patel Petit Quinn Rossi Santos Schmidt Silva Singh Smith Tanaka Turner Vogel Walker
    Weber White Wong Young Zhang
    """
)
STREETS = _words(
    "Market Mill Station Park King Queen Church High Bridge Garden Harbour Victoria Lake Castle River Spring"
)
SUFFIXES = {
    "US": ("Inc", "LLC", "Corp", "Group"),
    "CA": ("Ltd", "Inc"),
    "GB": ("Ltd", "plc", "LLP"),
    "DE": ("GmbH", "AG", "SE"),
    "FR": ("SAS", "SA", "SARL"),
    "AU": ("Pty Ltd", "Limited"),
    "AT": ("GmbH",),
    "NL": ("B.V.",),
    "BE": ("NV", "SRL"),
    "ES": ("S.L.", "S.A."),
    "IT": ("S.r.l.", "S.p.A."),
    "PL": ("Sp. z o.o.",),
    "PT": ("Lda",),
    "LU": ("S.à r.l.",),
}
TITLES = (
    "Accounts Payable Specialist",
    "Finance Manager",
    "Controller",
    "Head of IT",
    "Procurement Lead",
    "CTO",
)
STREET_FORMS = {
    "US": "{n} {s} Street",
    "CA": "{n} {s} Street",
    "GB": "{n} {s} Road",
    "AU": "{n} {s} Street",
    "FR": "{n} rue {s}",
    "BE": "{n} rue {s}",
    "LU": "{n} rue {s}",
}
STREET_FORM = "{s} {n}"
PLACES: dict[str, tuple[tuple[str, str | None, str], ...]] = {
    "US": (
        ("New York", "NY", "100##"),
        ("San Francisco", "CA", "941##"),
        ("Austin", "TX", "787##"),
        ("Chicago", "IL", "606##"),
        ("Boston", "MA", "021##"),
        ("Seattle", "WA", "981##"),
        ("Denver", "CO", "802##"),
        ("Atlanta", "GA", "303##"),
        ("Miami", "FL", "331##"),
        ("Portland", "OR", "972##"),
    ),
    "CA": (
        ("Toronto", "ON", "M5V #A#"),
        ("Ottawa", "ON", "K1P #B#"),
        ("Calgary", "AB", "T2P #C#"),
        ("Edmonton", "AB", "T5J #K#"),
    ),
    "GB": (
        ("London", None, "EC#A #BT"),
        ("Manchester", None, "M# #AB"),
        ("Leeds", None, "LS# #DL"),
        ("Bristol", None, "BS# #QA"),
        ("Edinburgh", None, "EH# #YL"),
    ),
    "DE": (
        ("Berlin", None, "101##"),
        ("München", None, "803##"),
        ("Hamburg", None, "203##"),
        ("Köln", None, "506##"),
        ("Stuttgart", None, "701##"),
    ),
    "FR": (
        ("Paris", None, "750##"),
        ("Lyon", None, "690##"),
        ("Nantes", None, "440##"),
        ("Lille", None, "590##"),
    ),
    "AU": (
        ("Sydney", "NSW", "20##"),
        ("Melbourne", "VIC", "30##"),
        ("Brisbane", "QLD", "40##"),
        ("Perth", "WA", "60##"),
    ),
    "AT": (("Wien", None, "10##"), ("Graz", None, "80##")),
    "NL": (("Amsterdam", None, "10## AB"), ("Utrecht", None, "35## CD")),
    "PL": (("Warszawa", None, "00-0##"), ("Kraków", None, "30-0##")),
    "BE": (("Bruxelles", None, "10##"), ("Antwerpen", None, "20##")),
    "ES": (("Madrid", None, "280##"), ("Barcelona", None, "080##")),
    "IT": (("Milano", None, "201##"), ("Torino", None, "101##")),
    "PT": (("Lisboa", None, "11##-001"), ("Porto", None, "40##-002")),
    "LU": (("Luxembourg", None, "L-12##"),),
}
NEIGHBOURS = {"DE": ("AT", "NL", "PL"), "FR": ("BE", "ES", "IT", "PT", "LU")}
"""EU countries that an EU entity also sells to, under reverse charge."""
TAX_ID_FORMS = {
    "GB": ("gb_vat", "GB#########"),
    "DE": ("eu_vat", "DE#########"),
    "FR": ("eu_vat", "FR###########"),
    "AT": ("eu_vat", "ATU########"),
    "NL": ("eu_vat", "NL#########B01"),
    "PL": ("eu_vat", "PL##########"),
    "BE": ("eu_vat", "BE0#########"),
    "ES": ("eu_vat", "ESB########"),
    "IT": ("eu_vat", "IT###########"),
    "PT": ("eu_vat", "PT#########"),
    "LU": ("eu_vat", "LU########"),
    "AU": ("au_abn", "###########"),
}
EMPLOYEES = ("Dana Whitfield", "Marco Lindqvist", "Sunita Rao", "Peter Vance", "Chloé Martel", "Owen Pritchard")
CASE_REASONS = (
    "Wrong price",
    "Wrong quantity",
    "Missing purchase order",
    "Service not used",
    "Duplicate charge",
    "Service outage credit",
    "Contract ended",
    "Tax treatment",
)
CASE_TEXTS = {
    "Wrong price": "The unit price on this invoice is not the one in our agreement.",
    "Wrong quantity": "We count fewer users than you have billed. Please check the quantity.",
    "Missing purchase order": "We cannot pay without our purchase order number on the invoice.",
    "Service not used": "This team left the product in the spring and should not be billed.",
    "Duplicate charge": "We believe that this period has been billed before.",
    "Service outage credit": "We were promised a credit for the outage; it is not on the invoice.",
    "Contract ended": "We gave notice; the contract should have ended before this period.",
    "Tax treatment": "Please check the tax on this invoice with our tax number.",
}
SUPPORT_SUBJECTS = (
    ("Question", "How do I add a cost centre to my invoices?"),
    ("Question", "Change of billing contact"),
    ("Question", "Copy of an invoice"),
    ("Problem", "Cannot sign in after the password reset"),
    ("Problem", "Dashboard loads slowly"),
    ("Problem", "Export to spreadsheet stops half way"),
    ("Feature Request", "More storage regions"),
    ("Question", "When does our plan renew?"),
)
