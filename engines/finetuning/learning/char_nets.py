"""A small network over hashed character n-grams: reads any script, and is trained from scratch in seconds."""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines.finetuning.learning.lanes import Dropout, Noise
from engines.finetuning.learning.nets import grow_head, work_of

CHAR_CONFIG = "char_model.json"
BUCKETS = 2**14  # that n-grams are hashed into; bucket 0 is for padding
LONGEST = 3  # characters of an n-gram
WIDTH = 64  # numbers that an n-gram is turned into
DROPOUT = 0.3


def ngrams(text: str, max_length: int) -> list[int]:
    """The buckets, from 1, of all pieces of one to three characters of the first `max_length` characters.

    A space stands before and after, so that beginnings and ends of words are told (after fastText, Bojanowski et al.
    2017, arXiv 1607.04606).
    """
    plain = unicodedata.normalize("NFKC", text[:max_length]).casefold()
    padded = f" {' '.join(plain.split())} "
    pieces = (padded[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(padded) - n + 1))
    return [1 + zlib.crc32(piece.encode()) % (BUCKETS - 1) for piece in pieces if piece.strip()]


def padded_ids(rows: Sequence[Sequence[int]]) -> Tensor:
    """Buckets int64 [B, T], zeros at the ends."""
    ids = torch.zeros(len(rows), max(1, *map(len, rows), 1), dtype=torch.int64)
    for line, row in zip(ids, rows, strict=True):
        line[: len(row)] = torch.tensor(row, dtype=torch.int64)
    return ids


def rarity(rows: Sequence[Sequence[int]]) -> Tensor:
    """How much each bucket tells, float32 [BUCKETS]: its inverse document frequency, 0 for padding."""
    counts = np.zeros(BUCKETS)
    for row in rows:
        counts[np.unique(np.asarray(row, np.int64))] += 1
    weights = np.log((1 + len(rows)) / (1 + counts)) + 1
    weights[0] = 0
    return torch.tensor(weights, dtype=torch.float32)


class CharNet(nn.Module):
    """The weighted mean of what the n-grams of a text are turned into, and a layer that tells the classes."""

    def __init__(self, label_names: Sequence[str], max_length: int, seed: int, noise: Noise | None = None) -> None:
        super().__init__()
        self.label_names, self.max_length = tuple(label_names), max_length
        generator = torch.Generator().manual_seed(seed)
        self.words = nn.Embedding.from_pretrained(torch.empty(BUCKETS, WIDTH), freeze=False)
        self.classifier = nn.Linear(WIDTH, len(label_names))
        with torch.no_grad():
            self.words.weight.normal_(0, WIDTH**-0.5, generator=generator)
            self.classifier.weight.normal_(0, WIDTH**-0.5, generator=generator)
            self.classifier.bias.zero_()
        self.register_buffer("rarity", torch.ones(BUCKETS))
        self.dropout = Dropout(DROPOUT, noise) if noise else nn.Identity()
        self.work = work_of([self.classifier.weight]) + 6.0 * WIDTH

    def forward(self, ids: Tensor) -> Tensor:
        """Buckets [B, T] -> logits [B, K]."""
        weights = self.rarity[ids]
        weights = weights / weights.norm(dim=1, keepdim=True).clamp_min(1e-6)
        states = (self.words(ids) * weights[..., None]).sum(1)
        return self.classifier(self.dropout(states))

    def grow(self, label_names: Sequence[str], seed: int) -> None:
        """Add classes to the head; the old ones' rows stay."""
        grow_head(self, len(self.label_names), len(label_names), torch.Generator().manual_seed(seed))
        self.label_names = tuple(label_names)

    def save(self, folder: Path) -> None:
        """Write model.safetensors and a JSON with what rebuilds the network."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"label_names": self.label_names, "max_length": self.max_length}
        (folder / CHAR_CONFIG).write_text(json.dumps(about, indent=1, ensure_ascii=False), "utf-8")
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")


def load_char_net(folder: Path, noise: Noise | None = None) -> CharNet:
    """What CharNet.save wrote."""
    about = json.loads((folder / CHAR_CONFIG).read_text("utf-8"))
    net = CharNet(about["label_names"], about["max_length"], 0, noise)
    net.load_state_dict(load_file(folder / "model.safetensors"))
    return net
