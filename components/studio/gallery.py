"""The gallery: clips from calm to fast with their schedules, and one slider for all thresholds."""

from pathlib import Path
from typing import Any

import gradio as gr

from app.caching.codebook import presets
from app.generation.request import Request
from app.lab.gallery import Gallery, GalleryClip, load_gallery
from components.shared.web import packed, panel


def gallery_panel(folder: Path) -> tuple[gr.HTML, Gallery] | None:
    """The panel and what it shows; nothing where the folder holds no gallery."""
    gallery = load_gallery(folder)
    if gallery is None:
        return None
    return panel("studio/gallery", "gallery", **packed(gallery_props(gallery, folder))), gallery


def gallery_props(gallery: Gallery, folder: Path) -> dict[str, Any]:
    """What the script draws; `start` is the position of the slider at which the codebook is as it ships."""
    codebook = gallery.method.codebook
    titles = [preset.title for preset in presets().values() if preset.codebook == codebook]
    return {
        "clips": [_clip_props(clip, folder) for clip in gallery.clips],
        "scales": list(gallery.scales),
        "start": min(range(len(gallery.scales)), key=lambda position: abs(gallery.scales[position] - 1)),
        "codebook": titles[0] if titles else "",
    }


def asked_clip(gallery: Gallery, picked: gr.EventData) -> Request:
    """The run that a press asks for; a ValueError where the page shows another gallery."""
    name, position = getattr(picked, "name", None), getattr(picked, "position", None)
    if not isinstance(name, str) or not isinstance(position, int):
        raise ValueError("the page does not fit this server; reload it")
    return gallery.request(name, position)


def _clip_props(clip: GalleryClip, folder: Path) -> dict[str, Any]:
    shown = ("name", "prompt", "seed", "steps", "computed", "db", "plain")
    poster = f"data:image/webp;base64,{clip.poster}" if clip.poster else ""
    return {
        **{name: getattr(clip, name) for name in shown},
        "video": str(folder / f"{clip.name}.mp4"),
        "poster": poster,
    }
