"""Denoiser: one latent on its way from noise to video under one cache policy, with its own records and clock.

Runs, recordings, checks and comparisons all denoise with it, so that they measure the same thing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

import torch
from torch import Tensor

from app.caching.cache import ResidualCache
from app.caching.method import SOLVERS, Solver
from app.caching.policy import CachePolicy, NoCache
from app.caching.record import StepRecord
from app.models.base import Conditioning, Frames, VideoModel, sharding_of
from app.models.samplers.dpm_solver import DPMSolver2M


@dataclass
class Denoiser:
    """Advances `latent` (1, channels, frames, height, width) one step of its schedule at a time."""

    model: VideoModel
    conditioning: Conditioning
    guidance: float
    schedule: tuple[float, ...]
    cache: ResidualCache
    latent: Tensor
    solver: DPMSolver2M | None = None  # none for the model's own
    records: list[StepRecord] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def start(
        cls,
        model: VideoModel,
        conditioning: Conditioning,
        policy: CachePolicy,
        *,
        seed: int,
        steps: int,
        guidance: float,
        solver: Solver = "own",
        poll: Callable[[], None] = lambda: None,
    ) -> Self:
        """Noise of the seed, before the first of `steps`; `poll` is called inside steps and may raise to stop.

        A ValueError for a solver or a signal that the model's latents are not made for.
        """
        if solver != "own" and not model.card.flow:
            raise ValueError(f"{SOLVERS[solver]} is made here for rectified flow, which {model.card.title} is not")
        if "guided" in policy.signals and not model.card.flow:
            raise ValueError(
                f"latent signals are in the units of a rectified flow, which {model.card.title} is not"
            )
        schedule = model.schedule(steps)
        run = replace(model.card.run_shape(schedule), sharding=sharding_of(model))
        cache = ResidualCache(policy, run, poll=poll)
        own = None if solver == "own" else DPMSolver2M(schedule)
        return cls(model, conditioning, guidance, schedule, cache, model.initial_latent(seed), own)

    @property
    def done(self) -> bool:
        """All steps are made."""
        return len(self.records) == len(self.schedule)

    @property
    def computed_steps(self) -> tuple[int, ...]:
        """Steps so far in which at least one branch was computed."""
        return tuple(record.step for record in self.records if record.computed != "none")

    @property
    def computed_branches(self) -> int:
        """Branches computed so far."""
        whole = {"all": self.cache.branches, "none": 0}
        return sum(r.computed if isinstance(r.computed, int) else whole[r.computed] for r in self.records)

    def advance(self) -> Tensor:
        """Make one step and record it; returns the clean latent the model now expects."""
        sharding = self.cache.run.sharding
        started, sent = clock(self.latent), sharding.sent_bytes
        self.cache.begin_step()
        with torch.inference_mode():
            following, clean = self.model.denoise_step(
                self.latent, self.cache.step, self.schedule, self.conditioning, self.guidance, self.cache
            )
            self.cache.show_guided(self.latent, clean)
            if self.solver is not None:
                following = self.solver.advance(self.latent, clean, self.cache.step)
            self.latent = following
            decision = self.cache.end_step()
        seconds = clock(self.latent) - started
        self.seconds += seconds
        self.records.append(
            StepRecord(
                step=self.cache.step,
                timestep=self.schedule[self.cache.step - 1],
                computed=self.cache.computed_share,
                seconds=seconds,
                exchanged_bytes=None if sharding.processes == 1 else sharding.sent_bytes - sent,
                **vars(decision),
            )
        )
        return clean

    def finish(self) -> Self:
        """Make all steps that are left."""
        while not self.done:
            self.advance()
        return self

    def whole(self, latent: Tensor) -> Tensor:
        """A latent of this run with all frames, where several processes share them."""
        return self.cache.run.sharding.all_frames(latent, dim=2)

    def decode(self) -> Frames:
        """The video of the latent."""
        with torch.inference_mode():
            return self.model.decode(self.latent)


def fingerprint(model: VideoModel) -> str:
    """A figure that tells weights apart: what a first step expects, to four digits, equal on every machine."""
    card = model.card
    conditioning = model.encode_prompt(card.example_prompts[0])
    run = Denoiser.start(model, conditioning, NoCache(), seed=0, steps=2, guidance=card.guidance)
    return f"{float(run.advance().float().square().mean()):.3e}"


def clock(tensor: Tensor) -> float:
    """Seconds, after everything queued on the tensor's device is done."""
    if tensor.is_cuda:
        torch.cuda.synchronize(tensor.device)
    return time.perf_counter()
