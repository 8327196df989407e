"""From a ledger file to the command that imports it; what the command line and the import page share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from core.intake.ledger_columns import COLUMNS as COLUMNS
from core.intake.ledger_columns import DATE_FORMATS as DATE_FORMATS
from core.intake.ledger_columns import format_of as format_of
from core.intake.ledger_columns import format_words as format_words
from core.intake.ledger_columns import guess_mapping
from core.intake.ledger_file import BadRow as BadRow
from core.intake.ledger_file import ParsedLedger as ParsedLedger
from core.intake.ledger_file import Reading as Reading
from core.intake.ledger_file import parse_ledger
from core.intake.ledger_limits import Limits
from core.intake.ledger_report import report_csv as report_csv
from core.intake.ledger_sheet import Sheet as Sheet
from core.intake.ledger_sheet import read_sheet, suggested_formats
from core.kit.errors import Refused
from core.kit.ids import new_id
from core.kit.words import counted
from core.kit.words import told as told
from core.runtime import Runtime
from core.workflow.actors import Actor
from core.workflow.commands import ImportLedger
from core.workflow.import_limits import limits_of
from core.workflow.import_news import News as News
from core.workflow.import_news import news_of


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """An opened file with what we make of its header. `date_formats`: those that read every date; may be several."""

    name: str
    sheet: Sheet
    mapping: Mapping[str, str]
    date_formats: tuple[str, ...]


def open_ledger(name: str, content: bytes) -> LedgerFile:
    """Raises Refused when the file is no CSV."""
    sheet = read_sheet(content)
    mapping = guess_mapping(sheet.header)
    return LedgerFile(name, sheet, mapping, suggested_formats(sheet, mapping))


def limits_for(runtime: Runtime, actor: Actor) -> Limits:
    """What a file that this actor brings may say."""
    with runtime.reading() as session:
        return limits_of(session, actor, runtime.today())


def check_ledger(file: LedgerFile, reading: Reading) -> ParsedLedger:
    """The dry run: what would be imported, and every bad row."""
    return parse_ledger(file.sheet, reading)


def news_for(runtime: Runtime, actor: Actor, command: ImportLedger) -> News:
    """What of a clean file is not here yet: what the command would record. Raises Refused as the command would."""
    with runtime.reading() as session:
        return news_of(session, command, actor, runtime.today())


def import_command(file_name: str, parsed: ParsedLedger, command_id: UUID | None = None) -> ImportLedger:
    """The command for a clean file. Each call is a command of its own: whether a file was imported before is told by
    what is here, for another file may have come in between. Raises Refused when the file is not clean."""
    if parsed.bad_rows:
        count = len({bad.row for bad in parsed.bad_rows})
        raise Refused("import.bad_rows", f"{counted(count, 'bad row')}; nothing was imported.")
    if not parsed.invoices:
        raise Refused("import.empty", "There is nothing to import.")
    return ImportLedger(
        command_id=command_id or new_id(),
        file_name=file_name,
        customers=parsed.customers,
        invoices=parsed.invoices,
        payments=parsed.payments,
        disputes=parsed.disputes,
        rows=parsed.rows,
    )
