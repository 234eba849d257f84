import pytest
import torch

from app.models.sprites.text import (
    TOKENS_A_WORD,
    SpritesText,
    row_names,
    token_count,
    token_indices,
    understand,
)
from app.models.sprites.vocabulary import SLOTS, load_vocabulary
from app.models.sprites.world import clip
from tests.support.vocabularies import of_first_slots

VOCABULARY = load_vocabulary()


def said(prompt: str) -> dict[str, str]:
    return {entry.slot: entry.word for entry in understand(prompt, VOCABULARY).understood}


def ignored(prompt: str) -> list[str]:
    return [entry.text for entry in understand(prompt, VOCABULARY).ignored]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a dog moving right fast over snow", ("dog", "snow", "right", "fast")),
        ("A cute happy Corgi playing in park, sunset, surrealism style", ("dog", "meadow", None, None)),
        ("A panda playing on a swing set", ("panda", None, "swaying", None)),
        ("a shark is swimming in the ocean, Van Gogh style", ("shark", "ocean", None, None)),
        ("An astronaut is riding a horse in the space", ("horse", "night", None, None)),
        ("a backpack and an umbrella", ("umbrella", None, None, None)),
        ("a colourful butterfly through a beautiful coral reef", ("butterfly", "underwater", None, None)),
        ("falling snow", (None, "snow", None, None)),
        ("a fox in falling snow", ("fox", "snow", None, None)),
        ("a fox falling in the snow", ("fox", "snow", "falling", None)),
        ("snow falling on a fox falling slowly", ("fox", "snow", "falling", "slow")),
        ("a falling star over the city at night", ("star", "city", "falling", None)),
        ("a star on a starry night", ("star", "night", None, None)),
        ("a frog going up and down", ("frog", None, "bouncing", None)),
        ("the boat, moving from left to right QUICKLY!", ("boat", None, "right", "fast")),
        ("the sea's waves", (None, "ocean", None, None)),
        ("a dog that is not moving", ("dog", None, "still", None)),
        ("a robot on a pink background", ("robot", "pink", None, None)),
    ],
)
def test_prompts_are_understood(prompt, expected):
    assert said(prompt) == {slot: name for slot, name in zip(SLOTS, expected, strict=True) if name is not None}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("an empty meadow", {"count": "empty", "background": "meadow"}),
        ("nobody in the forest", {"count": "empty", "background": "forest"}),
        ("two dogs", {"count": "two", "object": "dog"}),
        ("Two butterflies' wings", {"count": "two", "object": "butterfly"}),
        ("a pair of crabs", {"count": "two", "object": "crab"}),
        ("three big foxes", {"count": "three", "size": "large", "object": "fox"}),
        ("a flock of birds at sunset", {"count": "many", "object": "bird", "background": "sunset"}),
        ("butterflies over a meadow", {"object": "butterfly", "count": "many", "background": "meadow"}),
        ("one dog", {"count": "one", "object": "dog"}),
        ("a fish", {"object": "fish"}),
        ("an octopus", {"object": "octopus"}),
        ("a tiny car in heavy rain", {"size": "small", "object": "car", "texture": "rain"}),
        ("rain falling on a dog falling", {"texture": "rain", "object": "dog", "motion": "falling"}),
        ("many balloons rising", {"count": "many", "object": "balloon", "motion": "rising"}),
        ("a cat among party balloons", {"object": "cat", "texture": "party balloons"}),
        ("a dog, the camera pans to the left", {"object": "dog", "camera": "pan left"}),
        ("a dog moving left, panning right", {"object": "dog", "motion": "left", "camera": "pan right"}),
        ("a dog getting bigger, zooming out", {"object": "dog", "motion": "growing", "camera": "zoom out"}),
        ("a blinking star at night", {"change": "blinking", "object": "star", "background": "night"}),
        ("a lion in the desert as night falls", {"object": "lion", "background": "desert", "change": "nightfall"}),
    ],
)
def test_number_size_texture_camera_and_change_are_understood(prompt, expected):
    assert said(prompt) == expected


def test_every_phrase_of_the_vocabulary_means_its_word():
    for word in VOCABULARY.words:
        for phrase in (word.name, *word.synonyms):
            entry = understand(phrase, VOCABULARY).understood[0]
            assert (entry.slot, entry.word) == (word.slot, word.name), phrase


def test_a_bare_plural_says_that_it_was_taken_for_many():
    entries = [(e.text, e.word) for e in understand("dogs in the snow", VOCABULARY).understood]
    assert entries == [("dogs", "dog"), ("snow", "snow"), ("dogs", "many")]
    assert understand("dogs in the snow", of_first_slots()).name("object") == "dog"


def test_an_empty_scene_ignores_what_would_need_an_object():
    understanding = understand("an empty meadow moving right fast", VOCABULARY)
    assert {e.text: e.reason for e in understanding.ignored} == {
        "moving right": "an empty scene has no object",
        "fast": "an empty scene has no object",
    }
    understanding = understand("an empty meadow with a dog", VOCABULARY)
    assert [(e.text, e.reason) for e in understanding.ignored] == [("empty", "dog is named")]
    assert understanding.name("count") is None


def test_a_second_object_is_ignored_with_a_reason():
    understanding = understand("a dog and a cat", VOCABULARY)
    assert understanding.name("object") == "dog"
    assert [(entry.text, entry.reason) for entry in understanding.ignored] == [
        ("cat", "one object per clip, and dog came first")
    ]


def test_the_same_word_twice_is_not_ignored():
    assert ignored("a dog, a good puppy, in waves of the sea") == ["good"]


def test_a_colour_before_an_object_is_not_a_background():
    assert said("a pink flower in the snow")["background"] == "snow"
    assert ignored("a pink flower in the snow") == ["pink"]


def test_function_words_are_not_reported():
    assert ignored("there is a dog moving in the forest") == []
    assert ignored("a purple dog") == ["purple"]


@pytest.mark.parametrize("prompt", ["", "   ", "hello world", "the of and", "🐶", "日本の犬", "x" * 500])
def test_nothing_known_says_what_is(prompt):
    known = r"objects: dog, cat.*backgrounds: night.*speeds: slow, fast; counts: one.*changes: steady"
    with pytest.raises(ValueError, match=known):
        understand(prompt, VOCABULARY)


def test_captions_of_clips_mean_their_factors():
    for seed in range(150):
        made = clip(seed)
        understanding = understand(made.caption, VOCABULARY)
        assert not understanding.ignored, made.caption
        for slot in VOCABULARY.slots:
            found = understanding.name(slot) or VOCABULARY.default(slot)
            assert found in (None, getattr(made.factors, slot)), made.caption


def test_every_word_and_every_slot_left_open_has_a_row_of_its_own():
    names = row_names(VOCABULARY)
    assert len(names) == len(set(names)) == token_count(VOCABULARY)
    nothing: dict[str, str | None] = dict.fromkeys(VOCABULARY.slots)
    seen = [
        token_indices({**nothing, slot: name}, VOCABULARY)[VOCABULARY.slots.index(slot)] for slot, name in names
    ]
    assert seen == list(range(len(names)))


def test_a_slot_that_is_not_spoken_of_is_open_or_has_its_default():
    names = row_names(VOCABULARY)
    nothing: dict[str, str | None] = dict.fromkeys(VOCABULARY.slots)
    rows = [names[row] for row in token_indices(nothing, VOCABULARY)]
    assert rows[:4] == [("object", None), ("background", None), ("motion", None), ("speed", None)]
    assert rows[4:] == [
        ("count", "one"),
        ("size", "normal"),
        ("texture", "clear"),
        ("camera", "fixed"),
        ("change", "steady"),
    ]


def test_encode_gives_a_few_tokens_a_slot():
    table = torch.arange(float(token_count(VOCABULARY)))[:, None, None].expand(-1, TOKENS_A_WORD, 8)
    y, mask, understanding = SpritesText(table).encode("a slow dog")
    assert y.shape == (1, 1, 9 * TOKENS_A_WORD, 8)
    assert mask.shape == (1, 9 * TOKENS_A_WORD)
    assert mask.all()
    named: dict[str, str | None] = {**dict.fromkeys(VOCABULARY.slots), "object": "dog", "speed": "slow"}
    words = token_indices(named, VOCABULARY)
    assert y[0, 0, :, 0].tolist() == [word for word in words for _ in range(TOKENS_A_WORD)]
    assert [entry.word for entry in understanding.understood] == ["slow", "dog"]
    with pytest.raises(ValueError, match="table has 3 rows"):
        SpritesText(torch.zeros(3, TOKENS_A_WORD, 8))
