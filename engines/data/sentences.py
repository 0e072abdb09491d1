"""Sentence embeddings: what a text means, as a vector (all-MiniLM-L6-v2; Reimers and Gurevych 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.loading import load_pretrained

if TYPE_CHECKING:
    import torch

MAX_TOKENS = 128  # of a text; the rest is left out
BATCH = 64  # texts at a time; on a GPU sixteen times as many


class SentenceEncoder:
    """MiniLM with mean pooling, loaded from a model's folder."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = load_pretrained(AutoModel, folder, local_files_only=True).eval()
        words = self._model.get_input_embeddings().weight  # nearly all of a model of many languages; only looked up
        table, words.data = words.data, words.data[:0]
        self._model.float()
        words.data = table
        self._model.to(device)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 [N, 384]; their dot product is the texts' similarity, -1 to 1."""
        vectors = np.empty((len(texts), self._model.config.hidden_size), np.float32)
        for chosen, pooled, _ in self._batches(texts):
            vectors[chosen] = pooled
        return vectors

    def encode_words(self, texts: Sequence[str]) -> tuple[np.ndarray, list[np.ndarray]]:
        """The same vectors, and of each text the last hidden states of its word pieces, float32 [T, 384]."""
        vectors = np.empty((len(texts), self._model.config.hidden_size), np.float32)
        words: list[np.ndarray] = [vectors[:0]] * len(texts)
        for chosen, pooled, states in self._batches(texts):
            vectors[chosen] = pooled
            for place, each in zip(chosen, states, strict=True):
                words[place] = each[1:-1]  # without the marks of its beginning and end
        return vectors, words

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray, list[np.ndarray]]]:
        """(indices of texts, their unit vectors, the states of their tokens) of one batch after the other."""
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
        size = BATCH if self._model.device.type == "cpu" else 16 * BATCH
        for start in range(0, len(texts), size):
            chosen = order[start : start + size]
            tokens = self._tokenizer(
                [texts[i] for i in chosen], padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
            ).to(self._model.device)
            with torch.inference_mode():
                states = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).float()
            pooled = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1)
            counts = tokens["attention_mask"].sum(1).tolist()
            each = states.cpu().numpy()
            yield chosen, pooled.cpu().numpy(), [one[:count] for one, count in zip(each, counts, strict=True)]
