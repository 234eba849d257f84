"""The deliberate faults of tests.support.mutations, which takes half an hour: that each still finds its place."""

import pytest

from tests.support.mutations import MUTATIONS, Mutation
from tests.support.paths import ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.file)
def test_a_fault_finds_its_place(mutation: Mutation) -> None:
    assert mutation.before in (ROOT / mutation.file).read_text()
    assert all((ROOT / place).exists() for place in mutation.tests.split())
