"""Strips of every registered method: rows that agree with what a run recorded, windows, and what is measured."""

from dataclasses import replace

import pytest

from app.caching.branches import FACTORISED, TEXT_IN_SPACE, WHOLE_BLOCKS
from app.caching.method import Method
from app.caching.methods.delta_dit import DeltaDiTConfig, DeltaInterval
from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.methods.pab import MLPBroadcast, PABConfig
from app.caching.methods.tgate import TGATEConfig
from app.caching.plans import static_plans
from app.caching.policy import RunShape
from app.caching.record import StepRecord
from app.caching.registry import kinds, published
from app.caching.rows import MAX_NAME, BranchRow, Window
from app.caching.strips import UNKNOWN, Strips, strips_of
from app.models.registry import CARDS
from tests.support.short_methods import denoised, short_method

STEPS = 8
RUN = RunShape((1000, 875, 750, 625, 500, 375, 250, 125), depth=4)
DRAWN = {0.0: "-", 1.0: "X"}


def drawn(strips: Strips) -> dict[str, str]:
    """Rows by name, X for computed, - for reused."""
    return {s.row.name: "".join(DRAWN.get(share, "/") for share in s.computed) for s in strips.strips}


def scheduled(method: Method, run: RunShape = RUN) -> Strips:
    """The strips of a static method's whole run, its records as a model would count them."""
    whole = len(run.branches)
    counts = [plan if isinstance(plan, str) else len(plan) for plan in static_plans(method, run)]
    records = [
        StepRecord(step=step, timestep=timestep, computed="all" if count == whole else count, seconds=1.0)
        for step, (timestep, count) in enumerate(zip(run.timesteps, counts, strict=True), start=1)
    ]
    return strips_of(method, run, records)


@pytest.mark.parametrize("name", kinds())
def test_every_methods_strips_are_what_its_run_computed(name: str) -> None:
    method = short_method(name)
    run, records = denoised(method, STEPS)
    strips = strips_of(method, run, records)
    assert strips.note == ""
    whole = len(run.branches)
    for step, record in enumerate(records):
        counted = {"all": whole, "none": 0}.get(str(record.computed), record.computed)
        assert sum(len(s.row.branches) * s.computed[step] for s in strips.strips) == counted
        assert all(s.computed[step] in DRAWN for s in strips.strips)  # a row is computed or reused as one
    assert 0 < strips.share(STEPS) < 1
    assert strips.in_part == any(isinstance(record.computed, int) for record in records)
    for window in strips.windows:
        assert window.steps[1] <= len(records)
        assert window.rows
        assert set(window.rows) <= set(drawn(strips))
    so_far = strips_of(method, run, records[:3])
    assert drawn(so_far) == {row: whole[:3] for row, whole in drawn(strips).items()}
    assert drawn(strips_of(method, run, ())) == dict.fromkeys(drawn(strips), "")


@pytest.mark.parametrize("name", [name for name in kinds() if short_method(name).curves])
def test_what_a_method_measures_is_below_its_threshold_where_it_reuses(name: str) -> None:
    method = short_method(name)
    _, records = denoised(method, STEPS)
    for curve in method.curves:
        assert any(getattr(record, curve.measured) is not None for record in records)
    reused = [record for record in records if record.computed != "all"]
    assert reused
    assert all(getattr(record, method.curves[-1].measured) <= method.limit(STEPS) for record in reused)


def test_kinds_of_attention_have_a_row_each() -> None:
    strips = scheduled(PABConfig(2, 3, 4, (200, 900), MLPBroadcast((750,), (0, 1), 2)))
    assert drawn(strips) == {
        "spatial": "X-X-X-XX",
        "temporal": "X--X--XX",
        "cross": "X---X--X",
        "MLP": "XXX--XXX",
        "other MLPs": "XXXXXXXX",
    }
    assert strips.windows == (
        Window("broadcast window, timesteps 200 to 900", (2, 7), ("spatial", "temporal", "cross")),
        Window("MLP broadcast", (3, 5), ("MLP",)),
    )
    branches = {row.row.name: len(row.row.branches) for row in strips.strips}
    assert branches == {"spatial": 4, "temporal": 4, "cross": 8, "MLP": 4, "other MLPs": 4}
    assert strips.share(STEPS) == pytest.approx((4 * 5 + 4 * 4 + 8 * 3 + 4 * 6 + 4 * 8) / (24 * 8))


def test_the_gate_freezes_cross_attention() -> None:
    strips = scheduled(TGATEConfig(gate=3, window=(2, 5), interval=2))
    assert drawn(strips) == {"self-attn": "XX-X-XXX", "cross-attn": "XXX-----", "MLP": "XXXXXXXX"}
    about = [(window.steps, window.rows) for window in strips.windows]
    assert about == [((2, 5), ("self-attn",)), ((4, 8), ("cross-attn",))]
    assert scheduled(TGATEConfig(gate=8, window=(9, 12))).windows == ()  # behind the end of the run


def test_the_stack_is_cut_at_the_intervals_blocks() -> None:
    strips = scheduled(DeltaDiTConfig((DeltaInterval((1, 4), (0, 0)), DeltaInterval((6, 20), (0, 2))), gap=2))
    assert drawn(strips) == {"block 0": "X-X-XX-X", "blocks 1–2": "XXXXXX-X", "block 3": "XXXXXXXX"}
    assert [(window.steps, window.rows) for window in strips.windows] == [
        ((1, 4), ("block 0",)),
        ((6, 8), ("block 0", "blocks 1–2")),
    ]


def test_records_of_another_schedule_are_shown_as_shares_and_said() -> None:
    records = [StepRecord(step=1, timestep=1000, computed=6, seconds=1.0)]
    strips = strips_of(FixedIntervalConfig(2), RUN, records)
    assert (strips.note, drawn(strips), strips.share(1)) == (UNKNOWN, {"all blocks": "/"}, 0.25)
    assert strips.in_part
    assert strips.to_json()["note"] == UNKNOWN


def test_a_reuse_that_probes_the_first_block_has_a_row_for_it() -> None:
    held = FixedIntervalConfig(2)
    assert list(drawn(scheduled(held))) == ["all blocks"]
    probed = scheduled(replace(held, reuse="probe-scaled"))
    assert drawn(probed) == {"block 0": "XXXXXXXX", "blocks 1–3": "X-X-X-X-"}


@pytest.mark.parametrize("layout", [FACTORISED, TEXT_IN_SPACE, WHOLE_BLOCKS])
def test_rows_hold_every_branch_once_in_every_layout(layout: tuple) -> None:
    run = replace(RUN, depth=28, layout=layout)
    for kind in kinds().values():
        if kind.attention and layout == WHOLE_BLOCKS:
            continue
        rows = short_method(kind.name).rows(run)
        branches = [branch for row in rows for branch in row.branches]
        assert sorted(branches) == sorted(run.branches)
        assert all(len(row.name) <= MAX_NAME for row in rows)


def test_published_settings_have_rows_and_windows_on_their_model() -> None:
    for card in CARDS.values():
        run = card.run_shape(tuple(1000 - 1000 * step / card.steps for step in range(card.steps)))
        for item in published(card.id).values():
            names = {row.name for row in item.method.rows(run)}
            assert all(set(window.rows) <= names for window in item.method.windows(run))


def test_a_row_or_window_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 12 characters, got 'spatial attention'"):
        BranchRow("spatial attention", "", frozenset(RUN.branches))
    with pytest.raises(ValueError, match="'none' has no branches"):
        BranchRow("none", "", frozenset())
    with pytest.raises(ValueError, match=r"first and a last step from 1 on, got \(3, 2\)"):
        Window("", (3, 2), ())
