"""The command line: python -m app COMMAND. Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted."""

import argparse
import sys
from typing import NoReturn

from app.commands import compare, doctor, figure, flops, generate, judge, lab, methods, models, runs

COMMANDS = (generate, compare, judge, models, doctor, methods, flops, lab, figure, runs)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}", file=sys.stderr)
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
        print(f"{parser.prog} {options.command}: {place}{error.strerror or error}", file=sys.stderr)
        return 2
    except ValueError as error:
        print(f"{parser.prog} {options.command}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog} {options.command}: interrupted, nothing was written", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
