"""What is compared: prompts, seeds and methods by name; fewer steps, the plain alternative, always among them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.caching.codebook import presets
from app.caching.method import REUSES, SOLVERS, Method, MethodKind, WholeStackMethod
from app.caching.names import named_method
from app.caching.registry import kind_of, kinds, published
from app.common.files import read_lines
from app.common.validation import number, whole
from app.evaluation.comparison.sweep import expand
from app.generation.request import MAX_GUIDANCE, MAX_SEED, MAX_STEPS
from app.models.base import ModelCard
from app.models.size import Size

BASELINE = "none"
MAX_PROMPTS, MAX_PROMPT_BYTES = 500, 2_000_000
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
    size: Size | None = None  # of the videos, where it is not the model's own

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
            method.run_steps(self.steps)
            method.limit(self.steps)

    def settings(self) -> dict[str, object]:
        """What all rows of one folder share."""
        size = {} if self.size is None else {"size": vars(self.size)}
        return {"model": self.card.id, "steps": self.steps, "guidance": self.guidance, **size}


def methods_of(card: ModelCard, steps: int, wished: Sequence[str] = ()) -> dict[str, Method]:
    """The wished methods, sweeps among them, or a model's usual points; a ValueError lists the names."""
    expanded = [one for name in wished or usual(card, steps) for one in expand(name, card, steps)]
    names = dict.fromkeys(name for name in expanded if name != BASELINE)
    if not any(name.startswith("fewer-steps-") for name in names):
        names |= dict.fromkeys(fewer_steps(steps))
    return {name: named_method(name, card.id, card.motion) for name in names}


def usual(card: ModelCard, steps: int) -> list[str]:
    """A front of each family: codebooks made for so many steps, published settings, and a few numbers."""
    codebooks = [preset.id for preset in presets().values() if preset.codebook.steps == steps]
    forms = ("", "-moreg", "-forecast")
    able = [kind for kind in kinds().values() if not card.refusal(kind)]
    adacache = [f"adacache-{id}{form}" for form in forms for id in codebooks]
    return [*adacache, *published(card.id), *(f"{kind.name}-{point}" for kind in able for point in kind.points)]


def fewer_steps(steps: int) -> list[str]:
    """Fewer steps at a few shares of the baseline's."""
    return [f"fewer-steps-{max(1, round(share * steps))}" for share in FEWER]


def family_of(method: Method) -> str:
    """The family of the table and plot that a method belongs to: its schedule, and its reuse unless it holds."""
    title = short_title(kind_of(method))
    if isinstance(method, WholeStackMethod) and method.reuse != "hold":
        title = f"{title}+{method.reuse}"
    return title if method.solver == "own" else f"{title}+{method.solver}"


def families() -> tuple[str, ...]:
    """Every family there can be, in order; AdaCache's first."""
    found = []
    for kind in kinds().values():
        title = short_title(kind)
        schedules = [title, *(f"{title}+{reuse}" for reuse in REUSES if reuse != "hold" and kind.takes_reuse)]
        found += [f"{one}{more}" for one in schedules for more in ("", *(f"+{s}" for s in SOLVERS if s != "own"))]
    return tuple(found)


def short_title(kind: MethodKind) -> str:
    """A method's title without what stands in brackets behind it."""
    return kind.title.split(" (")[0]


def is_adacache(family: str) -> bool:
    """Whether a family has AdaCache's schedule."""
    return family.split("+")[0] == "AdaCache"


def read_prompts(path: Path) -> tuple[str, ...]:
    """Prompts of a text file, one a line; empty lines and repetitions are left out."""
    return read_lines(path, MAX_PROMPT_BYTES)
