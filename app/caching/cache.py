"""ResidualCache: executes a policy's plan inside a model, computing or reusing residual branches.

The model calls it visibly, `x = x + cache.branch(address, compute)`; its state belongs to one run.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from torch import Tensor

from app.caching.branches import Branch
from app.caching.policy import CachePolicy, Decision, Plan, RunShape
from app.caching.reuse import CachedResidual

Block = Callable[[Tensor], Tensor]  # advances the token stream by all branches of one block index
Span = tuple[int, int]  # blocks [first, stop)
Key = tuple[int, Branch | Span]  # whose residual is kept: in which pass of a step, and of a branch or a span


class BranchCache(Protocol):
    """What a model calls: around its stack of blocks, and at each residual branch."""

    def stack(self, x: Tensor, blocks: Sequence[Block], modulated: Callable[[], Tensor] | None = None) -> Tensor:
        """Advance the token stream `x` through all blocks; `modulated` gives the first block's modulated input."""

    def branch(self, address: Branch, compute: Callable[[], Tensor]) -> Tensor:
        """The residual of one branch."""

    def block(
        self,
        address: Branch,
        x: Tensor,
        advance: Block,
        seen: Callable[[Tensor], Tensor] = lambda residual: residual,
    ) -> Tensor:
        """The token stream after a block of which only input and output are seen.

        `seen` is what a method observes of the residual, as (batch, frames, patches, channels).
        """


class Uncached:
    """Computes everything and keeps nothing: training, and a plain forward pass."""

    def stack(self, x: Tensor, blocks: Sequence[Block], modulated: Callable[[], Tensor] | None = None) -> Tensor:
        return run_blocks(x, blocks)

    def branch(self, address: Branch, compute: Callable[[], Tensor]) -> Tensor:
        return compute()

    def block(
        self,
        address: Branch,
        x: Tensor,
        advance: Block,
        seen: Callable[[Tensor], Tensor] = lambda residual: residual,
    ) -> Tensor:
        return advance(x)


NO_CACHE = Uncached()


class ResidualCache:
    """The residuals of one run, and the policy that decides which of them are reused.

    What is kept follows the policy's granularity. "sum" folds: a step that reuses a span of blocks adds one
    tensor, the sum of their residuals, and skips them; enough for policies that compute all branches of the span
    or none, such as AdaCache over the whole stack. "branches" keeps one residual a branch; `folded=False` does so
    for every policy.

    The batch may hold a conditional and an unconditional half and several prompts: one decision holds for all of
    them, and a policy's distances pool over the whole batch, as upstream's do (docs/upstream-quirks.md, 4).
    A model that runs the halves one after the other goes through its stack several times a step: each pass has
    residuals of its own, and the first one decides for all.

    `poll` is called before every branch and step; it stops a run by raising.
    """

    def __init__(
        self,
        policy: CachePolicy,
        run: RunShape,
        *,
        folded: bool = True,
        poll: Callable[[], None] = lambda: None,
    ):
        self.policy = policy
        self.run = run
        self.granularity = "branches" if policy.granularity == "sum" and not folded else policy.granularity
        self.poll = poll
        self.step = 0
        self.peak_bytes = 0
        self._observed = policy.start(run)
        self._plan: Plan = "all"
        self._kept: dict[Key, CachedResidual] = {}
        self._kept_bytes = 0
        self._span_input_bytes = 0
        self._computed: set[Branch] = set()
        self._pass = 0

    def begin_step(self) -> None:
        """Advance to the next step and ask the policy for its plan."""
        if self.step == self.run.steps:
            raise RuntimeError(f"the run has {self.run.steps} steps and all of them are done")
        self.poll()
        self.step += 1
        self._computed.clear()
        self._pass = -1
        self._adopt(self.policy.plan(self.step))

    def end_step(self) -> Decision:
        """Close the step and let the policy decide."""
        return self.policy.end_step()

    @property
    def branches(self) -> int:
        """Number of branches the model has."""
        return self.run.depth * len(self.run.layout)

    @property
    def computed(self) -> int:
        """Number of branches computed in the current step."""
        return len(self._computed)

    def stack(self, x: Tensor, blocks: Sequence[Block], modulated: Callable[[], Tensor] | None = None) -> Tensor:
        """Advance `x` (batch, frames, patches, channels) through the blocks, the policy's span folded."""
        self._pass += 1
        if self.policy.observes_input and self._pass == 0:
            if modulated is None:
                raise ValueError("this method measures the first block's input, which this model does not show")
            self._account(self.policy.observe_input(modulated()))
            self._adopt(self.policy.revise(self._plan))
        if self.granularity != "sum":
            return run_blocks(x, blocks)
        first, stop = self._span()
        x = run_blocks(x, blocks[:first])
        x = self._fold(x, (first, stop), blocks[first:stop])
        return run_blocks(x, blocks[stop:])

    def branch(self, address: Branch, compute: Callable[[], Tensor]) -> Tensor:
        """Compute or reuse one residual."""
        if not self._computes(address):
            return self._reuse(address)
        residual = compute()
        if address in self._observed:
            self._observe(address, residual)
        self._settle(address, lambda: residual)
        return residual

    def block(
        self,
        address: Branch,
        x: Tensor,
        advance: Block,
        seen: Callable[[Tensor], Tensor] = lambda residual: residual,
    ) -> Tensor:
        """Compute a whole block or add its last residual; a computed output is the block's own, bit for bit."""
        if not self._computes(address):
            return x + self._reuse(address)
        out = advance(x)
        if address in self._observed:
            self._observe(address, seen(out - x))
        self._settle(address, lambda: out - x)
        return out

    def _computes(self, address: Branch) -> bool:
        self.poll()
        if self._plan != "all" and (self._plan == "none" or address not in self._plan):
            return False
        self._computed.add(address)
        return True

    def _observe(self, address: Branch, residual: Tensor) -> None:
        if self._pass > 0:
            return
        self._account(self.policy.observe(address, residual))
        self._adopt(self.policy.revise(self._plan))

    def _settle(self, address: Branch, residual: Callable[[], Tensor]) -> None:
        if self.granularity != "branches":
            return
        if self.policy.keeps(address):
            self._keep(address, residual())
        else:
            self._drop((self._pass, address))

    def _span(self) -> Span:
        first, stop, _ = self.policy.span(self.step).indices(self.run.depth)
        return first, stop

    def _adopt(self, plan: Plan) -> None:
        if self.granularity == "sum" and not isinstance(plan, str):
            first, stop = self._span()
            if any(first <= branch.block < stop for branch in plan):
                raise RuntimeError("a plan of single branches cannot be folded into a sum")
        self._plan = plan

    def _fold(self, x: Tensor, span: Span, blocks: Sequence[Block]) -> Tensor:
        for stale in [key for key in self._kept if key[1] != span]:
            self._drop(stale)
        if not blocks:
            return x
        if self._plan != "all":
            return x + self._reuse(span)
        self._age(span)
        self._span_input_bytes = x.nbytes
        out = run_blocks(x, blocks)
        self._keep(span, out - x)
        self._span_input_bytes = 0
        return out

    def _reuse(self, what: Branch | Span) -> Tensor:
        key = (self._pass, what)
        if key not in self._kept:
            raise RuntimeError(f"step {self.step} reuses {what}, which no earlier step computed")
        return self._kept[key].reused(self.policy.reuse, self._timestep)

    def _keep(self, what: Branch | Span, residual: Tensor) -> None:
        key = (self._pass, what)
        previous = self._age(what)
        self._drop(key)
        self._hold(key, CachedResidual.after(previous, residual, self._timestep))
        self._account(0)

    def _age(self, what: Branch | Span) -> CachedResidual | None:
        """Give up what the next residual makes useless, before it is computed; returns what is left."""
        key = (self._pass, what)
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._drop(key)
        if self.policy.reuse != "forecast":
            return None
        self._hold(key, CachedResidual(kept.residual, kept.timestep))
        return self._kept[key]

    def _hold(self, key: Key, kept: CachedResidual) -> None:
        self._kept[key] = kept
        self._kept_bytes += kept.nbytes

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._kept_bytes -= kept.nbytes

    @property
    def _timestep(self) -> float:
        return self.run.timesteps[self.step - 1]

    def _account(self, working_bytes: int) -> None:
        total = self._kept_bytes + self._span_input_bytes + self.policy.held_bytes() + working_bytes
        self.peak_bytes = max(self.peak_bytes, total)


def run_blocks(x: Tensor, blocks: Sequence[Block]) -> Tensor:
    """Advance `x` through blocks one after the other."""
    for block in blocks:
        x = block(x)
    return x
