"""A diffusion model's run as a short script of plain PyTorch that trains the same: pictures, first weights, steps."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from engines.diffusion_training.config import DiffusionConfig, patch
from engines.live_training.take_home.script import PICTURES, pictures_file

COSINE = ("torch.cos(math.pi / 2 * s), torch.sin(math.pi / 2 * s)", "torch.special.ndtr(normal).clamp(1e-3, 1 - 1e-3)")
# The path, the noise levels that are learned from, and what is predicted: p e + q x. objectives.py has the papers.
OBJECTIVES: Mapping[str, tuple[str, str, str]] = {
    "flow": ("1 - s, s", "torch.sigmoid(normal)", "1.0, -1.0"),
    "epsilon": (*COSINE, "1.0, 0.0"),
    "v": (*COSINE, "alpha, -sigma"),
}
SCRIPT = Template('''\
"""Trains a diffusion model as a run of the AIGC Playground did: python train.py (pip install torch numpy pillow)"""

import copy
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, LR, EMA, CLASSES = $seed, $steps, $batch, $lr, $ema, $classes
SIZE, CHANNELS, WIDTH, PATCH, TOLD, SPREAD = $size, $channels, $features, $patch, 128, 0.5
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HERE = Path(__file__).parent
pictures = np.load(HERE / "$pictures")
count = len(pictures["images"])
order = np.random.default_rng(0).permutation(count)
learned = np.sort(order[(0 if count < 20 else min(256, count // 10)) :]$wanted)  # the others are held out
images = torch.tensor(pictures["images"][learned], device=DEVICE)  # uint8 [N, size, size, channels]
labels = torch.tensor(pictures["labels"][learned], dtype=torch.int64, device=DEVICE)


class Residual(nn.Module):
    """x + two convolutions of it; between them the noise level and the class scale and shift."""

    def __init__(self, width):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(width // 8, width), nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2, self.told = nn.GroupNorm(width // 8, width, affine=False), nn.Linear(TOLD, 2 * width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, x, told):
        scale, shift = self.told(told)[..., None, None].chunk(2, dim=1)
        return x + self.conv2(F.silu(self.norm2(self.conv1(F.silu(self.norm1(x)))) * (1 + scale) + shift))


class UNet(nn.Module):
    """Two maps, the second half as large and twice as wide; label CLASSES stands for "no class"."""

    def __init__(self):
        super().__init__()
        self.level = nn.Sequential(nn.Linear(64, TOLD), nn.SiLU(), nn.Linear(TOLD, TOLD))
        self.label = nn.Embedding(CLASSES + 1, TOLD) if CLASSES else None
        self.enter = nn.Conv2d(PATCH**2 * CHANNELS, WIDTH, 3, padding=1)
        self.down = nn.ModuleList([Residual(WIDTH) for _ in range(2)])
        self.shrink = nn.Conv2d(WIDTH, 2 * WIDTH, 2, stride=2)
        self.middle = nn.ModuleList([Residual(2 * WIDTH) for _ in range(2)])
        self.grow = nn.ConvTranspose2d(2 * WIDTH, WIDTH, 2, stride=2)
        self.up = nn.ModuleList([Residual(WIDTH) for _ in range(2)])
        self.norm, self.leave = nn.GroupNorm(WIDTH // 8, WIDTH), nn.Conv2d(WIDTH, PATCH**2 * CHANNELS, 3, padding=1)

    def forward(self, z, level, label):
        angles = level[:, None] * torch.exp(torch.linspace(0, math.log(1000), 32, device=DEVICE))
        told = self.level(torch.cat([angles.cos(), angles.sin()], 1))
        told = F.silu(told + self.label(label) if CLASSES else told)
        x = self.enter(F.pixel_unshuffle(z, PATCH))
        for block in self.down:
            x = block(x, told)
        h = self.shrink(x)
        for block in self.middle:
            h = block(h, told)
        x = x + self.grow(h)
        for block in self.up:
            x = block(x, told)
        return F.pixel_shuffle(self.leave(F.silu(self.norm(x))), PATCH)


def initialise(net):
    """He et al. 2015; what ends a branch begins at zero, so that each block begins as x."""
    rng = torch.Generator().manual_seed(SEED)
    for layer in net.modules():
        if isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, generator=rng)
        elif isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear", generator=rng)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)
    for block in (*net.down, *net.middle, *net.up):
        nn.init.zeros_(block.conv2.weight)
        nn.init.zeros_(block.told.weight)
    nn.init.zeros_(net.leave.weight)
    return net.to(DEVICE)


@torch.no_grad()
def muon(weight, lr):
    """Jordan et al. 2024: the momentum with all its singular values brought to about 1, by five rounds of Newton."""
    momentum = momenta.setdefault(weight, torch.zeros_like(weight)).lerp_(weight.grad, 0.05)
    x = weight.grad.lerp(momentum, 0.95).flatten(1)
    tall, scale = x.shape[0] > x.shape[1], 2 * max(x.shape) ** 0.5
    x = (x.T if tall else x) / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    weight.sub_((x.T if tall else x).reshape(weight.shape) * scale * lr)


def path(s):
    """How much of the picture and of the noise there is at noise level s."""
    return $path


net, rng, momenta = initialise(UNet()), torch.Generator(DEVICE).manual_seed(SEED), {}
averaged, averages = copy.deepcopy(net), 0
matrices = [weight for weight in net.parameters() if weight.dim() == 4 and min(weight.shape[:2]) >= 16]
rest = [weight for weight in net.parameters() if not any(weight is other for other in matrices)]
adam = torch.optim.Adam(rest, LR, (0.9, 0.99))

for step in range(STEPS):
    adam.param_groups[0]["lr"] = lr = LR * min(1.0, (1 - step / STEPS) / 0.3)
    x = images[index := torch.randint(len(images), (BATCH,), generator=rng, device=DEVICE)]
    x = x.permute(0, 3, 1, 2).float() / 127.5 - 1
    y = labels[index].masked_fill(torch.rand(BATCH, generator=rng, device=DEVICE) < 0.1, CLASSES)
    e = torch.randn(x.shape, generator=rng, device=DEVICE)
    normal = torch.randn(BATCH, generator=rng, device=DEVICE)
    s = $levels
    alpha, sigma = (part[:, None, None, None] for part in path(s))
    (p, q), variance = ($says), alpha**2 * SPREAD**2 + sigma**2
    z = alpha * x + sigma * e
    said = (p * sigma + q * alpha * SPREAD**2) / variance * z
    said = said + (p * alpha - q * sigma) * SPREAD / variance.sqrt() * net(z, s, y)
    loss = (said - p * e - q * x).square().mean()
    net.zero_grad()
    loss.backward()
    adam.step()
    for weight in matrices:
        muon(weight, lr)
    if EMA and step % 4 == 0:  # a running average, which starts short
        keep = min(EMA**4, (1 + averages) / (10 + averages)) if averages else 0.0
        for old, now in zip(averaged.parameters(), net.parameters()):
            old.data.lerp_(now.data, 1 - keep)
        averages += 1
    if step < 50 or step % 100 == 0:
        print(f"step {step + 1}: Loss {loss.item():.5f}")

best = averaged if EMA else net
torch.save(best.state_dict(), HERE / "network.pt")
z, y = torch.randn(64, CHANNELS, SIZE, SIZE, device=DEVICE), torch.arange(64, device=DEVICE) % max(1, CLASSES)
with torch.no_grad():
    for now, then in zip(torch.linspace(0.999, 0, 50)[:-1], torch.linspace(0.999, 0, 50)[1:]):  # as DDIM does
        (alpha, sigma), (alpha_then, sigma_then) = path(now), path(then)
        variance = alpha**2 * SPREAD**2 + sigma**2
        x = alpha * SPREAD**2 / variance * z - sigma * SPREAD / variance.sqrt() * best(z, now.repeat(64).to(DEVICE), y)
        z = alpha_then * x + sigma_then * (z - alpha * x) / sigma
grid = ((z.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
rows = [np.concatenate(grid[i : i + 8], 1) for i in range(0, 64, 8)]
Image.fromarray(np.concatenate(rows).squeeze()).save(HERE / "made.png")
''')


def script_files(config: DiffusionConfig) -> dict[str, bytes]:
    """train.py and the pictures that it reads; EngineError for a run on other pictures than the bundled ones."""
    pictures, channels, classes = pictures_file(config)
    path, levels, says = OBJECTIVES[config.objective]
    names = ("seed", "steps", "batch", "lr", "ema", "size", "features")
    script = SCRIPT.substitute(
        {name: repr(getattr(config, name)) for name in names},
        classes=classes if config.conditional else 0,
        channels=channels,
        patch=patch(config.size),
        pictures=PICTURES,
        wanted=f"[:{config.pictures}]" if config.pictures else "",
        path=path,
        levels=levels,
        says=says,
    )
    return {"train.py": script.encode(), PICTURES: pictures}
