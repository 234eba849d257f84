"""Replay of recorded STDiT3 forward passes and of its published names and shapes."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from app.caching.branches import Branch
from app.caching.cache import Uncached
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from tests.golden.result import Replay, Result, largest_error, read_json, read_tensors


class Stream(Uncached):
    """Sums the residuals of every block onto the stream, to compare the stream after each block."""

    def __init__(self) -> None:
        self.after: dict[str, Tensor] = {}

    def stack(self, x, blocks, modulated=None):
        self.x = x
        return super().stack(x, blocks)

    def branch(self, address: Branch, compute):
        residual = compute()
        self.x = self.x + residual
        self.after[f"block_{address.part[0]}{address.block}"] = self.x.flatten(1, 2)
        return residual


def load_transformer(weights: Path) -> STDiT3:
    """An STDiT3 with the weights of a recording, key for key."""
    model = STDiT3(STDiT3Config.from_upstream(read_json(weights)["config"])).eval()
    model.load_state_dict(read_tensors(weights))
    return model


def replay_forward(path: Path) -> Iterator[Result]:
    """One forward pass: its output and the token stream after the recorded blocks."""
    record, tensors = read_json(path), read_tensors(path)
    model = load_transformer((path.parent / record["weights"]).with_suffix(".json"))
    stream = Stream()
    with torch.inference_mode():
        output = model(
            tensors["x"],
            tensors["timestep"],
            tensors["y"],
            tensors.get("mask"),
            tensors.get("x_mask"),
            fps=tensors["fps"],
            height=tensors["height"],
            width=tensors["width"],
            cache=stream,
        )
    recorded_blocks = [name for name in tensors if name.startswith("block_")]
    errors = [largest_error(stream.after[name], tensors[name]) for name in recorded_blocks]
    yield Result(path.stem, max([largest_error(output, tensors["output"]), *errors]))


def replay_manifest(path: Path) -> Iterator[Result]:
    """Names and shapes of the full-size model, built without memory on the meta device."""
    with torch.device("meta"):
        model = STDiT3(STDiT3Config())
    ours = {name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    published = read_json(path)["params"]
    differing = sorted(name for name in ours.keys() | published.keys() if ours.get(name) != published.get(name))
    yield Result(path.stem, 0.0, problem=f"first differing name {differing[0]}" if differing else "")


REPLAYS = (Replay("stdit3_forward_*.json", replay_forward), Replay("manifest_stdit3_xl2.json", replay_manifest))
