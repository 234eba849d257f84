"""RecordingsFolder: recordings of many prompts, made once each and kept, so that work that breaks off goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from textwrap import shorten

from tqdm import tqdm

from app.caching.methods.adacache import AdaCacheConfig
from app.lab.record import record
from app.lab.recorder import RecorderConfig
from app.lab.recording import Recording, load_recording
from app.models.base import VideoModel, at_size
from app.models.registry import load_model
from app.models.size import Size
from app.workers.workers import Workers

Identity = tuple[object, ...]
DESCRIPTION = 40  # characters of a prompt before the progress bar


@dataclass(frozen=True)
class RecordingsFolder:
    """Recordings of a model's prompts with one seed, number of steps and probe; other files are left alone."""

    folder: Path
    model: VideoModel
    seed: int
    steps: int
    method: AdaCacheConfig
    size: Size | None = None  # of the model, where it is not its own

    def of(self, prompts: Sequence[str], workers: Workers = Workers()) -> list[Recording]:  # noqa: B008 (frozen)
        """A recording of each prompt; the workers make those that are missing, with a progress bar.

        A ValueError says what is wrong with a prompt or a file of the folder before anything is recorded.
        """
        card = self.model.card
        if not 2 <= self.steps <= card.max_steps:
            raise ValueError(f"{card.title} takes 2 to {card.max_steps} steps, got {self.steps}")
        for prompt in prompts:
            self.model.encode_prompt(prompt)
        known = {_identity(r): r for r in map(load_recording, sorted(self.folder.glob("*.json")))}
        wanted = {self._wanted(prompt): prompt for prompt in prompts}
        missing = {identity: prompt for identity, prompt in wanted.items() if identity not in known}
        self.folder.mkdir(parents=True, exist_ok=True)
        if workers == Workers():
            self._make_here(missing)
        else:
            jobs = [(prompt, _name(identity)) for identity, prompt in missing.items()]
            work = RecordingWork(card.id, self.seed, self.steps, self.method, self.size)
            made = workers.results(work, jobs, self.folder)
            for _ in tqdm(made, total=len(jobs), unit="recording", disable=not jobs):
                pass
        return [known.get(identity) or load_recording(self.folder / _name(identity)) for identity in wanted]

    def _make_here(self, missing: dict[Identity, str]) -> None:
        """Record in this process, with a bar over steps."""
        steps = len(missing) * len(self.model.schedule(self.steps))
        with tqdm(total=steps, unit="step", disable=not missing) as bar:
            for identity, prompt in missing.items():
                bar.set_description(shorten(prompt, DESCRIPTION))
                made = recorded(
                    self.model, prompt, self.seed, self.steps, self.method, lambda _: bar.update() and None
                )
                replace(made, size=self.size).save(self.folder / _name(identity))

    def _wanted(self, prompt: str) -> Identity:
        """What identifies the recording of a prompt."""
        card, method = self.model.card, self.method
        probe = (method.recorded_residual, method.blocks(card.depth), method.subsample)
        return (card.id, prompt, self.seed, card.guidance, self.model.schedule(self.steps), self.size, *probe)


@dataclass(frozen=True)
class RecordingWork:
    """The work of a folder (`app.workers.work.Work`): a prompt's recording, under its name."""

    model: str
    seed: int
    steps: int
    method: AdaCacheConfig
    size: Size | None = None

    def prepare(self) -> VideoModel:
        """The model, for videos of the size."""
        return at_size(load_model(self.model), self.size)

    def do(self, model: VideoModel, job: tuple[str, str], folder: Path) -> None:
        """Record a prompt into a file."""
        prompt, name = job
        made = recorded(model, prompt, self.seed, self.steps, self.method)
        replace(made, size=self.size).save(folder / name)


def recorded(
    model: VideoModel,
    prompt: str,
    seed: int,
    steps: int,
    method: AdaCacheConfig,
    on_step: Callable[[int], None] = lambda _: None,
) -> Recording:
    """Record one prompt with a method's probe."""
    probe = RecorderConfig(method.recorded_residual, method.locations, subsample=method.subsample)
    guidance = model.card.guidance
    return record(model, prompt, seed=seed, steps=steps, guidance=guidance, config=probe, on_step=on_step)


def _name(identity: Identity) -> str:
    """The file of a recording."""
    return f"{sha256(repr(identity).encode()).hexdigest()[:16]}.json"


def _identity(recording: Recording) -> Identity:
    """What a recording is of: its request, then its probe."""
    asked = (recording.model, recording.prompt, recording.seed, recording.guidance)
    probe = (recording.residual, recording.blocks, recording.subsample)
    return (*asked, recording.timesteps, recording.size, *probe)
