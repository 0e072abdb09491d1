"""The bundled model at work: a sentence becomes a text, the flow turns noise into latents, and the autoencoder
those into pictures of 64 px, which the doubler makes twice as large if that is asked for.

Pictures are computed in chunks of a fixed number of rows, by one thread on a CPU. So a picture is the same to the bit
whichever others are made beside it, and a GPU replays one captured graph.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from engines.device import pick_device, precision
from engines.image_generation.blending import slerp
from engines.image_generation.catalog import IMAGE_MODELS, ImageCard
from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.drawing import Drawing
from engines.image_generation.emoji.combining.grammar import plan_of, tells_of_several
from engines.image_generation.emoji.combining.parts import Parts
from engines.image_generation.emoji.doubling import load_doubler
from engines.image_generation.emoji.files import load_networks
from engines.image_generation.emoji.flow import guided, sample
from engines.image_generation.emoji.graphs import Graphed
from engines.image_generation.emoji.prompts import Prompts, drain
from engines.image_generation.emoji.texts import mixed
from engines.running.events import Progress, Samples

ROWS = {"cpu": 4, "cuda": 16, "mps": 4}  # pictures of a chunk, by device
AUTO = "dpmpp_2m"  # the sampler that this model is best with
STYLES = ("noto", "twemoji")  # in the order of the network's embedding
PREVIEW_SECONDS = 0.05  # the least time between two previews, for each thing on a picture


@dataclass(frozen=True)
class Rows:
    """What N pictures are made from, on the CPU."""

    text: Tensor  # [N, TEXT]
    negative: Tensor  # [N, TEXT]
    style: Tensor  # int64 [N]
    noise: Tensor  # [N, L, S, S]

    def chunks(self, size: int) -> Iterator[Rows]:
        """Parts of exactly `size` rows, the last one filled up with its last row."""
        for start in range(0, len(self.text), size):
            chosen = torch.arange(start, start + size).clamp(max=len(self.text) - 1)
            yield Rows(*(field[chosen] for field in vars(self).values()))


class EmojiModel:
    """The networks on a device, and the embeddings of prompts. For one thread at a time."""

    def __init__(self, card: ImageCard, folder: Path, device: torch.device | None = None, graphs: bool = True) -> None:
        self.card, self.device = card, device or pick_device()
        self.dtype, self.rows = precision(self.device), ROWS[self.device.type]
        autoencoder, flow = load_networks(folder)
        self.no_text = flow.no_text.detach().clone()
        self.shape = (flow.latent, flow.side, flow.side)
        self.side = 8 * flow.side  # pixels of a picture before it is doubled
        self.autoencoder = autoencoder.eval().requires_grad_(False)
        self.doubler = load_doubler()
        for network in (self.autoencoder, self.doubler):
            network.to(self.device, self.dtype, memory_format=torch.channels_last)
        self.flow = flow.eval().requires_grad_(False).to(self.device, self.dtype)
        # the time's cosines come in float32 whatever the weights are
        self.flow.time.register_forward_pre_hook(lambda layer, inputs: (inputs[0].to(self.dtype),))
        fast = graphs and self.device.type == "cuda"
        self._predict, self._decode, self._double = self._predict_eagerly, self.autoencoder.decode, self.doubler
        if fast:
            self._predict, self._decode, self._double = map(Graphed, (self._predict, self._decode, self._double))
        self.prompts = Prompts(folder)

    @classmethod
    def load(cls, folder: Path) -> EmojiModel:
        """The model in a folder, as its own card describes it."""
        return cls(IMAGE_MODELS["emoji"], folder)

    def close(self) -> None:
        """Let go of everything."""
        self._predict = self._decode = self._double = None
        self.autoencoder = self.doubler = self.flow = self.prompts = None

    # --- drawing ------------------------------------------------------------------------------------------------

    def draw(
        self,
        config: ImageConfig,
        image: np.ndarray | None = None,
        mask: np.ndarray | None = None,
        blends: Sequence[Blend] = (),
    ) -> Drawing:
        """See drawing.ImageModel; all pictures advance together, so there are none when it is stopped.

        Previews are not doubled. Of a prompt that has a plan each thing is drawn by itself; where none is followed,
        prompts of several things are read as they stand, since no name says what they do.
        """
        plan = plan_of(config, blends)
        parts = Parts(plan) if plan else None
        phrases = parts.phrases if parts else (config.prompt,)
        texts = [*phrases, config.negative_prompt, *(blend.prompt or "" for blend in blends)]
        by_name = config.wording == "nearest" and (parts is not None or not any(map(tells_of_several, texts)))
        vectors = yield from self.prompts.encode(texts, by_name)
        if vectors is None:
            return None
        began = shown = time.monotonic()
        rows = self._rows_of(config, phrases, vectors, blends)
        small = _halved(image, mask) if config.width > self.side else (image, mask)
        clean = None if image is None else self._encode_picture(small[0])
        area = None if mask is None else self._latent_mask(mask)
        begin = 0.0 if image is None else 1 - config.strength
        yield Progress(0, config.steps)
        samplings = self._samplings(rows, config, begin, clean, area)
        for step in range(1, config.steps + 1):
            predicted = self._advance(samplings)
            stop = yield Progress(step, config.steps)
            now = time.monotonic()
            if step < config.steps and (step == 1 or now - shown >= PREVIEW_SECONDS * len(phrases)):
                shown = now
                preview = _pasted(self._finished(predicted, config.batch, self.side, parts), *small)
                stop = (yield Samples(step, preview)) or stop
            if stop:
                return None
        made = self._finished(predicted, config.batch, config.width, parts)
        return _pasted(made, image, mask), time.monotonic() - began

    def make(self, prompts: Sequence[str], styles: Sequence[str], seed: int = 0, **settings: Any) -> np.ndarray:
        """A picture for each prompt, uint8 [N, S, S, 3], picture i from seed + i; blocks.

        `settings` are some of ImageConfig's, in place of those that the model draws best with.
        """
        config = ImageConfig.for_model(self.card.id, prompt=prompts[0], seed=seed, **settings)
        vectors = drain(self.prompts.encode(prompts, config.wording == "nearest"))
        rows = Rows(
            torch.stack([vectors[prompt] for prompt in prompts]),
            self.no_text.expand(len(prompts), -1),
            torch.tensor([STYLES.index(style) for style in styles]),
            torch.stack([self.noise(config.seed_of(i)) for i in range(len(prompts))]),
        )
        samplings = self._samplings(rows, config)
        for _ in range(config.steps):
            predicted = self._advance(samplings)
        return self._pictures(predicted, len(prompts), config.width)

    def noise(self, seed: int) -> Tensor:
        """What a picture of this seed starts from, [L, S, S], the same on every device."""
        return self.noises(seed, 1)[0]

    def noises(self, seed: int, count: int) -> list[Tensor]:
        """What each of the things of a picture of this seed starts from; the first is what a single one does."""
        generator = torch.Generator().manual_seed(seed)
        return [torch.randn(self.shape, generator=generator) for _ in range(count)]

    def _rows_of(
        self, config: ImageConfig, phrases: Sequence[str], vectors: dict[str, Tensor], blends: Sequence[Blend]
    ) -> Rows:
        """The rows of a batch: for each picture one of each phrase."""
        many = len(phrases)
        text = [vectors[phrase] for phrase in phrases] * config.batch
        noise = [one for i in range(config.batch) for one in self.noises(config.seed_of(i), many)]
        if blends:  # one for each picture
            each = [blend for blend in blends for _ in phrases]
            text = [mixed(a, vectors[b.prompt], b.share) if b.prompt else a for a, b in zip(text, each, strict=True)]
            starts = self.noises(config.seed, many) * len(blends)
            ends = [one for b in blends for one in self.noises(config.seed if b.seed is None else b.seed, many)]
            noise = [
                a if blend.seed is None else slerp(a, b, blend.share)
                for a, b, blend in zip(starts, ends, each, strict=True)
            ]
        negative = vectors[config.negative_prompt] if config.negative_prompt.strip() else self.no_text
        style = torch.full((len(text),), STYLES.index(config.style))
        return Rows(torch.stack(text), negative.expand(len(text), -1), style, torch.stack(noise))

    def _samplings(
        self,
        rows: Rows,
        config: ImageConfig,
        begin: float = 0.0,
        clean: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> list[Iterator[Tensor]]:
        """The sampling of each chunk, not begun yet."""
        sampler = AUTO if config.sampler == "auto" else config.sampler
        samplings = []
        for chunk in rows.chunks(self.rows):
            text, negative, style, noise = (field.to(self.device) for field in vars(chunk).values())
            denoise = guided(self._predict, text, negative, style, config.guidance)
            samplings.append(sample(denoise, noise, config.steps, sampler, begin, clean, mask))
        return samplings

    def _advance(self, samplings: Sequence[Iterator[Tensor]]) -> list[Tensor]:
        """One step of every chunk: the clean latents as predicted now."""
        self._use_one_thread()
        return [next(sampling) for sampling in samplings]

    def _predict_eagerly(self, noisy: Tensor, times: Tensor, text: Tensor, style: Tensor) -> Tensor:
        return self.flow(noisy.to(self.dtype), times, text.to(self.dtype), style).float()

    def _finished(self, latents: Sequence[Tensor], count: int, side: int, parts: Parts | None) -> np.ndarray:
        """`count` pictures, uint8 [N, side, side, 3], of the chunks' latents; of a plan, put together."""
        if parts is None:
            return self._pictures(latents, count, side)
        small = self._pictures(latents, count * len(parts.drawn), self.side)
        return parts.joined(small, side, self._doubled if side > self.side else None)

    @torch.inference_mode()
    def _doubled(self, small: np.ndarray) -> np.ndarray:
        """uint8 [N, S, S, 3] twice as large, in chunks of a fixed number of rows."""
        whole = torch.from_numpy(small).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        rows = [torch.arange(at, at + self.rows).clamp(max=len(whole) - 1) for at in range(0, len(whole), self.rows)]
        return _as_bytes(torch.cat([self._double(whole[row].to(self.device)) for row in rows])[: len(whole)])

    @torch.inference_mode()
    def _pictures(self, latents: Sequence[Tensor], count: int, side: int) -> np.ndarray:
        """The first `count` pictures of the chunks' latents, uint8 [N, side, side, 3]."""
        self._use_one_thread()
        pictures = [self._decode(part.to(self.dtype)).float() for part in latents]
        if side > self.side:
            pictures = [self._double(part.clamp(-1, 1)) for part in pictures]
        return _as_bytes(torch.cat(pictures)[:count])

    @torch.inference_mode()
    def _encode_picture(self, image: np.ndarray) -> Tensor:
        """The latents [1, L, S, S] of uint8 [H, W, 3]."""
        self._use_one_thread()
        picture = torch.tensor(image, device=self.device).permute(2, 0, 1)[None].float().div(127.5).sub(1)
        latents = self.autoencoder.encode(picture.to(self.dtype)).float()
        return latents.contiguous()  # another layout would be computed with other last bits

    def _latent_mask(self, mask: np.ndarray) -> Tensor:
        """1 for each latent any of whose pixels, of whatever size, is to be drawn, float [1, 1, S, S]."""
        pixels = torch.from_numpy(mask.astype(np.float32))[None, None]
        return F.max_pool2d(pixels, mask.shape[0] // self.shape[1]).to(self.device)

    def _use_one_thread(self) -> None:
        """More threads add up in another order, and the same seed would not give the same picture."""
        if self.device.type == "cpu":
            torch.set_num_threads(1)


def _as_bytes(pictures: Tensor) -> np.ndarray:
    """Pictures [N, 3, H, W] in -1..1 as uint8 [N, H, W, 3]."""
    return pictures.clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def _halved(image: np.ndarray | None, mask: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray | None]:
    """uint8 [H, W, 3] and bool [H, W] at half the size, as previews and the autoencoder have them."""
    if image is not None:
        image = np.asarray(Image.fromarray(image).reduce(2))
    return image, None if mask is None else mask.reshape(len(mask) // 2, 2, -1, 2).any((1, 3))


def _pasted(pictures: np.ndarray, image: np.ndarray | None, mask: np.ndarray | None) -> np.ndarray:
    """uint8 [N, H, W, 3], what the mask [H, W] does not cover as in `image` [H, W, 3]."""
    return pictures if mask is None else np.where(mask[..., None], pictures, image)


def read_card(folder: Path) -> dict[str, Any]:
    """What the training wrote about the model: data, steps, time, hardware, scores; empty where it is missing."""
    try:
        return dict(json.loads((folder / "card.json").read_text("utf-8")))
    except (OSError, ValueError):
        return {}
