"""The runs that are attacked are those of the tests of runs."""

from tests.runs.conftest import made

__all__ = ["made"]
