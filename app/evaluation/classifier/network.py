"""The judge: a small classifier that says what a clip shows. It is not the model it judges.

Every slot of the vocabulary is read from pixels alone, by a network trained on rendered clips.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

from app.common.paths import SPRITES
from app.models.sprites.vae import to_images
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary

JUDGE = "judge.safetensors"  # in the model's folder
FRAMES = 16
SIDE = 64  # pixels of what it looks at; larger pictures are made as small first
GRID = 8
_LOOKS = ("object", "background")  # read from how the frames look, one by one
_MOVES = ("motion", "speed")  # read from what happens where, over the frames; every other slot from both


@dataclass(frozen=True)
class JudgeConfig:
    """Widths of the judge."""

    narrow: int = 24
    middle: int = 48
    wide: int = 96
    places: int = 16
    frame_features: int = 64
    motion_features: int = 96

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value < 1:
                raise ValueError(f"{name} is {value}; accepted: an integer of at least 1")


@dataclass(frozen=True)
class Verdict:
    """What the judge sees in one clip, slot by slot, and its confidence in each answer in [0, 1].

    A still clip has no speed, an empty scene no object and nothing of an object's: None.
    """

    names: dict[str, str | None]
    confidence: dict[str, float]


class Judge(nn.Module):
    """Images (clips, 16, 3, 64, 64) in [-1, 1] -> logits of every slot, {slot: (clips, classes)}."""

    def __init__(self, config: JudgeConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        self.trunk = nn.Sequential(
            nn.Conv2d(9, config.narrow, 5, stride=2, padding=2),  # a frame, and its change from either neighbour
            nn.SiLU(),
            nn.Conv2d(config.narrow, config.middle, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(config.middle, config.wide, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(config.wide, config.wide, 3, padding=1),
        )
        self.further = tuple(slot for slot in vocabulary.slots if slot not in (*_LOOKS, *_MOVES))
        self.appearance = nn.Linear(2 * config.wide, sum(self._classes(_LOOKS)))
        self.places = nn.Conv2d(config.wide, config.places, 1)
        self.frame = nn.Linear(config.places * GRID**2, config.frame_features)
        self.motion = nn.Sequential(
            nn.Linear(FRAMES * config.frame_features, config.motion_features),
            nn.SiLU(),
            nn.Linear(config.motion_features, sum(self._classes(_MOVES))),
        )
        if self.further:
            self.both = nn.Linear(2 * config.wide + config.motion_features, sum(self._classes(self.further)))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """(clips, 16, 3, 64, 64) -> logits of every slot."""
        clips = len(images)
        features = self.trunk(_with_changes(images).flatten(0, 1))  # (clips * frames, wide, 8, 8)
        pooled = torch.cat([features.amax(dim=(2, 3)), features.mean(dim=(2, 3))], dim=1)
        pooled = pooled.unflatten(0, (clips, FRAMES))
        place = F.silu(self.frame(self.places(F.silu(features)).flatten(1)))
        happening = self.motion[:2](place.view(clips, -1))
        logits = self._split(_LOOKS, self.appearance(pooled).mean(dim=1))
        logits |= self._split(_MOVES, self.motion[2](happening))
        if self.further:
            seen = torch.cat([pooled.mean(dim=1), happening], dim=1)
            logits |= self._split(self.further, self.both(seen))
        return logits

    @torch.inference_mode()
    def judge(self, frames: Tensor) -> list[Verdict]:
        """Frames (clips, 16, 64, 64, 3) or of twice the size, uint8 or in [0, 1] -> a verdict for each clip."""
        accepted = [(FRAMES, side, side, 3) for side in (SIDE, 2 * SIDE)]
        if frames.ndim != 5 or tuple(frames.shape[1:]) not in accepted:
            shapes = f"(clips, {FRAMES}, {SIDE}, {SIDE}, 3), or twice as high and wide"
            raise ValueError(f"frames have shape {tuple(frames.shape)}; accepted: {shapes}")
        chances = {slot: logits.softmax(dim=1) for slot, logits in self(looked_at(frames)).items()}
        return [
            self._verdict({slot: chance[clip] for slot, chance in chances.items()}) for clip in range(len(frames))
        ]

    def _classes(self, slots: tuple[str, ...]) -> list[int]:
        return [len(self.vocabulary.names(slot)) for slot in slots]

    def _split(self, slots: tuple[str, ...], logits: Tensor) -> dict[str, Tensor]:
        return dict(zip(slots, logits.split(self._classes(slots), dim=1), strict=True))

    def _verdict(self, chances: dict[str, Tensor]) -> Verdict:
        names: dict[str, str | None] = {
            slot: self.vocabulary.names(slot)[int(chance.argmax())] for slot, chance in chances.items()
        }
        if names.get("count") == "empty":
            names |= dict.fromkeys(("object", "motion", "size"))
        if names["motion"] in ("still", None):
            names["speed"] = None
        return Verdict(names, {slot: float(chance.max()) for slot, chance in chances.items()})


def _with_changes(images: Tensor) -> Tensor:
    """(clips, frames, 3, h, w) -> (clips, frames, 9, h, w): slow and fast differ in what is new in a frame."""
    before = torch.cat([images[:, :1], images[:, :-1]], dim=1)
    after = torch.cat([images[:, 1:], images[:, -1:]], dim=1)
    return torch.cat([images, images - before, images - after], dim=2)


def looked_at(frames: Tensor) -> Tensor:
    """Frames (clips, 16, side, side, 3), uint8 or in [0, 1] -> images as the judge sees them, 64 pixels a side."""
    images = F.adaptive_avg_pool2d(to_images(frames.flatten(0, 1)), SIDE)
    return images.unflatten(0, frames.shape[:2])


def load_judge(folder: Path = SPRITES) -> Judge:
    """Reads the judge of a model's folder as float32, ready to use."""
    with safe_open(folder / JUDGE, framework="pt") as file:
        judge = Judge(JudgeConfig(**json.loads(file.metadata()["config"])), load_vocabulary(folder))
        judge.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    return judge.eval().requires_grad_(False)
