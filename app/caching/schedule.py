"""Schedule: methods whose decisions are known before a run starts, as one plan a step.

PAB, T-GATE, Delta-DiT and the fixed interval are such; each is a config that writes its plans down.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from app.caching.branches import Branch
from app.caching.method import WholeStackMethod
from app.caching.policy import CachePolicy, Granularity, Plan, Reuse, RunShape


class StaticConfig(Protocol):
    """The settings of a method that decides from the steps and timesteps alone."""

    granularity: ClassVar[Granularity]

    def plans(self, run: RunShape) -> tuple[Plan, ...]:
        """One plan a step; a ValueError says what does not fit the run."""


@dataclass
class Scheduled(CachePolicy):
    """The policy of a static method: follows its plans and keeps a residual only where the next step reuses it."""

    config: StaticConfig
    _plans: tuple[Plan, ...] = ()
    _step: int = 0

    @property
    def reuse(self) -> Reuse:
        """As the settings say, where they take any reuse."""
        return self.config.reuse if isinstance(self.config, WholeStackMethod) else "hold"

    @property
    def granularity(self) -> Granularity:  # type: ignore[override]  # decided by the config, never set
        """What the method needs kept."""
        return self.config.granularity

    def start(self, run: RunShape) -> frozenset[Branch]:
        """Write the plans down; nothing is observed."""
        plans = enumerate(self.config.plans(run), start=1)
        self._plans = tuple("all" if step in run.restarts else plan for step, plan in plans)
        return frozenset()

    def plan(self, step: int) -> Plan:
        """The plan of a step."""
        self._step = step
        return self._plans[step - 1]

    def restart(self, step: int) -> None:
        """Planned already."""
        return

    def keeps(self, branch: Branch) -> bool:
        """Whether the next step reuses a branch computed in this one."""
        if self._step == len(self._plans):
            return False
        following = self._plans[self._step]
        return following != "all" and (following == "none" or branch not in following)
