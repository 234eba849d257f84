"""EasyCache: its estimate sums up over skipped steps, whatever stands in for them."""

from itertools import pairwise

import pytest

from app.caching.method import ReuseOption
from app.caching.methods.easycache import EasyCacheConfig
from tests.support.short_methods import denoised


@pytest.mark.parametrize("reuse", ["hold", "forecast", "probe-scaled"])
def test_the_estimate_grows_until_a_step_is_computed(reuse: ReuseOption) -> None:
    _, records = denoised(EasyCacheConfig(1.0, warmup=3, reuse=reuse), 20)
    skipped = [record.step for record in records if record.computed != "all"]
    assert len(skipped) > 8
    in_a_row = [(one, other) for one, other in pairwise(records) if {one.step, other.step} <= set(skipped)]
    assert len(in_a_row) > 5
    for one, other in in_a_row:
        assert one.regularised is not None
        assert other.regularised is not None
        assert other.regularised > one.regularised
