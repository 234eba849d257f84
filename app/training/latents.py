"""Caches latents of rendered clips on disk: python -m app.training.latents --clips 12000 --out DIR.

Shards are plain .npy files, read memory-mapped; several processes can each write their own shards.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.common.paths import SPRITES
from app.models.sprites.paths import FRAMES
from app.models.sprites.text import factor_tokens
from app.models.sprites.vae import SpritesVAE, load_vae
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.models.sprites.world import Clip, clip
from app.training.loop import arithmetic

SHARD = 500


@dataclass(frozen=True)
class Latents:
    """A cache opened for reading.

    latent (n, 4, 16, 16, 16) float16, tokens (n, slots), cover (n, 16 frames, 16, 16) in 0..255.
    """

    latent: list[NDArray[np.float16]]
    tokens: NDArray[np.int64]
    cover: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.tokens)

    def batch(self, picked: list[int]) -> torch.Tensor:
        """The latents of some clips as float32 (len(picked), 4, 16, 16, 16)."""
        rows = [self.latent[index // SHARD][index % SHARD] for index in picked]
        return torch.from_numpy(np.stack(rows)).float()


def open_latents(folder: Path, clips: int) -> Latents:
    """Opens the first clips of a cache; ValueError says how many there are if too few."""
    shards = sorted(folder.glob("shard-*.npz"))[: clips // SHARD]
    if clips % SHARD or len(shards) * SHARD < clips:
        raise ValueError(
            f"clips is {clips}; accepted: a multiple of {SHARD}, up to {len(shards) * SHARD} in {folder}"
        )
    latent = [np.load(shard.with_suffix(".npy"), mmap_mode="r") for shard in shards]
    notes = [np.load(shard) for shard in shards]
    return Latents(
        latent, np.concatenate([n["tokens"] for n in notes]), np.concatenate([n["cover"] for n in notes])
    )


def write_shard(folder: Path, index: int, vae: SpritesVAE, vocabulary: Vocabulary, held_out: bool = False) -> None:
    """Renders and encodes clips [index * SHARD, (index + 1) * SHARD); the .npz appears last, when all is there."""
    clips = [clip(seed, held_out, vocabulary) for seed in range(index * SHARD, (index + 1) * SHARD)]
    parts = []
    for made in clips:
        # bfloat16, where the CPU has it, halves the time and moves a latent by 0.4 % of its standard deviation.
        with torch.autocast("cpu", torch.bfloat16, enabled=arithmetic() == torch.bfloat16):
            latent = vae.encode(torch.from_numpy(made.frames)[None])
        parts.append(latent.half().numpy())
    stem = folder / f"shard-{index:04d}"
    _write(stem.with_suffix(".npy"), lambda file: np.save(file, np.concatenate(parts)))
    tokens = np.array([factor_tokens(made.factors) for made in clips], dtype=np.int64)
    cover = np.stack([_coarse(made) for made in clips])
    captions = "".join(json.dumps({"seed": s, "caption": made.caption}) + "\n" for s, made in enumerate(clips))
    _write(stem.with_suffix(".jsonl"), lambda file: file.write(captions.encode()))
    _write(stem.with_suffix(".npz"), lambda file: np.savez(file, tokens=tokens, cover=cover))


def _coarse(made: Clip) -> NDArray[np.uint8]:
    return made.cover.reshape(FRAMES, 16, 4, 16, 4).mean(axis=(2, 4)).astype(np.uint8)


def _write(path: Path, write: Any) -> None:
    partial = path.with_name(path.name + ".tmp")
    with partial.open("wb") as file:
        write(file)
    os.replace(partial, path)


def main() -> None:
    """Writes the shards that are missing; --worker I/N takes every N-th of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=12000, help=f"a multiple of {SHARD}")
    parser.add_argument("--vae", type=Path, default=SPRITES / "vae.safetensors")
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    parser.add_argument("--worker", default="0/1", help="this process's number / how many there are")
    parser.add_argument("--held-out", action="store_true", help="clips of held-out word combinations")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    number, workers = (int(part) for part in arguments.worker.split("/"))
    vae, vocabulary = load_vae(arguments.vae), load_vocabulary(arguments.vocabulary.resolve())
    for index in range(number, arguments.clips // SHARD, workers):
        if not (arguments.out / f"shard-{index:04d}.npz").exists():
            write_shard(arguments.out, index, vae, vocabulary, arguments.held_out)
            print(f"shard {index} written", flush=True)


if __name__ == "__main__":
    main()
