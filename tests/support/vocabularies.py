"""A vocabulary with fewer slots than the shipped one: what older weights know, and what the code still takes."""

from dataclasses import replace

from app.models.sprites.vocabulary import SLOTS, Vocabulary, load_vocabulary


def of_first_slots() -> Vocabulary:
    """The shipped objects, backgrounds, motions and speeds alone."""
    shipped = load_vocabulary()
    words = tuple(word for word in shipped.words if word.slot in SLOTS)
    return replace(shipped, words=words, slots=SLOTS)
