"""What the page makes of settings: requests and back, links of friends and strangers, visitors, prompts."""

import json
from base64 import urlsafe_b64encode
from dataclasses import astuple, replace
from random import Random
from typing import Any

import gradio as gr
import pytest

from app.caching.codebook import Codebook
from app.caching.method import Method, MethodKind
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.motion import MotionRegularisation
from app.caching.names import named_method
from app.caching.registry import kinds, method_to_json, published
from app.caching.titles import title_of
from app.generation.presets import PRESETS
from app.generation.request import MAX_PROMPT, Request
from app.jobs.limits import PUBLIC, Limits, limits_here
from app.models.base import ModelCard
from app.models.condition_image import PLACES
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
from components.studio.method import choice_of, read_method, shown_for, values_of
from components.studio.method_fields import fields_props
from components.studio.presets import has_presets
from components.studio.queue import note_of
from components.studio.settings import read_settings, settings_props
from components.studio.share import from_query, to_query
from tests.support.short_methods import short_method
from tests.support.tiny import CARD as TINY

FITTING = Codebook((0.1, 1.0), (2, 1), steps=30, models=("sprites",))
CODEBOOK = Codebook((0.1, 0.5, 1.0), (3, 2, 1))
ADACACHE = AdaCacheConfig(CODEBOOK, formula="paper", locations=(0, 1, 3), motion=CARD.motion, reuse="forecast")
HOW: list[Any] = ["adacache", None, "hold", "own", "unused", True, "official", "l1", "temporal-attn", "mid", 0]
FORM = Form("sprites", "a dog", 0, 30, 2.0, None, None, None, "", "", None, None, None, "", "", "", "", None, *HOW)


def request(method: Method = ADACACHE, **changes: object) -> Request:
    return Request(**{"model": "sprites", "prompt": "a <b>dog</b> ${x}", "method": method, **changes})  # type: ignore[arg-type]


def filled(method: Method, card: ModelCard = CARD) -> Form:
    """The form whose controls show a method."""
    chosen = choice_of(card, method)
    shown = shown_for(card, chosen, method)
    given = {
        name: shown[name]["value"] for name in ("method_settings", "reuse", "solver") if "value" in shown[name]
    }
    return replace(FORM, method=chosen, **given, **values_of(card, method))


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
    assert read_method(CARD, filled(method)) == method
    assert title_of(method, "sprites")


@pytest.mark.parametrize("kind", [kind for kind in kinds().values() if kind.fields], ids=lambda kind: kind.name)
def test_every_setting_of_every_method_can_be_edited(kind: MethodKind) -> None:
    """Settings nobody published are shown and read back, and a changed field changes the method and no other."""
    method = short_method(kind.name)
    form = filled(method, TINY)
    assert read_method(TINY, form) == method
    assert json.loads(json.dumps(form.method_settings)) == form.method_settings  # as it comes from the browser
    name, value = next((name, value) for name, value in form.method_settings["settings"].items() if value)
    number = value[0] if isinstance(value, list) else value
    if isinstance(number, int | float):
        changed = [*value[:-1], value[-1] + 1] if isinstance(value, list) else value + 1
        settings = {**form.method_settings["settings"], name: changed}
        edited = read_method(TINY, replace(form, method_settings={"of": form.method, "settings": settings}))
        assert method_to_json(edited) == {**method_to_json(method), name: changed}


def test_fields_say_what_is_wrong_with_them() -> None:
    def read(chosen: str, **settings: object) -> Method:
        given = {**fields_props(CARD, chosen)["value"]["settings"], **settings}
        return read_method(CARD, replace(FORM, method=chosen, method_settings={"of": chosen, "settings": given}))

    for settings, said in (
        ({"spatial": None}, "Spatial attention: one step in is empty; enter a number"),
        ({"spatial": 2.5}, "setting 'spatial' must be a whole number, got 2.5"),
        ({"window": [900, 100]}, "with low < high"),
        (
            {"mlp": {"timesteps": ["x"], "blocks": [0], "steps": 2}},
            "setting 'timesteps' must be a whole number, got 'x'",
        ),
        ({"sparkle": 1}, "has no setting 'sparkle'"),
        ({"reuse": "forecast"}, "has no setting 'reuse'"),
    ):
        with pytest.raises(ValueError, match=said):
            read("pab-slow", **settings)
    with pytest.raises(ValueError, match="computed steps must increase, got 9 before 4"):
        read("steps", steps=[1, 9, 4])
    for hostile in (None, "settings", {"of": "pab-slow", "settings": [1]}):
        with pytest.raises(ValueError, match="the page does not fit this server"):
            read_method(CARD, replace(FORM, method="pab-slow", method_settings=hostile))


def test_fields_of_another_choice_are_not_taken_for_its_own() -> None:
    left = fields_props(CARD, "fewer-steps")["value"]
    form = replace(FORM, method="pab-fast", method_settings=left)
    assert read_method(CARD, form) == published("sprites")["pab-fast"].method


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
    assert {name for name in NAMES if updates[name]["visible"]} == set(WAN.settings)
    assert (updates["offered"]["visible"], updates["images"]["visible"]) == (True, False)
    linked = request(named_method("fixed-interval-2", WAN.id), model=WAN.id, **vars(settings))
    assert from_query(to_query(linked)) == linked
    restored = dict(zip(SHOWN, show_request({WAN.id: WAN}, from_query(to_query(linked))), strict=True))
    assert restored["negative_prompt"]["value"] == (
        WAN.negative_prompt if settings.negative_prompt is None else settings.negative_prompt
    )
    assert restored["flow_shift"]["value"] == (settings.flow_shift or 3.0)


def test_fields_are_shown_where_a_model_has_them_and_count_nowhere_else() -> None:
    shown = {name: props.get("visible") for name, props in settings_props(CARD).items()}
    assert {name for name in shown if shown[name]} == {"flow_shift", "offered"}
    left = replace(FORM, negative_prompt="of another model", precision="float32", flow_shift=5, image="a" * 64)
    assert read_settings(CARD, left) == Settings()
    assert read_settings(CARD, replace(left, flow_shift=2)) == Settings(flow_shift=2)
    assert settings_props(TINY)["offered"]["visible"] is False
    with pytest.raises(ValueError, match="Sprites takes no negative prompt"):
        show_request({"sprites": CARD}, request(negative_prompt="blurry"))


OPEN_SORA = CARDS["open-sora-1.2"]


@pytest.mark.parametrize(
    ("settings", "open"),
    [
        (Settings(), False),
        (Settings(image="a" * 64), False),  # which has a place of its own
        (Settings(aesthetic=7.0, motion_score=5.0, image="a" * 64, last_image="b" * 64), True),
        (Settings(last_image="b" * 64, extends="a-run", overlap=10), False),
        (Settings(camera_motion="zoom in"), True),
    ],
)
def test_controls_and_links_say_scores_and_images(settings: Settings, open: bool) -> None:
    updates = settings_props(OPEN_SORA, settings)
    form = replace(FORM, **{name: updates[name]["value"] for name in NAMES})
    assert read_settings(OPEN_SORA, form) == settings
    assert updates["aesthetic"]["value"] == (settings.aesthetic or 6.5)
    assert updates["offered"]["open"] == open
    assert updates["images"]["visible"] is True
    linked = request(named_method("fixed-interval-2", OPEN_SORA.id), model=OPEN_SORA.id, **vars(settings))
    assert from_query(to_query(linked)) == linked
    cleared = replace(
        form, aesthetic=None, motion_score=None, camera_motion="", image="", last_image=None, extends=""
    )
    assert read_settings(OPEN_SORA, cleared) == Settings()
    with pytest.raises(ValueError, match="the first frame must be an image's id, 64 hexadecimal digits"):
        read_settings(OPEN_SORA, replace(FORM, image="<script>"))


def test_a_preset_sets_everything_but_prompt_and_images() -> None:
    preset = PRESETS["released-video"]
    updates = show_request({OPEN_SORA.id: OPEN_SORA}, preset.request("unused"), kept=("prompt", *PLACES))
    shown = dict(zip(SHOWN, updates, strict=True))
    assert all(shown[name] == gr.skip() for name in ("prompt", *PLACES))
    assert (shown["seed"], shown["steps"], shown["motion"]) == (1024, 100, False)
    assert [shown[name]["value"] for name in ("resolution", "aspect_ratio", "length")] == ["720p", "9:16", "2s"]
    assert [shown[name]["value"] for name in ("aesthetic", "motion_score")] == [7.0, 5.0]
    assert shown["presets"]["visible"] is True
    assert not has_presets(CARD)


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
    PUBLIC.check(replace(request(steps=150), model="open-sora-plan-1.1"))  # its own number
    with pytest.raises(ValueError, match="at most 150 steps"):
        PUBLIC.check(replace(request(steps=151), model="open-sora-plan-1.1"))
    with pytest.raises(ValueError, match="at most 1200 characters"):
        PUBLIC.check(request(prompt="x" * 1201))
    PUBLIC.check_baselines(6)
    with pytest.raises(ValueError, match="calibrates on at most 6 prompts, got 7"):
        PUBLIC.check_baselines(7)
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
        empty = "empty" in (meaning for _, meaning in found.understood)
        assert len(found.understood) >= (2 if empty else 3), prompt


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
    assert (
        said(
            FITTING, method="fixed-interval", method_settings={"of": "fixed-interval", "settings": {"interval": 3}}
        )
        == ""
    )
    with pytest.raises(ValueError, match="not whole yet"):
        said(FITTING, steps=None)
