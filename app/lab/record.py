"""Record a baseline run for the Lab: one generation with probes, and a reference run that reuses.

The reference run measures what a reused step costs and how the model answers to a latent that is off.
"""

from collections.abc import Callable, Generator, Iterator
from statistics import median
from typing import cast

from app.caching.methods.fixed_interval import FixedIntervalConfig
from app.caching.schedule import Scheduled
from app.generation.denoiser import Denoiser
from app.lab.recorder import Recorder, RecorderConfig
from app.lab.recording import Recording
from app.lab.velocities import INTERVAL, VelocityRecorder, VelocityRecording, velocity_recording
from app.metrics.quality.psnr import psnr
from app.models.base import ModelCard, VideoModel
from app.models.size import Size


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
    check_recordable(model.card)
    recorder = Recorder(config)
    conditioning = model.encode_prompt(prompt)
    run = Denoiser.start(model, conditioning, recorder, seed=seed, steps=steps, guidance=guidance, poll=poll)
    velocities = VelocityRecorder.of(run.schedule)
    yield from watched(run, velocities)
    return recording_of(run, recorder, velocities, prompt, seed, steps, poll)


def check_recordable(card: ModelCard) -> None:
    """A ValueError where no recording can be made of a model."""
    if refusal := recording_refusal(card):
        raise ValueError(refusal)


def recording_refusal(card: ModelCard) -> str:
    """Why no recording can be made: two transformers, or an image that it would lack; empty where one can."""
    if card.handover is not None:
        return f"{card.title} hands over to a second transformer; a recording would compare it with the first"
    if card.needs_image:
        return f"{card.title} starts every video from an image, and a recording keeps none"
    return ""


def watched(run: Denoiser, velocities: VelocityRecorder) -> Iterator[int]:
    """Make all steps of a run under a recorder of its velocities; yields the number of each step made."""
    while not run.done:
        before = run.latent
        clean = run.advance()
        velocities.observe(before, run.latent, clean)
        yield len(run.records)


def recording_of(
    run: Denoiser,
    recorder: Recorder,
    velocities: VelocityRecorder,
    prompt: str,
    seed: int,
    asked: int,
    poll: Callable[[], None] = lambda: None,
) -> Recording:
    """The recording of a finished run, after its reference run: a third of the compute again.

    The reference run also measures what a reused step costs.
    """
    reference = Denoiser.start(
        run.model,
        run.conditioning,
        Scheduled(FixedIntervalConfig(INTERVAL)),
        seed=seed,
        steps=asked,
        guidance=run.guidance,
        poll=poll,
    )
    answers = VelocityRecorder.of(reference.schedule)
    for _ in watched(reference, answers):
        pass
    return recorded(
        run,
        recorder,
        prompt,
        seed,
        asked,
        reused_seconds=median(record.seconds for record in reference.records if record.computed == "none"),
        velocities=velocity_recording(
            velocities,
            answers,
            run.latent.numel(),
            error=float((reference.latent.float() - run.latent.float()).norm()),
            db=psnr(run.decode(), reference.decode()) if velocities.euler else 0.0,
        ),
    )


def recorded(
    run: Denoiser,
    recorder: Recorder,
    prompt: str,
    seed: int,
    asked: int,
    *,
    reused_seconds: float,
    velocities: VelocityRecording | None,
    size: Size | None = None,
) -> Recording:
    """What a recorder saw of a finished run, with what only another run can tell."""
    card, config = run.model.card, recorder.config
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
        reused_seconds=reused_seconds,
        probes=recorder.recorded(),
        size=size,
        velocities=velocities,
    )
