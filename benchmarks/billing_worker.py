"""`python -m benchmarks.billing_worker URL FOLDER NUMBER`: a worker that only bills; tells its peak of memory."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from core.db.engine import open_engine
from core.kit.clock import utc_now
from core.runtime import Runtime
from core.settings import Settings
from jobs.run_billing import run_billing
from jobs.tidying import settle_in


def main(url: str, folder: str, number: str) -> None:
    settings = Settings(data_dir=Path(folder), database_url=url, usage_grace_hours=0, _env_file=None)
    runtime = Runtime(settings, open_engine(url), utc_now)
    with runtime.reading() as session:
        session.execute(text("select 1"))
    settle_in()
    print("ready", flush=True)
    run_billing(runtime, UUID(sys.stdin.readline().strip()), is_from_behind=number == "1")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
