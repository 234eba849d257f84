"""Presets: published runs by name, as the settings that make them; what a prompt and an image are, is left open.

Those of AdaCache's released scripts (github.com/AdaCache-DiT/AdaCache, run_sample_image.sh and _video.sh): a first
frame by text to image, without any method, then the video that starts from it with AdaCache-fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.caching.names import named_method
from app.generation.request import Request
from app.models.registry import card
from app.models.settings import Settings


@dataclass(frozen=True)
class Preset:
    """The settings of a run by the names of the command line's options."""

    id: str
    title: str
    about: str
    model: str
    codebook: str
    size: tuple[str, str, str]  # resolution, aspect ratio, length
    steps: int
    seed: int
    settings: Settings = Settings()  # noqa: RUF009 (frozen)
    starts_from_image: bool = False

    @property
    def options(self) -> Mapping[str, Any]:
        """What it says to the command line."""
        size = dict(zip(("resolution", "aspect_ratio", "length"), self.size, strict=True))
        plain = {name: getattr(self, name) for name in ("model", "codebook", "steps", "seed")}
        return MappingProxyType({**plain, **size, **self.settings.given})

    def request(self, prompt: str) -> Request:
        """The run of a prompt, without its image."""
        model = card(self.model)
        return Request(
            model=self.model,
            prompt=prompt,
            method=named_method(f"adacache-{self.codebook}", self.model),
            seed=self.seed,
            steps=self.steps,
            guidance=model.guidance,
            size=model.requested_size(*self.size),
            **vars(model.requested_settings(self.settings)),
        )


_RELEASED: dict[str, Any] = {"model": "open-sora-1.2", "codebook": "fast-100", "steps": 100, "seed": 1024}
PRESETS = {
    preset.id: preset
    for preset in (
        Preset(
            "released-first-frame",
            "Released script, first frame",
            "One frame at 1080p, 100 steps. The script takes the baseline's.",
            size=("1080p", "9:16", "image"),
            **_RELEASED,
        ),
        Preset(
            "released-video",
            "Released script, video",
            "720p, 2 s, 100 steps, AdaCache-fast, aesthetic score 7 and motion score 5, from a first frame.",
            size=("720p", "9:16", "2s"),
            settings=Settings(aesthetic=7.0, motion_score=5.0),
            starts_from_image=True,
            **_RELEASED,
        ),
    )
}
