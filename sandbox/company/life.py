"""The company keeps living: one believable event after another, through the emulators' own doors."""

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from random import Random

from . import rates
from .contracts import window
from .happenings import HAPPENINGS, Scenery
from .house import Books
from .house.metering import Meter
from .journal import Company, reopen
from .populate import ORIGIN_FILE
from .to_netsuite import rate_row
from .vendor import Emulator

IDLE_SECONDS = 1.0
STOP_SECONDS = 1.5
TRIES = 20
NOTHING = "nothing"
HOUSE_EVERY = 6
"""Every so many steps something happens to a contract that the product bills."""


class Life:
    """Events at `events_per_minute` on a thread of its own, until stopped. `step()` makes one at once.

    The company must have been populated into the same folder. What happened is kept in the folder, so that a
    restart goes on where it stopped.
    """

    def __init__(self, emulators: Mapping[str, Emulator], seed: int, now: Callable[[], datetime], folder: Path) -> None:
        self.events_per_minute = 20
        self.paused = False
        self._emulators = emulators
        self._seed = seed
        self._now = now
        self._folder = folder
        self._company: Company | None = None
        self._books: Books | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="company", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Returns when the event under way, if any, is complete."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def _run(self) -> None:
        earned = 0.0
        while not self._stopping.wait(tick := self._tick_seconds()):
            if self.paused:
                continue
            self._wake()
            earned += tick * self.events_per_minute / 60
            if earned >= 1 and not self._stopping.is_set():
                earned -= 1
                self.step()

    def _tick_seconds(self) -> float:
        """Short enough that a change of speed is noticed soon."""
        return min(IDLE_SECONDS, 60 / self.events_per_minute) if self.events_per_minute > 0 else IDLE_SECONDS

    def _wake(self) -> Company | None:
        """The company, generated again on first use, which takes a few seconds and touches no emulator."""
        if self._company is None and (self._folder / ORIGIN_FILE).exists():
            self._company = reopen(self._folder)
        return self._company

    def step(self) -> str:
        """Make one event happen; answers what it was; nothing in an empty sandbox."""
        with self._lock:
            company = self._wake()
            return NOTHING if company is None else self._step(company)

    def sign(self) -> str:
        """Somebody signs a contract that the product bills, now; answers which; nothing in an empty sandbox."""
        with self._lock:
            books = self._open_books()
            return NOTHING if books is None else books.sign(self._emulators, self._now())

    def meter(self) -> Meter | None:
        """Whose usage is measured at present; None in an empty sandbox."""
        with self._lock:
            books = self._open_books()
            return None if books is None else books.meter()

    def _open_books(self) -> Books | None:
        if self._books is None:
            self._books = Books.of(self._folder)
        return self._books

    def _step(self, company: Company) -> str:
        company.journal.steps += 1
        books = self._open_books() if company.journal.steps % HOUSE_EVERY == 0 else None
        if books is not None:
            company.save()
            return books.step(self._emulators, self._now())
        rng = Random(f"{self._seed}:life:{company.journal.steps}")
        scene = Scenery(company, self._emulators, rng, self._now())
        self._new_rates(scene)
        weights = [weight for weight, _ in HAPPENINGS]
        told = None
        for _ in range(TRIES):
            happening = rng.choices(HAPPENINGS, weights)[0][1]
            told = happening(scene)
            if told is not None:
                break
        company.save()
        return told or NOTHING

    def _new_rates(self, scene: Scenery) -> None:
        """The ledger gets the exchange rates of each new day."""
        journal = scene.company.journal
        known = date.fromisoformat(journal.rates_until)
        if scene.today > known:
            first = window(scene.company.anchor).start
            for number, (day, currency, rate) in enumerate(
                rates.daily(scene.company.seed, first, scene.today), start=1
            ):
                if day > known:
                    scene.save("netsuite", "currencyrate", rate_row(number, day, currency, rate))
            journal.rates_until = scene.today.isoformat()
