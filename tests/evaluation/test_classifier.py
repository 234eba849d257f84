import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import app.commands.judge as command
from app.__main__ import main
from app.evaluation.classifier.held_out import HeldOutClip, held_out_clips, named_and_plain
from app.evaluation.classifier.network import Judge, JudgeConfig, Verdict
from app.evaluation.classifier.scores import ClipClassifier, accuracy, classifier_of, compare
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.models.sprites.world import Factors, clip, render
from app.training.classifier import UNASKED, accuracy_on, render_clips
from tests.support.vocabularies import of_first_slots

BOTH = pytest.mark.parametrize("vocabulary", [load_vocabulary(), of_first_slots()], ids=["nine", "four"])


@BOTH
def test_logits_for_every_class_of_every_slot(vocabulary: Vocabulary):
    logits = Judge(JudgeConfig(), vocabulary)(torch.zeros(2, 16, 3, 64, 64))
    assert {slot: len(logits[slot][0]) for slot in logits} == {
        slot: len(vocabulary.names(slot)) for slot in vocabulary.slots
    }


@BOTH
def test_verdicts_use_the_vocabulary_and_a_still_clip_has_no_speed(vocabulary: Vocabulary):
    frames = torch.stack([torch.from_numpy(clip(seed, vocabulary=vocabulary).frames) for seed in range(3)])
    for verdict in Judge(JudgeConfig(), vocabulary).judge(frames):
        for slot, name in verdict.names.items():
            assert name is None or name in vocabulary.names(slot)
        assert verdict.names["motion"] not in ("still", None) or verdict.names["speed"] is None
        assert set(verdict.names) == set(verdict.confidence) == set(vocabulary.slots)


def test_an_empty_scene_has_nothing_of_an_objects():
    vocabulary = load_vocabulary()
    judge = Judge(JudgeConfig(), vocabulary)
    bias = judge.both.bias.data
    bias[vocabulary.names("count").index("empty")] = 1e6  # count is the first of the further slots
    names = judge.judge(torch.zeros(1, 16, 128, 128, 3))[0].names
    assert [names[slot] for slot in ("count", "object", "motion", "speed", "size")] == ["empty", *[None] * 4]
    assert names["background"] in vocabulary.names("background")


def test_pictures_of_twice_the_size_look_the_same_to_the_judge():
    judge = Judge(JudgeConfig(), load_vocabulary())
    small = torch.from_numpy(clip(0).frames)[None]
    large = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    one, other = judge.judge(torch.cat([small, small]))[0], judge.judge(large)[0]
    assert one.names == other.names
    assert one.confidence == pytest.approx(other.confidence, abs=1e-5)


def test_each_word_counts_alike_in_the_accuracy():
    vocabulary = of_first_slots()  # every clip has an object
    judge = Judge(JudgeConfig(), vocabulary)
    frames, classes = render_clips(6, True, vocabulary)
    answers = judge.judge(frames)
    seen = torch.tensor([vocabulary.names("object").index(str(a.names["object"])) for a in answers])
    wanted = seen.clone()
    wanted[-1] = (seen[-1] + 1) % 36  # one answer is wrong, and its word is asked for once
    classes[:, 0] = wanted
    right = {int(word): float((seen[wanted == word] == word).float().mean()) for word in wanted.unique()}
    assert accuracy_on(judge, frames, classes)["object"] == pytest.approx(sum(right.values()) / len(right))
    assert ((classes == UNASKED).sum(dim=0)[[0, 1, 2]] == 0).all()


def test_what_an_empty_scene_has_not_is_not_asked_for():
    vocabulary = load_vocabulary()
    made = [clip(seed, False, vocabulary).factors for seed in range(40)]
    _, classes = render_clips(40, False, vocabulary)
    empty = [factors.count == "empty" for factors in made]
    assert any(empty)
    for slot in ("object", "motion", "size"):
        assert (classes[:, vocabulary.slots.index(slot)] == UNASKED).tolist() == empty, slot


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"accepted: \(clips, 16, 64, 64, 3\)"):
        Judge(JudgeConfig(), load_vocabulary()).judge(torch.zeros(1, 8, 64, 64, 3))
    with pytest.raises(ValueError, match="wide is 0"):
        JudgeConfig(wide=0)


def test_the_shipped_judge_reads_rendered_clips_it_has_not_seen():
    classifier = classifier_of("sprites")
    assert classifier is not None
    clips = [clip(seed, held_out=True) for seed in range(10_000, 10_040)]
    wanted = [{slot: getattr(one.factors, slot) for slot in load_vocabulary().slots} for one in clips]
    wanted = [want if want["object"] else {**want, "size": None} for want in wanted]  # of nothing
    scores = [compare(want, classifier.verdict(one.frames)) for want, one in zip(wanted, clips, strict=True)]
    assert all(share >= 0.9 for share in accuracy(scores).values()), accuracy(scores)
    # Backwards in time, what moved right moves left: the judge looks at motion, not at single pictures.
    for number, thing in enumerate(("ball", "robot", "heart", "moon", "apple", "ghost")):
        factors = Factors(thing, "desert", "right", ("slow", "fast")[number % 2])
        moving = render(factors, np.random.default_rng(number)).frames
        assert [classifier.verdict(frames).names["motion"] for frames in (moving, moving[::-1])] == [
            "right",
            "left",
        ]


def test_scores_by_hand():
    verdict = Verdict({"object": "dog", "background": "snow", "motion": "still", "speed": None}, {})
    assert compare({"object": "dog", "background": None, "motion": "left", "speed": "fast"}, verdict) == {
        "object": True,
        "motion": False,
        "speed": False,
    }
    assert compare({"speed": None}, verdict) == {}
    assert accuracy([{"object": True}, {"object": False, "speed": True}]) == {"object": 0.5, "speed": 1.0}


@BOTH
def test_questions_name_every_factor_of_held_out_combinations(vocabulary: Vocabulary):
    asked = held_out_clips(30, 0, vocabulary)
    assert asked == held_out_clips(30, 0, vocabulary)
    assert asked != held_out_clips(30, 1, vocabulary)
    for one in asked:
        assert one.factors.held_out()
        understood = understand(one.prompt, vocabulary)
        for slot in vocabulary.slots:
            assert (understood.name(slot) or vocabulary.default(slot)) == getattr(one.factors, slot), one.prompt


def test_what_is_named_and_what_stays_at_its_default():
    assert named_and_plain(Factors(None, "forest", None, None, count="empty", camera="zoom in")) == (
        {"background": "forest", "count": "empty", "camera": "zoom in"},
        {"texture": "clear", "change": "steady"},
    )
    assert named_and_plain(Factors("dog", "snow", "still", None, size="small")) == (
        {"object": "dog", "background": "snow", "motion": "still", "size": "small"},
        {"count": "one", "texture": "clear", "camera": "fixed", "change": "steady"},
    )


def test_the_command_goes_on_and_prints_accuracies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys):
    made = []

    def sit(
        model: object, classifier: ClipClassifier, method: object, clip: HeldOutClip, strips: Path
    ) -> dict[str, object]:
        made.append(clip.number)
        strips.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((64, 384, 3), np.uint8)).save(strips / f"{clip.number:04d}.png")
        scores = {"object": clip.number != 1, "speed": True}
        row = {"number": clip.number, "prompt": clip.prompt, "scores": scores, "seen": {"object": "cat"}}
        return {**row, "nothing_else": True, "computed_steps": 10 + clip.number, "seconds": 1.0}

    monkeypatch.setattr(command, "load_model", lambda _: None)
    monkeypatch.setattr(
        command, "classifier_of", lambda _: ClipClassifier(Judge(JudgeConfig(), load_vocabulary()))
    )
    monkeypatch.setattr(command, "settings_of", lambda *_: {"model": "sprites"})
    monkeypatch.setattr(command, "evaluate_clip", sit)
    for clips in ("2", "4"):
        assert main(["judge", "--clips", clips, "--out", str(tmp_path)]) == 0
    assert made == [0, 1, 2, 3]
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["clips"], answer["object"], answer["speed"]) == (4, 0.75, 1.0)
    assert answer["mean_computed_steps"] == 11.5
    of_four = Image.open(tmp_path / "sheet.png").size
    assert of_four[0] > 2 * 384
    assert main(["judge", "--clips", "2", "--out", str(tmp_path)]) == 0
    assert Image.open(tmp_path / "sheet.png").height < of_four[1], "the clips that are asked for, and no others"
    assert main(["judge", "--clips", "0", "--out", str(tmp_path)]) == 2
    assert "clips must be a whole number" in capsys.readouterr().err
