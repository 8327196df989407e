"""How this org behaves where orgs differ, or where the vendor's documents leave it open."""

from dataclasses import dataclass

from sandbox.switches import Switches


@dataclass
class SalesforceSwitches(Switches):
    single_currency: bool = False  # no CurrencyIsoCode anywhere: INVALID_FIELD where it is asked for
    page_rows: int = 2000  # query pages are never longer than this, whatever batchSize asks for
    late_commit_seconds: int = 0  # rows that the company changes become visible so long after their SystemModstamp
    locator_seconds: int = 172_800  # query locators live so long ...
    open_locators: int = 10  # ... and only so many at a time: the oldest is closed
    lock_rate: float = 0.0  # share of updates and deletes refused with UNABLE_TO_LOCK_ROW
    daily_limit: int = 1_000_000  # requests in 24 hours, then REQUEST_LIMIT_EXCEEDED
    session_seconds: int = 7_200  # a token dies when it was not used for so long
    bulk_polls: int = 0  # a bulk job is seen InProgress so many times before JobComplete
    run_as_user: bool = True  # without it client credentials are refused: no client credentials user enabled
