"""A model's text encoder, transformer and VAE: loaded when used, and out of each other's way as planned."""

from collections.abc import Callable, Mapping

import torch
from torch import nn

from app.models.memory_plan import MemoryPlan, Part

Loader = Callable[[torch.device], nn.Module]


class Parts:
    """The parts of a model under a memory plan."""

    def __init__(self, loaders: Mapping[Part, Loader], plan: MemoryPlan):
        self.loaders = loaders
        self.plan = plan
        self.loaded: dict[Part, nn.Module] = {}

    def use(self, part: Part) -> nn.Module:
        """A part on its device; what the plan has no room for beside it is released first."""
        if self.plan.residence != "device":
            for other in [name for name in self.loaded if name != part]:
                self._release(other)
        device = self.plan.device_of(part)
        if part not in self.loaded:
            self.loaded[part] = self.loaders[part](device)
        return self.loaded[part].to(device)

    def _release(self, part: Part) -> None:
        if self.plan.residence == "host":
            self.loaded[part].to("cpu")
        else:
            del self.loaded[part]
        if self.plan.device.type == "cuda":
            torch.cuda.empty_cache()
