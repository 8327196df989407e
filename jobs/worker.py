"""The worker process: the queue's workers and the clock, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from core.intake import store as intake
from jobs.clock import start_clock
from jobs.handle_inbox import is_all_history_read
from jobs.lines import first_line, note, say
from jobs.outage import tell_outage
from jobs.queue import BILLING, DELIVERIES, HOUSE, INTAKE
from jobs.read_apart import prepare
from jobs.tasks import HEARTBEAT_SECONDS, STALLED_SECONDS, register
from jobs.tidying import settle_in
from jobs.wiring import House

_HOUSE_JOBS = 4
_GRACE_SECONDS = 2.0
_STORE_AWAY_SECONDS = 2.0
_OFTEN = 2
# They tell each try of theirs; what there is to say, the worker says itself.
_TALKATIVE = ("procrastinate", "psycopg.pool", "apscheduler")


def work(house: House) -> None:
    """Carries out jobs until SIGINT or SIGTERM. Any number of these may run, on any number of machines."""
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    settle_in()
    if not is_all_history_read(house.runtime, house.sources.values()):
        prepare()
    asyncio.run(_work(house))


def _introduce(house: House) -> None:
    """Release sends documents only where the house has somebody to send them to."""
    with house.runtime.transaction() as session:
        intake.introduce(session, house.ledgers)


def build_app(house: House) -> App:
    url = house.runtime.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=6))
    register(app, house)
    return app


async def _work(house: House) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    deliveries = sum(ledger.capabilities.max_in_flight for ledger in house.ledgers.values()) or 1
    loop.set_default_executor(ThreadPoolExecutor(deliveries + _HOUSE_JOBS + 3, "job"))
    await asyncio.to_thread(_introduce, house)
    clock = await asyncio.to_thread(start_clock, house.runtime)
    say(f"The worker is at work; connected systems: {', '.join(sorted(house.systems)) or 'none'}.")
    try:
        await _until(stopping, house, deliveries)
    finally:
        clock.shutdown(wait=False)


async def _until(stopping: asyncio.Event, house: House, deliveries: int) -> None:
    """Runs the workers; when the store goes away they begin again as soon as it is back."""
    ends = Counter[str]()
    while not stopping.is_set():
        workers = asyncio.create_task(_run_workers(build_app(house), deliveries))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({workers, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        workers.cancel()
        await asyncio.wait({workers})
        reason = None if workers.cancelled() else workers.exception()
        if not stopping.is_set():
            _check_is_store(reason)
            is_away = await asyncio.to_thread(tell_outage, house.runtime)
            if is_away:
                ends.clear()
            else:
                _tell_end(ends, reason)
            await asyncio.sleep(_STORE_AWAY_SECONDS)


def _check_is_store(reason: BaseException | None) -> None:
    """A lost store is waited for; anything else is a fault of ours and ends the process."""
    if reason is not None and not isinstance(reason, ConnectorException | psycopg.Error | PoolTimeout):
        raise reason


def _tell_end(ends: Counter[str], reason: BaseException | None) -> None:
    """Why the workers end although the store answers, said once: when it comes again, and so is no end of an outage."""
    line = first_line(reason.__cause__ or reason) if reason else "no reason was given"
    ends[line] += 1
    if ends[line] == _OFTEN:
        note(f"The workers end as soon as they begin, and are begun again: {line}")


async def _run_workers(app: App, deliveries: int) -> None:
    """One worker for deliveries, one for billing, one for the rest: a backlog keeps no pull waiting. When one ends,
    all do."""
    async with app.open_async():
        running = {
            asyncio.create_task(_run_worker(app, [DELIVERIES], deliveries)),
            asyncio.create_task(_run_worker(app, [HOUSE, INTAKE], _HOUSE_JOBS)),
            # One at a time: a run keeps a core busy, and further processes take their share of it.
            asyncio.create_task(_run_worker(app, [BILLING], 1)),
        }
        try:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for ended in done:
                ended.result()
        finally:
            for worker in running:
                worker.cancel()
            # Each tells in the end why it could not go on; one reason is enough.
            await asyncio.gather(*running, return_exceptions=True)


async def _run_worker(app: App, queues: list[str], concurrency: int) -> None:
    await app.run_worker_async(
        queues=queues,
        concurrency=concurrency,
        install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=_GRACE_SECONDS,
        fetch_job_polling_interval=1.0,
        delete_jobs="successful",
    )
