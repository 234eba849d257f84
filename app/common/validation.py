"""Checks of numbers that people enter: a ValueError names the value and what is accepted."""

import math


def whole(name: str, value: object, low: int, high: int) -> None:
    """A whole number within low and high; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, got {value!r}")


def number(name: str, value: object, low: float, high: float) -> None:
    """A finite number within low and high; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be within {low:g} and {high:g}, got {value:g}")


def whole_range(name: str, value: object, low: int, high: int) -> None:
    """A pair (first, last) of whole numbers within low and high, first <= last."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name} must be a pair (first, last), got {value!r}")
    for end in value:
        whole(name, end, low, high)
    if value[0] > value[1]:
        raise ValueError(f"{name} must be (first, last) with first <= last, got {value!r}")
