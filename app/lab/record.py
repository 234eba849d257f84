"""Record a baseline run for the Lab: one generation with probes, and the measured cost of a reused step."""

from collections.abc import Callable, Generator
from statistics import median
from typing import cast

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.adacache_policy import AdaCache
from app.generation.denoiser import Denoiser
from app.lab.recorder import Recorder, RecorderConfig
from app.lab.recording import Recording
from app.models.base import VideoModel

REUSED_STEPS = 6
REUSE_EVERYTHING = AdaCacheConfig(
    Codebook((1e30, 2e30), (1000, 1)), formula="paper"
)  # computes steps 1 and 2 only


def record(
    model: VideoModel,
    prompt: str,
    *,
    seed: int,
    steps: int,
    guidance: float,
    config: RecorderConfig = RecorderConfig(),  # noqa: B008 (frozen)
    on_step: Callable[[int], None] = lambda step: None,
) -> Recording:
    """Generate a prompt without acceleration and keep the distances of its probes.

    `on_step` is called after every step and may raise to stop. A ValueError says why a prompt cannot be used.
    """
    making = record_stepwise(model, prompt, seed=seed, steps=steps, guidance=guidance, config=config)
    while True:
        try:
            on_step(next(making))
        except StopIteration as end:
            return cast(Recording, end.value)


def record_stepwise(
    model: VideoModel,
    prompt: str,
    *,
    seed: int,
    steps: int,
    guidance: float,
    config: RecorderConfig = RecorderConfig(),  # noqa: B008 (frozen)
    poll: Callable[[], None] = lambda: None,
) -> Generator[int, None, Recording]:
    """The same one step at a time: yields the number of every step made and returns the recording.

    They are as many as the model's schedule has timesteps. `poll` is called inside a step and may raise to stop.
    """
    if not 2 <= steps <= model.card.max_steps:
        raise ValueError(f"{model.card.title} takes 2 to {model.card.max_steps} steps, got {steps}")
    recorder = Recorder(config)
    conditioning = model.encode_prompt(prompt)
    run = Denoiser.start(model, conditioning, recorder, seed=seed, steps=steps, guidance=guidance, poll=poll)
    while not run.done:
        run.advance()
        yield len(run.records)
    return recording_of(run, recorder, prompt, seed, steps, poll)


def recording_of(
    run: Denoiser,
    recorder: Recorder,
    prompt: str,
    seed: int,
    asked: int,
    poll: Callable[[], None] = lambda: None,
) -> Recording:
    """The recording of a finished run, after a few more steps that measure what a reused one costs."""
    card, config = run.model.card, recorder.config
    reused = Denoiser.start(
        run.model,
        run.conditioning,
        AdaCache(REUSE_EVERYTHING),
        seed=seed,
        steps=2 + REUSED_STEPS,
        guidance=run.guidance,
        poll=poll,
    ).finish()
    return Recording(
        model=card.id,
        prompt=prompt,
        seed=seed,
        guidance=run.guidance,
        asked=asked,
        timesteps=run.schedule,
        depth=card.depth,
        residual=config.residual,
        blocks=config.probing().blocks(card.depth),
        max_lag=config.max_lag,
        subsample=config.subsample,
        subsample_error=recorder.subsample_error(),
        computed_seconds=median(record.seconds for record in run.records),
        reused_seconds=median(record.seconds for record in reused.records[2:]),
        probes=recorder.recorded(),
    )
