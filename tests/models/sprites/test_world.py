from itertools import pairwise

import numpy as np
import pytest

from app.models.sprites.backgrounds import PAINTERS
from app.models.sprites.paths import FRAMES
from app.models.sprites.textures import TEXTURES
from app.models.sprites.vocabulary import SLOTS, load_vocabulary
from app.models.sprites.world import MORE_SLOTS, Clip, Factors, clip, draw_factors, render
from tests.support.vocabularies import of_first_slots

VOCABULARY = load_vocabulary()


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


def centre(cover: np.ndarray) -> np.ndarray:
    """Centre of the object in each frame, (frames, 2) as (row, column)."""
    axis = np.arange(cover.shape[1])
    total = cover.sum(axis=(1, 2))
    rows = (cover.sum(axis=2) * axis).sum(axis=1) / total
    columns = (cover.sum(axis=1) * axis).sum(axis=1) / total
    return np.stack([rows, columns], axis=1)


def moved(motion: str, speed: str | None, seed: int = 0) -> np.ndarray:
    return centre(made("ball", "grey", motion, speed, seed=seed).cover.astype(float))


def test_clips_of_both_sizes_are_functions_of_their_seed():
    for side in (64, 128):
        one, again = (clip(5, side=side) for _ in range(2))
        assert np.array_equal(one.frames, again.frames)
        assert (one.factors, one.caption) == (again.factors, again.caption)
        assert one.frames.shape == (FRAMES, side, side, 3)
        assert one.frames.dtype == np.uint8
        assert not np.array_equal(one.frames, clip(6, side=side).frames)
    assert clip(5, side=128).factors == clip(5).factors
    assert clip(5).frames.shape == (FRAMES, 64, 64, 3)


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


def test_vocabulary_is_as_large_as_promised():
    assert len(VOCABULARY.names("object")) >= 32
    assert len(VOCABULARY.names("background")) >= 10
    assert len(VOCABULARY.names("motion")) >= 10
    assert VOCABULARY.names("speed") == ("slow", "fast")
    assert VOCABULARY.slots == (*SLOTS, *MORE_SLOTS)
    assert set(TEXTURES) == set(VOCABULARY.names("texture")) - {"clear"}


def test_every_background_has_a_painter_and_every_word_a_caption_form():
    assert set(PAINTERS) == set(VOCABULARY.names("background"))
    for slot in VOCABULARY.slots[1:]:
        assert all(len(word.phrases) >= 2 for word in VOCABULARY.slot(slot) if not word.default), slot


def test_the_sheet_has_an_emoji_for_every_object():
    for name in VOCABULARY.names("object"):
        assert (made(name, "grey", "still", None).cover[0] > 128).sum() > 60, name


def test_objects_are_large_enough_to_recognise():
    plain = [clip(seed, vocabulary=of_first_slots()) for seed in range(12)]
    sides = [np.sqrt((one.cover[8] > 32).sum()) for one in plain]
    assert 12 < np.median(sides) < 34


def test_directions_are_what_the_words_say():
    for motion, axis, sign in (("right", 1, 1), ("left", 1, -1), ("falling", 0, 1), ("rising", 0, -1)):
        for speed in ("slow", "fast"):
            path = moved(motion, speed)
            assert sign * (path[-1, axis] - path[0, axis]) > 10
            assert abs(path[-1, 1 - axis] - path[0, 1 - axis]) < 1.5
    assert np.ptp(moved("still", None), axis=0).max() < 0.01


def test_fast_is_at_least_twice_slow_in_every_motion():
    for motion in VOCABULARY.names("motion"):
        if motion == "still":
            continue
        change = {}
        for speed in ("slow", "fast"):
            cover = made("fish", "grey", motion, speed, seed=3).cover.astype(float)
            if motion in ("growing", "shrinking"):
                change[speed] = abs(np.sqrt(cover[-1].sum()) - np.sqrt(cover[0].sum()))
            elif motion == "spinning":
                change[speed] = np.abs(np.diff(cover, axis=0)).mean()
            else:
                change[speed] = np.abs(np.diff(centre(cover), axis=0)).sum()
        assert change["fast"] > (1.9 if motion != "spinning" else 1.5) * change["slow"], motion


def test_moving_backgrounds_move_and_still_ones_do_not():
    for word in VOCABULARY.slot("background"):
        frames = made("star", word.name, "still", None, seed=1).frames.astype(int)
        assert (np.abs(np.diff(frames, axis=0)).max() > 0) == word.moving, word.name


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
    drawn = [draw_factors(rng) for _ in range(600)]
    said = [sum(getattr(f, slot) != VOCABULARY.default(slot) for slot in MORE_SLOTS) for f in drawn]
    assert 0.35 < said.count(0) / len(drawn) < 0.55
    assert max(said) == 2
    for slot in MORE_SLOTS:
        assert {getattr(f, slot) for f in drawn} == set(VOCABULARY.names(slot))


def test_held_out_combinations_are_about_five_percent_and_apart():
    rng = np.random.default_rng(0)
    assert not any(draw_factors(rng).held_out() for _ in range(200))
    assert all(draw_factors(rng, held_out=True).held_out() for _ in range(60))
    share = np.mean(
        [
            Factors(o, b, m, "slow").held_out()
            for o in VOCABULARY.names("object")
            for b in VOCABULARY.names("background")
            for m in VOCABULARY.names("motion")
            if m != "still"
        ]
    )
    assert 0.03 < share < 0.07


def test_a_plain_clip_is_the_same_in_a_world_of_fewer_slots():
    few = of_first_slots()
    for seed in range(40):
        plain = draw_factors(np.random.default_rng(seed), seed % 2 == 1, few)
        named = {slot: getattr(plain, slot) for slot in SLOTS}
        assert all(getattr(plain, slot) == VOCABULARY.default(slot) for slot in MORE_SLOTS)
        assert Factors(**named).held_out() == plain.held_out() == (seed % 2 == 1)
    one, other = (
        render(Factors("dog", "meadow", "right", "fast", vocabulary=words), np.random.default_rng(3))
        for words in (few, VOCABULARY)
    )
    assert one.caption == other.caption
    assert np.array_equal(one.frames, other.frames)


def test_speed_belongs_to_motion():
    with pytest.raises(ValueError, match="None only when still"):
        Factors("dog", "snow", "still", "fast")
    with pytest.raises(ValueError, match="None only when still"):
        Factors("dog", "snow", "right", None)
    with pytest.raises(ValueError, match="unknown object 'unicorn'"):
        Factors("unicorn", "snow", "still", None)


def test_factors_that_make_no_sense_are_named():
    with pytest.raises(ValueError, match="count is 'two'; accepted in this world: one"):
        Factors("dog", "snow", "still", None, count="two", vocabulary=of_first_slots())
    with pytest.raises(ValueError, match="unknown texture 'hail'; accepted: clear, confetti"):
        Factors("dog", "snow", "still", None, texture="hail")
    with pytest.raises(ValueError, match="an empty scene has object 'dog'"):
        Factors("dog", "snow", "still", None, count="empty")
    with pytest.raises(ValueError, match="'blinking' in an empty scene"):
        Factors(None, "snow", None, None, count="empty", change="blinking")
