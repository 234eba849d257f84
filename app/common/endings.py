"""Endings of programs: signals leave nothing half-written, and Ctrl-C says nothing.

Call `quiet_interrupt` before the heavy imports of a program, which Ctrl-C may reach as well.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import current_thread, main_thread
from types import TracebackType
from typing import NoReturn


def quiet_interrupt() -> None:
    """Leave out the traceback of a KeyboardInterrupt that nothing catches."""
    usual = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            usual(kind, error, trace)

    sys.excepthook = hook


_signals: list[int] = []  # that have ended the program


def catch_signals() -> None:
    """From here on SIGTERM and Ctrl-C end the program through `end`; without effect in another thread."""
    if current_thread() is main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)


def end(number: int, frame: object) -> NoReturn:
    """The handler of SIGTERM and SIGINT: both unwind the program, so that it cleans up."""
    _signals.append(number)
    _quiet_half_made()
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run a program to its end, with the exit status that `main` returns or ends with.

    After a signal the interpreter is not taken down: a thread that still loads a model would be cut off inside
    C++, which answers by aborting.
    """
    try:
        status = main() or 0
    except SystemExit as ending:
        if not _signals or not isinstance(ending.code, int):
            raise
        status = ending.code
    except KeyboardInterrupt:
        if not _signals:
            raise
        status = 128 + signal.SIGINT
    if not _signals:
        sys.exit(status)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a reader that has gone away
            stream.flush()
    os._exit(status)


def _quiet_half_made() -> None:
    """Leave out what the destructors of half made objects lack.

    A bar of tqdm that a signal reaches in its making has no `pos` when it is taken down.
    """
    usual = sys.unraisablehook

    def hook(failed: sys.UnraisableHookArgs) -> None:
        destructor = getattr(failed.object, "__name__", "") == "__del__"
        if not (destructor and isinstance(failed.exc_value, AttributeError)):
            usual(failed)

    sys.unraisablehook = hook
