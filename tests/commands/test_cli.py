"""The command line: bad input is one line on stderr, exit code 2, and leaves nothing behind."""

import json
from pathlib import Path

import pytest

from app.__main__ import commands_for, main
from app.commands import generate
from app.models.condition_image import ConditionImage
from app.models.registry import CARDS
from app.runs.store import RunStore
from tests.support.illustrated import ILLUSTRATED, IllustratedModel, gradient
from tests.support.imports import reachable
from tests.support.paths import ROOT
from tests.support.tiny import TinyVideoModel

GENERATE = ("generate", "--prompt", "a dog")
RELEASED = ("--preset", "released-video")
README, PICTURE = str(ROOT / "README.md"), str(ROOT / "assets" / "sprites" / "emoji.png")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("paint",), "invalid choice"),
        (("generate", "--out", "x"), "--prompt"),
        ((*GENERATE,), "--out"),
        ((*GENERATE, "--model", "nope"), "no model 'nope'; there are: sprites"),
        ((*GENERATE, "--codebook", "nope"), "no codebook preset or file 'nope'"),
        ((*GENERATE, "--steps", "0"), "steps must be"),
        ((*GENERATE, "--steps", "201"), "at most 200 steps"),
        ((*GENERATE, "--steps", "many"), "invalid int value"),
        ((*GENERATE, "--guidance", "nan"), "finite"),
        ((*GENERATE, "--locations", "left"), "got 'left'"),
        ((*GENERATE, "--locations", "17"), "block 17 does not exist"),
        (("generate", "--prompt", " "), "the prompt is empty"),
        ((*GENERATE, "--made-for", "many"), "--made-for takes a number of steps or any-steps, got 'many'"),
        ((*GENERATE, "--made-for", "0"), "made for must be a whole number from 1 to 1000, got 0"),
        (("generate", "--prompt", "a" * 1501), "at most 1500"),
        (
            (*GENERATE, "--negative-prompt", "blurry"),
            "Sprites takes no negative prompt; it takes: flow",
        ),
        ((*GENERATE, "--precision", "bfloat16"), "Sprites takes no precision; it takes: flow shift"),
        ((*GENERATE, "--precision", "float16"), "invalid choice: 'float16'"),
        ((*GENERATE, "--flow-shift", "0"), "flow shift must be within 0.01 and 100, got 0"),
        ((*GENERATE, "--flow-shift", "much"), "invalid float value: 'much'"),
        (
            (*GENERATE, "--model", "latte-1", "--flow-shift", "3"),
            "Latte-1 takes no flow shift; it takes",
        ),
        ((*GENERATE, "--image", README), "README.md: the image cannot be read; a whole PNG, JPEG or WebP"),
        ((*GENERATE, "--image", "nowhere.png"), "nowhere.png: No such file or directory"),
        ((*GENERATE, "--image", PICTURE), "Sprites takes no image; it takes: flow shift"),
        ((*GENERATE, "--model", "wan-2.1-i2v-14b", "--out", "x"), "starts every video from an image; give it a"),
        (
            ("record", "--model", "cogvideox-5b-i2v", "--prompt", "a dog", "--out", "x"),
            "from an image, and a recording keeps none",
        ),
        ((*GENERATE, "--last-image", PICTURE), "Sprites takes no last image; it takes"),
        ((*GENERATE, "--motion-score", "5"), "Sprites takes no motion score; it takes: flow shift"),
        ((*GENERATE, "--camera-motion", "dolly"), "invalid choice: 'dolly'"),
        (
            (*GENERATE, "--seed", "3", "--preset", "released-video"),
            "--preset comes before --seed, which changes it",
        ),
        (
            (*GENERATE, "--preset", "released-video"),
            "--preset released-video needs --image, a first frame such as",
        ),
    ],
)
def test_bad_input(arguments: tuple[str, ...], said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    out = tmp_path / "new" / "out"
    if arguments[0] == "generate" and arguments != GENERATE and "--out" not in arguments:
        arguments = (*arguments, "--out", str(out))
    assert exit_code(arguments) == 2
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert said in last
    assert "Traceback" not in last
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare",),
        ("adaptivity", "--budget", "8"),
        ("calibrate", "--speedup", "2"),
        ("calibrate-model",),
        ("record",),
        ("table1",),
        ("study", "create", "--pair", "adacache-fast:pab-slow"),
    ],
)
def test_a_model_that_needs_an_image_is_refused_before_it_is_loaded(
    arguments: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    """Its weights are not here: loading it would say that instead."""
    prompts, place = tmp_path / "prompts.txt", "--runs" if arguments[0] == "calibrate-model" else "--out"
    prompts.write_text("a fox\n")
    options = ("--model", "wan-2.1-i2v-14b", "--prompts", str(prompts), place, str(tmp_path / "out.json"))
    assert exit_code((*arguments, *options)) == 2
    assert "Wan 2.1 I2V 14B starts every video from an image" in capfd.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == [prompts]


def test_a_broken_codebook_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    path = tmp_path / "book.json"
    path.write_text('{"0.5": 2, "0.1": 1}')
    assert exit_code((*GENERATE, "--codebook", str(path), "--out", str(tmp_path / "out"))) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "thresholds must increase" in line
    assert not (tmp_path / "out").exists()


def test_an_unwritable_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    blocker = tmp_path / "file"
    blocker.write_text("here")
    assert exit_code((*GENERATE, "--out", str(blocker / "out"))) == 2
    (line,) = capfd.readouterr().err.strip().splitlines()
    assert "Not a directory" in line
    assert blocker.read_text() == "here"


def test_generate_writes_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setattr(generate, "load_model", lambda _: TinyVideoModel())
    out = tmp_path / "new" / "out"
    assert exit_code((*GENERATE, "--steps", "6", "--motion", "--out", str(out))) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "accelerated.mp4",
        "baseline.mp4",
        "baseline.safetensors",
        "recording.json",
        "summary.json",
        "trace.json",
    ]
    captured = capfd.readouterr()
    assert "steps computed" in captured.out
    assert "does not know foo; the video is made without" in captured.err


@pytest.mark.parametrize(
    ("made_for", "said"),
    [
        ((), "made for 30 steps, this run has 6; its thresholds may not fit"),
        (("--made-for", "any-steps"), ""),
        (("--made-for", "30"), ""),
    ],
)
def test_a_codebook_file_knows_its_steps(
    made_for: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd
):
    monkeypatch.setattr(generate, "load_model", lambda _: TinyVideoModel())
    book = tmp_path / "cal.json"
    book.write_text('{"steps": 30, "models": ["sprites"], "codebook": {"0.2": 5, "1": 1}}')
    out = tmp_path / "out"
    command = (*GENERATE, "--steps", "6", "--codebook", str(book), *made_for, "--out", str(out))
    assert exit_code(command) == 0
    err = capfd.readouterr().err
    assert said in err if said else "made for" not in err
    settings = json.loads((out / "summary.json").read_text())["settings"]
    assert settings["made_for"] == (30 if made_for else None)
    assert settings["codebook"] == {"codebook": {"0.2": 5, "1": 1}, "steps": 30, "models": ["sprites"]}


def test_generate_takes_the_settings_of_a_model(tmp_path: Path):
    out = tmp_path / "out"
    command = ("generate", "--prompt", "a dog", "--steps", "3", "--flow-shift", "2.5", "--out", str(out))
    assert exit_code(command) == 0
    trace = json.loads((out / "trace.json").read_text())
    assert trace["request"]["flow_shift"] == 2.5
    assert trace["records"]["baseline"][1]["timestep"] == pytest.approx(1000 * 2.5 * 2 / 3 / (1 + 1.5 * 2 / 3))


def test_generate_starts_from_an_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(generate, "load_model", lambda _: IllustratedModel())
    monkeypatch.setitem(CARDS, "illustrated", ILLUSTRATED)
    path, out = tmp_path / "cliff.png", tmp_path / "out"
    path.write_bytes(gradient().png())
    how = ("--model", "illustrated", "--method", "fixed-interval-2", "--steps", "4")
    assert exit_code((*GENERATE, *how, "--image", str(path), "--out", str(out))) == 0
    assert json.loads((out / "summary.json").read_text())["image"] == gradient().id
    assert ConditionImage.open(out / "first_frame.png").id == gradient().id
    entries = [{"prompt": "a dog", "image": "cliff.png"}, "a cat"]
    (tmp_path / "prompts.json").write_text(json.dumps(entries))
    file = ("generate", "--prompts", str(tmp_path / "prompts.json"))
    assert exit_code((*file, *how, "--out", str(tmp_path / "runs"))) == 0
    kept = {run.request.prompt: run for run in RunStore(tmp_path / "runs").runs()}
    assert {prompt: run.request.image for prompt, run in kept.items()} == {"a dog": gradient().id, "a cat": None}
    assert (kept["a dog"].folder / "first_frame.png").is_file()


def test_the_released_script_says_what_is_missing_here(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert exit_code((*GENERATE, *RELEASED, "--image", PICTURE, "--out", str(tmp_path / "out"))) == 2
    (said,) = capfd.readouterr().err.strip().splitlines()
    assert "Open-Sora 1.2 cannot run here: PyTorch finds no GPU" in said
    assert not (tmp_path / "out").exists()


def test_any_steps_needs_a_codebook_that_states_them(tmp_path: Path, capfd):
    book = tmp_path / "bare.json"
    book.write_text('{"0.2": 5, "1": 1}')
    assert exit_code((*GENERATE, "--codebook", str(book), "--made-for", "any-steps", "--out", "x")) == 2
    assert "does not state the steps it was made for; give --made-for a number" in capfd.readouterr().err


def test_models_lists_what_each_needs(capfd: pytest.CaptureFixture[str]):
    assert exit_code(("models",)) == 0
    assert "sprites" in capfd.readouterr().out


def exit_code(arguments: tuple[str, ...]) -> int:
    try:
        return main(list(arguments))
    except SystemExit as error:
        return int(error.code or 0)


def test_methods_explains_each_with_its_source(capfd: pytest.CaptureFixture[str]):
    assert exit_code(("methods", "--model", "open-sora-1.2")) == 0
    out = capfd.readouterr().out
    for name in ("adacache", "pab", "tgate", "delta-dit", "fixed-interval", "fewer-steps"):
        assert f"{name}:" in out
    assert "pab-slow: {" in out


def test_flops_prints_the_papers_number(capfd: pytest.CaptureFixture[str]):
    size = ("--resolution", "480p", "--frames", "51", "--steps", "30", "--text-tokens", "300")
    command = ("flops", "--model", "open-sora-1.2", "--method", "pab-slow", *size, "--convention", "paper")
    assert exit_code(command) == 0
    assert float(capfd.readouterr().out) == pytest.approx(2657.70, rel=0.002)


def test_doctor_says_what_is_missing(capfd: pytest.CaptureFixture[str]):
    assert exit_code(("doctor", "--model", "sprites")) == 0
    status = exit_code(("doctor", "--model", "open-sora-1.2"))
    assert ("can run here\n" in capfd.readouterr().out.split("Sprites", 1)[1].split("\n", 1)[1]) == (status == 0)


def test_other_methods_by_name(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(generate, "load_model", lambda _: TinyVideoModel())
    assert (
        exit_code((*GENERATE, "--method", "fixed-interval-3", "--steps", "6", "--out", str(tmp_path / "a"))) == 0
    )
    assert "2 of 6 steps" in capfd.readouterr().out
    assert exit_code((*GENERATE, "--method", "magic", "--out", str(tmp_path / "b"))) == 2
    assert "no method 'magic' for sprites; there are: adacache-" in capfd.readouterr().err


def test_a_command_loads_no_other() -> None:
    """Those that compare or train take seconds to import, which `doctor` has not got."""
    for name, module in (("doctor", "doctor"), ("calibrate-model", "calibrate_model")):
        assert [one.__name__ for one in commands_for(name)] == [f"app.commands.{module}"]
    everything = {one.__name__ for one in commands_for("table1")}  # registered by another name
    assert everything >= {"app.commands.paper_tables", "app.commands.doctor"}
    assert commands_for("options") == commands_for("") == commands_for("table1")  # no command of its own
    reached = reachable("app.commands.doctor")
    assert not {"app.evaluation.comparison.rows", "app.lab.prediction"} & reached
