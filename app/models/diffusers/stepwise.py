"""Paused: a function that runs in a thread of its own, from one pause to the next.

A diffusers pipeline is one long call; paused after every step it can take turns with another one.
"""

import weakref
from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Generic, TypeVar

import torch

Value = TypeVar("Value")
Result = TypeVar("Result")


class Abandoned(BaseException):
    """Raised inside a function nobody waits for any more, so that it leaves."""


class Paused(Generic[Value, Result]):
    """`function` is called with `pause`, which hands a value out and waits to be resumed.

    What it raises is raised where it was resumed. An object that is dropped before the end abandons its function.
    """

    def __init__(self, function: Callable[[Callable[[Value], None]], Result]):
        self._exchange = _Exchange[Value, Result]()
        Thread(target=_work, args=(self._exchange, function), daemon=True).start()
        weakref.finalize(self, self._exchange.abandon)

    def advance(self) -> Value:
        """Run to the next pause and return its value."""
        self._exchange.run()
        if self._exchange.done:
            raise RuntimeError("the function ended before its next pause")
        assert self._exchange.value is not None
        return self._exchange.value

    def finish(self) -> Result:
        """Run to the end and return the result."""
        self._exchange.run()
        if not self._exchange.done:
            raise RuntimeError("the function paused once more before its end")
        assert self._exchange.result is not None
        return self._exchange.result


class _Exchange(Generic[Value, Result]):
    """What both threads see; only one of them runs at a time."""

    def __init__(self) -> None:
        self.value: Value | None = None
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.done = False
        self.abandoned = False
        self.resumed, self.paused = Semaphore(0), Semaphore(0)

    def run(self) -> None:
        if self.done:
            raise RuntimeError("the function has ended")
        self.value = None
        self.resumed.release()
        self.paused.acquire()
        if self.error is not None:
            error, self.error = self.error, None  # its traceback holds the function's tensors
            raise error

    def pause(self, value: Value) -> None:
        self.value = value
        self.paused.release()
        self.wait()

    def wait(self) -> None:
        self.resumed.acquire()
        if self.abandoned:
            raise Abandoned

    def abandon(self) -> None:
        self.abandoned = True
        self.resumed.release()


def _work(exchange: _Exchange[Value, Result], function: Callable[[Callable[[Value], None]], Result]) -> None:
    try:
        exchange.wait()
        with torch.inference_mode():
            exchange.result = function(exchange.pause)
    except Abandoned:
        pass
    except BaseException as error:
        exchange.error = error
    finally:
        exchange.done = True
        exchange.paused.release()
