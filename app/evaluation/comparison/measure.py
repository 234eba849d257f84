"""One prompt and seed under every method: denoised side by side in one process, each against the same baseline.

The run that is least far goes next, so that whatever else the machine does slows all of them alike. The caches
of all methods are in memory at once.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from app.caching.method import Method
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.plans import decides_while_running
from app.caching.policy import NoCache
from app.caching.registry import build_policy, method_to_json
from app.common.journal import Row
from app.evaluation.classifier.scores import ClipClassifier
from app.evaluation.comparison.converged import converged_video
from app.evaluation.comparison.plan import BASELINE, Plan, family_of
from app.generation.denoiser import Denoiser
from app.generation.speed import step_spread, typical_seconds
from app.generation.video import write_mp4
from app.metrics.flops import COUNTABLE, flops
from app.metrics.quality.psnr import mean_square_error
from app.metrics.registry import measure
from app.models.base import Frames, ModelCard, VideoModel


@dataclass(frozen=True)
class Bench:
    """What a comparison is measured with; the classifier says what a video shows, where a judge exists."""

    model: VideoModel
    plan: Plan
    folder: Path
    classifier: ClipClassifier | None

    def measure(self, prompt: str, seed: int, methods: dict[str, Method]) -> list[Row]:
        """A row for the baseline and one a method; writes their videos."""
        runs = {name: self._start(prompt, seed, method) for name, method in {BASELINE: None, **methods}.items()}
        while behind := [run for run in runs.values() if not run.done]:
            min(behind, key=lambda run: len(run.records) / len(run.schedule)).advance()
        videos = {name: run.decode() for name, run in runs.items()}
        place = self._place(prompt, seed)
        converged = converged_video(
            self.model, prompt, seed, self.plan.guidance, self.folder / "converged" / f"{place}.npy"
        )
        return [
            {
                "prompt": prompt,
                "seed": seed,
                "method": name,
                **self._costs(runs[BASELINE], run, methods.get(name)),
                **self._quality(prompt, videos[BASELINE], converged, videos[name]),
                "video": self._write(prompt, seed, name, videos[name]),
            }
            for name, run in runs.items()
        ]

    def _start(self, prompt: str, seed: int, method: Method | None) -> Denoiser:
        return Denoiser.start(
            self.model,
            self.model.encode_prompt(prompt),
            NoCache() if method is None else build_policy(method),
            seed=seed,
            steps=self.plan.steps if method is None else method.run_steps(self.plan.steps),
            guidance=self.plan.guidance,
            solver="own" if method is None else method.solver,
        )

    def _costs(self, baseline: Denoiser, run: Denoiser, method: Method | None) -> Row:
        return {
            "family": "" if method is None else family_of(method),
            "settings": None if method is None else method_to_json(method),
            "motion": isinstance(method, AdaCacheConfig) and method.motion is not None,
            "baseline_seconds": typical_seconds(baseline.records),
            "seconds": typical_seconds(run.records),
            "step_spread": step_spread(run.records),
            "computed_steps": list(run.computed_steps),
            "steps": len(run.schedule),
            "computed_fraction": run.computed_branches / (len(baseline.schedule) * run.cache.branches),
            "tflops": tflops(self.model.card, method, self.plan.steps, run),
            "peak_cache_bytes": run.cache.peak_bytes,
        }

    def _quality(self, prompt: str, baseline: Frames, converged: Frames | None, video: Frames) -> dict[str, Any]:
        return {
            "quality": measure(baseline, video),
            "mse": mean_square_error(baseline, video),
            "converged": None if converged is None else measure(converged, video),
            "judged": None if self.classifier is None else self.classifier.scores(prompt, video),
        }

    def _write(self, prompt: str, seed: int, name: str, video: Frames) -> str:
        """The place of a video in the folder; the same request has the same name in every comparison."""
        place = Path("videos") / self._place(prompt, seed) / f"{name}.mp4"
        (self.folder / place).parent.mkdir(parents=True, exist_ok=True)
        write_mp4(self.folder / place, video, self.model.card.fps)
        return place.as_posix()

    def _place(self, prompt: str, seed: int) -> str:
        return f"{sha256(prompt.encode()).hexdigest()[:12]}-{seed}"


def tflops(card: ModelCard, method: Method | None, steps: int, run: Denoiser) -> float | None:
    """TFLOPs of the whole generation; none for a model whose FLOPs cannot be counted."""
    if card.id not in COUNTABLE:
        return None
    return flops(
        card.id,
        method,
        f"{card.height}x{card.width}",
        card.frames,
        steps,
        int(run.conditioning.mask.sum()),
        "all",
        run.records if decides_while_running(method) else None,
    )
