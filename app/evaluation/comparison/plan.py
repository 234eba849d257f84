"""What is compared: prompts, seeds and methods by name; fewer steps, the plain alternative, always among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import named_method
from app.caching.registry import KINDS, Method, kind_of, published, run_steps
from app.common.validation import number, whole
from app.generation.request import MAX_GUIDANCE, MAX_SEED, MAX_STEPS
from app.models.base import ModelCard

BASELINE = "none"
FORECAST = "AdaCache+forecast"  # a family of its own: it goes beyond the paper
FAMILIES = (KINDS[0].title, FORECAST, *(kind.title for kind in KINDS[1:]))
ADACACHE = (KINDS[0].title, FORECAST)
MAX_PROMPTS = 500
# Operating points of the methods without published settings, spread over the speedups that AdaCache reaches.
SETTINGS = (
    *(f"fixed-interval-{interval}" for interval in (2, 3, 4)),
    *(f"accumulated-{threshold}" for threshold in (0.05, 0.1, 0.2)),
    *(f"first-block-{threshold}" for threshold in (0.05, 0.1, 0.15)),
)
FEWER = (4 / 5, 2 / 3, 1 / 2, 1 / 3)  # of the baseline's steps


@dataclass(frozen=True)
class Plan:
    """One comparison; `methods` by name, in the order of the table."""

    card: ModelCard
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    methods: dict[str, Method]
    steps: int
    guidance: float

    def __post_init__(self) -> None:
        if not 1 <= len(self.prompts) <= MAX_PROMPTS:
            raise ValueError(f"1 to {MAX_PROMPTS} prompts are needed, got {len(self.prompts)}")
        if not self.seeds:
            raise ValueError("at least one seed is needed")
        for seed in self.seeds:
            whole("seed", seed, 0, MAX_SEED)
        whole("steps", self.steps, 2, min(MAX_STEPS, self.card.max_steps))
        number("guidance", self.guidance, 0, MAX_GUIDANCE)
        for method in self.methods.values():
            run_steps(method, self.steps)

    def settings(self) -> dict[str, object]:
        """What all rows of one folder share."""
        return {"model": self.card.id, "steps": self.steps, "guidance": self.guidance}


def methods_of(card: ModelCard, steps: int, wished: Sequence[str] = ()) -> dict[str, Method]:
    """The wished methods, or a model's usual operating points; a ValueError lists the names."""
    names = dict.fromkeys(name for name in wished or usual(card.id, steps) if name != BASELINE)
    if not any(name.startswith("fewer-steps-") for name in names):
        names |= dict.fromkeys(fewer_steps(steps))
    return {name: named_method(name, card.id, card.motion) for name in names}


def usual(model: str, steps: int) -> list[str]:
    """A front of each family: codebooks made for so many steps, published settings, and values of a setting."""
    codebooks = [preset.id for preset in presets().values() if preset.codebook.steps == steps]
    forms = ("", "-moreg", "-forecast")
    return [f"adacache-{id}{form}" for form in forms for id in codebooks] + [*published(model), *SETTINGS]


def fewer_steps(steps: int) -> list[str]:
    """Fewer steps at a few shares of the baseline's."""
    return [f"fewer-steps-{max(1, round(share * steps))}" for share in FEWER]


def family_of(method: Method) -> str:
    """The family of the table and plot that a method belongs to."""
    forecast = isinstance(method, AdaCacheConfig) and method.reuse == "forecast"
    return FORECAST if forecast else kind_of(method).title


def read_prompts(path: Path) -> tuple[str, ...]:
    """Prompts of a text file, one a line; empty lines and repetitions are left out."""
    return tuple(dict.fromkeys(line.strip() for line in path.read_text().splitlines() if line.strip()))
