"""Held-out figures by kind of clip: python -m app.training.kinds --held-out DIR

A kind is what a clip has beyond the plain world, such as "rain"; a clip may count under two. For each: the loss of
the transformer (as training validates it), and the PSNR of what the autoencoder draws of the clip's own latents.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import torch

from app.common.paths import SPRITES
from app.common.tables import aligned
from app.models.sprites.paths import FRAMES
from app.models.sprites.text import row_names, token_count, token_indices
from app.models.sprites.vae import SpritesVAE, load_vae
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.training.decoder import EVERY, render
from app.training.latents import Latents, open_latents
from app.training.sprites import validate
from app.training.trainee import Start, Trainee, default_config, take_over
from app.training.vae import frame_psnr

PLAIN = "plain"
CLIPS = 500  # of the held-out cache
VALIDATED = 32  # clips of a kind that the loss is measured on


def kinds(held_out: Latents, vocabulary: Vocabulary) -> dict[str, list[int]]:
    """The clips of each kind, by their numbers: plain ones, then each word that is no default."""
    names = row_names(vocabulary)
    defaults = set(token_indices(dict.fromkeys(vocabulary.slots), vocabulary))
    further = [slot for slot in vocabulary.slots if vocabulary.default(slot) is not None]
    found: dict[str, list[int]] = {PLAIN: []}
    found |= {word: [] for slot, word in names if slot in further and word != vocabulary.default(slot) and word}
    for clip, tokens in enumerate(held_out.tokens.tolist()):
        said = [str(names[row][1]) for row in tokens if names[row][0] in further and row not in defaults]
        for kind in said or [PLAIN]:
            found[kind].append(clip)
    return {kind: clips for kind, clips in found.items() if clips}


def losses(model: Trainee, held_out: Latents, found: dict[str, list[int]]) -> dict[str, float]:
    """The loss of each kind, on its first clips."""
    return {kind: validate(model, picked(held_out, clips[:VALIDATED]), VALIDATED) for kind, clips in found.items()}


def picked(latents: Latents, clips: Sequence[int]) -> Latents:
    """Some clips of a cache as a cache of their own."""
    latent = latents.batch(list(clips)).half().numpy()
    return Latents([latent], latents.tokens[clips], latents.cover[clips])


@torch.inference_mode()
def quality(vae: SpritesVAE, held_out: Latents, vocabulary: Vocabulary, clips: int) -> list[float]:
    """PSNR in dB of some frames of each of the first clips, drawn at the size of `render`."""
    pictures = render(held_out, vocabulary, clips, held_out=True)
    frames = [vae.decode(part.transpose(0, 1)[None])[0] for part in pictures.latents.split(FRAMES // EVERY)]
    return [
        frame_psnr(drawn, part) for drawn, part in zip(frames, pictures.frames.split(FRAMES // EVERY), strict=True)
    ]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held-out", type=Path, required=True, help="folder of python -m app.training.latents")
    parser.add_argument("--vocabulary", type=Path, default=SPRITES, help="the model's folder")
    arguments = parser.parse_args()
    folder = arguments.vocabulary.resolve()
    vocabulary, held_out = load_vocabulary(folder), open_latents(arguments.held_out, CLIPS)
    found = kinds(held_out, vocabulary)
    loss = losses(loaded(folder, vocabulary), held_out, found)
    db = quality(load_vae(folder / "vae.safetensors"), held_out, vocabulary, CLIPS)
    lines = [["kind", "clips", "loss", "dB"]]
    for kind, clips in found.items():
        lines.append([kind, str(len(clips)), f"{loss[kind]:.4f}", f"{mean(db[c] for c in clips):.1f}"])
    print(aligned([*lines, ["all", str(CLIPS), "", f"{mean(db):.1f}"]], right=range(1, 4)))


def loaded(folder: Path, vocabulary: Vocabulary) -> Trainee:
    """The transformer of a folder, as it takes a vocabulary's captions."""
    model = Trainee(default_config(vocabulary), token_count(vocabulary))
    take_over(model, Start(folder / "transformer.safetensors", load_vocabulary(folder)), vocabulary)
    return model.eval()


if __name__ == "__main__":
    main()
