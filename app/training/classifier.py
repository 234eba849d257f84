"""Trains the judge on rendered clips: python -m app.training.classifier --latents DIR --work DIR --export.

A share of the clips went through the autoencoder with disturbed latents, so that its blur is nothing new. Half of
what it learns from is seen in a mirror, where left is right; rare words weigh more.
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

from app.common.paths import SPRITES
from app.evaluation.classifier.network import JUDGE, Judge, JudgeConfig, looked_at
from app.models.sprites.vae import SpritesVAE, load_vae, to_frames
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.models.sprites.world import Factors, clip
from app.training.latents import open_latents
from app.training.loop import (
    Average,
    Budget,
    Log,
    Optimiser,
    export_weights,
    generator,
    keep,
    resume,
)

HELD_OUT = 600  # clips of held-out combinations that the accuracy is measured on
UNASKED = -100  # the class of what a clip has not: a still one no speed, an empty one no object
MIRRORED = (("motion", "left", "right"), ("camera", "pan left", "pan right"))  # words that a mirror exchanges


@dataclass(frozen=True)
class JudgeTraining:
    """What decides a run."""

    seed: int = 0
    clips: int = 5000
    decoded: int = 1000
    latent_noise: float = 0.3
    batch: int = 16
    muon_rate: float = 0.01
    adamw_rate: float = 1e-3
    average_decay: float = 0.99
    until: float = 1.01  # stops once every slot's held-out accuracy reaches this

    def __post_init__(self) -> None:
        if not 0 <= self.decoded <= self.clips:
            raise ValueError(f"decoded is {self.decoded}; accepted: 0 to clips ({self.clips})")


def train(
    training: JudgeTraining, budget: Budget, latents: Path, work: Path, vocabulary: Vocabulary, vae: SpritesVAE
) -> tuple[Judge, dict[str, float]]:
    """Trains or resumes in a folder; returns the averaged judge and its held-out accuracy per slot."""
    torch.manual_seed(training.seed)
    judge = Judge(JudgeConfig(), vocabulary)
    for module in judge.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)
    matrices = [n for n, p in judge.named_parameters() if p.ndim >= 2 and n not in ("trunk.0.weight",)]
    optimiser = Optimiser(judge, matrices, training.muon_rate, training.adamw_rate)
    average = Average(judge, training.average_decay)
    checkpoint = work / "judge.pt"
    step = resume(checkpoint, judge, optimiser, average)
    frames, classes = render_clips(training.clips, False, vocabulary)
    _pass_through_autoencoder(frames, training, latents, vae)
    held_out, held_out_classes = render_clips(HELD_OUT, True, vocabulary)
    weights = [rarity(classes[:, index], len(vocabulary.names(s))) for index, s in enumerate(vocabulary.slots)]
    log, started = Log(work / "judge.jsonl"), time.monotonic()
    while step < budget.steps and time.monotonic() - started < budget.minutes * 60:
        random = generator(training.seed, step)
        picked = torch.randint(len(frames), (training.batch,), generator=random)
        images, wanted = mirror(looked_at(frames[picked]), classes[picked], vocabulary, random)
        logits = judge(_disturb(images, random))
        losses = [
            F.cross_entropy(
                logits[slot], wanted[:, index], weights[index], ignore_index=UNASKED, label_smoothing=0.05
            )
            for index, slot in enumerate(vocabulary.slots)
        ]
        loss = torch.stack(losses).sum()
        loss.backward()
        optimiser.step(budget.rate(step))
        average.update(judge, step)
        step += 1
        if step % 200 == 0 or step == budget.steps:
            accuracy = accuracy_on(_averaged(average, vocabulary), held_out, held_out_classes)
            log.write(step=step, loss=loss.item(), **accuracy)
            keep(checkpoint, judge, optimiser, average, step)
            if min(accuracy.values()) >= training.until:
                break
    final = _averaged(average, vocabulary)
    return final, accuracy_on(final, held_out, held_out_classes)


def render_clips(clips: int, held_out: bool, vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """Frames (n, 16, 64, 64, 3) uint8 and class indices (n, slots), UNASKED for what a clip has not."""
    made = [clip(seed, held_out, vocabulary) for seed in range(clips)]
    classes = [_classes(one.factors) for one in made]
    return torch.stack([torch.from_numpy(one.frames) for one in made]), torch.tensor(classes)


def _classes(factors: Factors) -> list[int]:
    vocabulary = factors.vocabulary
    names = {slot: getattr(factors, slot) for slot in vocabulary.slots}
    if factors.object is None:
        names["size"] = None  # of nothing
    return [UNASKED if name is None else vocabulary.names(slot).index(name) for slot, name in names.items()]


def rarity(classes: Tensor, words: int) -> Tensor:
    """Weights (words,) of a slot's classes (clips,): one over the root of a word's share, 1 on average."""
    asked = classes[classes != UNASKED]
    counts = torch.bincount(asked, minlength=words).clamp(min=1)
    weights = counts.float().rsqrt()
    return weights / weights[asked].mean()


def mirror(
    images: Tensor, classes: Tensor, vocabulary: Vocabulary, random: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Half of the clips (n, 16, 3, 64, 64) left for right, with the classes (n, slots) of what is seen then."""
    turned = torch.rand(len(images), generator=random) < 0.5
    images, classes = images.clone(), classes.clone()
    images[turned] = images[turned].flip(-1)
    for slot, left, right in MIRRORED:
        if slot in vocabulary.slots:
            names, column = vocabulary.names(slot), vocabulary.slots.index(slot)
            before = classes[:, column].clone()
            for name, other in ((left, right), (right, left)):
                classes[turned & (before == names.index(name)), column] = names.index(other)
    return images, classes


def _pass_through_autoencoder(frames: Tensor, training: JudgeTraining, latents: Path, vae: SpritesVAE) -> None:
    """Replaces the first clips, in place, by decoded latents of the same seeds with noise on them."""
    cache = open_latents(latents, training.decoded)
    for index in range(training.decoded):
        random = generator(training.seed, index, 1)
        latent = cache.batch([index])
        strength = training.latent_noise * float(torch.rand(1, generator=random))
        decoded = vae.decode(latent + strength * torch.randn(latent.shape, generator=random))
        frames[index] = to_frames(looked_at(decoded)[0])


def _disturb(images: Tensor, random: torch.Generator) -> Tensor:
    """Half of the clips a little blurred, all with a little noise and a change of contrast of their own."""
    soft = F.avg_pool2d(images.flatten(0, 1), 3, stride=1, padding=1, count_include_pad=False).view_as(images)
    shape = (len(images), 1, 1, 1, 1)
    blur = torch.rand(shape, generator=random) * (torch.rand(shape, generator=random) < 0.5)
    contrast = 1 + 0.1 * torch.randn(shape, generator=random)
    noise = 0.1 * torch.rand(shape, generator=random) * torch.randn(images.shape, generator=random)
    return (images + blur * (soft - images)) * contrast + noise


@torch.inference_mode()
def accuracy_on(judge: Judge, frames: Tensor, classes: Tensor) -> dict[str, float]:
    """Share of right answers, slot by slot, on what render_clips gives: the mean over the slot's words.

    Each word counts alike, however rare it is: a judge that never sees rain is not right because it seldom rains.
    """
    answers = [judge(looked_at(part)) for part in frames.split(32)]
    accuracy = {}
    for index, slot in enumerate(judge.vocabulary.slots):
        wanted = classes[:, index]
        right = torch.cat([answer[slot].argmax(dim=1) for answer in answers]) == wanted
        words = wanted[wanted != UNASKED].unique()
        accuracy[slot] = float(torch.stack([right[wanted == word].float().mean() for word in words]).mean())
    return accuracy


def _averaged(average: Average, vocabulary: Vocabulary) -> Judge:
    judge = Judge(JudgeConfig(), vocabulary)
    judge.load_state_dict(average.weights)
    return judge.eval()


def main() -> None:
    """Trains within the budget; with --export writes the shipped judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, required=True, help="folder of python -m app.training.latents")
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    parser.add_argument("--vae", type=Path, default=SPRITES / "vae.safetensors", help="what decodes the latents")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoint and log")
    parser.add_argument("--clips", type=int, default=JudgeTraining.clips)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--decay-from", type=int, help="first step of the decay (default: after a third)")
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--until", type=float, default=1.01, help="stop once every accuracy is at least this")
    parser.add_argument(
        "--export", action="store_true", help="write judge.safetensors into that folder at the end"
    )
    arguments = parser.parse_args()
    decay_from = arguments.steps // 3 if arguments.decay_from is None else arguments.decay_from
    budget = Budget(arguments.steps, decay_from, minutes=arguments.minutes)
    training = JudgeTraining(clips=arguments.clips, until=arguments.until)
    folder = arguments.vocabulary.resolve()
    vocabulary, vae = load_vocabulary(folder), load_vae(arguments.vae)
    judge, accuracy = train(training, budget, arguments.latents, arguments.work, vocabulary, vae)
    if arguments.export:
        metadata = {"config": json.dumps(asdict(judge.config)), "held_out": json.dumps(accuracy)}
        size = export_weights(folder / JUDGE, judge.state_dict(), metadata)
        print(json.dumps({"bytes": size, **accuracy}))


if __name__ == "__main__":
    main()
