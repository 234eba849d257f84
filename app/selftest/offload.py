"""Offload without a GPU: a hook of accelerate's that takes a module's weights away whenever it does not work.

accelerate moves what it finds among a module's parameters; weights that this hook does not find stay NaN, as a
block on the wrong device would end a run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from accelerate.hooks import ModelHook, add_hook_to_module, remove_hook_from_module
from torch import nn

from app.models.base import VideoModel
from app.models.diffusers.model import DiffusersModel
from app.models.published import PublishedModel
from app.models.runtime.memory_plan import MemoryPlan

OFFLOADED = ("text_encoder", "text_encoder_2", "image_encoder", "transformer", "transformer_2")


@contextmanager
def offloaded(model: VideoModel) -> Iterator[None]:
    """Let the model's parts come and go, as they do where the GPU cannot hold them all."""
    if isinstance(model, DiffusersModel):
        parts = (model.pipeline.components.get(name) for name in OFFLOADED)
        hooked: list[nn.Module] = [part for part in parts if part is not None]
        for module in hooked:
            add_hook_to_module(module, AwayUnlessUsed(module))
        try:
            yield
        finally:
            for module in hooked:
                module._hf_hook.bring()  # type: ignore[union-attr, operator]
                remove_hook_from_module(module)
    elif isinstance(model, PublishedModel):
        plan = model.parts.plan
        model.parts.plan = MemoryPlan(plan.device, plan.text_device, "disk", plan.peak)
        try:
            yield
        finally:
            model.parts.plan = plan
    else:
        raise ValueError(f"{model.card.title} has no parts that could be offloaded")


class AwayUnlessUsed(ModelHook):
    """Weights are NaN between two forwards; those found among the module's parameters come back for one."""

    def __init__(self, module: nn.Module):
        self.module = module
        self.parameters = list(module.parameters())
        self.weights = [parameter.detach().clone() for parameter in self.parameters]
        self.take_away()

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Bring what the module shows of its parameters, as accelerate does."""
        self.bring({id(parameter) for parameter in module.parameters()})
        return args, kwargs

    def post_forward(self, module: nn.Module, output: Any) -> Any:
        """Take everything away."""
        self.take_away()
        return output

    def bring(self, found: set[int] | None = None) -> None:
        """Weights of the parameters of these ids, or of all."""
        with torch.no_grad():
            for parameter, weight in zip(self.parameters, self.weights, strict=True):
                if found is None or id(parameter) in found:
                    parameter.copy_(weight)

    def take_away(self) -> None:
        """No weight is left."""
        with torch.no_grad():
            for parameter in self.parameters:
                parameter.fill_(torch.nan)
