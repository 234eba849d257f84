"""PAB's arithmetic, by hand, on short schedules."""

import pytest

from app.caching.branches import Branch
from app.caching.methods.pab import MLPBroadcast, PABConfig, whole_timesteps
from app.caching.policy import Plan, RunShape


def computed(config: PABConfig, timesteps: tuple[float, ...], branch: Branch) -> list[int]:
    return [
        step for step, plan in enumerate(config.plans(RunShape(timesteps, 2)), 1) if branch in branches_of(plan)
    ]


def branches_of(plan: Plan) -> frozenset[Branch]:
    assert isinstance(plan, frozenset)
    return plan


SPATIAL = Branch(1, "spatial", "attn")
TEMPORAL = Branch(0, "temporal", "attn")
CROSS = Branch(1, "temporal", "cross")
MLP = Branch(0, "spatial", "mlp")


def test_ranges_count_from_the_first_step_and_the_window_is_open():
    # Steps        1     2    3    4    5    6    7    8
    timesteps = (1000, 900, 800, 700, 600, 500, 400, 300)
    config = PABConfig(spatial=2, temporal=3, cross=4, window=(400, 900))  # open: steps 3 to 6
    assert computed(config, timesteps, SPATIAL) == [1, 2, 3, 5, 7, 8]
    assert computed(config, timesteps, TEMPORAL) == [1, 2, 4, 7, 8]
    assert computed(config, timesteps, CROSS) == [1, 2, 5, 7, 8]
    assert computed(config, timesteps, MLP) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_window_compares_timesteps_cut_to_whole_numbers():
    config = PABConfig(spatial=2, temporal=1, cross=1, window=(400, 900))
    assert computed(config, (1000, 900.9), SPATIAL) == [1, 2]
    assert computed(config, (1000, 899.9), SPATIAL) == [1]
    assert computed(config, (1000, 400.9), SPATIAL) == [1, 2]


def test_mlp_broadcast_skips_the_steps_after_a_key_in_its_blocks():
    timesteps = (900, 800, 700, 600, 500, 400)
    config = PABConfig(1, 1, 1, mlp=MLPBroadcast((800, 500, 333), (0,), steps=2))
    assert computed(config, timesteps, MLP) == [1, 2, 5]
    assert computed(config, timesteps, Branch(1, "spatial", "mlp")) == [1, 2, 3, 4, 5, 6]


def test_a_key_within_another_broadcast_is_computed():
    config = PABConfig(1, 1, 1, mlp=MLPBroadcast((800, 700), (0,), steps=2))
    assert computed(config, (900, 800, 700, 600, 500, 400), MLP) == [1, 2, 3, 6]


def test_bfloat16_moves_timesteps_onto_the_published_keys():
    assert whole_timesteps((863.1, 787.4, 674.6), "float32") == [863, 787, 674]
    assert whole_timesteps((863.1, 787.4, 674.6), "bfloat16") == [864, 788, 676]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"spatial": 0}, "spatial range must be a whole number from 1 to 1000, got 0"),
        ({"cross": 2.0}, "cross range must be a whole number from 1 to 1000, got 2.0"),
        ({"window": (930, 450)}, r"low < high, got \(930, 450\)"),
        ({"window": (450,)}, r"got \(450,\)"),
        ({"window": (450, float("nan"))}, "must be a finite number, got nan"),
        ({"precision": "int8"}, "one of float32, bfloat16, got 'int8'"),
    ],
)
def test_bad_settings_are_named(change: dict[str, object], said: str):
    with pytest.raises(ValueError, match=said):
        PABConfig(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (((), (0,)), r"timesteps must be listed, got \(\)"),
        (((1001,), (0,)), "MLP broadcast timestep must be a whole number from 0 to 1000, got 1001"),
        (((676,), (-1,)), "MLP broadcast block must be a whole number from 0 to 1000, got -1"),
        (((676,), (0,), 0), "MLP broadcast steps must be a whole number from 1 to 1000, got 0"),
    ],
)
def test_bad_mlp_settings_are_named(arguments: tuple[object, ...], said: str):
    with pytest.raises(ValueError, match=said):
        MLPBroadcast(*arguments)  # type: ignore[arg-type]
