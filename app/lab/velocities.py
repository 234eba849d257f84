"""Velocities: the inner products of a recorded run's velocities, which answer for any reuse over any gap.

Beside the baseline, a recording keeps a reference run: every third step computed and held, or the accelerated
side of a pair. Its latents drift off the baseline's, and what the model answers to that says which errors a video
forgets and which it lets grow.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.caching.method import REUSES, ReuseOption
from app.common.validation import number, shown, whole

INTERVAL = 3  # of the reference run
SKETCH = 16384  # values kept of a latent; one with more is folded into as many by random signs
MAX_PRODUCTS = 2_000_000
MAX_ELEMENTS = 2**40
MAX_REFERENCE = 1000
MAX_PRODUCT = 1e30
OPTIONAL = ("computed", "reuse")  # written only of a reference run that is not the usual one
EULER_TOLERANCE = 0.02  # of the expected clean latent: half-precision models round


@dataclass(frozen=True)
class VelocityRecording:
    """Inner products between vectors of the size of a latent, and how the reference run ended.

    The vectors, in order: the change of the baseline's velocity in each step from the second on; for each computed
    step of the reference run after its first reused one, how far its latent was off the baseline's, and then for
    each of them how far its velocity was off. `products` is the lower triangle of their products, row by row.
    """

    elements: int  # values of a latent, over which the products sum
    reference_error: float  # length of the difference between the finished latents of reference run and baseline
    reference_db: float  # PSNR of the reference run's video against the baseline's
    products: tuple[float, ...]
    computed: tuple[int, ...] = ()  # steps that the reference run computed; empty for every INTERVAL-th
    reuse: ReuseOption = "hold"  # what stood in for the others

    def __post_init__(self) -> None:
        if self.reuse not in REUSES:
            raise ValueError(
                f"the reuse of the reference run is one of {', '.join(REUSES)}, got {shown(self.reuse)}"
            )
        whole("elements of a latent", self.elements, 1, MAX_ELEMENTS)
        number("error of the reference run", self.reference_error, 0, MAX_PRODUCT)
        number("PSNR of the reference run", self.reference_db, 0, 1000)
        if not all(isinstance(value, float) and math.isfinite(value) for value in self.products):
            raise ValueError("the recording holds a product of velocities that is not a finite number")

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """The products as a symmetric matrix, (vectors, vectors)."""
        count = (math.isqrt(8 * len(self.products) + 1) - 1) // 2
        matrix = np.zeros((count, count))
        matrix[np.tril_indices(count)] = self.products
        return matrix + np.tril(matrix, -1).T

    def reference(self, steps: int) -> tuple[int, ...]:
        """The computed steps of the reference run of a recording of `steps`."""
        return self.computed or usual_reference(steps)

    def check(self, steps: int) -> None:
        """A ValueError where the products are not those of a run of `steps`."""
        if self.computed:
            check_schedule(self.computed, steps)
        vectors = steps - 1 + 2 * len(after_reuse(self.reference(steps)))
        if len(self.products) != vectors * (vectors + 1) // 2:
            raise ValueError(
                f"velocities of {steps} steps need {vectors} vectors, got {len(self.products)} products"
            )

    def to_json(self) -> dict[str, Any]:
        """As written to disk."""
        own = {"computed": list(self.computed), "reuse": self.reuse} if self.computed else {}
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in OPTIONAL}
        return plain | {"products": list(self.products)} | own

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what `to_json` wrote; a ValueError says what does not fit."""
        known = set(cls.__dataclass_fields__)
        if not isinstance(value, dict) or not known.difference(OPTIONAL) <= set(value) <= known:
            raise ValueError(f"velocities have the fields {', '.join(sorted(known))}, got {shown(value)}")
        products, computed = value["products"], value.get("computed", [])
        if not isinstance(products, list) or len(products) > MAX_PRODUCTS:
            raise ValueError(f"a recording holds at most {MAX_PRODUCTS} products of velocities")
        for product in products:
            number("a product of velocities", product, -MAX_PRODUCT, MAX_PRODUCT)
        if not isinstance(computed, list) or len(computed) > MAX_REFERENCE:
            raise ValueError(f"a reference run has at most {MAX_REFERENCE} computed steps, got {shown(computed)}")
        for step in computed:
            whole("a step of the reference run", step, 1, MAX_REFERENCE)
        return cls(**{**value, "products": tuple(map(float, products)), "computed": tuple(computed)})


def usual_reference(steps: int) -> tuple[int, ...]:
    """The computed steps of the reference run that is made for the Lab."""
    return tuple(range(1, steps + 1, INTERVAL))


def after_reuse(computed: Sequence[int]) -> tuple[int, ...]:
    """The computed steps after the first reused one; before it nothing is off yet."""
    return tuple(step for place, step in enumerate(computed, start=1) if step != place)


def check_schedule(computed: Sequence[int], steps: int) -> None:
    """A ValueError for computed steps that do not fit a run."""
    if not computed or computed[0] != 1 or computed[-1] > steps:
        raise ValueError(f"a schedule computes step 1 and others up to {steps}, got {list(computed)[:9]}")
    if any(later <= earlier for earlier, later in itertools.pairwise(computed)):
        raise ValueError(f"the computed steps of a schedule increase, got {list(computed)[:20]}")


@dataclass
class VelocityRecorder:
    """Watches the latents of a run; keeps of every step its velocity and the latent before it, both sketched."""

    timesteps: tuple[float, ...]
    velocities: list[Tensor]
    latents: list[Tensor]
    euler: bool = True

    @classmethod
    def of(cls, timesteps: tuple[float, ...]) -> Self:
        """A recorder for a run of these timesteps."""
        return cls(timesteps, [], [])

    def observe(self, before: Tensor, after: Tensor, clean: Tensor) -> None:
        """See a step: the latents around it, and the clean latent the model expected in it, all of one shape.

        A sampler whose steps do not follow one velocity to both (DDIM, PNDM) has none to record.
        """
        if not self.euler:
            return
        step = len(self.velocities)
        timestep, following = (*self.timesteps, 0.0)[step : step + 2]
        length = (timestep - following) / 1000
        before, after, clean = before.float(), after.float(), clean.float()
        velocity = (after - before) / length
        expected = before + velocity * (timestep / 1000)
        if not bool((expected - clean).norm() <= EULER_TOLERANCE * clean.norm()):
            self.euler = False
            return
        self.velocities.append(sketch(velocity))
        self.latents.append(sketch(before))


def velocity_recording(
    baseline: VelocityRecorder,
    reference: VelocityRecorder,
    elements: int,
    error: float,
    db: float,
    computed: tuple[int, ...] = (),
    reuse: ReuseOption = "hold",
) -> VelocityRecording | None:
    """The products of both runs; none where the sampler is no Euler flow.

    `computed` and `reuse` are those of a reference run that is not the usual one.
    """
    if not (baseline.euler and reference.euler):
        return None
    steps = range(1, len(baseline.velocities))
    changes = [baseline.velocities[step] - baseline.velocities[step - 1] for step in steps]
    made = computed or usual_reference(len(baseline.velocities))
    off = [step - 1 for step in after_reuse(made)]
    drifts = [reference.latents[index] - baseline.latents[index] for index in off]
    answers = [reference.velocities[index] - baseline.velocities[index] for index in off]
    vectors = torch.stack([*changes, *drifts, *answers]).double()
    products = vectors @ vectors.T
    rows, columns = torch.tril_indices(len(vectors), len(vectors))
    digits = (float(f"{value:.9g}") for value in products[rows, columns].tolist())  # enough, and a small file
    return VelocityRecording(elements, error, db, tuple(digits), computed, reuse)


def sketch(latent: Tensor, size: int = SKETCH) -> Tensor:
    """A latent as at most `size` values, products between latents kept on average; (size,) on the CPU.

    Charikar, Chen and Farach-Colton 2002: every value is added, with a random sign, to a random place. Both are
    the same for all latents of a size, on every machine.
    """
    values = latent.flatten().cpu()
    if values.numel() <= size:
        return values.clone()
    random = torch.Generator().manual_seed(0)
    places = torch.randint(size, values.shape, generator=random)
    signs = torch.randint(2, values.shape, generator=random) * 2 - 1
    return torch.zeros(size).index_add_(0, places, values * signs)
