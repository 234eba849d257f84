"""ResidualCache: executes a policy's plan inside a model, computing or reusing residual branches.

The model calls it visibly, `x = x + cache.branch(address, compute)`; its state belongs to one run.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from torch import Tensor

from app.caching.branches import Branch
from app.caching.policy import CachePolicy, Decision, Plan, RunShape, Signal, executed, probes_first_block
from app.caching.reuse import CachedResidual, Computed

Block = Callable[[Tensor], Tensor]  # advances the token stream by all branches of one block index
Span = tuple[int, int]  # blocks [first, stop)
Kept = Branch | Span | Literal["model"]  # whose residual is kept
Key = tuple[int, Kept]  # and in which pass of a step


class BranchCache(Protocol):
    """What a model calls: around itself where it can, around its stack of blocks, and at each residual branch."""

    def model(self, given: Tensor, compute: Callable[[], Tensor], sign: int = 1) -> Tensor:
        """The output for what the model is `given`, both (batch, channels, frames, height, width).

        sign: 1 where the output grows with the noise (noise - video), -1 where it is video - noise.
        """

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

    def model(self, given: Tensor, compute: Callable[[], Tensor], sign: int = 1) -> Tensor:
        return compute()

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
    residuals of its own, and the first one decides for all. Where another transformer takes over, nothing is kept.

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
        self._shown: set[Signal] = set()
        self._probes = probes_first_block(policy)
        if self._probes and self.granularity != "sum":
            raise ValueError("a first block computed in every step needs the other blocks folded into a sum")
        self._pass = 0
        self._call = 0
        self._observing = True

    def begin_step(self) -> None:
        """Advance to the next step and ask the policy for its plan."""
        if self.step == self.run.steps:
            raise RuntimeError(f"the run has {self.run.steps} steps and all of them are done")
        self.poll()
        self.step += 1
        self._computed.clear()
        self._shown.clear()
        self._pass = self._call = -1
        if self.step in self.run.restarts:
            for key in [*self._kept]:
                self._drop(key)
            self.policy.restart(self.step)
        self._adopt(self.policy.plan(self.step))

    def show_guided(self, latent: Tensor, clean: Tensor) -> None:
        """Show a policy that asks for it what guidance made of a computed step: the clean latent it expects."""
        if "guided" in self.policy.signals and self._plan == "all":
            self._shown.add("guided")
            self.policy.observe_guided(latent, clean)
            self._account(2 * clean.nbytes)

    def end_step(self) -> Decision:
        """Close the step and let the policy decide; a ValueError where the model did not show what it measures."""
        if "latent" in self.policy.signals and "latent" not in self._shown:
            raise ValueError("this method measures the model's input and output, which this model does not show")
        if "guided" in self.policy.signals and self._plan == "all" and "guided" not in self._shown:
            raise ValueError("this method measures guided predictions, which are not shown to it here")
        return self.policy.end_step()

    @property
    def branches(self) -> int:
        """Number of branches the model has."""
        return self.run.depth * len(self.run.layout)

    @property
    def computed(self) -> int:
        """Number of branches computed in the current step."""
        return len(self._computed)

    @property
    def computed_share(self) -> Literal["all", "none"] | int:
        """What was computed in the current step, as records write it: all, none, or how many branches."""
        return "all" if self.computed == self.branches else self.computed or "none"

    def model(self, given: Tensor, compute: Callable[[], Tensor], sign: int = 1) -> Tensor:
        """Compute the model's output, or reuse its difference to what the model is given."""
        self._call += 1
        self._show("latent", lambda: given, self._call)
        key: Key = (self._call, "model")
        whole = self.granularity == "model"
        if whole and self._plan == "none":
            self.poll()
            return given * sign + self._kept_for(key).reused(self.policy.reuse, self._timestep)
        if whole:
            self._age(key)
        out = compute()
        if self._plan == "all":  # a policy that reuses within the model decides on the way
            self._show("output", lambda: out, self._call)
        if whole:
            self._keep(key, out - given * sign)
        return out

    def stack(self, x: Tensor, blocks: Sequence[Block], modulated: Callable[[], Tensor] | None = None) -> Tensor:
        """Advance `x` (batch, frames, patches, channels) through the blocks, the policy's span folded."""
        self._pass += 1
        if "modulated-input" in self.policy.signals:
            if modulated is None:
                raise ValueError("this method measures the first block's input, which this model does not show")
            self._show("modulated-input", modulated, self._pass)
        if self.granularity != "sum":
            return run_blocks(x, blocks)
        if self._probes:
            return self._stack_behind_probe(x, blocks)
        first, stop = self._span()
        x = run_blocks(x, blocks[:first])
        if blocks[first:stop]:
            x = self._fold(x, (first, stop), lambda: run_blocks(x, blocks[first:stop]))
        return run_blocks(x, blocks[stop:])

    def branch(self, address: Branch, compute: Callable[[], Tensor]) -> Tensor:
        """Compute or reuse one residual."""
        if not self._computes(address):
            return self._reused(address)
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
            return x + self._reused(address)
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
        if self._pass > 0 or not self._observing:
            return
        self.policy.observe(address, residual)
        self._account(residual.nbytes * self.policy.measuring)
        self._adopt(self.policy.revise(self._plan))

    def _settle(self, address: Branch, residual: Callable[[], Tensor]) -> None:
        if self.granularity != "branches":
            return
        if self.policy.keeps(address):
            self._keep((self._pass, address), residual())
        else:
            self._drop((self._pass, address))

    def _reused(self, address: Branch) -> Tensor:
        return self._kept_for((self._pass, address)).reused(self.policy.reuse, self._timestep)

    def _span(self) -> Span:
        first, stop, _ = self.policy.span(self.step).indices(self.run.depth)
        return first, stop

    def _adopt(self, plan: Plan) -> None:
        if self.granularity == "sum" and not self._probes and not isinstance(plan, str):
            first, stop = self._span()
            if any(first <= branch.block < stop for branch in plan):
                raise RuntimeError("a plan of single branches cannot be folded into a sum")
        self._plan = plan

    def _show(self, signal: Signal, value: Callable[[], Tensor], call: int) -> None:
        """Show the first pass's signal to a policy that asks for it, and adopt what it then plans."""
        if signal not in self.policy.signals or call > 0:
            return
        self._shown.add(signal)
        seen = value()
        self.policy.observe_signal(signal, seen)
        self._account(seen.nbytes * self.policy.measuring)
        self._adopt(self.policy.revise(self._plan))

    def _stack_behind_probe(self, x: Tensor, blocks: Sequence[Block]) -> Tensor:
        """Compute the first block whatever the plan; it tells how to go on, or what to reuse."""
        plan, self._plan = self._plan, executed(self._plan, self.policy, self.run)
        self._observing = plan != "none"  # what a policy measures in computed steps is not for a probe
        probed = blocks[0](x)
        self._observing = True
        if self._plan != "all" and plan == "none":
            self._plan = "none"
        self._show("first-block", lambda: probed, self._pass)
        first, stop = self._span()
        start = probed if first else x
        out = self._fold(start, (first, stop), lambda: run_blocks(probed, blocks[1:stop]), probed - x)
        return run_blocks(out, blocks[stop:])

    def _fold(self, x: Tensor, span: Span, advance: Callable[[], Tensor], probe: Tensor | None = None) -> Tensor:
        """The token stream after a span of blocks that begins at `x`: advanced, or with its residual reused."""
        for stale in [key for key in self._kept if key[1] != span]:
            self._drop(stale)
        key = (self._pass, span)
        if self._plan != "all":
            return x + self._kept_for(key).reused(self.policy.reuse, self._timestep, probe, self.run.sharding)
        self._age(key)
        self._span_input_bytes = x.nbytes
        out = advance()
        self._keep(key, out - x, probe if self.policy.reuse == "probe-scaled" else None)
        self._span_input_bytes = 0
        return out

    def _kept_for(self, key: Key) -> CachedResidual:
        if key not in self._kept:
            raise RuntimeError(f"step {self.step} reuses {key[1]}, which no earlier step computed")
        return self._kept[key]

    def _keep(self, key: Key, residual: Tensor, probe: Tensor | None = None) -> None:
        kept = self._age(key).after(Computed(residual, self._timestep, probe))
        self._drop(key)
        self._hold(key, kept)
        self._account(0)

    def _age(self, key: Key) -> CachedResidual:
        """Give up what the next residual makes useless, before it is computed; returns what is left."""
        kept = self._kept.get(key, CachedResidual(()))
        aged = kept.aged(self.policy.reuse)
        self._drop(key)
        if aged.history:
            self._hold(key, aged)
        return aged

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
