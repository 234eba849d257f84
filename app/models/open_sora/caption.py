"""The caption Open-Sora 1.2 was trained with: cleaned, with an aesthetic score at its end."""

from app.models.networks.caption import clean, cleaned_prompt

AESTHETIC_SCORE = 6.5  # upstream's default; appended to every caption in training


def trained_caption(prompt: str, aesthetic: float = AESTHETIC_SCORE) -> str:
    """The caption the text encoder reads: the prompt and an aesthetic score, cleaned as in training.

    Raises ValueError where cleaning leaves nothing of the prompt.
    """
    cleaned_prompt(prompt)
    score = "" if "aesthetic score:" in prompt else f" aesthetic score: {aesthetic:.1f}."
    return clean(prompt + score)
