"""Endings of programs: Ctrl-C says nothing, also while the libraries are still being loaded.

Call `quiet_interrupt` before the heavy imports of a program.
"""

import sys
from types import TracebackType


def quiet_interrupt() -> None:
    """Leave out the traceback of a KeyboardInterrupt that nothing catches."""
    usual = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            usual(kind, error, trace)

    sys.excepthook = hook
