"""RecordingsFolder: recordings of many prompts, made once each and kept, so that work that breaks off goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from textwrap import shorten

from tqdm import tqdm

from app.caching.methods.adacache import AdaCacheConfig
from app.lab.record import record
from app.lab.recorder import RecorderConfig
from app.lab.recording import Recording, load_recording
from app.models.base import VideoModel

DESCRIPTION = 40  # characters of a prompt before the progress bar


@dataclass(frozen=True)
class RecordingsFolder:
    """Recordings of a model's prompts with one seed, number of steps and probe; other files are left alone."""

    folder: Path
    model: VideoModel
    seed: int
    steps: int
    method: AdaCacheConfig

    def of(self, prompts: list[str]) -> list[Recording]:
        """A recording of each prompt; those that are missing are made and kept, with a progress bar over steps.

        A ValueError says what is wrong with a prompt or a file of the folder before anything is recorded.
        """
        card = self.model.card
        if not 2 <= self.steps <= card.max_steps:
            raise ValueError(f"{card.title} takes 2 to {card.max_steps} steps, got {self.steps}")
        for prompt in prompts:
            self.model.encode_prompt(prompt)
        known = {_identity(r): r for r in map(load_recording, sorted(self.folder.glob("*.json")))}
        wanted = [self._wanted(prompt) for prompt in prompts]
        missing = sum(identity not in known for identity in wanted)
        self.folder.mkdir(parents=True, exist_ok=True)
        steps = len(self.model.schedule(self.steps))
        with tqdm(total=missing * steps, unit="step", disable=not missing) as bar:
            for prompt, identity in zip(prompts, wanted, strict=True):
                if identity not in known:
                    bar.set_description(shorten(prompt, DESCRIPTION))
                    known[identity] = self._make(prompt, lambda _: bar.update() and None)
                    name = sha256(repr(identity).encode()).hexdigest()[:16]
                    known[identity].save(self.folder / f"{name}.json")
        return [known[identity] for identity in wanted]

    def _make(self, prompt: str, on_step: Callable[[int], None]) -> Recording:
        """Record one prompt."""
        probe = RecorderConfig(self.method.residual, self.method.locations, subsample=self.method.subsample)
        return record(
            self.model,
            prompt,
            seed=self.seed,
            steps=self.steps,
            guidance=self.model.card.guidance,
            config=probe,
            on_step=on_step,
        )

    def _wanted(self, prompt: str) -> tuple[object, ...]:
        """What identifies the recording of a prompt."""
        card, method = self.model.card, self.method
        probe = (method.residual, method.blocks(card.depth), method.subsample)
        return (card.id, prompt, self.seed, card.guidance, self.model.schedule(self.steps), None, *probe)


def _identity(recording: Recording) -> tuple[object, ...]:
    """What a recording is of: its request, then its probe."""
    asked = (recording.model, recording.prompt, recording.seed, recording.guidance)
    probe = (recording.residual, recording.blocks, recording.subsample)
    return (*asked, recording.timesteps, recording.size, *probe)
