"""The judge: a small classifier that says what a clip shows. It is not the model it judges.

Object, background, motion and speed are read from pixels alone, by a network trained on rendered clips.
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
from app.models.sprites.vocabulary import SLOTS, load_vocabulary

JUDGE = SPRITES / "judge.safetensors"
FRAMES = 16
GRID = 8


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
    """What the judge sees in one clip, and its confidence in each answer in [0, 1]; a still clip has no speed."""

    object: str
    background: str
    motion: str
    speed: str | None
    confidence: dict[str, float]


class Judge(nn.Module):
    """Images (clips, 16, 3, 64, 64) in [-1, 1] -> logits of every slot, {slot: (clips, classes)}."""

    def __init__(self, config: JudgeConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk = nn.Sequential(
            nn.Conv2d(3, config.narrow, 5, stride=2, padding=2),
            nn.SiLU(),
            nn.Conv2d(config.narrow, config.middle, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(config.middle, config.wide, 3, stride=2, padding=1),
            nn.SiLU(),
            nn.Conv2d(config.wide, config.wide, 3, padding=1),
        )
        counts = {slot: len(load_vocabulary().names(slot)) for slot in SLOTS}
        self.appearance = nn.Linear(2 * config.wide, counts["object"] + counts["background"])
        self.places = nn.Conv2d(config.wide, config.places, 1)
        self.frame = nn.Linear(config.places * GRID**2, config.frame_features)
        self.motion = nn.Sequential(
            nn.Linear(FRAMES * config.frame_features, config.motion_features),
            nn.SiLU(),
            nn.Linear(config.motion_features, counts["motion"] + counts["speed"]),
        )
        self.counts = counts

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """(clips, 16, 3, 64, 64) -> logits of every slot."""
        clips = len(images)
        features = self.trunk(images.flatten(0, 1))  # (clips * frames, wide, 8, 8)
        pooled = torch.cat([features.amax(dim=(2, 3)), features.mean(dim=(2, 3))], dim=1)
        appearance = self.appearance(pooled).unflatten(0, (clips, FRAMES)).mean(dim=1)
        place = F.silu(self.frame(self.places(F.silu(features)).flatten(1)))
        motion = self.motion(place.view(clips, -1))
        objects, backgrounds = appearance.split([self.counts["object"], self.counts["background"]], dim=1)
        motions, speeds = motion.split([self.counts["motion"], self.counts["speed"]], dim=1)
        return {"object": objects, "background": backgrounds, "motion": motions, "speed": speeds}

    @torch.inference_mode()
    def judge(self, frames: Tensor) -> list[Verdict]:
        """Frames (clips, 16, 64, 64, 3), uint8 or in [0, 1] -> a verdict for each clip."""
        if frames.ndim != 5 or tuple(frames.shape[1:]) != (FRAMES, 64, 64, 3):
            raise ValueError(f"frames have shape {tuple(frames.shape)}; accepted: (clips, {FRAMES}, 64, 64, 3)")
        images = to_images(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        chances = {slot: logits.softmax(dim=1) for slot, logits in self(images).items()}
        return [_verdict({slot: chance[clip] for slot, chance in chances.items()}) for clip in range(len(frames))]


def load_judge(path: Path = JUDGE) -> Judge:
    """Reads the shipped judge as float32, ready to use."""
    with safe_open(path, framework="pt") as file:
        judge = Judge(JudgeConfig(**json.loads(file.metadata()["config"])))
        judge.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    return judge.eval().requires_grad_(False)


def _verdict(chances: dict[str, Tensor]) -> Verdict:
    vocabulary = load_vocabulary()
    names = {slot: vocabulary.names(slot)[int(chance.argmax())] for slot, chance in chances.items()}
    still = names["motion"] == "still"
    return Verdict(
        object=names["object"],
        background=names["background"],
        motion=names["motion"],
        speed=None if still else names["speed"],
        confidence={slot: float(chance.max()) for slot, chance in chances.items()},
    )
