"""The caption Open-Sora 1.2 was trained with: cleaned, with its scores at its end."""

from app.models.networks.caption import clean, cleaned_prompt
from app.models.settings import CameraMotion

AESTHETIC_SCORE = 6.5  # upstream's default; appended to every caption in training


def trained_caption(
    prompt: str,
    aesthetic: float = AESTHETIC_SCORE,
    motion_score: float | None = None,
    camera_motion: CameraMotion | None = None,
) -> str:
    """The caption the text encoder reads: the prompt and its scores, cleaned as in training.

    A score that the prompt states itself is left as it stands there. Raises ValueError where cleaning leaves
    nothing of the prompt.
    """
    cleaned_prompt(prompt)
    scores = {
        "aesthetic score:": f"{aesthetic:.1f}",
        "motion score:": None if motion_score is None else f"{motion_score:.1f}",
        "camera motion:": camera_motion,
    }
    stated = [f" {name} {value}." for name, value in scores.items() if value is not None and name not in prompt]
    return clean(prompt + "".join(stated))
