"""Replay of recorded Open-Sora VAE 1.2 decodings and encodings, and of its published names and shapes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from tests.golden.result import Replay, Result, largest_error, read_json, read_tensors


def load_vae(path: Path) -> OpenSoraVAE:
    """The recorded VAE with the half a recording has weights of; the other half stays random."""
    vae = OpenSoraVAE(VAEConfig.from_upstream(published_config(read_json(path)))).eval()
    tensors = read_tensors(path)
    weights = {name.removeprefix("w."): tensors[name] for name in tensors if name.startswith("w.")}
    other_half = ("encoder.", ".quant_conv.") if "decode" in path.stem else ("decoder.", ".post_quant_conv.")
    missing, unexpected = vae.load_state_dict(weights, strict=False)
    odd = [name for name in missing if not any(part in name for part in other_half)] + unexpected
    if odd:
        raise ValueError(f"weights do not fit, first {odd[0]}")
    return vae


def published_config(record: dict[str, Any]) -> dict[str, Any]:
    """A recording's settings as the config.json of a published VAE."""
    return {
        "vae_2d": record["spatial_config"],
        "vae_temporal": record["temporal_config"],
        "micro_frame_size": record["micro_frame_size"],
        "shift": record["shift"],
        "scale": record["scale"],
    }


def replay_decode(path: Path) -> Iterator[Result]:
    """Every number of frames: the temporal half alone, and both."""
    vae, tensors = load_vae(path), read_tensors(path)
    for frames in map(int, read_json(path)["cases"]):
        latent = tensors[f"z_{frames}"]
        with torch.inference_mode():
            temporal, video = vae.decode_time(latent, frames), vae.decode(latent, frames)
        recorded = tensors[f"decoded_{frames}"]  # the copy shipped with the tests keeps first frames only
        error = max(
            largest_error(temporal, tensors[f"temporal_decoded_{frames}"]),
            largest_error(video[:, :, : recorded.shape[2]], recorded),
        )
        problem = "" if video.shape[2] == frames else f"{video.shape[2]} frames decoded"
        yield Result(f"{path.stem}.{frames}", error, problem=problem)


def replay_encode(path: Path) -> Iterator[Result]:
    """The spatial half alone, and both."""
    vae, tensors = load_vae(path), read_tensors(path)
    with torch.inference_mode():
        spatial, latent = vae.spatial_vae.encode(tensors["video"]), vae.encode(tensors["video"])
    error = max(
        largest_error(spatial, tensors["enc_spatial_mode_scaled"]), largest_error(latent, tensors["enc_z_mode"])
    )
    yield Result(path.stem, error)


def replay_manifest(path: Path) -> Iterator[Result]:
    """Names and shapes of the full-size VAE, built without memory on the meta device."""
    with torch.device("meta"):
        vae = OpenSoraVAE(VAEConfig())
    ours = {name: list(tensor.shape) for name, tensor in vae.state_dict().items()}
    published = read_json(path)["params"]
    differing = sorted(name for name in ours.keys() | published.keys() if ours.get(name) != published.get(name))
    yield Result(path.stem, 0.0, problem=f"first differing name {differing[0]}" if differing else "")


REPLAYS = (
    Replay("vae12_decode.json", replay_decode),
    Replay("vae12_encode.json", replay_encode),
    Replay("manifest_opensora_vae_v12.json", replay_manifest),
)
