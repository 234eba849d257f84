import numpy as np
import pytest

from app.models.sprites.backgrounds import PAINTERS
from app.models.sprites.paths import FRAMES
from app.models.sprites.vocabulary import SLOTS, load_vocabulary
from app.models.sprites.world import Factors, clip, draw_factors, render

VOCABULARY = load_vocabulary()


def centre(cover: np.ndarray) -> np.ndarray:
    """Centre of the object in each frame, (frames, 2) as (row, column)."""
    axis = np.arange(cover.shape[1])
    total = cover.sum(axis=(1, 2))
    rows = (cover.sum(axis=2) * axis).sum(axis=1) / total
    columns = (cover.sum(axis=1) * axis).sum(axis=1) / total
    return np.stack([rows, columns], axis=1)


def moved(motion: str, speed: str | None, seed: int = 0) -> np.ndarray:
    made = render(Factors("ball", "grey", motion, speed), np.random.default_rng(seed))
    return centre(made.cover.astype(float))


def test_clip_is_a_function_of_its_seed():
    one, again, other = clip(7), clip(7), clip(8)
    assert one.caption == again.caption
    assert np.array_equal(one.frames, again.frames)
    assert one.frames.shape == (FRAMES, 64, 64, 3)
    assert one.frames.dtype == np.uint8
    assert not np.array_equal(one.frames, other.frames)


def test_held_out_combinations_are_about_five_percent_and_apart():
    rng = np.random.default_rng(0)
    assert not any(draw_factors(rng).held_out() for _ in range(200))
    assert all(draw_factors(rng, held_out=True).held_out() for _ in range(20))
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
            made = render(Factors("fish", "grey", motion, speed), np.random.default_rng(3))
            cover = made.cover.astype(float)
            if motion in ("growing", "shrinking"):
                change[speed] = abs(np.sqrt(cover[-1].sum()) - np.sqrt(cover[0].sum()))
            elif motion == "spinning":
                change[speed] = np.abs(np.diff(cover, axis=0)).mean()
            else:
                change[speed] = np.abs(np.diff(centre(cover), axis=0)).sum()
        assert change["fast"] > (1.9 if motion != "spinning" else 1.5) * change["slow"], motion


def test_objects_are_large_enough_to_recognise():
    sides = [np.sqrt((clip(seed).cover[8] > 32).sum()) for seed in range(12)]
    assert 12 < np.median(sides) < 34


def test_moving_backgrounds_move_and_still_ones_do_not():
    for word in VOCABULARY.slot("background"):
        made = render(Factors("star", word.name, "still", None), np.random.default_rng(1))
        assert (np.abs(np.diff(made.frames.astype(int), axis=0)).max() > 0) == word.moving, word.name


def test_every_background_has_a_painter_and_every_word_a_caption_form():
    assert set(PAINTERS) == set(VOCABULARY.names("background"))
    for slot in SLOTS[1:]:
        assert all(len(word.phrases) >= 2 for word in VOCABULARY.slot(slot))


def test_vocabulary_is_as_large_as_promised():
    assert len(VOCABULARY.names("object")) >= 32
    assert len(VOCABULARY.names("background")) >= 10
    assert len(VOCABULARY.names("motion")) >= 10
    assert VOCABULARY.names("speed") == ("slow", "fast")


def test_speed_belongs_to_motion():
    with pytest.raises(ValueError, match="None only when still"):
        Factors("dog", "snow", "still", "fast")
    with pytest.raises(ValueError, match="None only when still"):
        Factors("dog", "snow", "right", None)
    with pytest.raises(ValueError, match="unknown object 'unicorn'"):
        Factors("unicorn", "snow", "still", None)
