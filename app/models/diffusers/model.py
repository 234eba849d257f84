"""DiffusersModel: a pipeline of the diffusers library as a VideoModel, its own loop paused after every step."""

import inspect
from collections.abc import Callable, Mapping, MutableMapping
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from app.caching.cache import BranchCache
from app.models.base import Conditioning, Frames, ModelCard
from app.models.condition_image import ConditionImage, ImagePlace
from app.models.diffusers.family import (
    BOTH_HALVES,
    Family,
    Pipeline,
    handover,
    latent_channels,
    token_frames,
)
from app.models.diffusers.image_condition import ImageCondition, condition_on, hand_over
from app.models.diffusers.stepwise import Paused
from app.models.preview import LatentToRGB, fit
from app.models.settings import Settings

CHUNK = 9  # frames of the still video that the preview is fitted to: 1 + 2 x 4, or 1 + 8


@dataclass(frozen=True)
class Embedded(Conditioning):
    """What a pipeline's encode_prompt returned, by the names the pipeline takes it under."""

    embeddings: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Stepped:
    """A step of a pipeline: the latent after it, the timestep it was made at, and the clean latent expected."""

    latent: Tensor
    timestep: float
    clean: Tensor


@dataclass(frozen=True)
class Drawn:
    """What goes with a first latent: the image's part, and the generator's state behind both."""

    state: Tensor
    condition: ImageCondition | None


class DiffusersModel:
    """Text or an image to video by a pipeline whose parts are on their devices already."""

    def __init__(self, pipeline: Pipeline, family: Family, card: ModelCard):
        if type(pipeline).__name__ != family.pipeline:
            raise ValueError(f"{card.title} is run by {family.pipeline}, got {type(pipeline).__name__}")
        if handover(pipeline) != card.handover:
            raise ValueError(f"{card.title} hands over at {handover(pipeline)}, its card says {card.handover}")
        pipeline.set_progress_bar_config(disable=True)
        self.pipeline = pipeline
        self.family = family
        self.card = card
        self.negative_prompt = card.negative_prompt or ""
        self.size = card.size
        self.image: ConditionImage | None = None
        self.look: LatentToRGB | None = None
        # By first latent; a scheduler that adds noise goes on from the generator's state.
        self._drawn: MutableMapping[Tensor, Drawn] = WeakTensorKeyDictionary()
        # Lets go of a run that is abandoned: a cache belongs to one run.
        self._under_way: WeakKeyDictionary[BranchCache, Paused[Stepped, Any]] = WeakKeyDictionary()

    def with_settings(self, settings: Settings) -> "DiffusersModel":
        """The same parts with another negative prompt, or a scheduler of another flow shift."""
        self._prepare_look()  # here, so that all that share the parts share its fit
        model = copy(self)
        if settings.negative_prompt is not None:
            model.negative_prompt = settings.negative_prompt
        if settings.flow_shift is not None:
            assert self.family.shifted is not None
            model.pipeline = copy(self.pipeline)
            scheduler, changed = self.pipeline.scheduler, self.family.shifted(settings.flow_shift)
            model.pipeline.scheduler = scheduler.from_config(scheduler.config, **changed)
        return model

    def with_images(self, images: Mapping[ImagePlace, ConditionImage]) -> "DiffusersModel":
        """The same parts for videos that start from an image."""
        self._prepare_look()
        model = copy(self)
        model.image = images["image"]
        return model

    def encode_prompt(self, prompt: str) -> Embedded:
        """Encode a prompt, and a negative one where guidance needs it; words beyond the limit are reported."""
        text, asked = self.family.prompt(prompt), dict(self.family.encoding)
        if self.family.negates:
            asked |= {"negative_prompt": self.negative_prompt, "do_classifier_free_guidance": True}
        with torch.no_grad():
            values = self.pipeline.encode_prompt(prompt=text, device=self.pipeline._execution_device, **asked)
        embeddings = dict(zip(self.family.embeddings, values, strict=True))
        halves = torch.cat([embeddings[name] for name in BOTH_HALVES if name in embeddings])
        return Embedded(
            text=halves[:, None],
            mask=torch.ones(1, halves.shape[1], device=halves.device),
            understood=((prompt, text),),
            ignored=self._cut(text),
            embeddings=embeddings,
        )

    def initial_latent(self, seed: int) -> Tensor:
        """Noise of the seed as the pipeline draws it, on the CPU: the same on every machine."""
        self._prepare_look()
        generator = torch.Generator().manual_seed(seed)
        condition = self._condition(generator)  # before the noise, as the pipeline
        latent = self._noise(generator)
        self._drawn[latent] = Drawn(generator.get_state(), condition)
        return latent

    def grid(self) -> tuple[int, int, int]:
        """Latent frames, height and width."""
        latent = self._noise(torch.Generator())
        frames, height, width = self.family.to_vae(self.pipeline, latent, self.size).shape[2:]
        return frames, height, width

    def schedule(self, steps: int) -> tuple[float, ...]:
        """The pipeline's own timesteps."""
        return self.family.schedule(self.pipeline, steps, self.size)

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        """One step of the pipeline's loop; step 1 starts a run, which `cache` stands for from then on."""
        if step == 1:
            assert isinstance(conditioning, Embedded)
            self._under_way[cache] = self._start(latent, len(schedule), conditioning, guidance)
        if cache not in self._under_way:
            raise ValueError(f"step {step} of a run whose step 1 was not made here")
        run = self._under_way[cache]
        second = self.card.handover is not None and schedule[step - 1] < self.card.handover
        transformer = self.pipeline.transformer_2 if second else self.pipeline.transformer
        with self.family.attached(transformer, cache, self._token_frames(latent)):
            stepped = run.advance()
        if not np.isclose(stepped.timestep, schedule[step - 1], rtol=1e-6):
            raise ValueError(
                f"step {step} is at timestep {stepped.timestep}, its schedule says {schedule[step - 1]}"
            )
        # A tensor of its own: the pipeline keeps the other one, and the run is to end with what we hand out.
        result = stepped.latent.view_as(stepped.latent)
        if step == len(schedule):
            del self._under_way[
                cache
            ]  # its pipeline would go on to decode, which is done here for kept latents too
        return result, stepped.clean

    def preview(self, clean_latent: Tensor) -> Frames:
        """A linear look at a latent, one pixel for each of its places."""
        self._prepare_look()
        assert self.look is not None
        latent = self.family.to_vae(self.pipeline, clean_latent.float(), self.size)
        return self.look.frames(latent.nan_to_num(), durations(latent.shape[2], self.size.frames))

    def decode(self, latent: Tensor) -> Frames:
        """The video of a finished latent, of a run made here or kept by an earlier one."""
        with torch.inference_mode():
            video = self.family.decode(self.pipeline, latent, self.size)
            frames = self.pipeline.video_processor.postprocess_video(video, output_type="np")[0]
        return np.asarray((frames * 255).round().astype(np.uint8))

    def _start(
        self, latent: Tensor, steps: int, conditioning: Embedded, guidance: float
    ) -> "Paused[Stepped, Any]":
        pipeline = copy(self.pipeline)  # shares the parts but for the scheduler, which counts its own steps
        pipeline.scheduler = deepcopy(self.pipeline.scheduler)
        observed = _observe(pipeline.scheduler)
        generator = torch.Generator().manual_seed(0)
        drawn = self._drawn.get(latent)
        if drawn is None:  # it was not drawn here
            condition = self._condition(generator)
        else:
            condition = drawn.condition
            generator.set_state(drawn.state)
        arguments: dict[str, Any] = {
            **conditioning.embeddings,
            "height": self.size.height,
            "width": self.size.width,
            self.family.frames_argument: self.size.frames,
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            "latents": latent,
            "generator": generator,  # for schedulers that add noise
            "output_type": "np",
            "callback_on_step_end_tensor_inputs": ["latents"],
            **self.family.calling,
        }
        if condition is not None:
            arguments |= hand_over(pipeline, latent, condition, self.size)

        def run(pause: Callable[[Stepped], None]) -> Any:
            def after_step(
                _: object, index: int, timestep: Tensor, tensors: dict[str, Tensor]
            ) -> dict[str, Tensor]:
                pause(Stepped(tensors["latents"], self.family.falling(timestep), observed()))
                return {}

            return pipeline(**arguments, callback_on_step_end=after_step)

        return Paused(run)

    def _condition(self, generator: torch.Generator) -> ImageCondition | None:
        """What the pipeline makes of the image; none where it takes none."""
        if self.family.text_pipeline is None:
            return None
        if self.image is None:
            raise ValueError(self.card.image_refusal(None))
        return condition_on(self.pipeline, self.image, self.size, self._noise(torch.Generator()), generator)

    def _noise(self, generator: torch.Generator) -> Tensor:
        pipeline = self.pipeline
        drawing = type(pipeline)
        if self.family.text_pipeline is not None:  # its own prepares the image as well
            drawing = getattr(import_module("diffusers"), self.family.text_pipeline)
        latent: Tensor = drawing.prepare_latents(
            pipeline,
            batch_size=1,
            num_channels_latents=latent_channels(pipeline.vae),
            height=self.size.height,
            width=self.size.width,
            num_frames=self.size.frames,
            dtype=torch.float32,
            device=pipeline._execution_device,
            generator=generator,
            latents=None,
        )
        # Drawn in float32, so that a seed is the same noise in every precision.
        return latent if self.family.noise_in_float32 else latent.to(pipeline.transformer.dtype)

    def _token_frames(self, latent: Tensor) -> int:
        grid = self.family.to_vae(self.pipeline, latent, self.size)
        return token_frames(self.pipeline.transformer, grid.shape[2])

    def _prepare_look(self) -> None:
        """What must not count as denoising."""
        if self.look is None:
            self.look = fit(self._encode, CHUNK)

    def _encode(self, still: Tensor) -> Tensor:
        """(1, 3, frames, height, width) -> what the decoder takes, (1, channels, latent frames, h, w)."""
        vae = self.pipeline.vae
        like = next(vae.parameters())
        if "2D" in str(vae.config.get("down_block_types", "")):  # an image autoencoder
            return vae.encode(still[:, :, 0].to(like)).latent_dist.mode()[:, :, None]
        return vae.encode(still.to(like)).latent_dist.mode()

    def _cut(self, text: str) -> tuple[str, ...]:
        tokens = self.pipeline.tokenizer(text, add_special_tokens=False).input_ids
        rest = tokens[self.family.words - 1 :]  # the end mark is one of them
        return (self.pipeline.tokenizer.decode(rest),) if rest else ()


def durations(latent_frames: int, frames: int) -> list[int]:
    """Frames that each latent frame stands for: as many each, or one for the first of a causal autoencoder."""
    if frames % latent_frames == 0:
        return [frames // latent_frames] * latent_frames
    return [1] + [(frames - 1) // (latent_frames - 1)] * (latent_frames - 1)


def _observe(scheduler: Any) -> Callable[[], Tensor]:
    """Watch a scheduler's steps; the function returned gives the clean latent that the last one expected."""
    step, signature = scheduler.step, inspect.signature(scheduler.step)
    last: dict[str, Any] = {}

    @wraps(step)
    def watched(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs).arguments
        last.update(output=given["model_output"], sample=given["sample"], timestep=given["timestep"])
        return step(*args, **kwargs)

    scheduler.step = watched
    return lambda: expected(scheduler, **last)


def expected(scheduler: Any, output: Tensor, sample: Tensor, timestep: Tensor) -> Tensor:
    """The clean latent that a prediction at `timestep` stands for, by what the scheduler says it predicts."""
    kind = scheduler.config.get("prediction_type", "flow_prediction")
    if kind == "flow_prediction":
        level = float(timestep) / scheduler.config.num_train_timesteps
        if scheduler.config.get("invert_sigmas"):  # it predicts video - noise, at levels that rise to the video
            return sample + output * (1 - level)
        return sample - output * level
    alpha = float(scheduler.alphas_cumprod[int(timestep)])
    signal, noise = alpha**0.5, (1 - alpha) ** 0.5
    if kind == "epsilon":
        return (sample - noise * output) / max(signal, 1e-4)  # pure noise expects nothing
    if kind == "v_prediction":
        return signal * sample - noise * output
    raise ValueError(f"no preview is known for a scheduler that predicts {kind!r}")
