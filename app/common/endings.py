"""Endings of programs: Ctrl-C says nothing, also while the libraries are still being loaded.

Call `quiet_interrupt` before the heavy imports of a program.
"""

from __future__ import annotations

import sys
from types import TracebackType


def quiet_interrupt() -> None:
    """Leave out the traceback of a KeyboardInterrupt that nothing catches, and of what it left half made.

    A bar of tqdm that a signal reaches in its making lacks an attribute when it is taken down.
    """
    usual, usual_unraisable = sys.excepthook, sys.unraisablehook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            usual(kind, error, trace)

    def unraisable(failed: sys.UnraisableHookArgs) -> None:
        half_made = isinstance(failed.exc_value, AttributeError) and _name(failed.object) == "__del__"
        if not half_made:
            usual_unraisable(failed)

    sys.excepthook, sys.unraisablehook = hook, unraisable


def _name(called: object) -> str:
    return getattr(called, "__name__", "")
