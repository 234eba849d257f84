"""Draws a picture sheet of generated clips: python -m app.training.sheet --out sheet.png --prompts "a dog" ...

One row a prompt, frames from left to right; reads a checkpoint or shipped weights. To be looked at.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from torch import Tensor

from app.common.paths import SPRITES
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.samplers.rectified_flow import euler_step, guide, shifted_timesteps
from app.models.sprites.card import CARD, TIMESTEP_SHIFT
from app.models.sprites.text import SpritesText
from app.models.sprites.vae import PIXELS, load_vae
from app.models.sprites.vocabulary import load_vocabulary
from app.training.loop import generator, load_checkpoint
from app.training.trainee import FPS, SIDE, Trainee

PROMPTS = (
    "a dog moving right fast over snow",
    "a panda standing still in a forest",
    "a rocket rising fast in the night sky",
    "a heart growing slowly on a pink background",
    "a fish swaying fast underwater",
    "a ball bouncing fast in a meadow",
    "a car moving left slowly over the desert",
    "a cat spinning fast at sunset",
    "a ghost falling slowly over the city",
    "a butterfly shrinking fast in the sky",
    "a robot standing still in a grey studio",
    "a turtle moving right slowly over the ocean",
)


def load_weights(path: Path) -> tuple[STDiT3, Tensor]:
    """The transformer and token table of shipped weights (.safetensors) or a checkpoint's average (.pt)."""
    if path.suffix == ".pt":
        state = load_checkpoint(path)
        model = Trainee(_config(state["config"]), len(state["average"]["table"]))
        model.load_state_dict(state["average"])
        return model.transformer.eval(), model.table.detach()
    with safe_open(path, framework="pt") as file:
        config = _config(json.loads(file.metadata()["config"]))
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
    transformer = STDiT3(config)
    table = weights.pop("text.table")
    transformer.load_state_dict({name.removeprefix("transformer."): value for name, value in weights.items()})
    return transformer.eval(), table


@torch.inference_mode()
def sample(
    transformer: STDiT3, text: Tensor, seeds: list[int], steps: int, guidance: float, shift: float
) -> Tensor:
    """Text (n, 1, tokens, channels) -> latents (n, 4, 16, 16, 16); each clip's noise is its seed's."""
    shape = (transformer.config.in_channels, 16, SIDE // PIXELS, SIDE // PIXELS)
    latent = torch.stack([torch.randn(shape, generator=generator(seed, 0)) for seed in seeds])
    null = transformer.y_embedder.y_embedding[None, None].expand(len(text), -1, -1, -1)
    both = torch.cat([text, null])
    schedule = shifted_timesteps(steps, shift)
    size, fps = torch.tensor([float(SIDE)]), torch.tensor([FPS])
    for step, timestep in enumerate(schedule, start=1):
        time = torch.full((2 * len(text),), timestep)
        velocity = transformer(torch.cat([latent, latent]), time, both, fps=fps, height=size, width=size)
        conditional, unconditional = velocity.chunk(2)
        latent = euler_step(latent, guide(conditional, unconditional, guidance), schedule, step)
    return latent


def tile(clips: NDArray[np.uint8], every: int, columns: int) -> Image.Image:
    """Clips (n, frames, height, width, 3) -> every few frames side by side, in some columns of clips."""
    rows = [np.concatenate(list(one[::every]), axis=1) for one in clips]
    rows += [np.zeros_like(rows[0])] * (-len(rows) % columns)
    lines = [np.concatenate(rows[start : start + columns], axis=1) for start in range(0, len(rows), columns)]
    return Image.fromarray(np.concatenate(lines))


def _config(fields: dict[str, object]) -> STDiT3Config:
    return STDiT3Config.from_upstream(fields)


def main() -> None:
    """Samples the prompts and writes the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=SPRITES / "transformer.safetensors")
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--prompts", nargs="+", default=list(PROMPTS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--guidance", type=float, default=CARD.guidance)
    parser.add_argument("--shift", type=float, default=TIMESTEP_SHIFT)
    arguments = parser.parse_args()
    transformer, table = load_weights(arguments.weights)
    encoder = SpritesText(table, load_vocabulary(arguments.vocabulary.resolve()))
    text = torch.cat([encoder.encode(prompt)[0] for prompt in arguments.prompts])
    seeds = [arguments.seed + index for index in range(len(text))]
    latent = sample(transformer, text, seeds, arguments.steps, arguments.guidance, arguments.shift)
    frames = load_vae(SPRITES / "vae.safetensors").decode(latent).numpy()
    picture = tile(frames, every=3, columns=2)
    partial = arguments.out.with_suffix(".tmp")
    picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST).save(partial, format="PNG")
    os.replace(partial, arguments.out)


if __name__ == "__main__":
    main()
