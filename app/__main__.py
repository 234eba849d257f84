"""The command line: python -m app COMMAND. Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted."""

import argparse
import os
import signal
import sys
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import NoReturn

from app import commands as package
from app.common.endings import catch_signals, quiet_interrupt, run
from app.common.sentences import FULL, NO_SPACE
from app.common.validation import one_line
from app.distributed.launch import is_first_process, process_count

quiet_interrupt()


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage text."""

    def error(self, message: str) -> NoReturn:
        complain(f"{self.prog}: {one_line(message)}")
        sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    parser = Parser(prog="python -m app", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    given = sys.argv[1:] if arguments is None else arguments
    for command in commands_for(given[0] if given else ""):
        command.add_parser(commands)
    options = parser.parse_args(given)
    catch_signals()
    if process_count() > 1 and options.command != "generate":
        parser.error(f"{options.command} runs in one process; under torchrun only generate does more")
    try:
        status: int = options.run(options)
        sys.stdout.flush()  # here, where a reader that has gone away is no error
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left has no reader
        return 128 + signal.SIGPIPE
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        said = NO_SPACE if error.errno in FULL else f"{place}{error.strerror or error}"
        complain(f"{parser.prog} {options.command}: {said}")
        return 2
    except ValueError as error:
        complain(f"{parser.prog} {options.command}: {' '.join(str(error).split())}")
        return 2
    except KeyboardInterrupt:
        complain(f"{parser.prog} {options.command}: interrupted; what was finished before is kept")
        return 130


def commands_for(name: str) -> list[ModuleType]:
    """The module of a command of this name; all of them, which takes seconds, where none is called so."""
    names = [found.name for found in iter_modules(package.__path__)]
    module = name.replace("-", "_")
    for chosen in ([module] if module in names else []), names:
        found = [import_module(f"{package.__name__}.{one}") for one in chosen]
        if commands := [one for one in found if hasattr(one, "add_parser")]:
            return commands
    return []


def complain(text: str) -> None:
    """One line on stderr, once for all processes of torchrun."""
    if is_first_process():
        print(text, file=sys.stderr)


if __name__ == "__main__":
    run(main)
