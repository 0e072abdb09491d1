"""A VAE's run as a short script of plain PyTorch that trains the same: pictures, first weights, batches and steps."""

from __future__ import annotations

from string import Template

from engines.live_training.take_home.script import PICTURES, PROJECT, as_code, has_project, pictures_file
from engines.vae_training.config import VaeConfig

BERNOULLI = "F.binary_cross_entropy_with_logits(logits, x, reduction='none').flatten(1).sum(1).mean()"
GAUSSIAN = "(0.5 * error / variance + PIXELS * (0.5 * (2 * math.pi * variance).log() + math.log(255))).mean()"
SCRIPT = Template('''\
"""Trains a VAE as a run of the AIGC Playground did: python train.py (pip install torch numpy pillow)"""

import copy
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, LR, LATENT, CLASSES = $seed, $steps, $batch, $lr, $latent, $classes
BETA, SIGMA, PIXELS, TOLD = $beta, $sigma, $pixels, 16  # TOLD numbers stand for a class
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HERE = Path(__file__).parent
pictures = np.load(HERE / "$pictures")
count = len(pictures["images"])
held = np.zeros(count, bool)  # pictures that are not trained on
held[np.random.default_rng(0).permutation(count)[: min(1000, count // 10)]] = True
images = torch.tensor(pictures["images"][~held], device=DEVICE)  # uint8 [N, size, size, channels]
labels = torch.tensor(pictures["labels"][~held], dtype=torch.int64, device=DEVICE)


${project}class Vae(nn.Module):
    """Pictures from 0 to 1 to Gaussians of latent numbers, and these to logits of pictures."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
$encoder
        )
        self.decoder = nn.Sequential(
$decoder
        )
        self.posterior = nn.Linear($encoded, 2 * LATENT)
        self.told_encoder = nn.Embedding(CLASSES, TOLD) if CLASSES else None
        self.told_decoder = nn.Embedding(CLASSES, TOLD) if CLASSES else None

    def encode(self, x, y):
        h = self.encoder(2 * x - 1)
        mean, log_variance = self.posterior(torch.cat([h, self.told_encoder(y)], 1) if CLASSES else h).chunk(2, 1)
        return mean, log_variance.clamp(-14, 8)

    def decode(self, z, y):
        return self.decoder(torch.cat([z, self.told_decoder(y)], 1) if CLASSES else z)


def initialise(net):
    """He et al. 2015; q(z|x) begins near N(0, 1)."""
    rng = torch.Generator().manual_seed(SEED)
    for layer in net.modules():
        if isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, 0.0, 1.0, generator=rng)
        elif hasattr(layer, "weight"):
            nn.init.kaiming_normal_(layer.weight, generator=rng)
            if isinstance(layer, nn.ConvTranspose2d):  # each output has a quarter of the kernel, of other inputs
                fan_in = layer.in_channels * layer.weight[0, 0].numel() / 4
                nn.init.normal_(layer.weight, 0.0, (2 / fan_in) ** 0.5, generator=rng)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)
    with torch.no_grad():
        net.posterior.weight.mul_(0.1)
    return net.to(DEVICE)


net = initialise(Vae())
averaged, averages = copy.deepcopy(net), 0
optimiser = torch.optim.Adam(net.parameters(), LR)
rng = torch.Generator(DEVICE).manual_seed(SEED)

for step in range(STEPS):
    index = torch.randint(len(images), (BATCH,), generator=rng, device=DEVICE)
    x, y = images[index].permute(0, 3, 1, 2).float() / 255, labels[index]
$binarise    noise = torch.randn(BATCH, LATENT, generator=rng, device=DEVICE)
    mean, log_variance = net.encode(x, y)
    logits = net.decode(mean + (0.5 * log_variance).exp() * noise, y)
    error = (x - logits.sigmoid()).square().flatten(1).sum(1)
    variance = torch.tensor(SIGMA**2) if SIGMA else (error.detach().mean() / PIXELS).clamp(min=1 / 255**2)
    reconstruction = $reconstruction
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    optimiser.zero_grad()
    (reconstruction + BETA * kl).backward()
    optimiser.step()
    if step % 4 == 0:  # a running average, which starts short
        keep = min(0.98**4, (1 + averages) / (10 + averages)) if averages else 0.0
        for old, now in zip(averaged.state_dict().values(), net.state_dict().values()):
            old.copy_(now) if keep == 0 else old.lerp_(now, 1 - keep)
        averages += 1
    if step < 50 or step % 100 == 0:
        print(f"step {step + 1}: Reconstruction {reconstruction.item():.5f}, KL {kl.item():.6f}")

torch.save(averaged.state_dict(), HERE / "vae.pt")
with torch.no_grad():
    made = averaged.decode(torch.randn(64, LATENT, device=DEVICE), torch.arange(64, device=DEVICE) % max(1, CLASSES))
grid = (made.sigmoid() * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
rows = [np.concatenate(grid[i : i + 8], 1) for i in range(0, 64, 8)]
Image.fromarray(np.concatenate(rows).squeeze()).save(HERE / "made.png")
''')


def script_files(config: VaeConfig) -> dict[str, bytes]:
    """train.py and the pictures that it reads; EngineError for a run on other pictures than the bundled ones."""
    from engines.vae_training.networks import TOLD, build_vae

    pictures, channels, classes = pictures_file(config)
    net = build_vae(config, channels, classes)
    names = ("seed", "steps", "batch", "lr", "latent", "beta", "sigma")
    script = SCRIPT.substitute(
        {name: repr(getattr(config, name)) for name in names},
        classes=classes if config.conditional else 0,
        pixels=channels * config.size**2,
        pictures=PICTURES,
        project=PROJECT if has_project(net) else "",
        encoder=as_code(net.encoder, " " * 12),
        decoder=as_code(net.decoder, " " * 12),
        encoded=f"{net.posterior.in_features - TOLD} + TOLD" if config.conditional else net.posterior.in_features,
        binarise="    x = torch.bernoulli(x, generator=rng)\n" if config.binarise else "",
        reconstruction=GAUSSIAN if config.likelihood == "gaussian" else BERNOULLI,
    )
    return {"train.py": script.encode(), PICTURES: pictures}
