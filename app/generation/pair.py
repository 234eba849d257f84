"""A pair of denoisers: generate_pair(request) -> events. Both sides denoise on one device, measured fairly.

The side with the least compute so far goes next, so the accelerated side runs ahead at its true speed, and
each side's latency is its own compute time. The page, the command line and the tests read this one stream.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Flag

import numpy as np
from torch import Tensor

from app.caching.policy import CachePolicy, NoCache, kept_streams
from app.caching.record import StepRecord
from app.caching.registry import build_policy
from app.common.files import atomic_path, write_json
from app.generation.clip import Clip, write_clip
from app.generation.denoiser import Denoiser, clock
from app.generation.ending import ended, poll_of
from app.generation.events import BaselineFound, Compared, Event, Finished, Started, Step, Stopped
from app.generation.images import PICTURES, write_images, write_picture
from app.generation.kept_baseline import LATENTS, RECORDING, KeptBaseline, none_kept, write_latents
from app.generation.loading import prepared
from app.generation.request import Request
from app.generation.summary import summarise
from app.generation.timing import timing_of
from app.generation.trace import SIDES, Side, Trace
from app.generation.video import extend_mp4, preview_webp, write_mp4
from app.generation.watching import Watch, unwatched
from app.metrics.quality.psnr import frame_psnr
from app.metrics.registry import measure
from app.models.base import Frames, VideoModel
from app.models.condition_image import NO_IMAGES, Images
from app.models.registry import load_model
from app.models.runtime.memory import free_bytes
from app.models.runtime.memory_plan import check_cache_fits

PREVIEW_SHARE = 0.02  # of a run's time is spent on previews of both sides, at most
PREVIEW_SECONDS = 0.3  # a side whose steps are faster shows no more previews than the eye can follow


def generate_pair(
    request: Request,
    folder: Path,
    *,
    stop: Flag | None = None,
    previews: bool = False,
    sequential: bool = False,
    load: Callable[[str], VideoModel] = load_model,
    kept: Callable[[Request], KeptBaseline | None] = none_kept,
    watch: Watch = unwatched,
    images: Images = NO_IMAGES,
    clip: Clip | None = None,
) -> Iterator[Event]:
    """Generate a request with and without its method, yielding events as they happen.

    Writes baseline.mp4, accelerated.mp4, trace.json and summary.json into `folder`, each atomically, and
    baseline.safetensors, by which a later run may take this baseline instead of making it again: `kept` finds
    one for a request, and it is taken, with its recording, if its first step, made anew, agrees bit for bit.
    `images` has those that the request asks for, and they are written beside; so are the two pictures where the
    video is a single frame. `clip` is the one that the request goes on from: both sides begin with its end, both
    videos with the whole of it, and what is measured is measured on the new frames. `watch` gives what looks at a
    pair whose baseline is made here.
    Setting `stop` ends the run inside the current step with `Stopped`. `sequential` finishes the baseline before
    the accelerated side starts. What a user can mend ends it with `Failed`: a prompt the model cannot use, a full
    or read-only disk, too little memory.
    """
    records: dict[Side, list[StepRecord]] = {}
    poll = poll_of(stop or Flag())
    events = _run(request, folder, poll, previews, sequential, load, kept, watch, images, clip, records)
    return ended(events, lambda: Stopped(_trace(request, records)))


def _run(
    request: Request,
    folder: Path,
    poll: Callable[[], None],
    previews: bool,
    sequential: bool,
    load: Callable[[str], VideoModel],
    kept: Callable[[Request], KeptBaseline | None],
    watch: Watch,
    images: Images,
    clip: Clip | None,
    records: dict[Side, list[StepRecord]],
) -> Iterator[Event]:
    model = yield from prepared(load, request, poll, images, clip)
    if request.steps > model.card.max_steps:
        raise ValueError(f"{model.card.title} takes at most {model.card.max_steps} steps, got {request.steps}")
    steps: dict[Side, int] = {
        "baseline": request.steps,
        "accelerated": request.method.run_steps(request.steps),
    }
    conditioning = model.encode_prompt(request.prompt)
    schedule = model.schedule(request.steps)  # may be longer than the steps asked for, as PNDM's is
    started = Started(request, schedule, conditioning.understood, conditioning.ignored)
    yield started

    # Residuals of one transformer say nothing of those of the next.
    watcher = watch(request) if model.card.handover is None else None
    uncached = NoCache() if watcher is None else watcher.policy
    policies: dict[Side, CachePolicy] = {"baseline": uncached, "accelerated": build_policy(request.method)}
    denoisers = {
        side: Denoiser.start(
            model,
            conditioning,
            policies[side],
            seed=request.seed,
            steps=steps[side],
            guidance=request.guidance,
            solver=request.method.solver if side == "accelerated" else "own",
            poll=poll,
        )
        for side in SIDES
    }
    streams = sum(kept_streams(policies[side], denoisers[side].cache.run) for side in SIDES)
    free = free_bytes(denoisers["baseline"].latent.device)
    check_cache_fits(model.card.title, model.card.stream_bytes, streams, free)
    records.update({side: denoisers[side].records for side in SIDES})
    next_preview = dict.fromkeys(SIDES, 0.0)
    finished: dict[Side, Finished] = {}
    videos: dict[Side, Frames] = {}  # their new frames

    def advance(side: Side) -> Tensor:
        before = denoisers[side].latent
        clean = denoisers[side].advance()
        if watcher is not None:
            watcher.saw(side, before, denoisers[side].latent, clean)
        return clean

    def tell(side: Side, clean: Tensor, made: list[StepRecord]) -> Iterator[Event]:
        """Steps just made or taken over, the last of them with a preview, and the video after the last of all."""
        denoiser, preview = denoisers[side], b""
        began = time.monotonic()
        if previews and (denoiser.done or began >= next_preview[side]):
            preview = preview_webp(model.preview(clean), model.card.fps)
            spent = time.monotonic() - began
            next_preview[side] = began + max(PREVIEW_SECONDS, len(SIDES) * spent / PREVIEW_SHARE)
        seconds = denoiser.seconds - sum(record.seconds for record in made)
        for record in made[:-1]:
            seconds += record.seconds
            yield Step(side, record, seconds, b"")
        yield Step(side, made[-1], denoiser.seconds, preview)
        if denoiser.done:
            poll()
            finished[side], videos[side] = _finish(side, denoiser, len(schedule), folder, request, clip)
            yield finished[side]

    baseline = denoisers["baseline"]
    first: Tensor | None = None
    measured: str | None = None  # when the baseline's steps were, if that was in an earlier run
    found = kept(request)
    if found is not None:
        clean = advance("baseline")
        first = baseline.latent
        if same := found.begins_with(first, baseline.schedule):
            measured = found.measured
            baseline.records[:] = found.records
            baseline.seconds = sum(record.seconds for record in found.records)
            baseline.latent = clean = found.last.to(first)
            watcher = None  # which would see no more of the baseline
        yield BaselineFound(found.measured, same)
        yield from tell("baseline", clean, list(baseline.records))
    while running := [side for side in SIDES if not denoisers[side].done]:
        side = running[0] if sequential else min(running, key=lambda s: denoisers[s].seconds)
        poll()  # a step that reuses every branch does not
        clean = advance(side)
        if side == "baseline" and first is None:
            first = baseline.whole(baseline.latent)
        yield from tell(side, clean, denoisers[side].records[-1:])

    trace = _trace(request, records)
    quality = measure(videos["baseline"], videos["accelerated"])
    per_frame = frame_psnr(videos["baseline"], videos["accelerated"]).tolist()
    summary = summarise(trace, started, finished, quality, per_frame, timing_of(request, denoisers, measured))
    write_images(folder, request, images)
    write_latents(folder / LATENTS, first, baseline.whole(baseline.latent))
    if model.card.chunk is not None:
        write_clip(folder, baseline.whole(denoisers["accelerated"].latent))
    if watcher is not None:
        watcher.keep(folder, denoisers, quality)
    elif measured is not None and found is not None and found.recording:
        with atomic_path(folder / RECORDING) as temporary:
            temporary.write_bytes(found.recording)
    write_json(folder / "trace.json", trace.to_json())
    write_json(folder / "summary.json", summary)
    yield Compared(trace, summary)


def _finish(
    side: Side, denoiser: Denoiser, baseline_steps: int, folder: Path, request: Request, clip: Clip | None
) -> tuple[Finished, Frames]:
    """Decode a side and write its video, which an earlier clip begins; returns the new frames."""
    started = clock(denoiser.latent)
    video = np.asarray(denoiser.decode())
    decode_seconds = clock(denoiser.latent) - started
    path, card, earlier = folder / f"{side}.mp4", denoiser.model.card, 0
    if clip is not None and card.chunk is not None and request.overlap is not None:
        video = video[card.chunk.frames_of(request.overlap) :]
        earlier = extend_mp4(path, clip.video, video, card.fps)
    else:
        write_mp4(path, video, card.fps)
    if len(video) == 1:
        write_picture(folder / PICTURES[side], video[0])
    event = Finished(
        side=side,
        video=path,
        seconds=denoiser.seconds,
        decode_seconds=decode_seconds,
        computed_steps=len(denoiser.computed_steps),
        computed_fraction=denoiser.computed_branches / (baseline_steps * denoiser.cache.branches),
        peak_cache_bytes=denoiser.cache.peak_bytes,
        earlier_frames=earlier,
    )
    return event, video


def _trace(request: Request, records: dict[Side, list[StepRecord]]) -> Trace:
    return Trace(request, {side: tuple(steps) for side, steps in records.items()})
