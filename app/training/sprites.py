"""Trains the transformer on cached latents: python -m app.training.sprites --data DIR --work DIR --steps N.

First on short windows of clips (objects and places, cheaply), then, with --start, on whole clips (motion).
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import Tensor

from app.common.paths import SPRITES
from app.models.networks.stdit3 import STDiT3Config
from app.models.sprites.text import row_names, token_count
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.training.latents import Latents, open_latents
from app.training.loop import (
    Average,
    Budget,
    Log,
    Optimiser,
    arithmetic,
    generator,
    keep,
    load_checkpoint,
    resume,
)
from app.training.trainee import Batch, Start, Trainee, default_config, export, take_over

SAVE_SECONDS = 300.0  # on a busy machine 200 steps can take an hour


@dataclass(frozen=True)
class SpritesTraining:
    """What decides a run; the weights after step n are a function of this, the data and n."""

    seed: int = 0
    clips: int = 12000
    batch: int = 6
    short_until: int = 0
    short_frames: int = 4
    short_batch: int = 16
    timestep_mean: float = 0.0
    timestep_spread: float = 1.0
    object_weight: float = 2.0
    caption_dropout: float = 0.1
    slot_dropout: float = 0.08
    muon_rate: float = 0.02
    adamw_rate: float = 2e-3
    muon_decay: float = 0.0
    average_decay: float = 0.997

    def __post_init__(self) -> None:
        for name in ("caption_dropout", "slot_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; accepted: 0 up to, not including, 1")
        if not 2 <= self.short_frames <= 16 or self.short_frames % 2:
            raise ValueError(f"short_frames is {self.short_frames}; accepted: an even number from 2 to 16")


def train(
    config: STDiT3Config,
    training: SpritesTraining,
    budget: Budget,
    data: Latents,
    held_out: Latents,
    work: Path,
    vocabulary: Vocabulary,
    start: Start | None = None,
    compiled: bool = True,
    report_every: int = 200,
) -> Trainee:
    """Trains or resumes in a folder, from exported weights if given; returns the model with averaged weights."""
    if training.short_until and config.frame_positions:
        raise ValueError(f"short_until is {training.short_until} with frame positions; accepted: 0")
    if data.tokens.shape[1] != len(vocabulary.slots):
        raise ValueError(f"{data.tokens.shape[1]} words a clip; accepted: one a slot ({len(vocabulary.slots)})")
    torch.manual_seed(training.seed)
    master = Trainee(config, token_count(vocabulary))
    if start is not None:
        take_over(master, start, vocabulary)
    optimiser = Optimiser(
        master, _block_matrices(master), training.muon_rate, training.adamw_rate, training.muon_decay
    )
    average = Average(master, training.average_decay)
    checkpoint = work / "sprites.pt"
    step = resume(checkpoint, master, optimiser, average)
    # Where the CPU has bfloat16 it is 1.4 times as fast; the weights themselves and their updates stay float32.
    worker = _worker(master, arithmetic())
    loss_of: Callable[[Batch], Tensor] = torch.compile(worker, dynamic=False) if compiled else worker
    log = Log(work / "sprites.jsonl")
    log.write(step=step, arithmetic=str(arithmetic()).removeprefix("torch."), clips=len(data))
    left_open = open_rows(vocabulary)
    started = since = saved = time.monotonic()
    losses: list[float] = []
    while step < budget.steps and time.monotonic() - started < budget.minutes * 60:
        with plain_attention():
            loss = loss_of(draw_batch(data, training, step, left_open))
        loss.backward()
        _take_gradients(worker, master)
        optimiser.step(budget.rate(step))
        _copy_weights(master, worker)
        average.update(master, step)
        losses.append(loss.item())
        step += 1
        if step % report_every == 0 or step == budget.steps:
            validation = validate(_averaged(master, average), held_out)
            seconds = time.monotonic() - since
            log.write(step=step, loss=sum(losses) / len(losses), validation=validation, seconds=seconds)
            since, losses = time.monotonic(), []
        if step % report_every == 0 or time.monotonic() - saved > SAVE_SECONDS:
            keep(checkpoint, master, optimiser, average, step, config=asdict(config))
            saved = time.monotonic()
    keep(checkpoint, master, optimiser, average, step, config=asdict(config))
    return _averaged(master, average)


@contextmanager
def plain_attention() -> Iterator[None]:
    """Attention as two matrix products, for as long as the context lasts.

    With 4 words or 8 frames to attend to, torch's own CPU kernels take 1.5 to 9 times as long to train through.
    """

    def attend(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None) -> Tensor:
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        if attn_mask is not None:
            scores = scores.masked_fill(~attn_mask, float("-inf"))
        return scores.softmax(dim=-1) @ value

    with patch.object(F, "scaled_dot_product_attention", attend):
        yield


def draw_batch(data: Latents, training: SpritesTraining, step: int, left_open: Tensor) -> Batch:
    """The batch of one step: a function of data, settings, step and what open_rows gives, alone."""
    random = generator(training.seed, step)
    short = step < training.short_until
    count = training.short_batch if short else training.batch
    picked = torch.randint(len(data), (count,), generator=random).tolist()
    video = data.batch(picked)
    cover = torch.from_numpy(data.cover[picked]).float()[:, None] / 255  # (count, 1, 16 frames, 16, 16)
    if short:
        starts = torch.randint(0, video.shape[2] - training.short_frames + 1, (count,), generator=random).tolist()
        windows = [slice(start, start + training.short_frames) for start in starts]
        video = torch.stack([one[:, window] for one, window in zip(video, windows, strict=True)])
        cover = torch.stack([one[:, window] for one, window in zip(cover, windows, strict=True)])
    weight = 1 + training.object_weight * cover
    normal = torch.randn(count, generator=random) * training.timestep_spread + training.timestep_mean
    tokens = torch.from_numpy(data.tokens[picked])
    open_slot = (torch.rand(tokens.shape, generator=random) < training.slot_dropout) & (left_open >= 0)
    return Batch(
        video=video,
        noise=torch.randn(video.shape, generator=random),
        weight=weight / weight.mean(),
        t=torch.sigmoid(normal),
        tokens=torch.where(open_slot, left_open, tokens),
        dropped=torch.rand(count, generator=random) < training.caption_dropout,
    )


@torch.inference_mode()
def validate(model: Trainee, held_out: Latents, clips: int = 32, batch: int = 16) -> float:
    """Unweighted loss on held-out combinations at fixed timesteps and noise."""
    losses = []
    for start in range(0, min(clips, len(held_out)), batch):
        picked = list(range(start, min(start + batch, len(held_out))))
        video = held_out.batch(picked)
        losses.append(
            model(
                Batch(
                    video=video,
                    noise=torch.randn(video.shape, generator=generator(99, start)),
                    weight=torch.ones(1),
                    t=(torch.arange(len(picked)) + 0.5) / len(picked),
                    tokens=torch.from_numpy(held_out.tokens[picked]),
                    dropped=torch.zeros(len(picked), dtype=torch.bool),
                )
            )
        )
    return float(torch.stack(losses).mean())


def _block_matrices(model: Trainee) -> list[str]:
    names = [name for name, value in model.named_parameters() if "_blocks." in name and value.ndim == 2]
    return [name for name in names if not name.endswith("scale_shift_table")]


def open_rows(vocabulary: Vocabulary) -> Tensor:
    """The row of each slot that means "left open" (slots,), -1 for a slot that has a default instead."""
    rows = row_names(vocabulary)
    return torch.tensor([rows.index((s, None)) if (s, None) in rows else -1 for s in vocabulary.slots])


def _worker(master: Trainee, dtype: torch.dtype) -> Trainee:
    worker = Trainee(master.transformer.config, len(master.table))
    worker.load_state_dict(master.state_dict())
    worker.to(dtype)
    # Rotary frequencies are constants, and bfloat16 would bend them.
    worker.transformer.rope.freqs.data = master.transformer.rope.freqs.data.clone()
    return worker


def _take_gradients(worker: Trainee, master: Trainee) -> None:
    for low, high in zip(worker.parameters(), master.parameters(), strict=True):
        high.grad = None if low.grad is None else low.grad.float()
        low.grad = None


@torch.no_grad()
def _copy_weights(master: Trainee, worker: Trainee) -> None:
    torch._foreach_copy_(list(worker.parameters()), list(master.parameters()))


def _averaged(master: Trainee, average: Average) -> Trainee:
    copy = Trainee(master.transformer.config, len(master.table))
    copy.load_state_dict(average.weights)
    return copy.eval()


def main() -> None:
    """Trains within the budget; with --export writes the averaged weights at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of python -m app.training.latents")
    parser.add_argument("--held-out", type=Path, required=True, help="the same for held-out combinations")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--decay-from", type=int, default=None, help="first step of the decay (default: 60 %%)")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    parser.add_argument("--start", type=Path, help="exported weights to go on from; 0 steps are counted as done")
    parser.add_argument("--start-vocabulary", type=Path, help="their model's folder, where it is another")
    parser.add_argument(
        "--eager", action="store_true", help="no torch.compile: starts at once, and is faster in float32"
    )
    parser.add_argument("--export", type=Path, help=f"for instance {SPRITES / 'transformer.safetensors'}")
    for name in ("clips", "batch", "short_until", "short_frames", "short_batch"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(SpritesTraining, name))
    for name in ("timestep_mean", "timestep_spread", "object_weight", "muon_rate", "adamw_rate", "muon_decay"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(SpritesTraining, name))
    arguments = parser.parse_args()
    fields = SpritesTraining.__dataclass_fields__
    training = SpritesTraining(**{k: v for k, v in vars(arguments).items() if k in fields})
    decay_from = int(arguments.steps * 0.6) if arguments.decay_from is None else arguments.decay_from
    budget = Budget(arguments.steps, decay_from, minutes=arguments.minutes)
    data = open_latents(arguments.data, training.clips)
    held_out = open_latents(arguments.held_out, 500)
    vocabulary = load_vocabulary(arguments.vocabulary.resolve())
    config = default_config(vocabulary, 0 if training.short_until else 8)
    start = None
    if arguments.start:
        folder = arguments.start_vocabulary or arguments.vocabulary
        start = Start(arguments.start, load_vocabulary(folder.resolve()))
    compiled = not arguments.eager
    model = train(config, training, budget, data, held_out, arguments.work, vocabulary, start, compiled)
    if arguments.export:
        steps = load_checkpoint(arguments.work / "sprites.pt")["step"]  # fewer than asked for where time ran out
        figures = {"steps": float(steps), "validation": validate(model, held_out)}
        print(export(model, arguments.export, figures), "bytes", json.dumps(figures))


if __name__ == "__main__":
    main()
