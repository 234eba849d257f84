"""Held-out evaluation: clips generated from combinations of words that no training clip had, seen by the judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from app.caching.method import Method
from app.caching.policy import NoCache
from app.caching.registry import build_policy, method_to_json
from app.common.journal import Row
from app.evaluation.classifier.scores import ClipClassifier, compare
from app.generation.denoiser import Denoiser, fingerprint
from app.models.base import Frames, VideoModel
from app.models.sprites.captions import describe
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import Vocabulary
from app.models.sprites.world import Factors, draw_factors

EVERY = 3  # frames of a clip in the sheet
COLUMNS = 2
LINE = 13  # pixels of a line of text
INK, RED = (20, 24, 31), (180, 35, 24)


@dataclass(frozen=True)
class HeldOutClip:
    """One clip to generate: what is asked for, in words and as factors, and its noise."""

    number: int
    prompt: str
    factors: Factors
    seed: int


def held_out_clips(clips: int, seed: int, vocabulary: Vocabulary | None = None) -> list[HeldOutClip]:
    """Captions that name every factor, of combinations that no training clip had; a function of the seed."""
    asked = []
    for number in range(clips):
        random = np.random.default_rng((seed, number))
        factors = draw_factors(random, held_out=True, vocabulary=vocabulary)
        asked.append(HeldOutClip(number, caption(factors, random), factors, seed * 100_000 + number))
    return asked


def caption(factors: Factors, random: np.random.Generator) -> str:
    """A caption in varying words that names every factor but defaults: captions leave one out now and then."""
    vocabulary = factors.vocabulary
    while True:
        text = describe(factors, random)
        named = understand(text, vocabulary)
        if all((named.name(s) or vocabulary.default(s)) == getattr(factors, s) for s in vocabulary.slots):
            return text


def settings_of(model: VideoModel, method: Method | None, seed: int) -> dict[str, Any]:
    """What all clips of one evaluation share."""
    card = model.card
    chosen = None if method is None else method_to_json(method)
    run = {"steps": card.steps, "guidance": card.guidance, "method": chosen, "seed": seed}
    return {"model": card.id, "weights": fingerprint(model), **run}


def evaluate_clip(
    model: VideoModel, classifier: ClipClassifier, method: Method | None, clip: HeldOutClip, strips: Path
) -> Row:
    """Generate and judge one clip; a strip of its frames goes into the folder."""
    card = model.card
    run = Denoiser.start(
        model,
        model.encode_prompt(clip.prompt),
        NoCache() if method is None else build_policy(method),
        seed=clip.seed,
        steps=card.steps if method is None else method.run_steps(card.steps),
        guidance=card.guidance,
        solver="own" if method is None else method.solver,
    ).finish()
    video = run.decode()
    verdict = classifier.verdict(video)
    named, plain = named_and_plain(clip.factors)
    strips.mkdir(parents=True, exist_ok=True)
    Image.fromarray(strip(video)).save(strips / f"{clip.number:04d}.png")
    return {
        "number": clip.number,
        "prompt": clip.prompt,
        "scores": compare(named, verdict),
        "nothing_else": all(compare(plain, verdict).values()),
        "seen": verdict.names,
        "confidence": verdict.confidence,
        "computed_steps": len(run.computed_steps),
        "seconds": run.seconds,
    }


def named_and_plain(factors: Factors) -> tuple[dict[str, str], dict[str, str]]:
    """What captions say of the factors, and what is at its default, by slot.

    Whether something stayed at its default is a question of its own. An empty scene has nothing of a size.
    """
    slots = [slot for slot in factors.vocabulary.slots if factors.object is not None or slot != "size"]
    shown = {slot: name for slot in slots if (name := getattr(factors, slot)) is not None}
    plain = {slot: name for slot, name in shown.items() if name == factors.vocabulary.default(slot)}
    return {slot: name for slot, name in shown.items() if slot not in plain}, plain


def strip(video: Frames) -> Frames:
    """Every few frames (frames, height, width, 3) side by side: (height, frames * width, 3)."""
    return np.concatenate(list(video[::EVERY]), axis=1)


def sheet(rows: Sequence[Row], strips: Path) -> Image.Image:
    """Clips with their prompts, and in red what the judge saw instead."""
    images = [Image.open(strips / f"{row['number']:04d}.png") for row in rows]
    width, height = images[0].width + 12, images[0].height + 2 * LINE + 10
    lines = -(-len(images) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * width + 12, lines * height + 10), (255, 255, 255))
    draw = ImageDraw.Draw(page)
    for place, (row, image) in enumerate(zip(rows, images, strict=True)):
        x, y = 12 + place % COLUMNS * width, 10 + place // COLUMNS * height
        page.paste(image, (x, y))
        wrong = [f"{slot}: {row['seen'][slot]}" for slot, right in row["scores"].items() if not right]
        draw.text((x, y + image.height), f"{row['number']} {row['prompt']}", fill=INK)
        draw.text((x, y + image.height + LINE), f"judge saw {', '.join(wrong)}" if wrong else "", fill=RED)
    return page
