"""A melody VAE's run as a short script of plain PyTorch: same melodies, first weights, noise and steps."""

from __future__ import annotations

from string import Template

from engines.data.cards import ASSETS
from engines.music.melody_vae.bars import END, HIGHEST, LOWEST, ROWS
from engines.music.melody_vae.config import BOTH, GRU, JIGS, LOG_VARIANCE, TOLD, MelodyConfig
from engines.music.melody_vae.corpus import FIRST, MEASURED, TOKENS

DATA = "melodies.npz"  # beside the script
SCRIPT = Template('''\
"""Trains a VAE of two-bar melodies as a run of the AIGC Playground did: python train.py (pip install torch numpy)"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, WIDTH, LATENT = $seed, $steps, $batch, $width, $latent
LR, DROPOUT, DECAY, BETA, FREE, FORGET, PART = $lr, $dropout, $decay, $beta, $free, $forget, $part
ROWS, LOWEST, HIGHEST, TOLD, TOKENS, FIRST = $rows, $lowest, $highest, $told, $tokens, $first
BEGIN = TOKENS  # what a decoder by notes sees before the first sixteenth, and of a forgotten one
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HERE = Path(__file__).parent

# --- The melodies: a sixteenth > 0 is the pitch of a note that begins there, < 0 one that is held, 0 a rest.
with np.load(HERE / "$data") as file:
    cells, held = file["melodies"].astype(np.int64), file["held"].astype(bool)
wanted = $wanted
parts = (np.random.default_rng(0).permutation(np.flatnonzero(wanted & some)) for some in (~held, held))
learnt, unseen = parts
learnt, unseen = learnt[: max(1, round(len(learnt) * PART))], unseen[:$measured]
# A token for each sixteenth: 0 a rest, 1 the note before is held, 2 the melody is over, from FIRST on a pitch begins.
tokens = torch.tensor(np.select([cells == $end, cells == 0, cells < 0], [2, 0, 1], cells - LOWEST + FIRST))
learnt, unseen = tokens[learnt].to(DEVICE), tokens[unseen].to(DEVICE)


$decoder


class MelodyVae(nn.Module):
    """Tokens [N, ROWS] -> q(z|x), Gaussians, and back."""

    def __init__(self):
        super().__init__()
        self.told, self.drop = nn.Embedding(TOKENS, TOLD), nn.Dropout(DROPOUT)
        self.layers = nn.ModuleList(nn.Conv1d(TOLD if i == 0 else WIDTH, WIDTH, 4, 2, 1) for i in range(3))
        self.posterior = nn.Linear(4 * WIDTH, 2 * LATENT)
        self.decoder = Decoder()
        with torch.no_grad():  # q(z|x) begins near N(0, 1), so that the first KL divergence is near 0
            self.posterior.weight.mul_(0.1)

    def encode(self, x):
        x = self.told(x).transpose(1, 2)
        for layer in self.layers:
            x = self.drop(F.gelu(layer(x)))
        mean, log_variance = self.posterior(x.flatten(1)).chunk(2, 1)
        return mean, log_variance.clamp$limits

    def forward(self, x, noise, hidden=None):
        """Nats of reconstruction and of KL divergence, of each melody."""
        mean, log_variance = self.encode(x)
        before = F.pad(x, (1, 0), value=BEGIN)[:, :-1]
        before = before if hidden is None else before.masked_fill(hidden, BEGIN)
        logits = self.decoder(mean + (0.5 * log_variance).exp() * noise, before)
        nats = F.cross_entropy(logits.transpose(1, 2), x, reduction="none").sum(1)
        return nats, 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1)


torch.manual_seed(SEED)
net = MelodyVae().to(DEVICE)
groups = [[p for p in net.parameters() if (p.dim() > 1) == many] for many in (True, False)]
groups = [{"params": some, "weight_decay": decay} for some, decay in zip(groups, (DECAY, 0.0))]
optimiser = torch.optim.AdamW(groups, lr=LR, betas=(0.9, 0.99))
rng = torch.Generator(DEVICE).manual_seed(SEED)
for step in range(STEPS):
    for group in optimiser.param_groups:
        group["lr"] = LR * min(1.0, (step + 1) / 30) * (0.51 + 0.49 * math.cos(math.pi * step / STEPS))
$dropped    x = learnt[torch.randint(len(learnt), (BATCH,), generator=rng, device=DEVICE)]
    noise = torch.randn(BATCH, LATENT, generator=rng, device=DEVICE)
    hidden = $hidden
    nats, kl = net(x, noise, hidden)
    loss = nats.mean() + BETA * (kl.mean() - FREE).clamp(min=0)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    if step < 50 or step % 100 == 0:
        print(f"step {step + 1}: {(nats.mean() + kl.mean()).item():.5f} nats a melody", flush=True)

net.eval()
torch.set_grad_enabled(False)
nats, kl = net(unseen, torch.randn(len(unseen), LATENT, generator=rng, device=DEVICE))
written = net.decoder.write(net.encode(unseen)[0])
notes = unseen >= FIRST
back = ((written == unseen) & notes).sum() / notes.sum()
print(f"held out: {nats.mean() + kl.mean():.4f} nats a melody; {back:.1%} of the notes come back")
torch.save(net.state_dict(), HERE / "melodies.pt")
''')
AT_ONCE = '''\
class Decoder(nn.Module):
    """z [N, LATENT] -> logits [N, ROWS, TOKENS], all at once: from four places to eight, sixteen, ROWS."""

    def __init__(self):
        super().__init__()
        self.first, self.drop = nn.Linear(LATENT, 4 * 2 * WIDTH), nn.Dropout(DROPOUT)
        self.layers = nn.ModuleList(
            nn.ConvTranspose1d(2 * WIDTH if i == 0 else WIDTH, WIDTH, 4, 2, 1) for i in range(3)
        )
        self.head = nn.Linear(WIDTH, TOKENS)

    def forward(self, z, before):
        x = self.drop(F.gelu(self.first(z))).view(len(z), 2 * WIDTH, 4)
        for layer in self.layers:
            x = self.drop(F.gelu(layer(x)))
        return self.head(x.transpose(1, 2))

    def write(self, z):
        return self(z, None).argmax(-1)'''
BY_NOTES = '''\
class Decoder(nn.Module):
    """z [N, LATENT] and the tokens before each sixteenth -> logits [N, ROWS, TOKENS]."""

    def __init__(self):
        super().__init__()
        self.told, self.places = nn.Embedding(TOKENS + 1, TOLD), nn.Embedding(ROWS, TOLD)
        self.begin, self.drop = nn.Linear(LATENT, WIDTH), nn.Dropout(DROPOUT)
        self.net, self.head = nn.GRU(TOLD + LATENT, WIDTH, batch_first=True), nn.Linear(WIDTH, TOKENS)

    def forward(self, z, before):
        x = self.told(before) + self.places.weight
        x = torch.cat([self.drop(x), z[:, None].expand(-1, before.shape[1], -1)], -1)
        return self.head(self.drop(self.net(x, torch.tanh(self.begin(z))[None])[0]))

    def write(self, z):
        state, now, written = torch.tanh(self.begin(z))[None], torch.full((len(z),), BEGIN, device=DEVICE), []
        for place in self.places.weight:
            found, state = self.net(torch.cat([self.told(now) + place, z], -1)[:, None], state)
            written.append(now := self.head(found[:, 0]).argmax(-1))
        return torch.stack(written, 1)'''
DROPPED = "    torch.manual_seed((SEED + 40503 * step) % 2**32)  # of dropout\n"
FORGETTING = "torch.rand(BATCH, ROWS, generator=rng, device=DEVICE) < FORGET"


def script_files(config: MelodyConfig) -> dict[str, bytes]:
    """train.py and the melodies that it reads."""
    names = (
        *("seed", "steps", "batch", "width", "latent"),
        *("lr", "dropout", "decay", "beta", "free", "forget", "part"),
    )
    over = f"cells[:, -1] == {END}"
    script = SCRIPT.substitute(
        {name: repr(getattr(config, name)) for name in names},
        rows=ROWS,
        lowest=LOWEST,
        highest=HIGHEST,
        told=TOLD,
        tokens=TOKENS,
        first=FIRST,
        end=END,
        measured=MEASURED,
        data=DATA,
        limits=LOG_VARIANCE,
        wanted="np.ones(len(cells), bool)" if config.metre == BOTH else f"({over}) == {config.metre == JIGS}",
        decoder=BY_NOTES if config.decoder == GRU else AT_ONCE,
        dropped=DROPPED if config.dropout else "",
        hidden=FORGETTING if config.decoder == GRU and config.forget else "None",
    )
    return {"train.py": script.encode(), DATA: (ASSETS / "melodies" / DATA).read_bytes()}
