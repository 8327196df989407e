"""`python -m tests.path.biller URL FOLDER RUN BATCH NUMBER`: goes on with a billing run, as a worker's job does."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

from core.db.engine import open_engine
from core.runtime import Runtime
from core.settings import Settings
from jobs.run_billing import run_billing
from tests.fakes import FixedClock


def main(url: str, folder: str, run_id: str, batch: str, number: str) -> None:
    settings = Settings(data_dir=Path(folder), database_url=url, _env_file=None)
    runtime = Runtime(settings, open_engine(url), FixedClock())
    run_billing(runtime, UUID(run_id), int(batch), is_from_behind=number == "1")


if __name__ == "__main__":
    main(*sys.argv[1:])
