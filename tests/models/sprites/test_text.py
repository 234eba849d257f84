import pytest
import torch

from app.models.sprites.text import TOKENS_A_WORD, SpritesText, token_count, token_indices, understand
from app.models.sprites.vocabulary import SLOTS, load_vocabulary
from app.models.sprites.world import clip

VOCABULARY = load_vocabulary()


def names(prompt: str) -> dict[str, str | None]:
    understanding = understand(prompt, VOCABULARY)
    return {slot: understanding.name(slot) for slot in SLOTS}


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
        ("Two butterflies' wings", ("butterfly", None, None, None)),
        ("the sea's waves", (None, "ocean", None, None)),
        ("a dog that is not moving", ("dog", None, "still", None)),
        ("a robot on a pink background", ("robot", "pink", None, None)),
    ],
)
def test_prompts_are_understood(prompt, expected):
    assert tuple(names(prompt).values()) == expected


def test_a_second_object_is_ignored_with_a_reason():
    understanding = understand("a dog and a cat", VOCABULARY)
    assert understanding.name("object") == "dog"
    assert [(entry.text, entry.reason) for entry in understanding.ignored] == [
        ("cat", "one object per clip, and dog came first")
    ]


def test_the_same_word_twice_is_not_ignored():
    assert ignored("a dog, a good puppy, in waves of the sea") == ["good"]


def test_a_colour_before_an_object_is_not_a_background():
    assert names("a pink flower in the snow")["background"] == "snow"
    assert ignored("a pink flower in the snow") == ["pink"]


def test_function_words_are_not_reported():
    assert ignored("there is a dog moving in the forest") == []
    assert ignored("a purple dog") == ["purple"]


@pytest.mark.parametrize("prompt", ["", "   ", "hello world", "the of and", "🐶", "日本の犬", "x" * 500])
def test_nothing_known_says_what_is(prompt):
    with pytest.raises(ValueError, match=r"objects: dog, cat.*backgrounds: night.*speeds: slow, fast"):
        understand(prompt, VOCABULARY)


def test_captions_of_clips_mean_their_factors():
    for seed in range(150):
        made = clip(seed)
        understanding = understand(made.caption, VOCABULARY)
        assert not understanding.ignored, made.caption
        for slot in SLOTS:
            assert understanding.name(slot) in (None, getattr(made.factors, slot)), made.caption


def test_tokens_are_distinct_rows_in_slot_order():
    rows = token_count(VOCABULARY)
    nothing: dict[str, str | None] = dict.fromkeys(SLOTS)
    seen = [index for index in token_indices(nothing, VOCABULARY)]
    for slot in SLOTS:
        seen += [
            token_indices({**nothing, slot: n}, VOCABULARY)[SLOTS.index(slot)] for n in VOCABULARY.names(slot)
        ]
    assert sorted(seen) == list(range(rows))


def test_encode_gives_a_few_tokens_a_slot():
    table = torch.arange(float(token_count(VOCABULARY)))[:, None, None].expand(-1, TOKENS_A_WORD, 8)
    y, mask, understanding = SpritesText(table).encode("a slow dog")
    assert y.shape == (1, 1, 4 * TOKENS_A_WORD, 8)
    assert mask.shape == (1, 4 * TOKENS_A_WORD)
    assert mask.all()
    words = token_indices({"object": "dog", "background": None, "motion": None, "speed": "slow"}, VOCABULARY)
    assert y[0, 0, :, 0].tolist() == [word for word in words for _ in range(TOKENS_A_WORD)]
    assert [entry.word for entry in understanding.understood] == ["slow", "dog"]
    with pytest.raises(ValueError, match="table has 3 rows"):
        SpritesText(torch.zeros(3, TOKENS_A_WORD, 8))
