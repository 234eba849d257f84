"""The gallery of the page's first view: python -m app.training.gallery

The videos of the Lab's recordings, made anew from their prompts and seeds, and an index with the schedules that
the model's own codebook chooses on them. Each video's metadata tell what request and weights it was made with.
"""

import argparse
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from tqdm import tqdm

from app.caching.codebook import presets
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.policy import NoCache
from app.common.files import write_json
from app.common.paths import GALLERY, RECORDINGS
from app.generation.denoiser import Denoiser
from app.generation.video import encode_mp4, enlarge, preview_webp
from app.lab.gallery import INDEX, simulated_gallery
from app.lab.recording import Recording, load_recording
from app.models.base import ModelCard, VideoModel
from app.models.registry import load_model
from app.training.made import drop_others, weights_id


def main() -> None:
    """Make it anew from the shipped recordings; clips of earlier ones go."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    recordings = {path.stem: load_recording(path) for path in sorted(RECORDINGS.glob("*.json"))}
    make_gallery(load_model("sprites"), recordings, GALLERY, weights_id())
    drop_others(GALLERY, ".mp4", recordings)


def make_gallery(model: VideoModel, recordings: Mapping[str, Recording], out: Path, weights: str) -> None:
    """Write the index and a video for each recording; `weights` stands for the model's weights."""
    out.mkdir(parents=True, exist_ok=True)
    gallery = simulated_gallery(recordings, gallery_method(model.card))
    posters = {}
    for name, recording in tqdm(recordings.items(), unit="clip"):
        run = Denoiser.start(
            model,
            model.encode_prompt(recording.prompt),
            NoCache(),
            seed=recording.seed,
            steps=recording.asked,
            guidance=recording.guidance,
        )
        decoded = run.finish().decode()
        posters[name] = b64encode(preview_webp(decoded[:1], model.card.fps)).decode()
        frames = enlarge(decoded)
        origin = clip_origin(recording, weights)
        encode_mp4(out / f"{name}.mp4", frames, frames.shape[1:3], model.card.fps, comment=origin)
    clips = tuple(replace(clip, poster=posters[clip.name]) for clip in gallery.clips)
    write_json(out / INDEX, replace(gallery, clips=clips).to_json(), compact=True)


def gallery_method(card: ModelCard) -> AdaCacheConfig:
    """The model's own codebook with motion regularisation: it is by motion that the videos of Sprites differ."""
    return AdaCacheConfig(presets()[card.codebook].codebook, motion=card.motion)


def clip_origin(recording: Recording, weights: str) -> str:
    """What a clip was made from, as its file carries it: equal only for the same request and weights."""
    asked = [recording.model, recording.prompt, recording.seed, recording.asked, recording.guidance, weights]
    return f"adacache-gallery {sha256(json.dumps(asked).encode()).hexdigest()[:16]}"


if __name__ == "__main__":
    main()
