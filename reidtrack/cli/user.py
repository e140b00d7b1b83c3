"""`reidtrack user`: who may come into what `reidtrack serve` shows."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reidtrack.cli.options import add_output_options
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK, InputError, UsageError

if TYPE_CHECKING:
    from reidtrack.server.access.accounts import Accounts

HELP = """Accounts of a served folder: add or change one, list them, remove one.
Example: reidtrack user add anna --role reviewer --cameras hall,door"""
ROLES = ("viewer", "reviewer", "admin")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack user`."""
    parser.add_argument("action", choices=("add", "list", "remove"), help="what to do")
    parser.add_argument("name", nargs="?", metavar="NAME", help="whose account")
    parser.add_argument("--runs", type=Path, default=Path("runs"), metavar="DIR", help="the served folder (runs)")
    parser.add_argument("--role", choices=ROLES, default="viewer", help="what they may do (default: viewer)")
    parser.add_argument("--cameras", metavar="A,B", help="cameras they may see (default: all)")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input, not from the terminal"
    )
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Do it, and list everybody."""
    from reidtrack.server.access.rules import Role
    from reidtrack.server.services import accounts_of

    if not args.runs.is_dir():
        raise InputError("is no folder", where=args.runs, expected="the folder that is served")
    if (args.name is None) != (args.action == "list"):
        raise UsageError("no name" if args.name is None else "too many words", expected=f"{args.action} NAME")
    accounts = accounts_of(args.runs)
    if args.action == "add":
        cameras = None if args.cameras is None else [c.strip() for c in args.cameras.split(",") if c.strip()]
        accounts.add(args.name, Role.of(args.role), _password(stdin=args.password_stdin), cameras)
    elif args.action == "remove":
        accounts.remove(args.name)
    _list(accounts, args)
    return EXIT_OK


def _password(*, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to type a password", hint="pipe it in, with --password-stdin")
    typed = getpass.getpass("password: ")
    if getpass.getpass("again: ") != typed:
        raise UsageError("the two passwords differ", hint="try again")
    return typed


def _list(accounts: Accounts, args: argparse.Namespace) -> None:
    users = accounts.users()
    if args.json:
        told = [(u.name, u.role.word, None if u.cameras is None else sorted(u.cameras)) for u in users]
        print(json.dumps([dict(zip(("name", "role", "cameras"), one, strict=True)) for one in told], indent=1))
    elif not args.quiet:
        for user in users:
            seen = "every camera" if user.cameras is None else ", ".join(sorted(user.cameras)) or "no camera"
            say(f"{user.name}: {user.role.word}, {seen}")
        if not users:
            say("there are no accounts: on this machine nobody has to log in")
