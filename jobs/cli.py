"""The command line: one command each, exit code 0 for success, every error one readable line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn

import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError

from core.kit.errors import Refused
from core.ports import ConnectorFailure
from core.runtime import open_runtime
from core.settings import Settings
from core.workflow import trail
from jobs import add_person, create_api_key, figures, import_ledger
from jobs.lines import note, say
from jobs.once import RUNS, once
from jobs.prepare import prepare
from jobs.reset import reset
from jobs.start import start
from jobs.wiring import open_house
from jobs.worker import work

FAILED, MISUSED = 1, 2
_INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        note(f"{message[:1].upper()}{message[1:]}. See: {self.prog} --help")
        raise SystemExit(MISUSED)


def main(arguments: Sequence[str]) -> int:
    """Carries out one command; answers the exit code."""
    try:
        args = _parser().parse_args(arguments)
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except (Refused, ConnectorFailure) as reason:
        note(reason.sentence)
    except ProgrammingError as reason:
        note(_about_store(reason))
    except (OperationalError, psycopg.Error):
        note("The store does not answer. Check DATABASE_URL and that the server runs.")
    except ValidationError as reason:
        place = ".".join(str(part) for part in reason.errors()[0]["loc"])
        words = reason.errors()[0]["msg"].removeprefix("Value error, ")
        note(f"The setting {place.upper()} is wrong: {words}.")
    except OSError as reason:
        note(f"{reason.strerror or 'A file cannot be used'}: {reason.filename}" if reason.filename else f"{reason}")
    except KeyboardInterrupt:
        return _INTERRUPTED
    return FAILED


def _about_store(reason: ProgrammingError) -> str:
    if isinstance(reason.orig, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return "The store is not ready. Run first: python -m jobs prepare"
    return f"The store refused a statement: {str(reason.orig).splitlines()[0]}"


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m jobs", description="Quittance's background work and tools.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add(commands, "work", "carry out jobs and keep the clock until stopped", _work)
    single = _add(commands, "once", "run one job here and now", _once)
    single.add_argument("name", metavar="NAME", help=", ".join(sorted(RUNS)))
    import_ledger.add_arguments(_add(commands, "import-ledger", "load a ledger from a CSV file", import_ledger.run))
    figures.add_arguments(_add(commands, "figures", "print the figures of a day", figures.run))
    add_person.add_arguments(_add(commands, "add-person", "let a person sign in", add_person.run))
    made = _add(commands, "create-api-key", "make a key for sending usage", create_api_key.run)
    create_api_key.add_arguments(made)
    _add(commands, "verify-audit", "check that the trail is whole", _verify_audit)
    _add(commands, "prepare", "make the store ready", _prepare)
    _add(commands, "start", "start all processes and stop them together", _start)
    _add(commands, "reset", "forget everything and start anew", _reset)
    return parser


def _add(
    commands: argparse._SubParsersAction[_Parser],
    name: str,
    what: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.set_defaults(run=run)
    return parser


def _work(_: argparse.Namespace) -> int:
    work(open_house())
    return 0


def _once(args: argparse.Namespace) -> int:
    count = once(open_house(), args.name)
    say(f"{args.name}: done" if count is None else f"{args.name}: {count:,}")
    return 0


def _prepare(_: argparse.Namespace) -> int:
    prepare(open_runtime())
    return 0


def _start(_: argparse.Namespace) -> int:
    return start(Settings())


def _verify_audit(_: argparse.Namespace) -> int:
    is_whole, sentence = trail.verify(open_runtime())
    say(sentence)
    return 0 if is_whole else FAILED


def _reset(_: argparse.Namespace) -> int:
    say(reset(Settings()))
    return 0
