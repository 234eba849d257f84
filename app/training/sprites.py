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
from safetensors.torch import load_file
from torch import Tensor, nn

from app.common.paths import SPRITES
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.sprites.text import TOKENS_A_WORD, embed, row_names, token_count
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.training.latents import Latents, open_latents
from app.training.loop import (
    Average,
    Budget,
    Log,
    Optimiser,
    arithmetic,
    export_weights,
    generator,
    load_checkpoint,
    save_checkpoint,
)

PIXELS = 64
SAVE_SECONDS = 300.0  # on a busy machine 200 steps can take an hour
FPS = 8.0


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


@dataclass(frozen=True)
class Batch:
    """video and noise (b, 4, frames, 16, 16), weight (b, 1, frames, 16, 16), t (b,) in (0, 1), tokens (b, slots).

    dropped (b,): whose caption is left out.
    """

    video: Tensor
    noise: Tensor
    weight: Tensor
    t: Tensor
    tokens: Tensor
    dropped: Tensor


@dataclass(frozen=True)
class Start:
    """Exported weights to begin with, and the vocabulary that they know."""

    weights: Path
    vocabulary: Vocabulary


class Trainee(nn.Module):
    """The transformer and its token table, as one module to train; the loss of a batch is its output."""

    def __init__(self, config: STDiT3Config, words: int) -> None:
        super().__init__()
        self.transformer = STDiT3(config)
        self.table = nn.Parameter(torch.randn(words, TOKENS_A_WORD, config.caption_channels))
        _initialise(self.transformer)
        # Every clip has one frame rate: nothing to learn. (Its gradient also trips torch's C++ code generator.)
        self.transformer.fps_embedder.requires_grad_(False)

    def forward(self, batch: Batch) -> Tensor:
        """The weighted mean squared error of the velocity."""
        t = batch.t[:, None, None, None, None]
        noisy = (1 - t) * batch.video + t * batch.noise
        null = self.transformer.y_embedder.y_embedding.to(self.table.dtype)
        text = torch.where(batch.dropped[:, None, None], null, embed(self.table, batch.tokens))[:, None]
        size = torch.tensor([float(PIXELS)])
        velocity = self.transformer(
            noisy, batch.t * 1000, text, None, None, fps=torch.tensor([FPS]), height=size, width=size
        )
        error = (velocity.float() - (batch.video - batch.noise)).square() * batch.weight
        return error.mean()


def default_config(vocabulary: Vocabulary, frame_positions: int = 8) -> STDiT3Config:
    """The shape that ships: 512 tokens, 3.7 M parameters. Windows lie anywhere in a clip: no positions."""
    return STDiT3Config(
        in_channels=4,
        patch_size=(2, 2, 2),
        hidden_size=160,
        depth=4,
        num_heads=5,
        pred_sigma=False,
        caption_channels=64,
        model_max_length=len(vocabulary.slots) * TOKENS_A_WORD,
        input_sq_size=PIXELS,
        frame_positions=frame_positions,
    )


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
    step, checkpoint = 0, work / "sprites.pt"
    if checkpoint.exists():
        state = load_checkpoint(checkpoint)
        master.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        average.weights, step = state["average"], state["step"]
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
            _save(checkpoint, master, optimiser, average, step)
            saved = time.monotonic()
    _save(checkpoint, master, optimiser, average, step)
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


def export(model: Trainee, path: Path, figures: dict[str, float]) -> int:
    """Writes transformer.* and text.table in fp16 with the configuration; returns the size in bytes."""
    weights = {f"transformer.{name}": value for name, value in model.transformer.state_dict().items()}
    weights["text.table"] = model.table.detach()
    metadata = {"config": json.dumps(asdict(model.transformer.config)), "training": json.dumps(figures)}
    return export_weights(path, weights, metadata)


def take_over(model: Trainee, start: Start, vocabulary: Vocabulary) -> None:
    """Starts from exported weights; only frame positions may be missing there.

    The table's rows are taken by word. A new slot's default and what the empty caption now has more begin at zero:
    of all that was tried this changes what the model says of old captions least. Other new words begin at random.
    """
    weights = {name.removeprefix("text."): value.float() for name, value in load_file(start.weights).items()}
    known = dict(zip(row_names(start.vocabulary), weights.pop("table"), strict=True))
    for row, (slot, word) in enumerate(row_names(vocabulary)):
        if (slot, word) in known:
            model.table.data[row] = known[slot, word]
        elif word == vocabulary.default(slot):
            model.table.data[row] = 0
    empty = weights["transformer.y_embedder.y_embedding"]
    more = len(model.transformer.y_embedder.y_embedding) - len(empty)
    weights["transformer.y_embedder.y_embedding"] = F.pad(empty, (0, 0, 0, more))
    wrong = model.load_state_dict(weights, strict=False)
    missing = [name for name in wrong.missing_keys if name not in ("transformer.frame_embed", "table")]
    odd = [*missing, *wrong.unexpected_keys]
    if odd:
        raise ValueError(f"{start.weights} does not fit at {odd[0]}; accepted: what this command exports")


def _initialise(model: STDiT3) -> None:
    """Residual branches and the output start at zero, so that the first steps go in a sensible direction."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    nn.init.normal_(model.t_block.get_parameter("1.weight"), std=0.02)
    nn.init.zeros_(model.final_layer.linear.weight)
    if model.config.frame_positions:
        nn.init.normal_(model.frame_embed, std=0.3)
    nn.init.xavier_uniform_(model.x_embedder.proj.weight.flatten(1))
    for block in (*model.spatial_blocks, *model.temporal_blocks):
        for matrix in (block.attn.proj.weight, block.cross_attn.proj.weight, block.mlp.fc2.weight):
            nn.init.zeros_(matrix)
        # Open gates on branches that start at zero: their matrices learn from the first step on.
        nn.init.zeros_(block.scale_shift_table)
        nn.init.ones_(block.scale_shift_table[2])
        nn.init.ones_(block.scale_shift_table[5])


def _block_matrices(model: Trainee) -> list[str]:
    names = [name for name, value in model.named_parameters() if "_blocks." in name and value.ndim == 2]
    return [name for name in names if not name.endswith("scale_shift_table")]


def _save(path: Path, master: Trainee, optimiser: Optimiser, average: Average, step: int) -> None:
    save_checkpoint(
        path,
        model=master.state_dict(),
        optimiser=optimiser.state_dict(),
        average=average.weights,
        step=step,
        config=asdict(master.transformer.config),
    )


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
        figures = {"steps": float(budget.steps), "validation": validate(model, held_out)}
        print(export(model, arguments.export, figures), "bytes", json.dumps(figures))


if __name__ == "__main__":
    main()
