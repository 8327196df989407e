"""Usage events per second through the HTTP door of the real web app, held against COPY of the same rows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from benchmarks.figure import Measured
from benchmarks.stage import store
from core.runtime import Runtime
from core.workflow.actors import job
from core.workflow.api_keys import make_api_key

PORT, TARGET = 8740, 5_000
_BATCHES, _WARM, _SIZE, _CONNECTIONS = 60, 6, 1_000, 4
_CUSTOMERS, _METERS = 1_000, ("api_calls", "gigabytes", "logins")
_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 90
_tick = threading.Event()

# Every customer has a contract of the house that charges for usage; one in five includes some of it.
_EACH = f"from generate_series(0, {_CUSTOMERS - 1}) i"
_FURNISH = (
    "insert into meters (code, name, unit, aggregation) values ('api_calls', 'API calls', 'call', 'sum'), "
    "('gigabytes', 'Storage', 'GB', 'max'), ('logins', 'Log-ins', 'login', 'count')",
    "insert into customers (id, number, name, currency, is_po_required, is_on_hold, revision, updated_at) "
    f"select md5('c'||i)::uuid, 'C-'||i, 'Customer '||i, 'USD', false, false, 1, now() {_EACH}",
    "insert into contracts (id, number, customer_id, status, starts_on, currency, discount_percent, billed_by, "
    "revision, updated_at) select md5('k'||i)::uuid, 'K-'||i, md5('c'||i)::uuid, 'active', current_date - 300, 'USD', "
    f"0, 'house', 1, now() {_EACH}",
    "insert into contract_lines (id, contract_id, source_ref, product_code, quantity, unit_price, starts_on, charge) "
    "select md5('l'||i)::uuid, md5('k'||i)::uuid, 'L-'||i, 'API', 0, 0.01, current_date - 300, "
    "jsonb_build_object('kind', 'usage', 'meter', 'api_calls') || case when i % 5 = 0 "
    f"then jsonb_build_object('included_quantity', '1000000000') else jsonb_build_object() end {_EACH}",
    "insert into schedule_items (id, contract_id, charge_key, kind, period_start, period_end, bill_on, state, "
    "currency, planned_at) select md5('s'||i||m)::uuid, md5('k'||i)::uuid, 'L-'||i, 'usage', first, after, after, "
    f"'open', 'USD', now() {_EACH}, generate_series(-2, 2) m, "
    "lateral (select date_trunc('month', now())::date as d) x, "
    "lateral (select (d + m * interval '1 month')::date as first, (d + (m + 1) * interval '1 month')::date as after) y",
)
_COPY_TABLE = "create table copied (like usage_events including all)"
_COPY = "copy copied (source, event_id, meter, subject, customer_id, value, at, received_at, state, is_late) from stdin"


def run() -> list[Measured]:
    """Accepted events of all batches ÷ seconds from the first request to the last answer."""
    with store() as runtime:
        secret = _furnish(runtime)
        batches = [_batch(number) for number in range(_BATCHES + _WARM)]
        with _web(runtime) as address:
            _send(address, secret, batches[:_WARM])
            begun = time.perf_counter()
            accepted = _send(address, secret, batches[_WARM:])
            rate = accepted / (time.perf_counter() - begun)
        copied = _copy_rate(runtime)
    met = rate >= TARGET and accepted == _BATCHES * _SIZE
    return [
        Measured("usage_ingestion", rate, "events/s", f">= {TARGET}", met, copied, rate / copied),
    ]


def _furnish(runtime: Runtime) -> str:
    with runtime.transaction() as session:
        for statement in _FURNISH:
            session.execute(text(statement))
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    return make_api_key(runtime, "Benchmark", job("benchmark"))


def _batch(number: int) -> bytes:
    """Events of the last quarter of an hour, from all customers and of all meters."""
    now = datetime.now(UTC)
    return json.dumps([_event(number * _SIZE + each, now) for each in range(_SIZE)]).encode()


def _event(n: int, now: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"event-{n:09}",
        "source": "benchmark/telemetry",
        "type": _METERS[n % len(_METERS)],
        "subject": f"C-{n * 7 % _CUSTOMERS}",
        "time": (now - timedelta(milliseconds=n % 900_000)).isoformat(),
        "data": {"value": f"{n % 997 / 10}"},
    }


def _send(address: str, secret: str, batches: Sequence[bytes]) -> int:
    """Over several connections that stay open; answers how many events were accepted."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/cloudevents-batch+json"}
    with (
        httpx.Client(base_url=address, headers=headers, timeout=60) as client,
        ThreadPoolExecutor(_CONNECTIONS) as senders,
    ):
        answers = list(senders.map(lambda body: client.post("/v1/events", content=body), batches))
    return sum(int(answer.raise_for_status().json()["accepted"]) for answer in answers)


def _copy_rate(runtime: Runtime) -> float:
    """The rows that were just ingested, into a table with the same indexes, in batches of the same size."""
    with runtime.engine.begin() as connection:
        connection.execute(text(_COPY_TABLE))
        columns = _COPY.partition("(")[2].partition(")")[0]
        rows = connection.execute(text(f"select {columns} from usage_events")).all()
    begun = time.perf_counter()
    for start in range(0, len(rows), _SIZE):
        with runtime.engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.cursor().copy(_COPY) as copying:
                for row in rows[start : start + _SIZE]:
                    copying.write_row(row)
    return len(rows) / (time.perf_counter() - begun)


@contextmanager
def _web(runtime: Runtime) -> Iterator[str]:
    """The web app as `make run` starts it, in a process of its own."""
    command = [str(Path(sys.executable).with_name("streamlit")), "run", "app.py", "--server.address", "localhost"]
    command += ["--server.port", str(PORT), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    url = str(runtime.settings.database_url).replace("postgresql+psycopg://", "postgresql://", 1)
    address = f"http://localhost:{PORT}"
    environment = os.environ | {"DATABASE_URL": url, "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(address, process)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(_PATIENCE_SECONDS * 4):
        if process.poll() is not None:
            raise RuntimeError("the web app ended before it was ready")
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/healthz", timeout=5).is_success:
                return
        _tick.wait(0.25)
    raise RuntimeError("the web app did not get ready in time")
