"""Prompts composed from the vocabulary of Sprites: every word of them is understood."""

from random import Random

from app.models.sprites.vocabulary import indefinite, load_vocabulary

STILL = "still"


def compose(random: Random) -> str:
    """For example "a fox moving left slowly in the snow"; what stands still has no speed."""
    vocabulary = load_vocabulary()
    thing = random.choice(vocabulary.names("object"))
    motion = random.choice(vocabulary.slot("motion"))
    speed = random.choice(vocabulary.slot("speed"))
    background = random.choice(vocabulary.slot("background"))
    parts = [
        indefinite(thing),
        random.choice(motion.phrases),
        *([] if motion.name == STILL else [random.choice(speed.phrases)]),
        random.choice(background.phrases),
    ]
    return " ".join(parts)
