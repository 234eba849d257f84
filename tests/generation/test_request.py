"""Requests and traces: validation, and JSON that gives the same back."""

import json
import math

import pytest

from app.caching.codebook import Codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.caching.record import StepRecord
from app.generation.request import Request
from app.generation.trace import Trace

METHOD = AdaCacheConfig(Codebook((0.1, 1.0), (4, 1)))


def request(**changes: object) -> Request:
    return Request(**{"model": "tiny", "prompt": "a dog", "method": METHOD, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": "  \n"}, "the prompt is empty"),
        ({"prompt": "a" * 1501}, "1501 characters; at most 1500"),
        ({"steps": 1}, "steps must be a whole number from 2 to 1000, got 1"),
        ({"steps": 2.5}, "got 2.5"),
        ({"steps": True}, "got true"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"guidance": math.nan}, "finite"),
        ({"guidance": -1.0}, "within 0 and 50"),
        ({"guidance": "high"}, "got 'high'"),
        ({"negative_prompt": 7}, "the negative prompt must be text, got 7"),
        ({"precision": "half"}, "precision must be float32 or bfloat16, got 'half'"),
        ({"flow_shift": 0.0}, "flow shift must be within 0.01 and 100, got 0.0"),
        ({"camera_motion": "up"}, "camera motion must be one of pan right, pan left, "),
        ({"image": "../../cliff.png"}, "the first frame must be an image's id, 64 hexadecimal digits"),
    ],
)
def test_bad_requests_are_named(changes: dict[str, object], said: str):
    with pytest.raises(ValueError, match=r"(?s).") as error:
        request(**changes)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "method",
    [
        METHOD,
        AdaCacheConfig(METHOD.codebook, formula="paper", distance="cosine", locations=(0, 2), residual="mlp"),
        AdaCacheConfig(METHOD.codebook, motion=MotionRegularisation(strides=(1, 2), window=(2, 8))),
    ],
)
def test_json_round_trip(method: AdaCacheConfig):
    original = request(method=method)
    copy = Request.from_json(json.loads(json.dumps(original.to_json())))
    assert copy == original
    assert hash(copy) == hash(original)
    assert copy.key() == original.key()


def test_different_requests_have_different_keys():
    assert len({request(**c).key() for c in ({}, {"seed": 1}, {"prompt": "a cat"}, {"steps": 31})}) == 4


SETTINGS: tuple[dict[str, object], ...] = (
    {"negative_prompt": ""},
    {"negative_prompt": "blurry"},
    {"precision": "float32"},
    {"precision": "bfloat16"},
    {"flow_shift": 5.0},
    {"aesthetic": 7},
    {"motion_score": 5.0},
    {"camera_motion": "zoom in"},
    {"image": "a" * 64},
    {"last_image": "a" * 64},
)


def test_settings_are_kept_and_make_another_request_and_another_baseline():
    asked = [request(), *(request(**given) for given in SETTINGS)]
    assert len({one.key() for one in asked}) == len(asked)
    for one in asked:
        copy = Request.from_json(json.loads(json.dumps(one.to_json())))
        assert copy == one
        assert copy.key() == one.key()
        assert one.same_baseline(asked[0]) == (one == asked[0])
    assert request(flow_shift=2).settings().given == {"flow_shift": 2}


def test_requests_of_before_there_were_settings_are_the_same_ones():
    written = {"model": "tiny", "prompt": "a dog", "seed": 0, "steps": 30, "guidance": 4.0}
    older = {**written, "method": request().to_json()["method"]}
    assert Request.from_json(older) == request()
    assert request().to_json() == older


def test_unknown_fields_are_rejected():
    with pytest.raises(ValueError, match="check extra"):
        Request.from_json({**request().to_json(), "extra": 1})
    with pytest.raises(ValueError, match="unknown method 'magic'"):
        Request.from_json({**request().to_json(), "method": {"name": "magic"}})
    broken = request().to_json()
    broken["method"]["surprise"] = 1
    with pytest.raises(ValueError, match="surprise"):
        Request.from_json(broken)


def test_a_trace_survives_json_with_its_nans():
    record = StepRecord(step=2, timestep=987.5, computed="all", seconds=0.25, distance=math.nan, rate=3, row=0)
    trace = Trace(request(), {"baseline": (), "accelerated": (record,)})
    text = json.dumps(trace.to_json(), allow_nan=False)
    copy = Trace.from_json(json.loads(text))
    assert math.isnan(copy.records["accelerated"][0].distance or 0)
    assert copy.to_json() == trace.to_json()
    assert copy.computed_steps("accelerated") == [2]


def test_a_trace_of_another_schema_is_rejected():
    with pytest.raises(ValueError, match="schema 1 is needed, got 7"):
        Trace.from_json({"schema": 7})
