"""The two stages of the bundled model's training: an autoencoder of the pictures, then a flow on its latents."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engines.data.sentences import SentenceEncoder
from engines.image_generation.emoji.flow import flow_loss
from engines.image_generation.emoji.networks import TEXT, Autoencoder, FlowTransformer
from engines.image_generation.emoji.pictures import compose, held_out, load_emoji

SHARES = {"emoji": 0.75, "colour": 0.2, "pair": 0.05}  # of each batch, by kind of example
DROPPED = 0.1  # share of prompts left out, for classifier-free guidance
EMA = 0.999
KEEP_SECONDS = 120.0  # between checkpoints


@dataclass(frozen=True)
class Recipe:
    """How each stage is trained."""

    size: int = 64
    autoencoder_steps: int = 5_000
    autoencoder_batch: int = 32
    autoencoder_lr: float = 1e-3
    flow_steps: int = 12_000
    flow_batch: int = 128
    flow_lr: float = 1.2e-3
    seed: int = 0


@dataclass(frozen=True)
class Corpus:
    """All training pictures and captions as arrays."""

    images: np.ndarray  # uint8 [N, S, S, 3]
    styles: np.ndarray  # int64 [N]
    kinds: np.ndarray  # str [N]
    emoji: np.ndarray  # int64 [N], index of the emoji
    captions: np.ndarray  # int64 [N, C], indices into `vectors`, a row's own repeated to fill it
    vectors: np.ndarray  # float32 [V, 384]


def build_corpus(sources: Path, minilm: Path, size: int, cache: Path) -> Corpus:
    """The corpus, made once and kept in `cache`."""
    if cache.exists():
        with np.load(cache) as kept:
            return Corpus(**kept)
    emoji = load_emoji(sources, size)
    examples = list(compose(emoji, set(held_out(len(emoji)).tolist())))
    texts = list(dict.fromkeys(caption for example in examples for caption in example.captions))
    print(f"{len(emoji)} emoji, {len(examples)} pictures, {len(texts)} captions", flush=True)
    place = {text: i for i, text in enumerate(texts)}
    longest = max(len(example.captions) for example in examples)
    corpus = Corpus(
        images=np.stack([example.image for example in examples]),
        styles=np.array([example.style for example in examples]),
        kinds=np.array([example.kind for example in examples]),
        emoji=np.array([example.emoji for example in examples]),
        captions=np.array([np.resize([place[c] for c in e.captions], longest) for e in examples]),
        vectors=SentenceEncoder(minilm).encode(texts),
    )
    np.savez(cache, **asdict(corpus))
    return corpus


class Stage:
    """A network in training that survives being killed: its checkpoint holds all that its next step needs."""

    def __init__(self, net: nn.Module, lr: float, steps: int, path: Path, device: torch.device) -> None:
        self.net, self.steps, self.path, self.lr = net.to(device), steps, path, lr
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

    def run(self, loss_of: Callable[[int], torch.Tensor]) -> Iterator[tuple[int, float]]:
        """Train to the last step, `loss_of(step)` being the loss of one batch; yields (step, mean loss) at times."""
        began, kept, total = time.monotonic() - self.seconds, time.monotonic(), torch.zeros(())
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
            total = total + loss.detach().cpu()
            if self.step % 100 == 0 or self.step == self.steps:
                self.seconds = time.monotonic() - began
                yield self.step, float(total) / 100
                total = torch.zeros(())
            if time.monotonic() - kept > KEEP_SECONDS or self.step == self.steps:
                self.seconds = time.monotonic() - began
                self.save()
                kept = time.monotonic()

    def _warm_and_decayed(self) -> float:
        """Up over 200 steps, flat, and down to nothing over the last fifth."""
        return min(1.0, (self.step + 1) / 200, (self.steps - self.step) / (0.2 * self.steps))

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "step": self.step,
            "seconds": self.seconds,
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


def draw(corpus: Corpus, count: int, rng: np.random.Generator) -> np.ndarray:
    """Indices of a batch, each kind with its share."""
    kinds = rng.choice(list(SHARES), size=count, p=list(SHARES.values()))
    where = {kind: np.flatnonzero(corpus.kinds == kind) for kind in SHARES}
    return np.array([rng.choice(where[kind]) for kind in kinds])


def train_autoencoder(corpus: Corpus, recipe: Recipe, folder: Path, device: torch.device) -> tuple[Autoencoder, Stage]:
    """The trained autoencoder, its latents' mean and deviation set."""
    torch.manual_seed(recipe.seed)
    net = Autoencoder().to(device, memory_format=torch.channels_last)
    steps, path = recipe.autoencoder_steps, folder / "autoencoder.pt"
    stage = Stage(net, recipe.autoencoder_lr, steps, path, device)
    compiled = torch.compile(lambda pictures, noise: net.decode(net.encode(pictures) + noise))

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng([recipe.seed, step])
        chosen = draw(corpus, recipe.autoencoder_batch, rng)
        real = to_pictures(corpus.images[chosen]).to(device, memory_format=torch.channels_last)
        side = recipe.size // 8
        noise = torch.from_numpy(rng.normal(0, 0.05, (len(chosen), 16, side, side)).astype(np.float32)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            made = compiled(real, noise)
        return picture_loss(made, real)

    for step, loss in stage.run(loss_of):
        print(f"autoencoder {step:6d}  loss {loss:.4f}  {stage.seconds:.0f} s", flush=True)
    net = stage.averaged()
    with torch.inference_mode():
        latents = torch.cat([net.encoder(to_pictures(part).to(device)) for part in np.array_split(corpus.images, 100)])
    if float(net.mean.abs().sum()) == 0:
        net.mean.copy_(latents.mean((0, 2, 3), keepdim=True))
        net.std.copy_(latents.std((0, 2, 3), keepdim=True))
        stage.save()
    return net, stage


def train_flow(
    corpus: Corpus, autoencoder: Autoencoder, recipe: Recipe, folder: Path, device: torch.device
) -> tuple[FlowTransformer, Stage]:
    """The trained flow on the autoencoder's latents."""
    with torch.inference_mode():
        parts = np.array_split(corpus.images, 100)
        latents = torch.cat([autoencoder.encode(to_pictures(part).to(device)) for part in parts])
    latents = latents.clone()
    torch.manual_seed(recipe.seed)
    net = FlowTransformer(side=recipe.size // 8).to(device)
    stage = Stage(net, recipe.flow_lr, recipe.flow_steps, folder / "flow.pt", device)
    compiled = torch.compile(net)
    vectors, styles = torch.from_numpy(corpus.vectors), torch.from_numpy(corpus.styles)

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng([recipe.seed, step])
        chosen = draw(corpus, recipe.flow_batch, rng)
        captions = corpus.captions[chosen, rng.integers(0, corpus.captions.shape[1], len(chosen))]
        jitter = torch.from_numpy(rng.normal(0, 0.1 / TEXT**0.5, (len(chosen), TEXT)).astype(np.float32))
        text = (vectors[captions] + jitter).to(device)
        dropped = torch.from_numpy(rng.random(len(chosen)) < DROPPED).to(device)
        text = torch.where(dropped[:, None], net.no_text, text)
        torch.manual_seed(int(rng.integers(2**31)))
        with torch.autocast(device.type, torch.bfloat16):
            return flow_loss(compiled, latents[chosen], text, styles[chosen].to(device))

    for step, loss in stage.run(loss_of):
        print(f"flow {step:6d}  loss {loss:.4f}  {stage.seconds:.0f} s", flush=True)
    return stage.averaged(), stage
