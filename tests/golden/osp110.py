"""Replay of recorded Open-Sora-Plan 1.1 forward passes, decodings, encodings, published names and shapes."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from app.caching.branches import Branch
from app.caching.cache import Uncached
from app.models.open_sora_plan.lattet2v import LatteT2V, LatteT2VConfig
from app.models.open_sora_plan.vae import LATENT_SCALE, CausalVAE, VAEConfig
from tests.golden.result import Replay, Result, largest_error, read_json, read_tensors


class Ends(Uncached):
    """Keeps the token stream after the MLP of every block, in upstream's layout."""

    def __init__(self) -> None:
        self.after: dict[str, Tensor] = {}

    def stack(self, x, blocks, modulated=None):
        for index, block in enumerate(blocks):
            self.residuals: list[tuple[Branch, Tensor]] = []
            start, x = x, block(x)
            spatial = sum(residual for branch, residual in self.residuals if branch.part == "spatial") + start
            self.after[f"block_s{index}"] = spatial.flatten(0, 1)
            self.after[f"block_t{index}"] = x.transpose(1, 2).flatten(0, 1)
        return x

    def branch(self, address: Branch, compute):
        residual = compute()
        self.residuals.append((address, residual))
        return residual


def load_transformer(weights: Path) -> LatteT2V:
    """A LatteT2V with the weights of a recording, key for key."""
    model = LatteT2V(LatteT2VConfig.from_upstream(read_json(weights)["config"])).eval()
    model.load_state_dict(read_tensors(weights))
    return model


def replay_forward(path: Path) -> Iterator[Result]:
    """One forward pass: its output and the token stream after the recorded blocks."""
    record, tensors = read_json(path), read_tensors(path)
    model = load_transformer((path.parent / record["weights"]).with_suffix(".json"))
    ends = Ends()
    with torch.inference_mode():
        output = model(
            tensors["x"],
            tensors["timestep"],
            tensors["y"],
            tensors["mask"],
            tensors.get("attention_mask"),
            temporal="enable_temporal_attentions=True" in record["call"],
            cache=ends,
        )
    errors = [largest_error(ends.after[name], tensors[name]) for name in tensors if name.startswith("block_")]
    yield Result(path.stem, max([largest_error(output, tensors["output"]), *errors]))


def replay_vae(path: Path) -> Iterator[Result]:
    """The half of the shrunk VAE that a recording has weights of; the other half stays random."""
    tensors = read_tensors(path)
    vae = CausalVAE(VAEConfig.from_upstream(read_json(path)["config"])).eval()
    weights = {name.removeprefix("w."): tensors[name] for name in tensors if name.startswith("w.")}
    decodes = "decode" in path.stem
    other_half = ("encoder.", "quant_conv.") if decodes else ("decoder.", "post_quant_conv.")
    missing, unexpected = vae.load_state_dict(weights, strict=False)
    odd = [name for name in missing if not name.startswith(other_half)] + unexpected
    if odd:
        raise ValueError(f"weights do not fit, first {odd[0]}")
    with torch.inference_mode():
        if decodes:
            error = largest_error(vae.decode(tensors["z"] * LATENT_SCALE), tensors["decoded"])
        else:
            moments = torch.cat([tensors["enc_mean"], tensors["enc_logvar"]], dim=1)
            error = largest_error(vae.moments(tensors["video"]), moments)
    yield Result(path.stem, error)


def replay_manifest(path: Path) -> Iterator[Result]:
    """Names and shapes of the full-size model, built without memory on the meta device."""
    record = read_json(path)
    with torch.device("meta"):
        model: nn.Module = (
            CausalVAE(VAEConfig.from_upstream(record["config"]))
            if "causalvae" in path.stem
            else LatteT2V(LatteT2VConfig())
        )
    ours = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    published = record["params"]
    differing = sorted(name for name in ours.keys() | published.keys() if ours.get(name) != published.get(name))
    yield Result(path.stem, 0.0, problem=f"first differing name {differing[0]}" if differing else "")


REPLAYS = (
    Replay("osp110_forward_*.json", replay_forward),
    Replay("osp110_causalvae_*.json", replay_vae),
    Replay("manifest_osp110_*.json", replay_manifest),
)
