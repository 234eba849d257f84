"""Endings of programs: Ctrl-C says nothing, also while the libraries are still being loaded.

Call `quiet_interrupt` before the heavy imports of a program.
"""

from __future__ import annotations

import sys
from types import TracebackType


def quiet_interrupt() -> None:
    """Leave out the traceback of a KeyboardInterrupt that nothing catches."""
    usual = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            usual(kind, error, trace)

    sys.excepthook = hook


def quiet_half_made() -> None:
    """Called where a signal ends the program: leave out what the destructors of half made objects lack.

    A bar of tqdm that a signal reaches in its making has no `pos` when it is taken down.
    """
    usual = sys.unraisablehook

    def hook(failed: sys.UnraisableHookArgs) -> None:
        destructor = getattr(failed.object, "__name__", "") == "__del__"
        if not (destructor and isinstance(failed.exc_value, AttributeError)):
            usual(failed)

    sys.unraisablehook = hook
