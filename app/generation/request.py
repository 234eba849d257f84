"""Request: everything that decides a run's videos. Validated, hashable, round-trips through JSON."""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from secrets import randbelow
from typing import Any, Self

from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.registry import method_from_json, method_to_json
from app.common.validation import MAX_WHOLE, as_whole, number, shown, text, whole
from app.models.settings import NAMES, CameraMotion, Precision, Settings
from app.models.size import Size

MAX_PROMPT = 1500
MAX_STEPS = 1000
MAX_SEED = MAX_WHOLE  # larger ones would change on their way through the page
MAX_NAME = 200
MAX_GUIDANCE = 50.0
OPTIONAL = ("size", *NAMES)  # written only where they are not the model's own, so that older requests are equal


def random_seed() -> int:
    """A seed nobody chose, short enough to be written down."""
    return randbelow(2**32)


@dataclass(frozen=True)
class Request:
    """One run: a model and what it is asked for, and the method of the accelerated side."""

    model: str
    prompt: str
    method: Method
    seed: int = 0
    steps: int = 30
    guidance: float = 4.0
    # None is the model's own, as published, and the device's precision.
    size: Size | None = None
    negative_prompt: str | None = None
    precision: Precision | None = None
    flow_shift: float | None = None
    aesthetic: float | None = None
    motion_score: float | None = None
    camera_motion: CameraMotion | None = None
    image: str | None = None
    last_image: str | None = None
    extends: str | None = None
    overlap: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ValueError(f"a request names its model, got {shown(self.model)}")
        text("the model's name", self.model, MAX_NAME)
        text("the prompt", self.prompt, MAX_PROMPT)
        if not self.prompt.strip():
            raise ValueError("the prompt is empty; describe the video in a few words")
        whole("seed", self.seed, 0, MAX_SEED)
        whole("steps", self.steps, 2, MAX_STEPS)
        number("guidance", self.guidance, 0, MAX_GUIDANCE)
        if not isinstance(self.size, Size | None):
            raise ValueError(f"a request's size is a Size or none, got {shown(self.size)}")
        self.settings()  # which checks them

    def to_json(self) -> dict[str, Any]:
        """The request as JSON; `from_json` gives an equal one back. What is the model's own is left out."""
        value = {**asdict(self), "method": method_to_json(self.method)}
        return {name: item for name, item in value.items() if name not in OPTIONAL or item is not None}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read a request; unknown and missing fields are errors, but for those of OPTIONAL."""
        if not isinstance(value, dict):
            raise ValueError(f"a request is a JSON object, got {shown(value)}")
        known = set(cls.__dataclass_fields__)
        if odd := sorted((set(value) | set(OPTIONAL)) ^ known):
            raise ValueError(f"a request has the fields {', '.join(sorted(known))}; check {', '.join(odd)[:100]}")
        size = Size.from_json(value["size"]) if "size" in value else None
        numbers = {name: as_whole(value[name]) for name in ("seed", "steps", "overlap") if name in value}
        return cls(**{**value, **numbers, "method": method_from_json(value["method"]), "size": size})

    def settings(self) -> Settings:
        """What it asks of the model beside steps, guidance and size."""
        return Settings(**{name: getattr(self, name) for name in NAMES})

    @property
    def adacache(self) -> AdaCacheConfig | None:
        """The method's settings where it is AdaCache."""
        return self.method if isinstance(self.method, AdaCacheConfig) else None

    def key(self) -> str:
        """A short name that two requests share only if they are equal."""
        return sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()[:16]

    def same_baseline(self, other: Self) -> bool:
        """Whether two requests differ in nothing but the method, and so have the same unaccelerated video."""
        return replace(self, method=other.method) == other
