import pytest

from app.common.paths import SPRITES_2
from app.models.sprites.text import row_names, token_count, token_indices, understand
from app.models.sprites.vocabulary import load_vocabulary
from app.models.sprites.world import clip

VOCABULARY = load_vocabulary(SPRITES_2)


def said(prompt: str) -> dict[str, str]:
    return {entry.slot: entry.word for entry in understand(prompt, VOCABULARY).understood}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("an empty meadow", {"count": "empty", "background": "meadow"}),
        ("nobody in the forest", {"count": "empty", "background": "forest"}),
        ("two dogs", {"count": "two", "object": "dog"}),
        ("a pair of crabs", {"count": "two", "object": "crab"}),
        ("three big foxes", {"count": "three", "size": "large", "object": "fox"}),
        ("a flock of birds at sunset", {"count": "many", "object": "bird", "background": "sunset"}),
        ("butterflies over a meadow", {"object": "butterfly", "count": "many", "background": "meadow"}),
        ("one dog", {"count": "one", "object": "dog"}),
        ("a fish", {"object": "fish"}),
        ("an octopus", {"object": "octopus"}),
        ("a tiny car in heavy rain", {"size": "small", "object": "car", "texture": "rain"}),
        ("rain falling on a dog falling slowly", {"texture": "rain", "object": "dog", "motion": "falling"}),
        ("many balloons rising", {"count": "many", "object": "balloon", "motion": "rising"}),
        ("a cat among party balloons", {"object": "cat", "texture": "party balloons"}),
        ("a dog, the camera pans to the left", {"object": "dog", "camera": "pan left"}),
        ("a dog moving left, panning right", {"object": "dog", "motion": "left", "camera": "pan right"}),
        ("a dog getting bigger, zooming out", {"object": "dog", "motion": "growing", "camera": "zoom out"}),
        ("a blinking star at night", {"change": "blinking", "object": "star", "background": "night"}),
        ("a lion in the desert as night falls", {"object": "lion", "background": "desert", "change": "nightfall"}),
    ],
)
def test_new_words_are_understood(prompt, expected):
    found = said(prompt)
    found.pop("speed", None)
    assert found == expected


def test_a_bare_plural_says_that_it_was_taken_for_many():
    entries = [(e.text, e.word) for e in understand("dogs in the snow", VOCABULARY).understood]
    assert entries == [("dogs", "dog"), ("snow", "snow"), ("dogs", "many")]


def test_an_empty_scene_ignores_what_would_need_an_object():
    understanding = understand("an empty meadow moving right fast", VOCABULARY)
    assert {e.text: e.reason for e in understanding.ignored} == {
        "moving right": "an empty scene has no object",
        "fast": "an empty scene has no object",
    }
    understanding = understand("an empty meadow with a dog", VOCABULARY)
    assert [(e.text, e.reason) for e in understanding.ignored] == [("empty", "dog is named")]
    assert understanding.name("count") is None


def test_the_old_words_mean_what_they_meant():
    old = load_vocabulary()
    moved = {"zooming in", "zooming out", "one"}  # the camera's now, and a number's
    for word in old.words:
        for phrase in {word.name, *word.synonyms} - moved:
            entry = understand(phrase, VOCABULARY).understood[0]
            assert (entry.slot, entry.word) == (word.slot, word.name), phrase


def test_captions_of_clips_mean_their_factors():
    for seed in range(120):
        made = clip(seed, vocabulary=VOCABULARY)
        understanding = understand(made.caption, VOCABULARY)
        assert not understanding.ignored, made.caption
        for slot in VOCABULARY.slots:
            found = understanding.name(slot) or VOCABULARY.default(slot)
            assert found in (None, getattr(made.factors, slot)), made.caption


def test_rows_are_distinct_and_a_default_is_its_own_word():
    names = row_names(VOCABULARY)
    assert len(names) == len(set(names)) == token_count(VOCABULARY)
    nothing: dict[str, str | None] = dict.fromkeys(VOCABULARY.slots)
    rows = [names[row] for row in token_indices(nothing, VOCABULARY)]
    assert rows[:4] == [("object", None), ("background", None), ("motion", None), ("speed", None)]
    assert rows[4:] == [(slot, VOCABULARY.default(slot)) for slot in VOCABULARY.slots[4:]]
