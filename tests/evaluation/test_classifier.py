import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import app.commands.judge as command
from app.__main__ import main
from app.evaluation.classifier.held_out import HeldOutClip, held_out_clips
from app.evaluation.classifier.network import Judge, JudgeConfig, Verdict
from app.evaluation.classifier.scores import ClipClassifier, accuracy, classifier_of, compare
from app.models.sprites.text import understand
from app.models.sprites.vocabulary import SLOTS, load_vocabulary
from app.models.sprites.world import Factors, clip


def test_logits_for_every_class_of_every_slot():
    logits = Judge(JudgeConfig())(torch.zeros(2, 16, 3, 64, 64))
    for slot in SLOTS:
        assert logits[slot].shape == (2, len(load_vocabulary().names(slot)))


def test_verdicts_use_the_vocabulary_and_a_still_clip_has_no_speed():
    frames = torch.stack([torch.from_numpy(clip(seed).frames) for seed in range(3)])
    for verdict in Judge(JudgeConfig()).judge(frames):
        Factors(verdict.object, verdict.background, verdict.motion, verdict.speed)
        assert set(verdict.confidence) == set(SLOTS)


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"accepted: \(clips, 16, 64, 64, 3\)"):
        Judge(JudgeConfig()).judge(torch.zeros(1, 8, 64, 64, 3))
    with pytest.raises(ValueError, match="wide is 0"):
        JudgeConfig(wide=0)


def test_the_shipped_judge_reads_rendered_clips_it_has_not_seen():
    classifier = classifier_of("sprites")
    assert classifier is not None
    clips = [clip(seed, held_out=True) for seed in range(10_000, 10_040)]
    wanted = [{slot: getattr(one.factors, slot) for slot in SLOTS} for one in clips]
    scores = [compare(want, classifier.verdict(one.frames)) for want, one in zip(wanted, clips, strict=True)]
    assert all(share >= 0.9 for share in accuracy(scores).values()), accuracy(scores)
    # Backwards in time, what moved right moves left: the judge looks at motion, not at single pictures.
    right = [one for one in clips if one.factors.motion == "right"]
    assert right
    assert all(classifier.verdict(one.frames[::-1]).motion == "left" for one in right)


def test_scores_by_hand():
    verdict = Verdict("dog", "snow", "still", None, {})
    assert compare({"object": "dog", "background": None, "motion": "left", "speed": "fast"}, verdict) == {
        "object": True,
        "motion": False,
        "speed": False,
    }
    assert compare({"speed": None}, verdict) == {}
    assert accuracy([{"object": True}, {"object": False, "speed": True}]) == {"object": 0.5, "speed": 1.0}


def test_questions_name_every_factor_of_held_out_combinations():
    asked = held_out_clips(30, seed=0)
    assert asked == held_out_clips(30, seed=0)
    assert asked != held_out_clips(30, seed=1)
    for one in asked:
        assert one.factors.held_out()
        understood = understand(one.prompt, load_vocabulary())
        assert {slot: understood.name(slot) for slot in SLOTS} == {
            slot: getattr(one.factors, slot) for slot in SLOTS
        }


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
        return {**row, "computed_steps": 10 + clip.number, "seconds": 1.0}

    monkeypatch.setattr(command, "load_model", lambda _: None)
    monkeypatch.setattr(command, "classifier_of", lambda _: ClipClassifier(Judge(JudgeConfig())))
    monkeypatch.setattr(command, "settings_of", lambda *_: {"model": "sprites"})
    monkeypatch.setattr(command, "evaluate_clip", sit)
    for clips in ("2", "4"):
        assert main(["judge", "--clips", clips, "--out", str(tmp_path)]) == 0
    assert made == [0, 1, 2, 3]
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["clips"], answer["object"], answer["speed"]) == (4, 0.75, 1.0)
    assert answer["mean_computed_steps"] == 11.5
    assert Image.open(tmp_path / "sheet.png").width > 2 * 384
    assert main(["judge", "--clips", "0", "--out", str(tmp_path)]) == 2
    assert "clips must be a whole number" in capsys.readouterr().err
