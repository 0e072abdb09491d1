"""A GAN's run as a short script of plain PyTorch that trains the same: pictures, first weights, batches and steps."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from engines.gan_training.config import GanConfig
from engines.live_training.take_home.script import PICTURES, PROJECT, as_code, has_project, pictures_file

# Losses of D and G by the scores of real and fake pictures, as code; objectives.py has their papers.
LOSSES: Mapping[str, tuple[str, str]] = {
    "non_saturating": ("F.softplus(-real).mean() + F.softplus(fake).mean()", "F.softplus(-fake).mean()"),
    "minimax": ("F.softplus(-real).mean() + F.softplus(fake).mean()", "-F.softplus(fake).mean()"),
    "least_squares": (
        "0.5 * ((real - 1).square().mean() + fake.square().mean())",
        "0.5 * (fake - 1).square().mean()",
    ),
    "wgan_gp": ("fake.mean() - real.mean()", "-fake.mean()"),
    "hinge": ("F.relu(1 - real).mean() + F.relu(1 + fake).mean()", "-fake.mean()"),
    "relativistic": ("F.softplus(fake - real).mean()", "F.softplus(real - fake).mean()"),
}
PENALTIES: Mapping[str, str] = {
    "wgan_gp": """\
    x = torch.lerp(real, fake, torch.rand(len(real), 1, 1, 1, generator=rng, device=DEVICE))
    x.requires_grad_()
    (slope,) = torch.autograd.grad(d(x, y).sum(), x, create_graph=True)
    return GAMMA * 10 * ((slope.flatten(1).square().sum(1) + 1e-12).sqrt() - 1).square().mean()
""",
    "relativistic": """\
    x = torch.cat([real, fake]).requires_grad_()
    (slope,) = torch.autograd.grad(d(x, y.repeat(2)).sum(), x, create_graph=True)
    return GAMMA * slope.square().sum() / (2 * len(real))
""",
}
SCRIPT = Template('''\
"""Trains a GAN as a run of the AIGC Playground did: python train.py (pip install torch numpy pillow)"""

import copy
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, LATENT, CLASSES = $seed, $steps, $batch, $latent, $classes
LR_G, LR_D, BETA1, D_STEPS, GAMMA, EMA = $lr_g, $lr_d, $beta1, $d_steps, $gamma, $ema
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HERE = Path(__file__).parent
pictures = np.load(HERE / "$pictures")
images = torch.tensor(pictures["images"], device=DEVICE)  # uint8 [N, size, size, channels]
labels = torch.tensor(pictures["labels"], dtype=torch.int64, device=DEVICE)


${project}class Generator(nn.Module):
    """Noise, and beside it where there are classes the label's embedding, to pictures from -1 to 1."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
$generator
        )
        self.embedding = nn.Embedding(CLASSES, LATENT) if CLASSES else None

    def forward(self, z, y):
        return self.body(torch.cat([z, self.embedding(y)], 1) if CLASSES else z)


class Discriminator(nn.Module):
    """A score for each picture; with classes plus the inner product of the label's embedding and the features."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
$discriminator
        )
        self.score = nn.Linear($scored, 1)
        self.embedding = nn.Embedding(CLASSES, $features) if CLASSES else None

    def forward(self, x, y):
        h = self.body(x).flatten(2).transpose(1, 2)  # [N, places, features]
        score = self.score(h.flatten(1)).squeeze(1)
        return score + (self.embedding(y) * h.sum(1)).sum(1) if CLASSES else score


def initialise(net, stream, embedding):
    """N(0, 0.02) as in the DCGAN paper; without BatchNorm He et al. 2015."""
    rng = torch.Generator().manual_seed(2 * SEED + stream)
    normalised = any(isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)) for layer in net.modules())
    for layer in net.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.normal_(layer.weight, 1.0, 0.02, generator=rng)
        elif isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, 0.0, embedding, generator=rng)
        elif normalised and hasattr(layer, "weight"):
            nn.init.normal_(layer.weight, 0.0, 0.02, generator=rng)
        elif hasattr(layer, "weight"):
            nn.init.kaiming_normal_(layer.weight, 0.2, nonlinearity="leaky_relu", generator=rng)
        if getattr(layer, "bias", None) is not None:
            nn.init.zeros_(layer.bias)
    return net.to(DEVICE)


g, d = initialise(Generator(), 0, 0.5), initialise(Discriminator(), 1, 0.02)
averaged, averages = copy.deepcopy(g), 0
opt_g, opt_d = (torch.optim.Adam(net.parameters(), lr, (BETA1, 0.999)) for net, lr in ((g, LR_G), (d, LR_D)))
rng = torch.Generator(DEVICE).manual_seed(SEED)


def batch():
    """Real pictures from -1 to 1, their labels, and noise."""
    index = torch.randint(len(images), (BATCH,), generator=rng, device=DEVICE)
    z = torch.randn(BATCH, LATENT, generator=rng, device=DEVICE)
    return images[index].permute(0, 3, 1, 2).float() / 127.5 - 1, labels[index], z

$penalty
for step in range(STEPS):
    left = max(0.01, 0.5 + 0.5 * math.cos(math.pi * step / STEPS * min(1, STEPS / 20_000)))  # of the rates
    for optimiser, lr in ((opt_g, LR_G), (opt_d, LR_D)):
        optimiser.param_groups[0]["lr"] = left * lr
    for _ in range(D_STEPS):
        x, y, z = batch()
        made = g(z, y)
        real, fake = d(x, y), d(made.detach(), y)
        loss_d = $loss_d$penalised
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
    d.requires_grad_(False)
    fake$real = d(made, y)$scored_real
    loss_g = $loss_g
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    d.requires_grad_(True)
    if EMA and step % 4 == 0:  # a running average, which starts short
        keep = min(EMA**4, (1 + averages) / (10 + averages)) if averages else 0.0
        for mean, now in zip(averaged.state_dict().values(), g.state_dict().values()):
            mean.copy_(now) if keep == 0 or not mean.is_floating_point() else mean.lerp_(now, 1 - keep)
        averages += 1
    if step < 50 or step % 100 == 0:
        print(f"step {step + 1}: Loss_D {loss_d.item():.5f}, Loss_G {loss_g.item():.5f}")

best = (averaged if EMA else g).eval()
torch.save(best.state_dict(), HERE / "generator.pt")
with torch.no_grad():
    made = best(torch.randn(64, LATENT, device=DEVICE), torch.arange(64, device=DEVICE) % max(1, CLASSES))
grid = ((made.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
rows = [np.concatenate(grid[i : i + 8], 1) for i in range(0, 64, 8)]
Image.fromarray(np.concatenate(rows).squeeze()).save(HERE / "made.png")
''')


def script_files(config: GanConfig) -> dict[str, bytes]:
    """train.py and the pictures that it reads; EngineError for a run on other pictures than the bundled ones."""
    from engines.gan_training.networks import build_discriminator, build_generator

    pictures, channels, classes = pictures_file(config)
    g, d = build_generator(config, channels, classes), build_discriminator(config, channels, classes)
    loss_d, loss_g = LOSSES[config.objective]
    penalty = PENALTIES.get(config.objective) if config.gamma else None
    paired = config.objective == "relativistic"
    names = ("seed", "steps", "batch", "latent", "lr_g", "lr_d", "beta1", "d_steps", "gamma", "ema")
    features = d.embedding.embedding_dim if d.embedding is not None else 0
    head = '\ndef penalty(real, fake, y):\n    """What holds back D\'s slope."""\n'
    script = SCRIPT.substitute(
        {name: repr(getattr(config, name)) for name in names},
        classes=classes if config.conditional else 0,
        pictures=PICTURES,
        project=PROJECT if has_project(g, d) else "",
        generator=as_code(g.body, " " * 12),
        discriminator=as_code(d.body, " " * 12),
        scored=d.score.in_features,
        features=features,
        penalty=f"{head}{penalty}\n" if penalty else "",
        loss_d=loss_d,
        loss_g=loss_g,
        penalised=" + penalty(x, made.detach(), y)" if penalty else "",
        real=", real" if paired else "",
        scored_real=", d(x, y)" if paired else "",
    )
    return {"train.py": script.encode(), PICTURES: pictures}
