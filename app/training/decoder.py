"""Trains a decoder that draws twice the encoded size: python -m app.training.decoder --latents DIR --work DIR ...

Encoder and latents stay what they are, so that a transformer trained on them goes on fitting.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from app.common.paths import SPRITES
from app.models.sprites.paths import FRAMES
from app.models.sprites.vae import PIXELS, SpritesVAE, VaeConfig, load_vae, to_frames, to_images
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.models.sprites.world import clip
from app.training.latents import Latents, open_latents
from app.training.loop import (
    Average,
    Budget,
    Log,
    Optimiser,
    arithmetic,
    export_weights,
    generator,
    keep,
    resume,
)
from app.training.vae import distance, fit_preview, frame_psnr

CELLS = 16  # of a latent, along a side
SCALE = 2
CONFIG = VaeConfig(decoder_quarter=160, decoder_blocks=4, decoder_half_blocks=3, scale=SCALE)
EVERY = 4  # of a clip's frames one in so many is learned from: neighbours hardly differ
_MARGIN = 1  # cells around a crop that are decoded with it and not looked at: their neighbours are missing


@dataclass(frozen=True)
class DecoderTraining:
    """What decides a run; the weights after step n are a function of this, the latents and n."""

    seed: int = 0
    clips: int = 2500
    crop: int = 8  # cells of the latent along a side
    crops_per_step: int = 32
    frames_per_step: int = 12
    whole_from: int = 1750  # step from which frames are decoded whole
    noise: float = 0.15  # standard deviations: a generated latent is not exact either
    edge_weight: float = 0.5  # of the error of differences between neighbouring pixels
    muon_rate: float = 0.01
    adamw_rate: float = 1e-3
    average_decay: float = 0.998

    def __post_init__(self) -> None:
        if not 1 <= self.crop <= CELLS - 2 * _MARGIN:
            raise ValueError(f"crop is {self.crop}; accepted: 1 to {CELLS - 2 * _MARGIN} cells")
        if self.noise < 0:
            raise ValueError(f"noise is {self.noise}; accepted: 0 or more (standard deviations of the latent)")


@dataclass(frozen=True)
class Pictures:
    """Latents (n, 4, 16, 16) of pictures, the pictures at twice the encoded size (n, 128, 128, 3), as uint8.

    centres (n, 2): the cell (row, column) around which there is most to see.
    """

    latents: Tensor
    frames: Tensor
    centres: Tensor


def train(
    config: VaeConfig, training: DecoderTraining, budget: Budget, encoder: SpritesVAE, data: Pictures,
    held_out: Pictures, work: Path,
) -> SpritesVAE:  # fmt: skip
    """Trains or resumes in a folder; returns the encoder with the averaged decoder."""
    torch.manual_seed(training.seed)
    vae = SpritesVAE(config)
    kept = {name: value for name, value in encoder.state_dict().items() if not name.startswith(("dec", "preview"))}
    vae.load_state_dict(kept, strict=False)
    decoder = vae.decoder
    matrices = [name for name, value in decoder.named_parameters() if value.ndim == 4]
    # The latent's channels and the picture's own are no hidden features: AdamW suits the first and last layer.
    optimiser = Optimiser(decoder, matrices[1:-1], training.muon_rate, training.adamw_rate)
    average = Average(decoder, training.average_decay)
    checkpoint = work / "decoder.pt"
    step = resume(checkpoint, decoder, optimiser, average)
    log, started, since = Log(work / "decoder.jsonl"), time.monotonic(), time.monotonic()
    while step < budget.steps and time.monotonic() - started < budget.minutes * 60:
        loss = _loss(vae, data, training, step)
        loss.backward()
        optimiser.step(budget.rate(step))
        average.update(decoder, step)
        step += 1
        if step % 100 == 0 or step == budget.steps:
            quality = psnr(_averaged(vae, average), held_out)
            log.write(step=step, loss=loss.item(), psnr=quality, seconds=time.monotonic() - since)
            since = time.monotonic()
            keep(checkpoint, decoder, optimiser, average, step)
    return _averaged(vae, average)


def render(latents: Latents, vocabulary: Vocabulary, clips: int, held_out: bool = False) -> Pictures:
    """Some frames of each of the first clips of a cache of latents, rendered at twice the encoded size."""
    side = SCALE * PIXELS * CELLS
    parts, frames, centres = [], [], []
    for seed in range(clips):
        made = clip(seed, held_out, vocabulary, side)
        picked = list(range(seed % EVERY, FRAMES, EVERY))
        parts.append(latents.batch([seed])[0, :, picked].transpose(0, 1))
        frames.append(torch.from_numpy(made.frames[picked]))
        cells = torch.from_numpy(made.cover[picked]).float().unflatten(2, (CELLS, -1)).unflatten(1, (CELLS, -1))
        centres.append(_centres(cells.mean(dim=(2, 4))))
    return Pictures(torch.cat(parts), torch.cat(frames), torch.cat(centres))


@torch.inference_mode()
def psnr(vae: SpritesVAE, pictures: Pictures) -> float:
    """Mean over the pictures of the PSNR in dB of what the decoder makes of their latents."""
    vae.eval()
    images = [vae.decode_images(part) for part in pictures.latents.split(64)]
    return frame_psnr(to_frames(torch.cat(images)), pictures.frames)


@torch.no_grad()
def finish(vae: SpritesVAE, data: Pictures, held_out: Pictures) -> dict[str, float]:
    """Fits the preview head; returns held-out figures."""
    vae.eval()
    some = slice(None, None, max(1, len(data.latents) // 1000))
    fit_preview(vae, data.latents[some], to_images(data.frames[some]))
    preview = to_frames(vae.preview_images(held_out.latents))
    return {"psnr": psnr(vae, held_out), "preview_psnr": frame_psnr(preview, held_out.frames)}


def _loss(vae: SpritesVAE, data: Pictures, training: DecoderTraining, step: int) -> Tensor:
    latents, images = _batch(data, training, step)
    noise = torch.randn(latents.shape, generator=generator(training.seed, step, 1))
    with torch.autocast("cpu", torch.bfloat16, enabled=arithmetic() == torch.bfloat16):
        decoded = vae.decode_images(latents + training.noise * noise)
    if step < training.whole_from:
        inner = slice(_MARGIN * vae.pixels, -_MARGIN * vae.pixels)
        decoded, images = decoded[..., inner, inner], images[..., inner, inner]
    edges = sum((decoded.float().diff(dim=axis) - images.diff(dim=axis)).abs().mean() for axis in (-2, -1))
    return distance(decoded, images) + training.edge_weight * edges


def _batch(data: Pictures, training: DecoderTraining, step: int) -> tuple[Tensor, Tensor]:
    """Latents (n, 4, cells, cells) and images (n, 3, side, side): crops first, whole frames late in the run."""
    random = generator(training.seed, step)
    whole = step >= training.whole_from
    count = training.frames_per_step if whole else training.crops_per_step
    picked = torch.randint(len(data.frames), (count,), generator=random)
    latents, frames = data.latents[picked], data.frames[picked]
    if not whole:
        side = training.crop + 2 * _MARGIN
        jitter = torch.randint(-3, 4, (count, 2), generator=random)
        corners = (data.centres[picked] + jitter - side // 2).clamp(0, CELLS - side).tolist()
        latents = torch.stack([_cut(one, corner, side) for one, corner in zip(latents, corners, strict=True)])
        pixels = frames.shape[1] // CELLS
        by_colour = frames.permute(0, 3, 1, 2)
        cuts = [
            _cut(one, (y * pixels, x * pixels), side * pixels)
            for one, (y, x) in zip(by_colour, corners, strict=True)
        ]
        frames = torch.stack(cuts).permute(0, 2, 3, 1)
    layout = torch.channels_last
    return latents.contiguous(memory_format=layout), to_images(frames).contiguous(memory_format=layout)


def _cut(picture: Tensor, corner: tuple[int, int], side: int) -> Tensor:
    row, column = corner
    return picture[:, row : row + side, column : column + side]


def _centres(cover: Tensor) -> Tensor:
    """The middle of what covers the background, in cells: (n, 16, 16) -> (n, 2) as (row, column)."""
    cover, axis = cover + 1e-3, torch.arange(float(cover.shape[-1]))
    total = cover.sum(dim=(1, 2))
    rows, columns = (cover.sum(dim=2) * axis).sum(1) / total, (cover.sum(dim=1) * axis).sum(1) / total
    return torch.stack([rows, columns], dim=1).round().long()


def _averaged(vae: SpritesVAE, average: Average) -> SpritesVAE:
    copy = SpritesVAE(vae.config)
    copy.load_state_dict(vae.state_dict())
    copy.decoder.load_state_dict(average.weights)
    return copy


def main() -> None:
    """Trains within the budget; with --export writes encoder and decoder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True, help="folder of python -m app.training.latents")
    parser.add_argument("--held-out", type=Path, required=True, help="the same for held-out combinations")
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    parser.add_argument("--encoder", type=Path, default=SPRITES / "vae.safetensors", help="what made the latents")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--clips", type=int, default=DecoderTraining.clips)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--decay-from", type=int, default=None, help="first step of the decay (default: half way)")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--export", type=Path, help="where encoder and decoder are written to")
    arguments = parser.parse_args()
    decay_from = arguments.steps // 2 if arguments.decay_from is None else arguments.decay_from
    budget = Budget(arguments.steps, decay_from, minutes=arguments.minutes)
    training = DecoderTraining(clips=arguments.clips, whole_from=int(arguments.steps * 0.7))
    vocabulary = load_vocabulary(arguments.vocabulary.resolve())
    data = render(open_latents(arguments.latents, training.clips), vocabulary, training.clips)
    held_out = render(open_latents(arguments.held_out, 500), vocabulary, 48, held_out=True)
    vae = train(CONFIG, training, budget, load_vae(arguments.encoder), data, held_out, arguments.work)
    if arguments.export:
        figures = finish(vae, data, held_out)
        metadata = {"config": json.dumps(asdict(vae.config)), "held_out": json.dumps(figures)}
        print(export_weights(arguments.export, vae.state_dict(), metadata), "bytes", json.dumps(figures))


if __name__ == "__main__":
    main()
