"""Models of the hub through diffusers: text to image, image to image and inpainting, with previews and a stop.

The pictures of a batch are made one after the other: that takes the memory of one, each is what its seed makes alone,
and a stop keeps those that are finished.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from engines.device import free_host_memory, free_memory, leave_cores, pick_device, pick_dtype, release_memory
from engines.image_generation.blending import slerp
from engines.image_generation.catalog import ImageCard
from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.drawing import Drawing
from engines.image_generation.hub.pipeline_files import load_pipeline
from engines.image_generation.hub.previews import Colours
from engines.image_generation.hub.stream import Emit, Interrupted, stream
from engines.messages import EngineError, Message
from engines.running.events import Note, Progress, Samples

log = logging.getLogger(__name__)

SCHEDULERS = {
    "euler": "EulerDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "dpmpp_2m": "DPMSolverMultistepScheduler",
    "euler_a": "EulerAncestralDiscreteScheduler",
    "ddim": "DDIMScheduler",
    "unipc": "UniPCMultistepScheduler",
    "lcm": "LCMScheduler",
}
PIPELINES = {
    "text_to_image": "AutoPipelineForText2Image",
    "image_to_image": "AutoPipelineForImage2Image",
    "inpainting": "AutoPipelineForInpainting",
}


class HubModel:
    """A diffusers pipeline on a device. For one thread at a time."""

    def __init__(self, card: ImageCard, folder: Path) -> None:
        self.card, self.device = card, pick_device()
        self.dtype = pick_dtype(self.device)
        if card.parameters and card.memory(self.dtype.itemsize) > free_host_memory():
            raise MemoryError
        self.pipe = load_pipeline(folder, self.dtype)
        self._scheduler, self._task = self.pipe.scheduler, "text_to_image"
        self._colours = Colours(getattr(self.pipe, "vae", None))
        self._offloaded = self._place()
        release_memory()

    def close(self) -> None:
        """Let go of everything."""
        self.pipe.remove_all_hooks()
        self.pipe = self._scheduler = None

    def _place(self) -> bool:
        """Put the pipeline on the device whole; where memory is short part by part, when needed: then True."""
        parts = [part for part in self.pipe.components.values() if isinstance(part, torch.nn.Module)]
        sizes = [sum(p.numel() * p.element_size() for p in part.parameters()) for part in parts]
        room = 0.95 * free_memory() - 2500 * self.card.size**2  # for the pictures on their way
        if self.device.type != "cuda" or sum(sizes) < room:
            self.pipe.to(self.device)
            return False
        if max(sizes) < room:
            self.pipe.enable_model_cpu_offload()
        else:
            self.pipe.enable_sequential_cpu_offload()
        return True

    def _for(self, config: ImageConfig) -> Any:
        """The pipeline of the task, which takes over all parts of the one before, with a fresh sampler."""
        if config.task != self._task:
            if self._offloaded:
                self.pipe.remove_all_hooks()
            self.pipe = getattr(diffusers, PIPELINES[config.task]).from_pipe(self.pipe)
            self.pipe.set_progress_bar_config(disable=True)
            self._task = config.task
            if self._offloaded:
                self._place()
        own = type(self._scheduler)
        chosen = own if config.sampler == "auto" else getattr(diffusers, SCHEDULERS[config.sampler])
        self.pipe.scheduler = chosen.from_config(self._scheduler.config)
        return self.pipe

    # --- drawing ------------------------------------------------------------------------------------------------

    def draw(
        self,
        config: ImageConfig,
        image: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        blends: Sequence[Blend] = (),
    ) -> Drawing:
        """See drawing.ImageModel; the seconds are those of the pictures that were finished."""
        began, finished = time.monotonic(), []

        def work(emit: Emit) -> None:
            if self.device.type == "cpu":
                leave_cores()  # always as many threads, for the same pictures
            pipe = self._for(config)
            options = self._options(pipe, config, image, mask)
            options["callback_on_step_end"] = self._follow(config, finished, emit)
            for i in range(config.batch):
                seed = config.seed if blends else config.seed_of(i)
                options["generator"] = torch.Generator("cpu").manual_seed(seed)
                between = self._between(pipe, config, blends[i]) if blends else {}
                picture = self._call(pipe, options | between, emit)
                finished.append(picture if mask is None else np.where(mask[..., None], picture, image))

        with contextlib.suppress(Interrupted):
            yield from stream(work, Progress(0, config.batch * config.steps))
        return (np.stack(finished), time.monotonic() - began) if finished else None

    def _follow(
        self, config: ImageConfig, finished: Sequence[np.ndarray], emit: Emit
    ) -> Callable[..., dict[str, Any]]:
        """diffusers' callback after each step: tells how far the batch is, and shows the finished and the next one."""

        def after_step(pipe: Any, step: int, time_step: Any, values: dict[str, Any]) -> dict[str, Any]:
            steps = max(step + 1, int(getattr(pipe, "num_timesteps", 0)))
            done = len(finished) * steps + step + 1
            emit(Progress(done, config.batch * steps))
            if step + 1 < steps and values["latents"].ndim == 4:  # FLUX packs its latents in another way
                emit(Samples(done, np.stack([*finished, self._preview(values["latents"], config)])))
            return values

        return after_step

    @torch.inference_mode()
    def _call(self, pipe: Any, options: dict[str, Any], emit: Emit) -> np.ndarray:
        """One picture uint8 [H, W, 3]; Interrupted when told to stop, EngineError if the pipeline refuses."""
        try:
            output = pipe(**options)
        except (ValueError, TypeError, NotImplementedError) as problem:
            log.exception("%s refused its settings", self.card.id)
            reason = str(problem).split("\n")[0][:200]
            raise EngineError(
                "{model} refuses these settings: {reason}", model=self.card.title, reason=reason
            ) from problem
        finally:
            pipe.maybe_free_model_hooks()
        if any(getattr(output, "nsfw_content_detected", None) or ()):
            emit(Note(Message("The model's own filter has blackened a picture.")))
        return (np.asarray(output.images[0]) * 255).round().clip(0, 255).astype(np.uint8)

    def _preview(self, latents: torch.Tensor, config: ImageConfig) -> np.ndarray:
        """Latents of one picture as a blurred picture of its size, uint8 [H, W, 3]."""
        small = Image.fromarray(self._colours.preview(latents)[0])
        return np.array(small.resize((config.width, config.height), Image.Resampling.BICUBIC))

    def _options(
        self, pipe: Any, config: ImageConfig, image: np.ndarray | None, mask: np.ndarray | None
    ) -> dict[str, Any]:
        """Those arguments of the task that this pipeline knows."""
        steps = config.steps
        options: dict[str, Any] = {
            "prompt": config.prompt,
            "guidance_scale": config.guidance if self.card.guided else 0.0,
            "width": config.width,
            "height": config.height,
            "output_type": "np",
        }
        if self.card.negative and config.negative_prompt.strip():
            options["negative_prompt"] = config.negative_prompt
        if image is not None:
            steps = max(steps, math.ceil(1 / config.strength))  # of which only this share is taken
            options |= {"image": Image.fromarray(image), "strength": config.strength}
        if mask is not None:
            options["mask_image"] = Image.fromarray(mask.astype(np.uint8) * 255)
        known = inspect.signature(pipe.__call__).parameters
        return {name: value for name, value in options.items() if name in known} | {"num_inference_steps": steps}

    @torch.inference_mode()
    def _between(self, pipe: Any, config: ImageConfig, blend: Blend) -> dict[str, Any]:
        """The arguments for what lies between two prompts or seeds."""
        options: dict[str, Any] = {}
        if blend.seed is not None:
            shape = (
                1,
                pipe.unet.config.in_channels,
                *(n // pipe.vae_scale_factor for n in (config.height, config.width)),
            )
            ends = [
                torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=self.dtype).float()
                for seed in (config.seed, blend.seed)
            ]
            options["latents"] = slerp(*ends, blend.share).to(self.dtype)
        if blend.prompt:
            start, end = (
                pipe.encode_prompt(
                    prompt=prompt, device=pipe._execution_device, num_images_per_prompt=1,
                    do_classifier_free_guidance=False,
                )
                for prompt in (config.prompt, blend.prompt)
            )  # fmt: skip
            # (embeddings, None) or with pooled ones: (embeddings, None, pooled, None)
            names = ("prompt_embeds", None, "pooled_prompt_embeds", None)
            options |= {n: torch.lerp(a, b, blend.share) for n, a, b in zip(names, start, end, strict=False) if n}
            options["prompt"] = None
        return options
