"""adacache(pipe): accelerates a pipeline of the diffusers library in place, for the calls inside a `with` block.

The pipeline runs its own loop with its own arguments; a cache sits at its transformer's blocks, advances with its
scheduler, and is gone after the block.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import wraps
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from app.caching.cache import ResidualCache
from app.caching.codebook import Codebook, load_codebook
from app.caching.method import Method
from app.caching.methods.adacache import PROBED, AdaCacheConfig
from app.caching.methods.fewer_steps import FewerStepsConfig
from app.caching.motion import MotionRegularisation
from app.caching.names import named_method
from app.caching.policy import RunShape
from app.caching.record import StepRecord
from app.caching.registry import build_policy
from app.models.base import ModelCard, restarts
from app.models.diffusers.blocks import depth
from app.models.diffusers.family import Family, Pipeline, checkpoints, families, handover, token_frames


@dataclass
class StepTrace:
    """What was decided and computed in one call of the pipeline."""

    records: list[StepRecord] = field(default_factory=list)  # one a step, in order

    @property
    def computed_steps(self) -> list[int]:
        """Steps, counted from 1, in which at least one branch was computed."""
        return [record.step for record in self.records if record.computed != "none"]


@dataclass
class Acceleration:
    """What `with adacache(pipe) as run` gives: the traces of the calls made so far."""

    method: Method
    traces: list[StepTrace] = field(default_factory=list)  # one a call, also of calls that broke off

    @property
    def trace(self) -> StepTrace:
        """Of the last call; a ValueError before there is one."""
        if not self.traces:
            raise ValueError("the pipeline was not called yet")
        return self.traces[-1]

    @property
    def speedup_estimate(self) -> float:
        """Of the last call's denoising, from its own medians of steps that compute alike; 1 if none was whole.

        An estimate: nothing was run without a cache. Text encoder and decoder are left out.
        """
        seconds: dict[str | int, list[float]] = defaultdict(list)
        for record in self.trace.records:
            seconds[record.computed].append(record.seconds)
        if not seconds["all"]:
            return 1.0
        spent = sum(len(alike) * median(alike) for alike in seconds.values())
        return len(self.trace.records) * median(seconds["all"]) / spent


@contextmanager
def adacache(
    pipe: Pipeline,
    codebook: str | Codebook = "fast",
    *,
    motion: bool = False,
    method: str | Method | None = None,
) -> Iterator[Acceleration]:
    """Accelerate every call of a diffusers pipeline inside the block; afterwards the pipeline is as before.

    codebook: a preset's name, a JSON file, or a `Codebook`; motion: whether motion regularisation is on, with the
    constants released for Open-Sora; method: any other method instead, by its name (`python -m app methods`) or
    its settings. A ValueError says which pipelines are supported and what a method cannot do on this one.

        with adacache(pipe, codebook="fast") as run:
            video = pipe("a fox in the snow", num_inference_steps=50).frames
        print(run.trace.computed_steps, run.speedup_estimate)
    """
    card, family = _model_of(pipe)
    chosen = _chosen(codebook, motion, method, card)
    run = Acceleration(chosen)
    scheduler = pipe.scheduler
    current = _Call(family, scheduler, handover(pipe), run)
    with ExitStack() as undo:
        undo.callback(current.detach)
        for transformer in filter(None, (pipe.transformer, getattr(pipe, "transformer_2", None))):
            undo.callback(setattr, transformer, "__class__", type(transformer))
            family.adopt(transformer)
            hook = transformer.register_forward_pre_hook(current.before_forward, with_kwargs=True)
            undo.callback(hook.remove)
        undo.enter_context(_wrapped(scheduler, "set_timesteps", before=current.detach))
        undo.enter_context(_wrapped(scheduler, "step", after=current.end_step))
        yield run


@dataclass
class _Call:
    """One call of the pipeline at a time: it begins with the first forward after the timesteps were set."""

    family: Family
    scheduler: Any
    handover: float | None  # timestep below which a second transformer takes over
    run: Acceleration
    transformer: nn.Module | None = None  # that the cache is attached to
    cache: ResidualCache | None = None
    attached: ExitStack = field(default_factory=ExitStack)
    started: float | None = None  # when the present step began; None between steps

    def before_forward(self, transformer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Begin the call, the step, or neither: guidance may go through the transformer twice a step."""
        family = self.family
        if self.cache is None:
            timesteps = tuple(map(family.falling, self.scheduler.timesteps))
            shape = RunShape(
                timesteps, depth(transformer), family.layout, restarts=restarts(timesteps, self.handover)
            )
            self.cache = ResidualCache(build_policy(self.run.method), shape)
            self.run.traces.append(StepTrace())
        if transformer is not self.transformer:
            self.attached.close()
            latent = kwargs["hidden_states"] if "hidden_states" in kwargs else args[0]
            frames = token_frames(transformer, family.latent_frames(latent, kwargs))
            self.attached.enter_context(family.attached(transformer, self.cache, frames))
            self.transformer = transformer
        if self.started is None:
            self.cache.begin_step()
            self.started = _now(transformer)

    def end_step(self) -> None:
        """Record the step that the scheduler has just taken."""
        if self.cache is None or self.started is None or self.transformer is None:
            return  # the scheduler was stepped by hand
        decision = self.cache.end_step()
        seconds = _now(self.transformer) - self.started
        self.started = None
        self.run.trace.records.append(
            StepRecord(
                step=self.cache.step,
                timestep=self.cache.run.timesteps[self.cache.step - 1],
                computed=self.cache.computed_share,
                seconds=seconds,
                **vars(decision),
            )
        )
        if self.cache.step == self.cache.run.steps:
            self.detach()

    def detach(self) -> None:
        """Let go of the cache and its tensors; the next forward begins another call."""
        self.attached.close()
        self.cache = self.started = self.transformer = None


def _model_of(pipe: Pipeline) -> tuple[ModelCard, Family]:
    """The first model of the pipeline's class, whose published settings stand for it, and its family."""
    name = type(pipe).__name__
    for checkpoint in checkpoints().values():
        if checkpoint.family.pipeline == name:
            return checkpoint.card, checkpoint.family
    known = ", ".join(family.pipeline for family in families().values())
    raise ValueError(f"no cache is known for {name}; the supported pipelines are {known}")


def _chosen(codebook: str | Codebook, motion: bool, method: str | Method | None, card: ModelCard) -> Method:
    if isinstance(method, str):
        method = named_method(method, card.id, card.motion)
    if isinstance(method, FewerStepsConfig):
        raise ValueError("fewer steps need no cache: call the pipeline with a smaller num_inference_steps")
    if isinstance(method, AdaCacheConfig) and method.latent_signal is not None:
        raise ValueError(
            f"{method.latent_signal} is measured on guided predictions, which a pipeline does not show; "
            f"residuals of the model are: {', '.join(PROBED)}"
        )
    if method is not None and method.solver != "own":
        raise ValueError("another solver is a scheduler of the pipeline's: set pipe.scheduler instead")
    if method is not None:
        return method
    rows = load_codebook(codebook) if isinstance(codebook, str) else codebook
    return AdaCacheConfig(rows, motion=MotionRegularisation() if motion else None)


@contextmanager
def _wrapped(
    owner: Any, name: str, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None
) -> Iterator[None]:
    """Call something around a method of one object."""
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if before is not None:
            before()
        result = original(*args, **kwargs)
        if after is not None:
            after()
        return result

    setattr(owner, name, wrapped)
    try:
        yield
    finally:
        delattr(owner, name)


def _now(transformer: nn.Module) -> float:
    """Seconds, after everything queued on the transformer's device is done."""
    parameter: Tensor = next(transformer.parameters())
    if parameter.is_cuda:
        torch.cuda.synchronize(parameter.device)
    return perf_counter()
