"""The two stages of the bundled model's training: an autoencoder of the pictures, then a flow on its latents."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engines.image_generation.emoji.corpus import Corpus
from engines.image_generation.emoji.flow import flow_loss
from engines.image_generation.emoji.networks import Autoencoder, FlowTransformer
from engines.image_generation.emoji.texts import SENTENCE

SHARES = {"emoji": 0.5, "colour": 0.2, "several": 0.3}  # of each batch, by kind of example
DROPPED = 0.1  # share of prompts left out, for classifier-free guidance
JITTER = 0.1  # length of what is added to a sentence vector, and size of what is added to each number of a word
EMA = 0.999
DECAYED = 0.3  # share of the steps over which the learning rate falls
PACED = (50, 250)  # steps that tell how many fit into a time
KEEP_SECONDS = 120.0  # between checkpoints


@dataclass(frozen=True)
class Recipe:
    """How each stage is trained: for so many steps, or, where seconds are given, for as many as fit into these."""

    size: int = 64
    autoencoder_steps: int = 5_000
    autoencoder_seconds: float = 0.0
    autoencoder_batch: int = 32
    autoencoder_lr: float = 1e-3
    flow_steps: int = 12_000
    flow_seconds: float = 0.0
    flow_batch: int = 128
    flow_lr: float = 1.2e-3
    seed: int = 0


class Stage:
    """A network in training that survives being killed: its checkpoint holds all that its next step needs."""

    def __init__(
        self, net: nn.Module, lr: float, steps: int, path: Path, device: torch.device, within: float = 0.0
    ) -> None:
        self.net, self.steps, self.path, self.lr, self.within = net.to(device), steps, path, lr, within
        self.paced = not within  # whether it is known how many steps there will be
        decayed = [p for p in net.parameters() if p.ndim > 1]
        plain = [p for p in net.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), fused=True)
        self.average = {name: p.detach().clone() for name, p in net.named_parameters()}
        self.step, self.seconds = 0, 0.0
        if path.exists():
            state = torch.load(path, map_location=device, weights_only=True)
            net.load_state_dict(state["net"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average, self.step, self.seconds = state["average"], state["step"], state["seconds"]
            if within and within == state["within"] and state["paced"]:
                self.steps, self.paced = state["steps"], True

    def run(self, loss_of: Callable[[int], torch.Tensor]) -> Iterator[tuple[int, float]]:
        """Train to the last step, `loss_of(step)` being the loss of one batch; yields (step, mean loss) at times."""
        began, kept = time.monotonic() - self.seconds, time.monotonic()
        total = torch.zeros((), device=next(self.net.parameters()).device)
        first, since = self.step, began
        if not self.paced:
            self.steps = sys.maxsize
        while self.step < self.steps:
            for group in self.optimizer.param_groups:
                group["lr"] = self.lr * self._warm_and_decayed()
            loss = loss_of(self.step)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            decay = min(EMA, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                parameters = [p.detach() for p in self.net.parameters()]
                torch._foreach_lerp_(list(self.average.values()), parameters, 1 - decay)
            total += loss.detach()
            if not self.paced and self.step - first in PACED:
                float(total)  # waits for the GPU
                now = time.monotonic()
                if self.step - first == PACED[1]:
                    pace = (now - since) / (PACED[1] - PACED[0])
                    self.steps = self.step + max(1, int((self.within - (now - began)) / pace))
                    self.paced = True
                since = now
            if self.step % 100 == 0 or self.step == self.steps:
                mean = float(total) / 100
                self.seconds = time.monotonic() - began
                yield self.step, mean
                total.zero_()
            if time.monotonic() - kept > KEEP_SECONDS or self.step == self.steps:
                self.seconds = time.monotonic() - began
                self.save()
                kept = time.monotonic()

    def _warm_and_decayed(self) -> float:
        """Up over 200 steps, flat, and down to nothing at the end."""
        return min(1.0, (self.step + 1) / 200, (self.steps - self.step) / (DECAYED * self.steps))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "steps": self.steps,
            "seconds": self.seconds,
            "within": self.within,
            "paced": self.paced,
        }
        partial = self.path.with_suffix(".part")
        torch.save(state, partial)
        partial.replace(self.path)

    def averaged(self) -> nn.Module:
        """The network with its averaged weights."""
        self.net.load_state_dict(self.net.state_dict() | self.average)
        return self.net.eval()


def to_pictures(images: np.ndarray | torch.Tensor) -> torch.Tensor:
    """uint8 [N, S, S, 3] as float [N, 3, S, S] in -1..1, channels last."""
    return torch.as_tensor(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def picture_loss(made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Absolute error of the pixels and of their differences to the right and below, so that edges stay sharp."""
    error = made.float() - real
    edges = (error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()) / 2
    return error.abs().mean() + edges


def draw(kinds: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of a batch of examples of these kinds, each kind with its share."""
    where = [np.flatnonzero(kinds == kind) for kind in SHARES]
    counts = rng.multinomial(count, list(SHARES.values()))
    return np.concatenate([part[rng.integers(0, len(part), n)] for part, n in zip(where, counts, strict=True)])


def train_autoencoder(corpus: Corpus, recipe: Recipe, folder: Path, device: torch.device) -> tuple[Autoencoder, Stage]:
    """The trained autoencoder, its latents' mean and deviation set."""
    torch.manual_seed(recipe.seed)
    net = Autoencoder().to(device, memory_format=torch.channels_last)
    steps, path = recipe.autoencoder_steps, folder / "autoencoder.pt"
    stage = Stage(net, recipe.autoencoder_lr, steps, path, device, recipe.autoencoder_seconds)
    compiled = torch.compile(lambda pictures, noise: net.decode(net.encode(pictures) + noise))
    images = torch.from_numpy(corpus.images).to(device)

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng([recipe.seed, step])
        chosen = torch.from_numpy(draw(corpus.kinds, recipe.autoencoder_batch, rng)).to(device)
        real = to_pictures(images[chosen]).contiguous(memory_format=torch.channels_last)
        torch.manual_seed(int(rng.integers(2**31)))
        side = recipe.size // 8
        with torch.autocast(device.type, torch.bfloat16):
            made = compiled(real, 0.05 * torch.randn(len(chosen), 16, side, side, device=device))
        return picture_loss(made, real)

    for step, loss in stage.run(loss_of):
        print(f"autoencoder {step:6d}  loss {loss:.4f}  {stage.seconds:.0f} s", flush=True)
    net = stage.averaged()
    if float(net.mean.abs().sum()) == 0:
        latents = encoded(net, images)
        net.mean.copy_(latents.mean((0, 2, 3), keepdim=True))
        net.std.copy_(latents.std((0, 2, 3), keepdim=True))
        stage.save()
    return net, stage


@torch.no_grad()
def encoded(net: Autoencoder, images: torch.Tensor) -> torch.Tensor:
    """The latents of uint8 [N, S, S, 3]."""
    return torch.cat([net.encode(to_pictures(part)) for part in images.split(1000)])


def train_flow(
    corpus: Corpus, autoencoder: Autoencoder, recipe: Recipe, folder: Path, device: torch.device
) -> tuple[FlowTransformer, Stage]:
    """The trained flow on the autoencoder's latents."""
    latents = encoded(autoencoder, torch.from_numpy(corpus.images).to(device))
    torch.manual_seed(recipe.seed)
    net = FlowTransformer(side=recipe.size // 8).to(device)
    stage = Stage(net, recipe.flow_lr, recipe.flow_steps, folder / "flow.pt", device, recipe.flow_seconds)
    compiled = torch.compile(net)
    vectors, words, styles, captions = (
        torch.from_numpy(part).to(device) for part in (corpus.vectors, corpus.words, corpus.styles, corpus.captions)
    )

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng([recipe.seed, step])
        count = recipe.flow_batch
        chosen = torch.from_numpy(draw(corpus.kinds, count, rng)).to(device)
        said = captions[chosen, torch.from_numpy(rng.integers(0, captions.shape[1], count)).to(device)]
        torch.manual_seed(int(rng.integers(2**31)))
        text = torch.where(
            torch.rand(count, 1, device=device) < DROPPED, net.no_text, jittered(vectors[said], words[said])
        )
        with torch.autocast(device.type, torch.bfloat16):
            return flow_loss(compiled, latents[chosen], text, styles[chosen])

    for step, loss in stage.run(loss_of):
        print(f"flow {step:6d}  loss {loss:.4f}  {stage.seconds:.0f} s", flush=True)
    return stage.averaged(), stage


def jittered(vectors: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Sentence vectors [N, SENTENCE] and words [N, WORDS, WORD] as texts [N, TEXT] beside what they are."""
    vectors = vectors.float() + JITTER / SENTENCE**0.5 * torch.randn(vectors.shape, device=vectors.device)
    words = words.float()
    there = words.abs().amax(-1, keepdim=True) > 0
    words = words + JITTER * torch.randn(words.shape, device=words.device) * there
    return torch.cat([vectors, words.reshape(len(words), -1)], dim=1)
