"""Marks: whether a video shows what its prompt asked for, slot by slot, in the judge's eyes.

The judge sees decoded pixels only, and was trained on rendered clips: it knows nothing of the model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from app.common.paths import SPRITES
from app.evaluation.classifier.network import JUDGE, Judge, Verdict, load_judge
from app.models.base import Frames
from app.models.sprites.text import understand

Scores = dict[str, bool]


@dataclass(frozen=True)
class ClipClassifier:
    """A judge with the vocabulary it shares with the prompts."""

    judge: Judge

    def verdict(self, video: Frames) -> Verdict:
        """What a video (16, height, width, 3) shows."""
        return self.judge.judge(torch.from_numpy(video.copy())[None])[0]

    def scores(self, prompt: str, video: Frames) -> Scores:
        """Right or wrong for every slot that the prompt fills."""
        vocabulary = self.judge.vocabulary
        understanding = understand(prompt, vocabulary)
        return compare({slot: understanding.name(slot) for slot in vocabulary.slots}, self.verdict(video))


def classifier_of(model: str, folder: Path = SPRITES) -> ClipClassifier | None:
    """The classifier of a model's videos; none where there is no judge."""
    return ClipClassifier(load_judge(folder)) if model == "sprites" and (folder / JUDGE).is_file() else None


def compare(wanted: Mapping[str, str | None], verdict: Verdict) -> Scores:
    """Marks for the wanted slots; a moving clip taken for a still one has no speed, which is wrong."""
    return {slot: verdict.names[slot] == name for slot, name in wanted.items() if name is not None}


def accuracy(scores: Iterable[Scores]) -> dict[str, float]:
    """The share of right answers, slot by slot, over the videos whose prompt fills the slot."""
    counted: dict[str, list[bool]] = {}
    for marks in scores:
        for slot, right in marks.items():
            counted.setdefault(slot, []).append(right)
    return {slot: sum(values) / len(values) for slot, values in counted.items()}
