"""The endpoints for programs, called by gradio_client on a running app with the tiny model."""

from collections.abc import Iterator

import imageio.v3 as iio
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from components.page import build
from tests.support.entry import load_entry
from tests.support.tiny import CARD, TinyVideoModel


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    entry = load_entry()
    folder = tmp_path_factory.mktemp("api")
    page = build(
        folder / "runs", {"tiny": CARD}, lambda _: TinyVideoModel(), folder / "none", folder / "recordings"
    )
    url = entry.launch(page, "127.0.0.1", None, wait=False)
    patience = {"timeout": 180}  # httpx gives a busy machine 5 seconds for an answer
    yield Client(url, verbose=False, download_files=folder / "downloads", httpx_kwargs=patience)
    page.close()


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
        ({"model": "<b>"}, "No model '<b>'; there are: tiny"),
        ({"method": "magic"}, "No method 'magic'"),
        ({"codebook": {"0.2": 1, "0.1": 1}}, "Codebook thresholds must increase"),
        ({"steps": 5000}, "Steps must be a whole number from 2 to 1000"),
        ({"prompt": "gibberish"}, "No known word in the prompt."),
    ],
)
def test_what_is_wrong_comes_back_as_one_line(client: Client, asked: dict[str, object], said: str) -> None:
    with pytest.raises(AppError) as refused:
        client.predict(**{"prompt": "a test", **asked}, api_name="/generate")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_other_endpoint_is_offered(client: Client) -> None:
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/generate", "/codebooks"}
