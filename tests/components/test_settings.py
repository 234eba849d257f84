"""What the page makes of settings: requests and back, links of friends and strangers, visitors, prompts."""

import json
from base64 import urlsafe_b64encode
from dataclasses import astuple, replace
from random import Random
from typing import Any

import pytest

from app.caching.codebook import Codebook
from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.caching.names import named_method
from app.caching.registry import published
from app.caching.titles import title_of
from app.generation.request import MAX_PROMPT, Request
from app.jobs.limits import PUBLIC, Limits, limits_here
from app.models.prompts import library, surprise, words
from app.models.registry import CARDS
from app.models.settings import MAX_NEGATIVE_PROMPT, NAMES, Settings
from app.models.sprites.card import CARD
from components.lab.jobs import recorded_request
from components.shared.codebook import codebook_props
from components.shared.visitors import login, visitor_of
from components.studio.controls import SHOWN, read_request, show_request, shown_updates
from components.studio.form import FIELDS, Form
from components.studio.made_for import fit_of
from components.studio.method import read_method, values_of
from components.studio.queue import note_of
from components.studio.settings import read_settings, settings_props
from components.studio.share import from_query, to_query
from tests.support.tiny import CARD as TINY

FITTING = Codebook((0.1, 1.0), (2, 1), steps=30, models=("sprites",))
CODEBOOK = Codebook((0.1, 0.5, 1.0), (3, 2, 1))
ADACACHE = AdaCacheConfig(CODEBOOK, formula="paper", locations=(0, 1, 3), motion=CARD.motion, reuse="forecast")
HOW: list[Any] = ["adacache", None, "", "hold", "own", "unused", True, "official", "l1", "temporal-attn", "mid", 0]
FORM = Form("sprites", "a dog", 0, 30, 2.0, None, None, None, "", "", None, *HOW)


def request(method: Method = ADACACHE, **changes: object) -> Request:
    return Request(**{"model": "sprites", "prompt": "a <b>dog</b> ${x}", "method": method, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "method",
    [
        ADACACHE,
        AdaCacheConfig(CODEBOOK, made_for=100),
        *(item.method for item in published("sprites").values()),
        *(
            named_method(name, "sprites")
            for name in (
                "fixed-interval-3",
                "fewer-steps-9",
                "first-block-0.25",
                "steps-1-4-9+forecast-2",
                "dicache-0.2+hold",
                "fixed-interval-3+probe-scaled+dpm-2m",
                "teacache-0.15",
                "pab-slow+dpm-2m",
            )
        ),
    ],
)
def test_controls_show_a_method_and_read_the_same_one_back(method: Method) -> None:
    assert read_method(CARD, replace(FORM, **values_of(CARD, method))) == method
    assert title_of(method, "sprites")


def test_a_form_is_read_by_name() -> None:
    wanted = request(seed=5, steps=12, guidance=3.0)
    updates = dict(zip(FIELDS, show_request({"sprites": CARD}, wanted), strict=False))
    shown = {
        name: item.get("value", getattr(FORM, name)) if isinstance(item, dict) else item
        for name, item in updates.items()
    }
    assert read_request({"sprites": CARD}, Form(**{**shown, "codebook": updates["codebook"]})) == wanted
    assert Form.of(astuple(FORM)) == FORM
    with pytest.raises(ValueError, match="the page does not fit this server"):
        Form.of(astuple(FORM)[1:])
    assert len(shown_updates(seed=7)) == len(show_request({"sprites": CARD}, wanted))


WAN = CARDS["wan-2.1-1.3b"]
MODEL_SETTINGS = (
    Settings(),
    Settings("", "float32", 5.0),
    Settings("blurry"),
    Settings(precision="bfloat16"),
    Settings(flow_shift=0.5),
)


@pytest.mark.parametrize("settings", MODEL_SETTINGS)
def test_controls_and_links_say_a_models_settings(settings: Settings) -> None:
    updates = settings_props(WAN, settings)
    form = replace(FORM, **{name: updates[name]["value"] for name in NAMES})
    assert read_settings(WAN, form) == settings
    assert all(updates[name]["visible"] is True for name in (*NAMES, "offered"))
    linked = request(named_method("fixed-interval-2", WAN.id), model=WAN.id, **vars(settings))
    assert from_query(to_query(linked)) == linked
    restored = dict(zip(SHOWN, show_request({WAN.id: WAN}, from_query(to_query(linked))), strict=True))
    assert restored["negative_prompt"]["value"] == (
        WAN.negative_prompt if settings.negative_prompt is None else settings.negative_prompt
    )
    assert restored["flow_shift"]["value"] == (settings.flow_shift or 3.0)


def test_fields_are_shown_where_a_model_has_them_and_count_nowhere_else() -> None:
    shown = {name: props.get("visible") for name, props in settings_props(CARD).items()}
    assert shown == {"negative_prompt": False, "precision": False, "flow_shift": True, "offered": True}
    left = replace(FORM, negative_prompt="of another model", precision="float32", flow_shift=5)
    assert read_settings(CARD, left) == Settings()
    assert read_settings(CARD, replace(left, flow_shift=2)) == Settings(flow_shift=2)
    assert settings_props(TINY)["offered"]["visible"] is False
    with pytest.raises(ValueError, match="Sprites takes no negative prompt"):
        show_request({"sprites": CARD}, request(negative_prompt="blurry"))


def test_the_longest_link_is_read() -> None:
    longest = request(model=WAN.id, prompt="\u6c34" * MAX_PROMPT, negative_prompt="\u6c34" * MAX_NEGATIVE_PROMPT)
    assert from_query(to_query(longest)) == longest


def test_a_recording_of_other_settings_is_refused() -> None:
    with pytest.raises(ValueError, match=r"keeps the model's own settings only; this run has flow shift 2.5"):
        recorded_request(request(flow_shift=2.5), {"sprites": CARD})
    assert recorded_request(request(), {"sprites": CARD}).prompt == request().prompt


def test_a_method_the_controls_cannot_say_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="motion regularisation"):
        values_of(CARD, AdaCacheConfig(CODEBOOK, motion=MotionRegularisation(power=3.0)))
    with pytest.raises(ValueError, match="choose one of the list"):
        read_method(CARD, replace(FORM, method="<script>"))


def test_a_link_gives_the_request_back() -> None:
    for wanted in (request(), request(named_method("pab-slow", "sprites"), steps=77)):
        assert from_query(to_query(wanted)) == wanted


@pytest.mark.parametrize(
    "value",
    [
        "x" * 20_000,
        "%%%",
        "\u00e4",
        urlsafe_b64encode(b"[" * 11_000).decode(),
        *(  # type: ignore[var-annotated]
            urlsafe_b64encode(json.dumps(given).encode()).decode()
            for given in (
                1,
                [],
                {},
                {**request().to_json(), "prompt": 5},
                {**request().to_json(), "model": ["x"]},
                {**request().to_json(), "steps": "many"},
                {**request().to_json(), "method": {"name": "adacache", "codebook": {"0.1": "x"}}},
                {
                    **request().to_json(),
                    "method": {"name": "adacache", "codebook": {"1": 1}, "motion": {"power": {}}},
                },
                {**request().to_json(), "method": {"name": "pab", "window": "wide"}},
                {**request().to_json(), "seed": 10**400},
            )
        ),
    ],
)
def test_a_hostile_link_is_refused_in_one_line(value: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]{10,300}$"):
        show_request({"sprites": CARD}, from_query(value))


def test_a_public_page_limits_steps_prompts_and_waiting_runs() -> None:
    assert limits_here({"SPACE_ID": "x/y"}) == PUBLIC
    assert limits_here({}) == Limits()
    with pytest.raises(ValueError, match="at most 100 steps"):
        PUBLIC.check(request(steps=101))
    with pytest.raises(ValueError, match="at most 1200 characters"):
        PUBLIC.check(request(prompt="x" * 1201))
    assert 0 < PUBLIC.waiting < PUBLIC.all_waiting < Limits().all_waiting
    assert "for 10 minutes" in note_of(PUBLIC)
    assert "minutes" not in note_of(Limits())


def test_a_visitor_is_a_login_or_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = "0123456789abcdef" * 2
    assert visitor_of(browser) == browser
    assert visitor_of("<script>") == visitor_of(None) == ""
    monkeypatch.setenv("ADACACHE_LOGIN", "ada:secret")
    ada = visitor_of(browser)
    assert ada == visitor_of("f" * 32) != browser  # on every device
    assert len(ada) == 32
    monkeypatch.setenv("ADACACHE_LOGIN", "bob:secret")
    assert visitor_of(browser) != ada


def test_a_login_is_a_name_and_a_password() -> None:
    assert login({}) is None
    assert login({"ADACACHE_LOGIN": "ada:a:b"}) == ("ada", "a:b")
    for broken in ("ada", "ada:", ":secret"):
        with pytest.raises(ValueError, match="user:password"):
            login({"ADACACHE_LOGIN": broken})


def test_composed_prompts_are_understood_to_the_last_word() -> None:
    composed = {surprise(Random(seed)) for seed in range(200)}
    assert len(composed) > 150
    for prompt in composed:
        found = words("sprites", prompt)
        assert found is not None
        assert found.ignored == (), prompt
        assert len(found.understood) >= 3, prompt


def test_the_library_has_the_papers_prompts_by_figure() -> None:
    groups = library(CARD)
    assert [group.title for group in groups][:3] == ["Sprites: examples", "Paper, Fig. 1", "Paper, Fig. 2"]
    assert all(0 < len(prompt) <= MAX_PROMPT for group in groups for prompt in group.prompts)
    assert "a black vase" in next(group.prompts for group in groups if group.title == "Paper, Fig. A.2")
    assert words("sprites", "a black vase") is not None
    assert words("open-sora-1.2", "a black vase") is None


def test_a_codebook_says_before_the_run_what_it_was_made_for():
    def said(codebook: Codebook, **changes: object) -> str:
        form = replace(FORM, **changes)
        answer = fit_of(CARDS, {"settings": list(astuple(form)), "codebook": codebook_props(codebook)})
        return str(answer["said"])

    end = ": its thresholds may not fit these settings."
    assert said(FITTING) == ""
    assert said(FITTING, steps=100) == "Made for 30 steps" + end
    assert said(FITTING, steps=100, made_for=30) == ""  # stretched to the steps of the run
    other = replace(FITTING, steps=100, models=("open-sora-1.2",))
    assert said(other) == "Made for 100 steps of Open-Sora 1.2" + end
    assert said(FITTING, method="fixed-interval", setting=3) == ""
    with pytest.raises(ValueError, match="not whole yet"):
        said(FITTING, steps=None)
