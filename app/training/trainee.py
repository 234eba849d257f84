"""Trainee: the transformer and its token table as one module to train, and its weights as they come and go.

What it is trained on, and how, is app/training/sprites.py's.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.sprites.text import TOKENS_A_WORD, embed, row_names
from app.models.sprites.vocabulary import Vocabulary
from app.training.loop import export_weights

SIDE = 64  # pixels of an encoded picture
FPS = 8.0


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
        size = torch.tensor([float(SIDE)])
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
        input_sq_size=SIDE,
        frame_positions=frame_positions,
    )


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
