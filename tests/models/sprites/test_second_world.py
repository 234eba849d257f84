from itertools import pairwise

import numpy as np
import pytest

from app.common.paths import SPRITES_2
from app.models.sprites.paths import FRAMES
from app.models.sprites.textures import TEXTURES
from app.models.sprites.vocabulary import SLOTS, load_vocabulary
from app.models.sprites.world import MORE_SLOTS, Clip, Factors, clip, draw_factors, render

VOCABULARY = load_vocabulary(SPRITES_2)


def made(*named: str | None, seed: int = 0, side: int = 64, **more: str) -> Clip:
    thing, place, motion, speed = named or ("ball", "grey", "still", None)
    factors = Factors(thing, str(place), motion, speed, **more, vocabulary=VOCABULARY)
    return render(factors, np.random.default_rng(seed), side)


def parts(cover: np.ndarray) -> int:
    """How many separate things a frame's cover shows."""
    free = cover > 64
    count = 0
    while free.any():
        count += 1
        row, column = np.argwhere(free)[0]
        waiting = [(row, column)]
        while waiting:
            row, column = waiting.pop()
            if 0 <= row < len(free) and 0 <= column < len(free) and free[row, column]:
                free[row, column] = False
                waiting += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return count


def test_a_plain_clip_is_the_shipped_worlds_but_for_the_sharper_sheet():
    shipped = render(Factors("dog", "meadow", "right", "fast"), np.random.default_rng(3))
    plain = made("dog", "meadow", "right", "fast", seed=3)
    assert plain.caption == shipped.caption
    assert np.abs(plain.frames.astype(int) - shipped.frames).mean() < 1


@pytest.mark.parametrize(
    "more",
    [
        {"count": "many"},
        {"texture": "rain"},
        {"camera": "pan left"},
        {"camera": "zoom in"},
        {"change": "nightfall"},
    ],
)
def test_the_same_picture_at_twice_the_size(more):
    small, large = (made("fox", "night", "right", "slow", seed=1, side=side, **more) for side in (64, 128))
    assert large.frames.shape == (FRAMES, 128, 128, 3)
    assert large.cover.shape == (FRAMES, 128, 128)
    assert large.caption == small.caption
    halved = large.frames.reshape(FRAMES, 64, 2, 64, 2, 3).mean(axis=(2, 4))
    assert np.abs(halved - small.frames).mean() < 2.5
    # And it is sharper than the small one made larger.
    steps = [
        np.abs(np.diff(frames.astype(int), axis=2)).max() for frames in (large.frames, small.frames.repeat(2, 2))
    ]
    assert steps[0] > 0.6 * steps[1]


def test_clips_of_both_sizes_are_functions_of_their_seed():
    for side in (64, 128):
        one, again = (clip(5, vocabulary=VOCABULARY, side=side) for _ in range(2))
        assert np.array_equal(one.frames, again.frames)
        assert one.factors == again.factors
    assert clip(5, vocabulary=VOCABULARY, side=128).factors == clip(5, vocabulary=VOCABULARY).factors


def test_counts_are_what_the_words_say():
    for count, accepted in (("one", {1}), ("two", {2}), ("three", {3}), ("many", {5, 6})):
        seen = {parts(made("ball", "grey", "still", None, seed=seed, count=count).cover[0]) for seed in range(6)}
        assert seen <= accepted, count
    assert made(None, "meadow", None, None, count="empty").cover.max() == 0


def test_objects_of_one_clip_move_alike():
    cover = made("ball", "grey", "right", "fast", count="three").cover.astype(float)
    columns = (cover.sum(axis=1) * np.arange(64)).sum(axis=1) / cover.sum(axis=(1, 2))
    assert columns[-1] - columns[0] == pytest.approx(30, abs=1)
    assert {parts(frame) for frame in cover} == {3}


def test_sizes_are_in_order():
    small, normal, large = (made(size=size).cover[0].sum() for size in ("small", "normal", "large"))
    assert small * 1.8 < normal < large / 1.8


@pytest.mark.parametrize("name", TEXTURES)
def test_a_textures_arrangement_is_the_seeds_and_moves(name):
    one, other = (made(None, "grey", None, None, seed=seed, count="empty", texture=name) for seed in (0, 1))
    assert 0.02 < (one.cover[0] > 64).mean() < 0.4
    assert np.abs(one.cover[0].astype(int) - other.cover[0]).max() > 200 * TEXTURES[name].strength
    assert np.abs(one.cover[0].astype(int) - one.cover[1]).max() > 60
    again = one.cover.astype(int)
    drop = TEXTURES[name].drop
    if not TEXTURES[name].sway:  # the whole arrangement falls (or rises) by so many pixels a frame
        inner = slice(16, 48)
        assert np.abs(again[1][inner] - np.roll(again[0], drop, axis=0)[inner]).max() <= 1


def test_the_camera_moves_background_and_objects_together():
    still = made("tree", "forest", "still", None)
    left, right = (made("tree", "forest", "still", None, camera=f"pan {way}") for way in ("left", "right"))
    middle = FRAMES // 2  # where both look straight ahead
    for panned, way in ((left, -1), (right, 1)):
        assert np.array_equal(panned.frames[middle], still.frames[middle])
        for before, after in pairwise(panned.frames):
            inner = slice(8, 56)
            moved = np.roll(before.astype(int), -way, axis=1)
            assert np.abs(after[:, inner] - moved[:, inner]).max() <= 2
    zoomed_in, zoomed_out = (made("tree", "forest", "still", None, camera=f"zoom {way}") for way in ("in", "out"))
    assert zoomed_in.cover[-1].sum() > 2 * zoomed_in.cover[0].sum()
    assert np.array_equal(zoomed_in.frames[-1], zoomed_out.frames[0])


def test_blinking_objects_come_and_go_and_night_falls():
    there = made(change="blinking").cover.max(axis=(1, 2)) > 0
    assert there.tolist() == [frame // 2 % 2 == 0 for frame in range(FRAMES)]
    brightness = made("ball", "meadow", "still", None, change="nightfall").frames.mean(axis=(1, 2, 3))
    assert (np.diff(brightness) < 0).all()
    assert brightness[-1] < 0.7 * brightness[0]


def test_most_clips_are_plain_or_nearly_so():
    rng = np.random.default_rng(0)
    drawn = [draw_factors(rng, vocabulary=VOCABULARY) for _ in range(600)]
    said = [sum(getattr(f, slot) != VOCABULARY.default(slot) for slot in MORE_SLOTS) for f in drawn]
    assert 0.35 < said.count(0) / len(drawn) < 0.55
    assert max(said) == 2
    for slot in MORE_SLOTS:
        assert {getattr(f, slot) for f in drawn} == set(VOCABULARY.names(slot))


def test_held_out_combinations_keep_apart_and_plain_ones_stay_those_of_the_shipped_world():
    rng = np.random.default_rng(0)
    drawn = [draw_factors(rng, held_out=True, vocabulary=VOCABULARY) for _ in range(60)]
    assert all(factors.held_out() for factors in drawn)
    plain = [f for f in drawn if all(getattr(f, slot) == VOCABULARY.default(slot) for slot in MORE_SLOTS)]
    assert plain
    assert all(Factors(*(getattr(f, slot) for slot in SLOTS)).held_out() for f in plain)
    assert not any(draw_factors(rng, vocabulary=VOCABULARY).held_out() for _ in range(100))


def test_factors_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match="count is 'two'; accepted in this world: one"):
        Factors("dog", "snow", "still", None, count="two")
    with pytest.raises(ValueError, match="unknown texture 'hail'; accepted: clear, confetti"):
        Factors("dog", "snow", "still", None, texture="hail", vocabulary=VOCABULARY)
    with pytest.raises(ValueError, match="an empty scene has object 'dog'"):
        Factors("dog", "snow", "still", None, count="empty", vocabulary=VOCABULARY)
    with pytest.raises(ValueError, match="'blinking' in an empty scene"):
        Factors(None, "snow", None, None, count="empty", change="blinking", vocabulary=VOCABULARY)


def test_the_sheets_have_an_emoji_for_every_object():
    for vocabulary in (load_vocabulary(), VOCABULARY):
        for name in vocabulary.names("object"):
            factors = Factors(name, "grey", "still", None, vocabulary=vocabulary)
            assert (render(factors, np.random.default_rng(0)).cover[0] > 128).sum() > 60, name
