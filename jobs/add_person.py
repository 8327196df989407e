"""Adds a person from the command line: how a house without the sandbox gets its first administrator."""

from __future__ import annotations

import argparse
import getpass
import os

from core.kit.errors import Refused
from core.runtime import open_runtime
from core.workflow import execute
from core.workflow.actors import job
from core.workflow.commands import SaveUser
from core.workflow.passwords import hash_password, password_findings
from jobs.lines import say

_VARIABLE = "QUITTANCE_PASSWORD"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email")
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", default="administrator")
    parser.add_argument("--limit", type=int, default=0, help="approval limit in whole units of the reporting currency")


def run(args: argparse.Namespace) -> int:
    """The password is asked for, or taken from the environment; it is never an argument that others could read."""
    password = os.environ.get(_VARIABLE) or getpass.getpass("Password: ")
    if findings := password_findings(password, args.email):
        raise Refused("password.weak", " ".join(findings))
    command = SaveUser(
        email=args.email,
        name=args.name,
        role=args.role,
        entities=None,
        approval_limit_minor=args.limit * 100,
        password_hash=hash_password(password),
    )
    execute(open_runtime(), command, job("add_person"))
    say(f"{args.name} may sign in as {args.email}.")
    return 0
