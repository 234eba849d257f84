"""The command line: python -m app COMMAND. Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted."""

import argparse
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import NoReturn

from app import commands as package
from app.common.sentences import FULL, NO_SPACE
from app.common.validation import one_line

# Every module of app/commands that registers a parser is a command.
COMMANDS = [
    module
    for found in iter_modules(package.__path__)
    if hasattr(module := import_module(f"app.commands.{found.name}"), "add_parser")
]


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {one_line(message)}", file=sys.stderr)
        sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    parser = Parser(prog="python -m app", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for command in COMMANDS:
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        said = NO_SPACE if error.errno in FULL else f"{place}{error.strerror or error}"
        print(f"{parser.prog} {options.command}: {said}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"{parser.prog} {options.command}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog} {options.command}: interrupted, nothing was written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
