"""How far a simulated schedule is from the real one: generate with the codebook and compare."""

from dataclasses import dataclass

from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.generation.denoiser import Denoiser
from app.lab.recording import Recording
from app.lab.simulate import simulate
from app.models.base import VideoModel, at_size


@dataclass(frozen=True)
class Check:
    """Computed steps as simulated and as they really were."""

    simulated: tuple[int, ...]
    real: tuple[int, ...]
    seconds_a_step: float

    @property
    def same(self) -> bool:
        """Whether both schedules are equal step for step."""
        return self.simulated == self.real

    @property
    def difference(self) -> int:
        """Real minus simulated number of computed steps."""
        return len(self.real) - len(self.simulated)


def check(model: VideoModel, recording: Recording, config: AdaCacheConfig) -> Check:
    """Run a recording's request with AdaCache for real and compare the schedules."""
    model = at_size(model, recording.size)
    denoiser = Denoiser.start(
        model,
        model.encode_prompt(recording.prompt),
        AdaCache(config),
        seed=recording.seed,
        steps=recording.asked,
        guidance=recording.guidance,
    )
    if denoiser.schedule != recording.timesteps:
        raise ValueError("the model's timesteps are not this recording's; nothing to compare")
    denoiser.finish()
    seconds = denoiser.seconds / recording.steps
    return Check(simulate(recording, config).computed, denoiser.computed_steps, seconds)


def schedule_gap(simulated: tuple[int, ...], real: tuple[int, ...]) -> str:
    """How far two schedules are apart, in one sentence."""
    counts = f"Simulated {len(simulated)} computed steps, real {len(real)}"
    if simulated == real:
        return f"{counts}; equal step for step."
    return f"{counts}; first difference at step {min(set(simulated) ^ set(real))}."
