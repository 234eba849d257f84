"""Options that several commands share: the method with its settings, and the size of the video."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from app.caching.codebook import Codebook, load_codebook
from app.caching.distances import Distance
from app.caching.latent_signals import LATENT_SIGNALS
from app.caching.method import Method, ReuseOption, Solver
from app.caching.methods.adacache import PROBES, AdaCacheConfig, Location
from app.caching.motion import Formula
from app.caching.names import named_method, with_option
from app.caching.schedule_file import load_schedule
from app.generation.presets import PRESETS
from app.generation.request import random_seed
from app.models.base import ModelCard
from app.models.condition_image import PLACES, ConditionImage
from app.models.registry import card
from app.models.settings import CAMERA_MOTIONS, EXTENSION, NAMES, PRECISIONS, Settings
from app.models.size import Size
from app.workers.workers import Workers

ANY_STEPS = "any-steps"
EVERY_STEP = Codebook((1.0,), (1,))


def add_adacache_options(parser: argparse.ArgumentParser) -> None:
    """Codebook, motion regularisation and the ablated settings."""
    parser.add_argument("--codebook", help='a preset or a JSON file such as {"0.08": 6, "1.00": 1}')
    parser.add_argument(
        "--made-for",
        metavar=f"N|{ANY_STEPS}",
        help=f"stretch a codebook made for N steps over this run's; {ANY_STEPS}: N as the codebook states it",
    )
    add_probe_options(parser)


def add_probe_options(parser: argparse.ArgumentParser) -> None:
    """What AdaCache measures, apart from the codebook that it looks up."""
    parser.add_argument("--motion", action="store_true", help="regularise by motion")
    parser.add_argument("--formula", choices=get_args(Formula), default="official")
    parser.add_argument("--distance", choices=get_args(Distance), help="default: l1; l2 of latent signals")
    parser.add_argument("--residual", choices=PROBES, default="temporal-attn", help="what is measured")
    parser.add_argument("--locations", default="mid", help="probe at start, mid, end, or blocks such as 0,2,3")
    parser.add_argument("--probe-every", type=int, default=1, help="measure the distance on every k-th patch only")


def add_method_options(parser: argparse.ArgumentParser, default: str = "adacache") -> None:
    """Any method: AdaCache by its own options, all of them by a name of `python -m app methods`."""
    parser.add_argument("--method", default=default, help="adacache, or a name such as pab-slow, fixed-interval-3")
    parser.add_argument(
        "--schedule", type=Path, metavar="FILE", help="instead of a method: a schedule kept in the Codebook Lab"
    )
    parser.add_argument("--reuse", choices=get_args(ReuseOption), help="what stands in for skipped steps")
    parser.add_argument("--solver", choices=get_args(Solver), help="of the accelerated side")
    add_adacache_options(parser)


def method_from(options: argparse.Namespace, model: ModelCard) -> Method:
    """The method the options describe; a ValueError names what is wrong."""
    if options.schedule is not None:
        if options.method not in ("adacache", "none") or options.codebook:
            raise ValueError("--schedule is a method of its own; it goes without --method and --codebook")
        method: Method = load_schedule(options.schedule).method
    elif options.method == "adacache":
        method = adacache_from(options, model)
    else:
        method = named_method(options.method, model.id, model.motion)
    for option in (options.reuse, options.solver):
        method = with_option(method, option) if option else method
    return method


def add_seed_option(parser: argparse.ArgumentParser) -> None:
    """The seed of the noise, which may be left to chance."""
    parser.add_argument("--seed", type=seed, default=0, help="a whole number, or random (default: 0)")


def seed(text: str) -> int:
    """A seed as it is typed; how large it may be, the request knows."""
    return random_seed() if text == "random" else int(text)


def add_size_options(parser: argparse.ArgumentParser) -> None:
    """The size of the video, for models that make several."""
    parser.add_argument("--resolution", default="", help="such as 480p (default: the model's)")
    parser.add_argument("--aspect-ratio", default="", help="height:width, such as 9:16 (default: the model's)")
    parser.add_argument("--length", default="", help="such as 2s, or frames such as 51 (default: the model's)")


def size_from(options: argparse.Namespace, model: ModelCard) -> Size | None:
    """The size the options ask for; none for the model's own. A ValueError says what is accepted."""
    return model.requested_size(options.resolution, options.aspect_ratio, options.length)


class TakePreset(argparse.Action):
    """Sets what a preset says; options behind it change that, and one before it is an error."""

    def __call__(
        self, parser: argparse.ArgumentParser, options: argparse.Namespace, id: Any, option: str | None = None
    ) -> None:
        """Set the options."""
        preset = PRESETS[id]
        for name, value in preset.options.items():
            if getattr(options, name) != parser.get_default(name):
                parser.error(f"--preset comes before --{name.replace('_', '-')}, which changes it")
            setattr(options, name, value)
        options.preset = preset


def add_preset_option(parser: argparse.ArgumentParser) -> None:
    """A published run by its name; behind the options that it sets, for their defaults."""
    parser.add_argument(
        "--preset", action=TakePreset, choices=PRESETS, help="a published run; options behind it change it"
    )


def add_settings_options(parser: argparse.ArgumentParser) -> None:
    """What some models let a run choose, by its own options."""
    parser.add_argument("--negative-prompt", metavar="TEXT", help="what to lead away from (default: the model's)")
    parser.add_argument("--precision", choices=PRECISIONS, help="of the model (default: bfloat16 on a GPU)")
    parser.add_argument("--flow-shift", type=float, metavar="X", help="of the noise levels (default: the model's)")
    parser.add_argument(
        "--aesthetic", type=float, metavar="X", help="score stated in the caption (default: the model's)"
    )
    parser.add_argument(
        "--motion-score", type=float, metavar="X", help="score stated in the caption (default: none)"
    )
    parser.add_argument("--camera-motion", choices=CAMERA_MOTIONS, help="in the caption (default: none)")
    parser.add_argument("--image", type=image_file, metavar="FILE", help="first frame: PNG, JPEG or WebP")
    parser.add_argument("--last-image", type=image_file, metavar="FILE", help="last frame, likewise")
    parser.add_argument(
        "--extend", type=Path, metavar="FOLDER", help="go on from the accelerated clip of a run, by its folder"
    )
    parser.add_argument(
        "--overlap", type=int, metavar="N", help="latent frames at its end to begin with (default: the model's)"
    )


def settings_from(options: argparse.Namespace, model: ModelCard, size: Size | None) -> Settings:
    """The settings the options ask for; none for the model's own. A ValueError says what is accepted."""
    given: dict[str, Any] = {name: getattr(options, name) for name in NAMES if name not in EXTENSION}
    for place in PLACES:
        given[place] = given[place] and given[place].id
    if options.extend is not None:
        given |= model.extension(options.extend.resolve().name, options.overlap)
    return model.requested_settings(Settings(**given), size)


def images_from(options: argparse.Namespace) -> dict[str, ConditionImage]:
    """The images that the options give, by id."""
    return {image.id: image for place in PLACES if (image := getattr(options, place)) is not None}


def image_file(path: str) -> ConditionImage:
    """The type of an option that names an image."""
    try:
        return ConditionImage.open(Path(path))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def adacache_from(options: argparse.Namespace, model: ModelCard) -> AdaCacheConfig:
    """The method the options describe, with the model's own defaults; a ValueError names what is wrong."""
    codebook = load_codebook(options.codebook or model.codebook)
    method = probing_from(options, model).with_codebook(codebook)
    return replace(method, made_for=read_made_for(options.made_for, codebook))


def probing_from(options: argparse.Namespace, model: ModelCard) -> AdaCacheConfig:
    """The method of `add_probe_options` with a codebook that computes every step."""
    distance: Distance = options.distance or ("l2" if options.residual in LATENT_SIGNALS else "l1")
    return AdaCacheConfig(
        codebook=EVERY_STEP,
        formula=options.formula,
        distance=distance,
        residual=options.residual,
        locations=parse_locations(options.locations),
        motion=model.motion if options.motion else None,
        subsample=options.probe_every,
    )


def read_made_for(text: str | None, codebook: Codebook) -> int | None:
    """The number of steps a codebook is stretched from; none where it is taken a step at a time, as published."""
    if text is None:
        return None
    if text == ANY_STEPS:
        if codebook.steps is None:
            raise ValueError("the codebook does not state the steps it was made for; give --made-for a number")
        return codebook.steps
    if not text.isdecimal():
        raise ValueError(f"--made-for takes a number of steps or {ANY_STEPS}, got {text[:40]!r}")
    return int(text)


def parse_locations(text: str) -> tuple[int, ...] | Location:
    """A named location, or block indices separated by commas."""
    for name in get_args(Location):
        if text == name:
            return name
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"locations are start, mid, end or block indices such as 0,2,3, got {text!r}") from None


def prompted_model(id: str) -> ModelCard:
    """The card of a model that makes videos of prompts alone; a ValueError for one that needs images too."""
    model = card(id)
    if model.needs_image:
        raise ValueError(f"{model.title} starts every video from an image, and a list of prompts has none")
    return model


def add_workers_options(parser: argparse.ArgumentParser) -> None:
    """Where independent jobs are done (docs/several-machines.md)."""
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes on this machine (default: 1)"
    )
    parser.add_argument("--ray", metavar="ADDRESS", help="share jobs out by Ray: local, auto, ray://HOST:10001")
    parser.add_argument("--task-cpus", type=int, default=1, metavar="N", help="CPUs of a job on Ray (default: 1)")


def workers_from(options: argparse.Namespace) -> Workers:
    """The workers that the options describe."""
    return Workers(options.workers, options.ray, options.task_cpus)
