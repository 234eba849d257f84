"""Trains the frame autoencoder: python -m app.training.vae --steps 8000 --work DIR --export FILE.

Mostly on 32 x 32 crops around the object, where the detail is; whole frames in the last part. Its decoder draws
pictures of the size that was encoded; the shipped one, of twice that, is app/training/decoder.py's.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from app.models.sprites.vae import PIXELS, SpritesVAE, VaeConfig, load_vae, to_frames, to_images
from app.models.sprites.world import clip
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


@dataclass(frozen=True)
class VaeTraining:
    """What decides a run; the weights after step n are a function of this and n."""

    seed: int = 0
    clips: int = 1600
    crop: int = 32
    crops_per_step: int = 48
    frames_per_step: int = 12
    whole_from: int = 6500
    noise: float = 0.2
    scale_weight: float = 0.25
    shift: int = 3
    muon_rate: float = 0.01
    adamw_rate: float = 1e-3
    average_decay: float = 0.998

    def __post_init__(self) -> None:
        if self.crop % 8 or not 8 <= self.crop <= 64:
            raise ValueError(f"crop is {self.crop}; accepted: a multiple of 8 from 8 to 64 pixels")
        if self.noise < 0:
            raise ValueError(f"noise is {self.noise}; accepted: 0 or more (standard deviations of the latent)")
        if not 0 <= self.shift < PIXELS:
            raise ValueError(f"shift is {self.shift}; accepted: 0 to {PIXELS - 1} pixels")


def train(
    config: VaeConfig, training: VaeTraining, budget: Budget, work: Path, start: SpritesVAE | None = None
) -> SpritesVAE:
    """Trains or resumes in a folder; returns the model with averaged weights.

    A new run takes over the layers of `start` whose shapes agree (another number of latent channels, say).
    """
    torch.manual_seed(training.seed)
    vae = SpritesVAE(config)
    if start is not None:
        _take_over(vae, start)
    matrices = [n for n, p in vae.named_parameters() if p.ndim == 4 and n.startswith(("encoder", "decoder"))]
    # The picture's own channels and the latent's are no hidden features: AdamW suits the first and last layer.
    matrices = [n for n in matrices if not n.startswith(("encoder.1.", "decoder.0."))][:-1]
    optimiser = Optimiser(vae, matrices, training.muon_rate, training.adamw_rate)
    average = Average(vae, training.average_decay)
    checkpoint = work / "vae.pt"
    step = resume(checkpoint, vae, optimiser, average)
    frames, covers = _render(training.clips, held_out=False)
    held_out = _render(24, held_out=True)[0][::4]
    log, started, since = Log(work / "vae.jsonl"), time.monotonic(), time.monotonic()
    while step < budget.steps and time.monotonic() - started < budget.minutes * 60:
        if step == training.whole_from:
            _measure_statistics(vae, frames[:: len(frames) // 1000])
        images = _batch(frames, covers, training, step)
        loss = _loss(vae, images, step, training)
        loss.backward()
        optimiser.step(budget.rate(step))
        average.update(vae, step)
        step += 1
        if step % 100 == 0 or step == budget.steps:
            quality = psnr(_averaged(vae, average), held_out)
            log.write(step=step, loss=loss.item(), psnr=quality, seconds=time.monotonic() - since)
            since = time.monotonic()
            keep(checkpoint, vae, optimiser, average, step)
    return _averaged(vae, average)


@torch.no_grad()
def finish(vae: SpritesVAE, clips: int = 300) -> dict[str, float]:
    """Fits the preview head; returns held-out figures."""
    vae.eval()
    frames = _render(clips, held_out=False)[0][::2]
    fit_preview(
        vae, torch.cat([vae.encode_images(to_images(part)) for part in frames.split(64)]), to_images(frames)
    )
    held_out = _render(48, held_out=True)[0][::2]
    latents = torch.cat([vae.encode_images(to_images(part)) for part in held_out.split(64)])
    preview = to_frames(vae.preview_images(latents))
    return {"psnr": psnr(vae, held_out), "preview_psnr": frame_psnr(preview, held_out)}


def psnr(vae: SpritesVAE, frames: Tensor) -> float:
    """Mean over uint8 frames (n, 64, 64, 3) of the reconstruction's PSNR in dB."""
    vae.eval()
    with torch.inference_mode():
        images = [vae.decode_images(vae.encode_images(to_images(part))) for part in frames.split(64)]
    return frame_psnr(to_frames(torch.cat(images)), frames)


def _loss(vae: SpritesVAE, images: Tensor, step: int, training: VaeTraining) -> Tensor:
    # While on crops the statistics follow each batch; whole frames keep those the latents will ship with.
    vae.statistics.train(step < training.whole_from)
    noise = generator(training.seed, step, 1)
    with torch.autocast("cpu", torch.bfloat16, enabled=arithmetic() == torch.bfloat16):
        latents = vae.encode_images(images)
        # The transformer's latents will not be exact: the decoder learns to take a small error calmly.
        disturbed = latents + training.noise * torch.randn(latents.shape, generator=noise)
        # A latent moved by part of a cell must be the latent of the moved picture, and a coarse latent that of the
        # coarse picture: no detail hides in codes of its own, and the transformer meets smooth functions of place.
        half = len(images) // 2
        moved, target = _moved(disturbed[:half], images[:half], training, step)
        decoded = vae.decode_images(torch.cat([moved, disturbed[half:]]))
        coarse = vae.decode_images(F.avg_pool2d(disturbed, 2))
    inner = (..., slice(PIXELS, -PIXELS), slice(PIXELS, -PIXELS))  # what was moved in from the other side is wrong
    error = (distance(decoded[:half][inner], target[inner]) + distance(decoded[half:], images[half:])) / 2
    return error + training.scale_weight * distance(coarse, F.avg_pool2d(images, 2))


def _moved(latents: Tensor, images: Tensor, training: VaeTraining, step: int) -> tuple[Tensor, Tensor]:
    """Images moved by a few whole pixels, latents by the same distance, interpolated; both wrap around."""
    offsets = torch.randint(
        -training.shift, training.shift + 1, (2,), generator=generator(training.seed, step, 2)
    ).tolist()
    for axis, offset in zip((-2, -1), offsets, strict=True):
        images = images.roll(offset, axis)
        latents = latents.lerp(latents.roll(1 if offset > 0 else -1, axis), abs(offset) / PIXELS)
    return latents, images


@torch.no_grad()
def _measure_statistics(vae: SpritesVAE, frames: Tensor) -> None:
    """Sets each channel's mean and variance to those over whole frames (n, 64, 64, 3)."""
    raw = torch.cat([vae.encoder(to_images(part)) for part in frames.split(64)])
    assert vae.statistics.running_mean is not None
    assert vae.statistics.running_var is not None
    vae.statistics.running_mean.copy_(raw.mean(dim=(0, 2, 3)))
    vae.statistics.running_var.copy_(raw.var(dim=(0, 2, 3)))


def distance(decoded: Tensor, images: Tensor) -> Tensor:
    """What an autoencoder's pictures (n, 3, height, width) are trained on: absolute and squared error."""
    error = decoded.float() - images
    return error.abs().mean() + 2 * error.square().mean()


def _batch(frames: Tensor, covers: Tensor, training: VaeTraining, step: int) -> Tensor:
    """Images (n, 3, side, side) in [-1, 1]: crops around the object, or whole frames late in the run."""
    random = generator(training.seed, step)
    whole = step >= training.whole_from
    count = training.frames_per_step if whole else training.crops_per_step
    picked = torch.randint(len(frames), (count,), generator=random)
    images = to_images(frames[picked])
    if whole:
        return images.contiguous(memory_format=torch.channels_last)
    room = images.shape[-1] - training.crop
    jitter = torch.randint(-12, 13, (count, 2), generator=random)
    corners = (covers[picked] + jitter - training.crop // 2).clamp(0, room) // PIXELS * PIXELS
    side = training.crop
    crops = [image[:, y : y + side, x : x + side] for image, (y, x) in zip(images, corners.tolist(), strict=True)]
    return torch.stack(crops).contiguous(memory_format=torch.channels_last)


def _render(clips: int, held_out: bool) -> tuple[Tensor, Tensor]:
    """Frames (n, 64, 64, 3) uint8 of that many clips and their objects' centres (n, 2) as (row, column)."""
    frames, centres = [], []
    axis = torch.arange(64.0)
    for seed in range(clips):
        made = clip(seed, held_out)
        cover = torch.from_numpy(made.cover).float() + 1e-3
        total = cover.sum(dim=(1, 2))
        rows, columns = (cover.sum(dim=2) * axis).sum(1) / total, (cover.sum(dim=1) * axis).sum(1) / total
        frames.append(torch.from_numpy(made.frames))
        centres.append(torch.stack([rows, columns], dim=1).round().long())
    return torch.cat(frames), torch.cat(centres)


def fit_preview(vae: SpritesVAE, latents: Tensor, images: Tensor) -> None:
    """Least squares from the 3 x 3 neighbourhood of each latent (n, channels, h, w) to its pixels of images."""
    channels = latents.shape[1]
    inputs = F.unfold(latents, 3, padding=1).transpose(1, 2).flatten(0, 1)  # (positions, channels * 9)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    targets = F.pixel_unshuffle(images, vae.pixels).flatten(2).transpose(1, 2).flatten(0, 1)
    solution = torch.linalg.solve((inputs.T @ inputs).double(), (inputs.T @ targets).double()).float()
    vae.preview_head.weight.copy_(solution[:-1].T.reshape(-1, channels, 3, 3))
    assert vae.preview_head.bias is not None
    vae.preview_head.bias.copy_(solution[-1])


@torch.no_grad()
def _take_over(vae: SpritesVAE, start: SpritesVAE) -> None:
    ours = vae.state_dict()
    for name, value in start.state_dict().items():
        if name in ours and ours[name].shape == value.shape:
            ours[name].copy_(value)


def _averaged(vae: SpritesVAE, average: Average) -> SpritesVAE:
    copy = SpritesVAE(vae.config)
    copy.load_state_dict(average.weights)
    return copy


def frame_psnr(frames: Tensor, reference: Tensor) -> float:
    """Mean over uint8 frames (n, height, width, 3) of the PSNR in dB."""
    error = (frames.float() - reference.float()).square().mean(dim=(1, 2, 3)).clamp(min=1e-3)
    return float((10 * torch.log10(255**2 / error)).mean())


def main() -> None:
    """Trains within the budget; with --export writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--decay-from", type=int, default=None, help="first step of the decay (default: half way)")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--start", type=Path, help="another autoencoder's weights, taken over where shapes agree")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write the averaged weights there at the end")
    arguments = parser.parse_args()
    decay_from = arguments.steps // 2 if arguments.decay_from is None else arguments.decay_from
    budget = Budget(arguments.steps, decay_from, minutes=arguments.minutes)
    training = VaeTraining(whole_from=int(arguments.steps * 0.7))
    start = None if arguments.start is None else load_vae(arguments.start)
    vae = train(VaeConfig(), training, budget, arguments.work, start)
    if arguments.export:
        figures = finish(vae)
        metadata = {"config": json.dumps(asdict(vae.config)), "held_out": json.dumps(figures)}
        size = export_weights(arguments.export, vae.state_dict(), metadata)
        print(json.dumps({"bytes": size, **figures}))


if __name__ == "__main__":
    main()
