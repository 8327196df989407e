"""python -m jobs import-ledger FILE: a dry run first, then all or nothing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from core.kit.errors import Refused
from core.kit.money import format_minor
from core.kit.words import counted
from core.runtime import Runtime, open_runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import ImportLedger
from core.workflow.imports import (
    COLUMNS,
    LedgerFile,
    ParsedLedger,
    Reading,
    check_ledger,
    import_command,
    limits_for,
    news_for,
    open_ledger,
    report_csv,
    told,
)
from jobs.lines import note, say
from jobs.store_setup import migrate

_ISO = "%Y-%m-%d"
_SHOWN = 20
_ACTOR = job("import-ledger")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(column.name + ("" if column.is_required else " (optional)") for column in COLUMNS)
    parser.epilog = f"Columns: {names}. Common headers of other programs are recognised."
    parser.add_argument("file", type=Path, metavar="FILE", help="the ledger as CSV")
    parser.add_argument("--columns", type=Path, metavar="MAPPING", help='JSON: {"our column": "their header"}')
    parser.add_argument(
        "--date-format", metavar="FORMAT", help="such as %%m/%%d/%%Y; found out from the file when left out"
    )
    parser.add_argument("--currency", metavar="CODE", help="for rows without one; the reporting currency when left out")
    parser.add_argument("--dry-run", action="store_true", help="check only")
    parser.add_argument("--report", type=Path, metavar="REPORT", help="write every bad row to this CSV file")


def run(args: argparse.Namespace) -> int:
    """0 when the file was imported (or, in a dry run, could be)."""
    runtime = open_runtime()
    file = open_ledger(args.file.name, args.file.read_bytes())
    migrate(runtime.engine)
    parsed = check_ledger(file, _reading(args, file, runtime))
    _summarise(parsed)
    if parsed.bad_rows:
        _report(parsed, args.report)
        return 1
    command = import_command(file.name, parsed)
    if args.dry_run:
        say(f"New here: {told(news_for(runtime, _ACTOR, command).counts)}.")
        say("Dry run: nothing was imported.")
    else:
        _import(runtime, command)
    return 0


def _import(runtime: Runtime, command: ImportLedger) -> None:
    counts = execute(runtime, command, _ACTOR).result
    if not any(counts.values()):
        say("This ledger was imported before; nothing was done.")
        return
    known = len(command.invoices) - counts["invoices"]
    said = f" {counted(known, 'invoice')} {'was' if known == 1 else 'were'} here already." if known else ""
    say(f"Imported {told(counts)}.{said}")


def _reading(args: argparse.Namespace, file: LedgerFile, runtime: Runtime) -> Reading:
    currency = (args.currency or runtime.settings.reporting_currency).upper()
    mapping = {**file.mapping, **_mapping(args.columns)} if args.columns else file.mapping
    only = file.date_formats[0] if len(file.date_formats) == 1 else _ISO
    return Reading(currency, args.date_format or only, mapping, limits_for(runtime, _ACTOR))


def _mapping(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as fault:
        raise Refused("import.mapping", f"{path} is not readable as JSON: {fault}.") from None
    except RecursionError:
        raise Refused("import.mapping", f"{path} is not readable as JSON: it is nested too deeply.") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Refused("import.mapping", f'{path} must hold one JSON object of texts, such as {{"amount": "Total"}}.')
    return found


def _summarise(parsed: ParsedLedger) -> None:
    amounts = ", ".join(f"{currency} {format_minor(minor, currency)}" for currency, minor in parsed.billed.items())
    say(
        f"Read {counted(parsed.row_count, 'row')}: {counted(len(parsed.customers), 'customer')},"
        f" {counted(len(parsed.invoices), 'invoice')} ({amounts or 'no amounts'}),"
        f" {counted(len(parsed.payments), 'payment')}, {counted(len(parsed.disputes), 'dispute')}."
    )


def _report(parsed: ParsedLedger, path: Path | None) -> None:
    for bad in parsed.bad_rows if path is None else parsed.bad_rows[:_SHOWN]:
        note(f"Row {bad.row}{f', {bad.column}' if bad.column else ''}: {bad.sentence}")
    if path is not None:
        path.write_text(report_csv(parsed.bad_rows), encoding="utf-8", newline="")
        note(f"Every bad row is in {path}.")
    note(f"{parsed.verdict}; nothing was imported.")
