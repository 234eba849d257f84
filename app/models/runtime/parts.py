"""A model's text encoder, transformer and VAE: loaded when used, and out of each other's way as planned."""

from collections.abc import Callable, Mapping
from functools import cached_property

import torch
from torch import nn

from app.models.runtime.memory_plan import MemoryPlan, Part

Loader = Callable[[torch.device], nn.Module]
Loaded = dict[Part, nn.Module]


class Parts:
    """The parts of a model under a memory plan."""

    def __init__(
        self,
        loaders: Mapping[Part, Loader],
        make_plan: Callable[[Loaded], MemoryPlan],  # given what is loaded, which may make room
        loaded: Loaded | None = None,  # by others under another plan
    ):
        self.loaders = loaders
        self.make_plan = make_plan
        self.loaded: Loaded = {} if loaded is None else loaded

    @cached_property
    def plan(self) -> MemoryPlan:
        """Made when it is first needed, so that a size is refused only where it is used."""
        return self.make_plan(self.loaded)

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
