"""A chorale network's run as a short script of plain PyTorch: same pieces, first weights, holes and steps."""

from __future__ import annotations

from string import Template

from engines.data.cards import ASSETS
from engines.music.chorales import FAR, MOST_SHIFT, PHASES, STEPS, TRAIN, WIDEST
from engines.music.config import MusicConfig
from engines.music.grid import HIGHEST, LOWEST, RANGES

DATA = "chorales.npz"  # beside the script
SCRIPT = Template('''\
"""Trains a chorale network as a run of the AIGC Playground did: python train.py (pip install torch numpy)"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, ROWS, LAYERS, WIDTH = $seed, $steps, $batch, $rows, $layers, $width
LR, DROPOUT, DECAY, ALL_KEYS, PART = $lr, $dropout, $decay, $transpose, $part
LOWEST, HIGHEST, RANGES, VOICES, EDGE = $lowest, $highest, $ranges, 4, 16
TOKENS = 1 + 2 * (HIGHEST - LOWEST + 1)  # a rest, and of each pitch that it begins or is held
HIDDEN, OUTSIDE = TOKENS, TOKENS + 1
FAR, PHASES, APART = $far, $phases, $steps_of_distance
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HERE = Path(__file__).parent

# --- The chorales: a cell > 0 is the pitch of a note that begins there, < 0 one that is held, 0 a rest.
with np.load(HERE / "$data") as file:
    grids = np.split(file["grid"], np.cumsum(file["lengths"])[:-1])
    pieces = list(zip(grids, file["bars"].tolist(), file["pickups"].tolist(), file["parts"].tolist()))
pieces = [piece for piece in pieces if piece[3] == $train]
pieces = pieces[: max(1, round(len(pieces) * PART))]


def shifts(grid):
    """By how many semitones a piece can go down and up so that each voice stays in its range."""
    down = up = $most_shift
    for (low, high), column in zip(RANGES, np.abs(grid).T):
        if len(pitches := column[column > 0]):
            down, up = min(down, int(pitches.min()) - low), min(up, high - int(pitches.max()))
    return -max(0, down), max(0, up)


grid = np.concatenate([piece[0] for piece in pieces]).astype(np.int64)
tokens = np.select([grid == 0, grid > 0], [0, 2 * (grid - LOWEST) + 1], 2 * (-grid - LOWEST) + 2)
places = np.concatenate([(np.arange(len(grid)) + pickup) % bar for grid, bar, pickup, _ in pieces])
lengths = np.array([len(piece[0]) for piece in pieces])
low, high = zip(*(shifts(piece[0]) if ALL_KEYS else (0, 0) for piece in pieces))
numbers, starts = np.repeat(np.arange(len(pieces)), lengths), np.cumsum([0, *lengths[:-1]])
cells, phases, numbers, starts, lengths, low, keys = (
    torch.tensor(values, device=DEVICE)
    for values in (tokens, np.minimum(places, PHASES - 2), numbers, starts, lengths, low, np.subtract(high, low) + 1)
)


def passages():
    """Tokens [BATCH, ROWS, 4] and places in the bar [BATCH, ROWS], from anywhere and in any key."""
    drawn = torch.rand(3, BATCH, generator=rng, device=DEVICE)
    piece = numbers[(drawn[0] * len(cells)).long()]
    begin = (drawn[1] * (lengths[piece] - ROWS + 2 * EDGE).clamp(min=1)).long() - EDGE
    shift = low[piece] + (drawn[2] * keys[piece]).long()
    place = begin[:, None] + torch.arange(ROWS, device=DEVICE)
    over = (place < 0) | (place >= lengths[piece, None])
    row = (starts[piece, None] + place).clamp(0, len(cells) - 1)
    found = torch.where(cells[row] > 0, cells[row] + 2 * shift[:, None, None], cells[row])
    return found.masked_fill(over[..., None], OUTSIDE), phases[row].masked_fill(over, PHASES - 1)


def hide(x):
    """Which cells to hide: of each passage any number, from one to all, by chance."""
    real = (x != OUTSIDE).flatten(1)
    drawn = torch.rand((len(x), real.shape[1] + 1), generator=rng, device=DEVICE)
    count = (drawn[:, :1] * real.sum(1, keepdim=True)).long() + 1
    rank = drawn[:, 1:].masked_fill(~real, 2.0).argsort(1).argsort(1)
    return ((rank < count) & real).view_as(x)


class Block(nn.Module):
    """Three rows that lie apart become one; added to what was there."""

    def __init__(self, apart):
        super().__init__()
        self.apart, self.drop = apart, nn.Dropout(DROPOUT)
        self.norm, self.look, self.out = nn.LayerNorm(WIDTH), nn.Linear(3 * WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        nn.init.zeros_(self.out.weight)

    def forward(self, x):
        around = F.pad(self.norm(x), (0, 0, self.apart, self.apart))
        three = torch.cat([around[:, i * self.apart : i * self.apart + x.shape[1]] for i in range(3)], -1)
        return x + self.drop(self.out(self.drop(F.gelu(self.look(three)))))


class Filler(nn.Module):
    """Logits of all cells, from those that are known, and of each the nearest known ones of its voice."""

    def __init__(self):
        super().__init__()
        self.cells = nn.Embedding(3 * VOICES * (OUTSIDE + 1), WIDTH)
        self.distances, self.phases = nn.Embedding(2 * VOICES * (FAR + 1), WIDTH), nn.Embedding(PHASES, WIDTH)
        self.blocks = nn.ModuleList(Block(2 ** (i % $widest)) for i in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOICES * TOKENS)
        self.beside = nn.Embedding(2 * (OUTSIDE + 1) * (max(APART) + 1), TOKENS)
        self.register_buffer("apart", torch.tensor(APART), persistent=False)
        for table in (self.cells, self.distances, self.phases):
            nn.init.normal_(table.weight, std=0.07)
        nn.init.zeros_(self.beside.weight)

    def forward(self, x, phases):
        near, far = nearest(x)
        h = total(self.cells, [x, *near]) + total(self.distances, far) + self.phases(phases)
        for block in self.blocks:
            h = block(h)
        rows = (max(APART) + 1) * torch.stack(near, -1) + self.apart[torch.stack(far, -1)]
        rows[..., 1] += self.beside.num_embeddings // 2
        return self.head(self.norm(h)).view(*x.shape, TOKENS) + self.beside(rows).sum(-2)


def total(table, numbers):
    each = torch.cat(numbers, -1)
    part = table.num_embeddings // each.shape[-1]
    return table(each + part * torch.arange(each.shape[-1], device=DEVICE)).sum(-2)


def nearest(x):
    """Of each cell the nearest known ones before and after it, and how far they are."""
    count, known = x.shape[1], x != HIDDEN
    place = torch.arange(count, device=DEVICE)[None, :, None].expand_as(x)
    before = F.pad(torch.where(known, place, -1), (0, 0, 1, 0), value=-1)[:, :-1].cummax(1).values
    after = F.pad(torch.where(known, place, count), (0, 0, 0, 1), value=count)[:, 1:].flip(1).cummin(1).values.flip(1)
    sides = ((before >= 0, before, place - before), (after < count, after, after - place))
    near = [torch.where(there, x.gather(1, at.clamp(0, count - 1)), HIDDEN) for there, at, _ in sides]
    return near, [torch.where(there, far, FAR).clamp(max=FAR) for there, _, far in sides]


torch.manual_seed(SEED)
net = Filler().to(DEVICE)
groups = [[p for p in net.parameters() if (p.dim() > 1) == many] for many in (True, False)]
groups = [{"params": some, "weight_decay": decay} for some, decay in zip(groups, (DECAY, 0.0))]
optimiser = torch.optim.AdamW(groups, lr=LR, betas=(0.9, 0.99))
rng = torch.Generator(DEVICE).manual_seed(SEED)
for step in range(STEPS):
    for group in optimiser.param_groups:
        group["lr"] = LR * min(1.0, (step + 1) / 30) * (0.51 + 0.49 * math.cos(math.pi * step / STEPS))
$dropped    x, bars = passages()
    hidden = hide(x)
    logits = net(x.masked_fill(hidden, HIDDEN), bars)
    targets = x.masked_fill(~hidden, -1).flatten()
    losses = F.cross_entropy(logits.flatten(0, 2), targets, ignore_index=-1, reduction="none")
    loss = (losses.view_as(x).flatten(1).sum(1) / hidden.flatten(1).sum(1).clamp(min=1)).mean()
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    if step < 50 or step % 100 == 0:
        print(f"step {step + 1}: {loss.item():.5f} nats a note")
torch.save(net.state_dict(), HERE / "chorales.pt")
''')
DROPPED = "    torch.manual_seed((SEED + 40503 * step) % 2**32)  # of dropout\n"


def script_files(config: MusicConfig) -> dict[str, bytes]:
    """train.py and the chorales that it reads."""
    names = ("seed", "steps", "batch", "rows", "layers", "width", "lr", "dropout", "decay", "transpose", "part")
    script = SCRIPT.substitute(
        {name: repr(getattr(config, name)) for name in names},
        lowest=LOWEST,
        highest=HIGHEST,
        ranges=RANGES,
        far=FAR,
        phases=PHASES,
        steps_of_distance=STEPS,
        widest=WIDEST,
        most_shift=MOST_SHIFT,
        train=TRAIN,
        data=DATA,
        dropped=DROPPED if config.dropout else "",
    )
    return {"train.py": script.encode(), DATA: (ASSETS / "chorales" / DATA).read_bytes()}
