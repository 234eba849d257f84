"""Options that several commands share: the method with its settings, and the size of the video."""

import argparse
from typing import get_args

from app.caching.codebook import load_codebook
from app.caching.distances import Distance
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig, Formula, Location, ProbeResidual
from app.caching.names import named_method
from app.models.base import ModelCard
from app.models.size import Size


def add_adacache_options(parser: argparse.ArgumentParser) -> None:
    """Codebook, motion regularisation and the ablated settings."""
    parser.add_argument("--codebook", help='a preset or a JSON file such as {"0.08": 6, "1.00": 1}')
    parser.add_argument("--motion", action="store_true", help="regularise by motion")
    parser.add_argument("--formula", choices=get_args(Formula), default="official")
    parser.add_argument("--distance", choices=get_args(Distance), default="l1")
    parser.add_argument("--residual", choices=get_args(ProbeResidual), default="temporal-attn")
    parser.add_argument("--locations", default="mid", help="probe at start, mid, end, or blocks such as 0,2,3")
    parser.add_argument("--probe-every", type=int, default=1, help="measure the distance on every k-th patch only")


def add_method_options(parser: argparse.ArgumentParser, default: str = "adacache") -> None:
    """Any method: AdaCache by its own options, all of them by a name of `python -m app methods`."""
    parser.add_argument("--method", default=default, help="adacache, or a name such as pab-slow, fixed-interval-3")
    add_adacache_options(parser)


def method_from(options: argparse.Namespace, model: ModelCard) -> Method:
    """The method the options describe; a ValueError names what is wrong."""
    if options.method == "adacache":
        return adacache_from(options, model)
    return named_method(options.method, model.id, model.motion)


def add_size_options(parser: argparse.ArgumentParser) -> None:
    """The size of the video, for models that make several."""
    parser.add_argument("--resolution", default="", help="such as 480p (default: the model's)")
    parser.add_argument("--aspect-ratio", default="", help="height:width, such as 9:16 (default: the model's)")
    parser.add_argument("--length", default="", help="such as 2s, or frames such as 51 (default: the model's)")


def size_from(options: argparse.Namespace, model: ModelCard) -> Size | None:
    """The size the options ask for; none for the model's own. A ValueError says what is accepted."""
    return model.requested_size(options.resolution, options.aspect_ratio, options.length)


def adacache_from(options: argparse.Namespace, model: ModelCard) -> AdaCacheConfig:
    """The method the options describe, with the model's own defaults; a ValueError names what is wrong."""
    return AdaCacheConfig(
        codebook=load_codebook(options.codebook or model.codebook),
        formula=options.formula,
        distance=options.distance,
        residual=options.residual,
        locations=parse_locations(options.locations),
        motion=model.motion if options.motion else None,
        subsample=options.probe_every,
    )


def parse_locations(text: str) -> tuple[int, ...] | Location:
    """A named location, or block indices separated by commas."""
    for name in get_args(Location):
        if text == name:
            return name
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"locations are start, mid, end or block indices such as 0,2,3, got {text!r}") from None
