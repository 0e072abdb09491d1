"""One layer over hashed character n-grams: reads any script, and is trained from scratch in seconds."""

from __future__ import annotations

import json
import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines.finetuning.nets.encoders import grow_head, work_of

CHAR_CONFIG = "char_model.json"
BUCKETS = 2**13  # that n-grams are hashed into
LONGEST = 2  # characters of an n-gram; three were no better on the bundled Chinese texts


def ngrams(text: str, max_length: int) -> list[int]:
    """The buckets of all pieces of one or two characters of the first `max_length` characters, each once.

    A space stands before and after, so that beginnings and ends of words are told (after fastText, Bojanowski et al.
    2017, arXiv 1607.04606).
    """
    plain = unicodedata.normalize("NFKC", text[:max_length]).casefold()
    padded = f" {' '.join(plain.split())} "
    pieces = {padded[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(padded) - n + 1)} - {" ", "  "}
    return sorted({zlib.crc32(piece.encode()) % BUCKETS for piece in pieces})


def marked(rows: Sequence[Sequence[int]]) -> Tensor:
    """float32 [B, BUCKETS], 1 for the buckets of each row."""
    found = torch.zeros(len(rows), BUCKETS)
    for line, row in zip(found, rows, strict=True):
        line[torch.tensor(row, dtype=torch.int64)] = 1
    return found


def rarity(rows: Sequence[Sequence[int]]) -> Tensor:
    """How much each bucket tells, float32 [BUCKETS]: its inverse document frequency, 0 if it was never seen."""
    counts = np.bincount(np.concatenate([np.asarray(row, np.int64) for row in rows]), minlength=BUCKETS)
    weights = (np.log((1 + len(rows)) / (1 + counts)) + 1) * (counts > 0)
    return torch.tensor(weights, dtype=torch.float32)


class CharNet(nn.Module):
    """A linear layer over the n-grams of a text, weighted by how rare they are."""

    def __init__(self, label_names: Sequence[str], max_length: int) -> None:
        super().__init__()
        self.label_names, self.max_length = tuple(label_names), max_length
        self.classifier = nn.Linear(BUCKETS, len(label_names))
        nn.init.zeros_(self.classifier.weight)
        nn.init.zeros_(self.classifier.bias)
        self.register_buffer("rarity", torch.ones(BUCKETS))
        self.work = work_of([self.classifier.weight])

    def forward(self, there: Tensor) -> Tensor:
        """Marked buckets [B, BUCKETS] -> logits [B, K]."""
        return self.classifier(F.normalize(there * self.rarity, dim=1))

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


def load_char_net(folder: Path) -> CharNet:
    """What CharNet.save wrote."""
    about = json.loads((folder / CHAR_CONFIG).read_text("utf-8"))
    net = CharNet(about["label_names"], about["max_length"])
    net.load_state_dict(load_file(folder / "model.safetensors"))
    return net
