"""Sentences made of error messages, as people read them."""


def sentence(error: object) -> str:
    """An error as a sentence: a capital first, one full stop last."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
