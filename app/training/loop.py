"""What every training command shares: budget, schedule, optimisers, exact checkpoints, a JSONL log.

Batches and noise come from (seed, step) alone, so a resumed run is the same run.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from safetensors.torch import save_file
from torch import Tensor, nn


@dataclass(frozen=True)
class Budget:
    """When to stop, and the learning rate's course: warm up, stay, go down linearly to zero at the last step."""

    steps: int
    decay_from: int
    warmup: int = 50
    minutes: float = float("inf")

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}; accepted: at least 1")
        if not 0 <= self.decay_from <= self.steps:
            raise ValueError(f"decay_from is {self.decay_from}; accepted: 0 to steps ({self.steps})")
        if self.minutes <= 0:
            raise ValueError(f"minutes is {self.minutes}; accepted: more than 0")

    def rate(self, step: int) -> float:
        """The factor on the base learning rate at a step, in [0, 1]."""
        rise = min(1.0, (step + 1) / max(1, self.warmup))
        fall = (self.steps - step) / max(1, self.steps - self.decay_from)
        return rise * min(1.0, max(0.0, fall))


class Optimiser:
    """Muon on the given matrices, AdamW on every other parameter."""

    def __init__(
        self,
        model: nn.Module,
        matrices: Iterable[str],
        muon_rate: float,
        adamw_rate: float,
        muon_decay: float = 0.0,
    ) -> None:
        chosen = set(matrices)
        named = dict(model.named_parameters())
        # Muon takes 2-D parameters only: a convolution trains through a matrix that shares its storage.
        self._matrices = [(p, nn.Parameter(_matrix(p.data))) for n, p in named.items() if n in chosen]
        rest = [parameter for name, parameter in named.items() if name not in chosen]
        self._rates = (muon_rate, adamw_rate)
        self._muon = torch.optim.Muon([m for _, m in self._matrices], lr=muon_rate, weight_decay=muon_decay)
        self._adamw = torch.optim.AdamW(rest, lr=adamw_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)

    def step(self, rate: float) -> None:
        """Applies the gradients at rate x the base learning rates and clears them."""
        for parameter, matrix in self._matrices:
            matrix.grad = (
                None
                if parameter.grad is None
                else _matrix(parameter.grad.contiguous(memory_format=_layout(parameter)))
            )
            parameter.grad = None
        with _muon_in(arithmetic()):
            for optimiser, base in zip((self._muon, self._adamw), self._rates, strict=True):
                for group in optimiser.param_groups:
                    group["lr"] = base * rate
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, Any]:
        """Both optimisers' states."""
        return {"muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what state_dict gave."""
        self._muon.load_state_dict(state["muon"])
        self._adamw.load_state_dict(state["adamw"])


class Average:
    """An exponential moving average of a model's parameters (buffers are copied), warmed up quickly."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Moves the average towards the model after a step."""
        decay = min(self.decay, (1 + step) / (10 + step))
        trained = dict(model.named_parameters())
        for name, value in model.state_dict().items():
            if name in trained:
                self.weights[name].lerp_(value, 1 - decay)
            else:
                self.weights[name].copy_(value)


class Log:
    """One JSON object a line; printed as well, so that a nohup file shows progress."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path

    def write(self, **record: Any) -> None:
        """Appends a record; floats are kept to 5 digits."""
        short = {k: float(f"{v:.5g}") if isinstance(v, float) else v for k, v in record.items()}
        line = json.dumps({"time": time.strftime("%H:%M:%S"), **short})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)


def generator(seed: int, step: int, stream: int = 0) -> torch.Generator:
    """The random numbers of one step; stream separates independent uses within it."""
    return torch.Generator().manual_seed((seed * 1_000_003 + step) * 16 + stream)


def arithmetic() -> torch.dtype:
    """What this CPU multiplies fastest: bfloat16 where it has instructions for it, which others emulate slowly."""
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")) else torch.float32


@contextmanager
def _muon_in(dtype: torch.dtype) -> Iterator[None]:
    """Muon's iteration in a type of numbers; torch's own is in bfloat16, which most CPUs emulate."""
    if dtype == torch.bfloat16:
        yield
        return
    with patch.object(torch.optim._muon, "_zeropower_via_newtonschulz", partial(_orthogonalise, dtype)):
        yield


def _orthogonalise(
    dtype: torch.dtype, gradient: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """The nearest matrix (rows, columns) whose singular values are about 1, by Muon's quintic iteration."""
    wide = gradient if gradient.shape[0] <= gradient.shape[1] else gradient.T
    matrix = wide.to(dtype) / gradient.norm().clamp(min=eps)
    linear, cubic, quintic = coefficients
    for _ in range(steps):
        square = matrix @ matrix.T
        matrix = linear * matrix + (cubic * square + quintic * square @ square) @ matrix
    return matrix if wide is gradient else matrix.T


def resume(path: Path, model: nn.Module, optimiser: Optimiser, average: Average) -> int:
    """Take over what `keep` wrote, where there is anything; returns the steps made so far."""
    if not path.exists():
        return 0
    state = load_checkpoint(path)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    average.weights = state["average"]
    return int(state["step"])


def keep(path: Path, model: nn.Module, optimiser: Optimiser, average: Average, step: int, **more: Any) -> None:
    """Write everything that a run goes on from."""
    states = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "average": average.weights}
    save_checkpoint(path, **states, step=step, **more)


def save_checkpoint(path: Path, **state: Any) -> None:
    """Writes a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".tmp")
    torch.save(state, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Reads what save_checkpoint wrote."""
    state: dict[str, Any] = torch.load(path, weights_only=True)
    return state


def export_weights(path: Path, weights: dict[str, Tensor], metadata: dict[str, str]) -> int:
    """Writes fp16 safetensors atomically; returns the size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in weights.items()}
    partial = path.with_suffix(".tmp")
    save_file(halves, partial, metadata=metadata)
    partial.chmod(0o644)
    os.replace(partial, path)
    return path.stat().st_size


def _matrix(weight: Tensor) -> Tensor:
    """A view as (out, everything else); convolutions (out, in, height, width) must be channels-last."""
    if weight.ndim == 2:
        return weight
    return weight.permute(0, 2, 3, 1).view(len(weight), -1)


def _layout(weight: Tensor) -> torch.memory_format:
    return torch.channels_last if weight.ndim == 4 else torch.contiguous_format
