"""Contract: what every video model has to do with every method, tried on a model that is loaded already.

A run is made whole, stopped inside a step, and made again with its baseline reused; its latents, previews and
videos are looked at on the way.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import torch

from app.caching.codebook import Codebook
from app.caching.method import Method, MethodKind, WholeStackMethod
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.names import with_option
from app.caching.registry import build_policy, kinds, method_from_json
from app.generation.denoiser import Denoiser
from app.generation.events import BaselineFound, Compared, Event, Finished, Stopped
from app.generation.kept_baseline import LATENTS, KeptBaseline, none_kept, read_latents
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.lab.model_calibration import Target, calibrate_model
from app.lab.record import record, recording_refusal
from app.models.base import VideoModel
from app.selftest.checkpoints.image import IMAGE
from app.selftest.offload import offloaded
from app.selftest.watched import InsideAStep, Watched

PROMPT = "a red fox runs over the snow"
STEPS, SEED = 8, 1
CALIBRATED = 6.0  # of these steps that a calibrated codebook is to compute
MEASURED = "2026-01-01T00:00:00+00:00"  # of a baseline that a check keeps; no figure is made of it
# Settings with which a method reuses steps of a short run of any model, whatever its residuals are.
SETTINGS: dict[str, dict[str, object]] = {
    "adacache": {"codebook": {"1000000": 2}},
    "steps": {"steps": [1, 2, 4, 6, 8]},
    "even": {"computed": 5},
    "fixed-interval": {"interval": 2},
    "fewer-steps": {"steps": 4},
    "first-block": {"threshold": 10.0},
    "delta-dit": {"intervals": [{"steps": [1, 6], "blocks": [0, 0]}]},
}


@dataclass(frozen=True)
class Check:
    """One thing that has to hold; `detail` is what was found, or why it does not hold."""

    model: str
    what: str  # with precision and method
    holds: bool
    detail: str
    seconds: float

    def __str__(self) -> str:
        return f"{'ok' if self.holds else 'FAILED':6}  {self.model:18}  {self.what:44}  {self.detail}"


class Broken(Exception):
    """Raised by a check that does not hold; says why."""


def check_model(model: VideoModel, name: str, precision: str) -> Iterator[Check]:
    """Every check of a loaded model; `precision` is what it is said to be in."""
    attempt = Attempts(name, precision)
    with TemporaryDirectory() as temporary:
        kept: list[KeptBaseline] = []

        def first() -> str:
            kept.append(_baseline(model, Path(temporary)))
            return f"{len(kept[0].records)} steps, decoded"

        yield attempt("generate", first)
        if not kept:
            return
        if not recording_refusal(model.card):
            yield attempt("calibrate", partial(_calibrates, model, kept[0]))
        for method, words in offered(model):
            yield attempt(f"{words}: stop", partial(_stops, model, method))
            yield attempt(f"{words}: generate again", partial(_generates, model, method, kept[0]))
        if name != "sprites":  # it is too small to be offloaded
            yield attempt("parts that come and go", lambda: _offloads(model, kept[0]))


@dataclass(frozen=True)
class Attempts:
    """Runs a check of one model in one precision; an error of any kind is a check that fails."""

    model: str
    precision: str

    def __call__(self, what: str, check: Callable[[], str]) -> Check:
        """`check` returns what was found, or raises."""
        started = time.perf_counter()
        try:
            holds, detail = True, check()
        except Exception as error:
            words = " ".join(str(error).split())
            holds, detail = False, words if isinstance(error, Broken) else f"{type(error).__name__}: {words}"
        return Check(self.model, f"{self.precision}, {what}", holds, detail, time.perf_counter() - started)


def offered(model: VideoModel) -> Iterator[tuple[Method, str]]:
    """Every method that the model offers, held and forecast where it goes with any reuse."""
    for kind in kinds().values():
        if model.card.refusal(kind):
            continue
        method = _settings(kind)
        if isinstance(method, WholeStackMethod):
            for reuse in ("hold", "forecast"):
                yield with_option(method, reuse), f"{kind.name} {reuse}"
        else:
            yield method, kind.name


def _settings(kind: MethodKind) -> Method:
    settings = SETTINGS.get(kind.name, {})
    if not settings and kind.points:
        settings = kind.settings(kind.points[-1])
    return method_from_json({"name": kind.name, **settings})


def _request(model: VideoModel, method: Method) -> Request:
    card = model.card
    prompt = PROMPT if card.id != "sprites" else card.example_prompts[0]
    image = IMAGE.id if card.needs_image else None
    return Request(card.id, prompt, method, SEED, STEPS, card.guidance, image=image)


def _run(
    watched: Watched,
    method: Method,
    folder: Path,
    kept: KeptBaseline | None = None,
    stop: InsideAStep | None = None,
) -> list[Event]:
    return list(
        generate_pair(
            _request(watched, method),
            folder,
            stop=stop,
            previews=True,
            load=lambda _: watched,
            images={IMAGE.id: IMAGE},
            kept=none_kept if kept is None else lambda _: kept,
        )
    )


def _baseline(model: VideoModel, folder: Path) -> KeptBaseline:
    watched = Watched(model)
    method = method_from_json({"name": "adacache", **SETTINGS["adacache"]})
    last = _run(watched, method, folder)[-1]
    if not isinstance(last, Compared):
        raise Broken(f"ended with {last}")
    _expect_sound(watched)
    latents = read_latents(folder / LATENTS)
    if latents is None:
        raise Broken("the baseline's latents were not kept")
    return KeptBaseline(last.trace.records["baseline"], *latents, MEASURED)


def _stops(model: VideoModel, method: Method) -> str:
    watched = Watched(model)
    with TemporaryDirectory() as folder:
        last = _run(watched, method, Path(folder), stop=InsideAStep(watched))[-1]
        left = sorted(path.name for path in Path(folder).iterdir())
    if not isinstance(last, Stopped):
        raise Broken(f"a run that is told to stop in its second step ended with {str(last)[:200]}")
    if left:
        raise Broken(f"a stopped run left {', '.join(left)}")
    made = {side: len(records) for side, records in last.trace.records.items()}
    return ", ".join(f"{steps} of the {side}" for side, steps in made.items())


def _generates(model: VideoModel, method: Method, kept: KeptBaseline) -> str:
    watched = Watched(model)
    with TemporaryDirectory() as folder:
        events = _run(watched, method, Path(folder), kept)
    if not isinstance(events[-1], Compared):
        raise Broken(f"ended with {str(events[-1])[:300]}")
    if not any(isinstance(event, BaselineFound) and event.same for event in events):
        raise Broken("its first step is not that of the kept baseline, bit for bit")
    _expect_sound(watched)
    if not watched.previews:
        raise Broken("no preview was made")
    done = next(event for event in events if isinstance(event, Finished) and event.side == "accelerated")
    if done.computed_fraction >= 1:
        raise Broken("nothing was reused")
    return f"{done.computed_fraction:.0%} of the branches computed"


def _calibrates(model: VideoModel, kept: KeptBaseline) -> str:
    """A codebook is calibrated on recordings of two prompts, and a run with it reuses steps."""
    method = AdaCacheConfig(Codebook((1.0,), (1,)))
    prompts = model.card.example_prompts[:2] if model.card.id == "sprites" else (PROMPT, f"{PROMPT} at night")
    guidance = model.card.guidance
    recordings = [record(model, prompt, seed=SEED, steps=STEPS, guidance=guidance) for prompt in prompts]
    found = calibrate_model(recordings, model.card, method, Target(computed=CALIBRATED))
    _generates(model, replace(method, codebook=found.codebook), kept)
    motion = found.codebook.motion
    return f"{mean(found.counts):g} steps" + ("" if motion is None else f", motion reference {motion.reference:g}")


def _offloads(model: VideoModel, kept: KeptBaseline) -> str:
    method = method_from_json({"name": "adacache", **SETTINGS["adacache"]})
    ends = []
    for away in (False, True):
        watched = Watched(model)
        if away:
            with offloaded(model):
                ends.append(_finished(watched, method))
        else:
            ends.append(_finished(watched, method))
        _expect_sound(watched)
    if not torch.equal(*ends):
        raise Broken("offloaded parts make another video than parts that stay")
    return "the same latent as with parts that stay"


def _finished(watched: Watched, method: Method) -> torch.Tensor:
    conditioning = watched.encode_prompt(PROMPT)
    guidance = watched.card.guidance
    run = Denoiser.start(
        watched, conditioning, build_policy(method), seed=SEED, steps=STEPS, guidance=guidance
    ).finish()
    run.decode()
    return run.latent


def _expect_sound(watched: Watched) -> None:
    if watched.faults:
        raise Broken("; ".join(watched.faults[:3]))
