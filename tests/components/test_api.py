"""The endpoints for programs, called by gradio_client on a running app with the tiny model."""

from collections.abc import Iterator
from pathlib import Path

import imageio.v3 as iio
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from app.models.base import VideoModel
from components.page import build
from tests.support.entry import load_entry
from tests.support.illustrated import ILLUSTRATED, IllustratedModel, gradient
from tests.support.paced import Pace, PacedModel
from tests.support.tiny import CARD


@pytest.fixture(scope="module")
def shared_pace() -> Pace:
    return Pace()


@pytest.fixture
def pace(shared_pace: Pace) -> Iterator[Pace]:
    """The gate that a test may close, open again afterwards."""
    yield shared_pace
    shared_pace.release()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, shared_pace: Pace) -> Iterator[str]:
    entry = load_entry()
    folder = tmp_path_factory.mktemp("api")
    shared_pace.release()
    cards = {"tiny": CARD, "illustrated": ILLUSTRATED}

    def load(model: str) -> VideoModel:
        return PacedModel(shared_pace) if model == "tiny" else IllustratedModel()

    page = build(folder / "runs", cards, load, folder / "none", folder / "recordings")
    yield entry.launch(page, "127.0.0.1", None, wait=False)
    page.close()


@pytest.fixture(scope="module")
def client(url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    patience = {"timeout": 180}  # httpx gives a busy machine 5 seconds for an answer
    return Client(url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"), httpx_kwargs=patience)


def test_generate_gives_summary_trace_and_both_videos(client: Client) -> None:
    summary, trace, baseline, accelerated = client.predict(
        "a test", method="adacache-fast", codebook={"0.2": 4, "1": 1}, steps=6, api_name="/generate"
    )
    assert summary["codebook"] == {"0.2": 4, "1": 1}
    assert summary["speedup"] > 0
    assert len(trace["baseline"]) == len(trace["accelerated"]) == 6
    computed = sum(record["computed"] != "none" for record in trace["accelerated"])
    assert summary["computed_steps"] == computed
    for video in (baseline, accelerated):
        assert iio.imread(video, plugin="pyav").shape[0] == 5


def test_codebooks_are_listed(client: Client) -> None:
    found = client.predict(api_name="/codebooks")
    assert found["fast"]["codebook"]["0.08"] == 6
    assert found["fast"]["steps"] == 30


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"model": "<b>"}, "No model '<b>'; there are: tiny, illustrated"),
        ({"method": "magic"}, "No method 'magic'"),
        ({"codebook": {"0.2": 1, "0.1": 1}}, "Codebook thresholds must increase"),
        ({"steps": 5000}, "Steps must be a whole number from 2 to 1000"),
        ({"negative_prompt": ""}, "Tiny takes no negative prompt; it takes: none"),
        ({"precision": "float16"}, "Precision must be float32 or bfloat16, got 'float16'"),
        ({"precision": "float32"}, "Tiny takes no precision; it takes: none"),
        ({"flow_shift": 500}, "Flow shift must be within 0.01 and 100, got 500"),
        ({"motion_score": 5}, "Tiny takes no motion score; it takes: none"),
        ({"model": "illustrated", "camera_motion": "up"}, "Camera motion must be one of pan right, "),
        ({"model": "illustrated", "aesthetic": 99}, "The aesthetic score must be within 0 and 10, got 99"),
        ({"image": {"path": "/etc/passwd"}}, "Tiny takes no image; it takes: none"),
        ({"model": "illustrated", "image": {"path": "/etc/passwd"}}, "The upload is not there; try again."),
        (
            {"model": "illustrated", "image": "cliff.png"},
            "The image must be a file, as gradio_client's handle_file",
        ),
        ({"model": "illustrated", "last_image": [1]}, "The last image must be a file, as gradio_client's"),
        ({"prompt": "gibberish"}, "No known word in the prompt."),
    ],
)
def test_what_is_wrong_comes_back_as_one_line(client: Client, asked: dict[str, object], said: str) -> None:
    with pytest.raises(AppError) as refused:
        client.predict(**{"prompt": "a test", **asked}, api_name="/generate")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_run_starts_from_a_programs_image(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "cliff.png"
    path.write_bytes(gradient().png())
    asked = {"model": "illustrated", "method": "fixed-interval-2", "steps": 4, "api_name": "/generate"}
    summary, trace, *_ = client.predict("a test", image=handle_file(path), aesthetic=7, **asked)
    assert (summary["image"], summary["last_image"], summary["aesthetic"]) == (gradient().id, None, 7)
    assert trace["request"]["image"] == gradient().id
    path.write_bytes(b"no image")
    with pytest.raises(AppError, match=r"The image cannot be read; a whole PNG, JPEG or WebP file is accepted\."):
        client.predict("a test", image=handle_file(path), **asked)


def test_a_run_goes_on_from_another(client: Client) -> None:
    asked = {"model": "illustrated", "method": "fixed-interval-2", "steps": 4}
    client.predict("a test", **asked, api_name="/generate")
    first = client.predict(api_name="/status")[-1]["run"]
    with pytest.raises(AppError, match=r"An overlap is for a run that extends another, got 2\."):
        client.predict("a test", **asked, overlap=2, api_name="/generate")
    with pytest.raises(AppError, match="The run that this one goes on from is not here; choose another, or none"):
        client.predict("a test", **asked, extends="none", api_name="/generate")
    extended = {**asked, "extends": first, "overlap": 2}
    summary, trace, *videos = client.predict("a test", **extended, api_name="/generate")
    assert (summary["extends"], summary["overlap"], summary["earlier_frames"]) == (first, 2, 5)
    assert trace["request"]["extends"] == first
    assert [len(iio.imread(video, plugin="pyav")) for video in videos] == [8, 8]


def test_many_runs_are_submitted_listed_stopped_and_fetched(client: Client, pace: Pace) -> None:
    pace.gate.clear()
    tickets = [client.predict("a test", seed=seed, steps=4, api_name="/submit") for seed in range(11, 15)]
    assert [ticket["ahead"] for ticket in tickets] == [0, 1, 2, 3]
    again = client.predict("a test", seed=14, steps=4, api_name="/submit")
    assert again["id"] == tickets[3]["id"]
    stopped = client.predict(tickets[1]["id"], api_name="/stop")
    states = {run["id"]: run["state"] for run in stopped}
    assert [states[ticket["id"]] for ticket in tickets] == ["running", "stopped", "waiting", "waiting"]
    pace.gate.set()
    summary, trace, *videos = client.predict(tickets[3]["id"], api_name="/result")
    assert summary["seed"] == trace["request"]["seed"] == 14
    assert all(iio.imread(video, plugin="pyav").shape[0] == 5 for video in videos)
    ended = {run["id"]: run for run in client.predict(api_name="/status")}
    assert [ended[ticket["id"]]["state"] for ticket in tickets] == ["done", "stopped", "done", "done"]
    assert ended[tickets[3]["id"]]["run"]
    with pytest.raises(AppError, match="The run was stopped"):
        client.predict(tickets[1]["id"], api_name="/result")


def test_stop_without_an_id_stops_all_and_nobody_elses(client: Client, pace: Pace, url: str) -> None:
    pace.gate.clear()
    for seed in (21, 22):
        client.predict("a test", seed=seed, steps=4, api_name="/submit")
    other = Client(url, verbose=False)
    with pytest.raises(AppError, match="This run is not in the queue"):
        other.predict(client.predict(api_name="/status")[-1]["id"], api_name="/stop")
    assert other.predict(api_name="/status") == []
    client.predict(api_name="/stop")
    pace.gate.set()
    with pytest.raises(AppError, match="The run was stopped"):
        client.predict(client.predict(api_name="/status")[-2]["id"], api_name="/result")
    assert {run["state"] for run in client.predict(api_name="/status")[-2:]} == {"stopped"}


def test_no_other_endpoint_is_offered(client: Client) -> None:
    named = set(client.view_api(return_format="dict")["named_endpoints"])
    assert named == {"/generate", "/submit", "/status", "/result", "/stop", "/codebooks"}
