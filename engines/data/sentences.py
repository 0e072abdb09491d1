"""Sentence embeddings: what a text means, as a vector (all-MiniLM-L6-v2; Reimers and Gurevych 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engines.loading import load_pretrained

MAX_TOKENS = 128  # of a text; the rest is left out
BATCH = 64


class SentenceEncoder:
    """MiniLM with mean pooling, loaded from a model's folder."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = load_pretrained(AutoModel, folder, local_files_only=True).eval()
        words = self._model.get_input_embeddings().weight  # nearly all of a model of many languages; only looked up
        table, words.data = words.data, words.data[:0]
        self._model.float()
        words.data = table

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, float32 [N, 384]; their dot product is the texts' similarity, -1 to 1."""
        import torch

        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # little padding
        vectors = np.empty((len(texts), self._model.config.hidden_size), np.float32)
        for start in range(0, len(texts), BATCH):
            chosen = order[start : start + BATCH]
            tokens = self._tokenizer(
                [texts[i] for i in chosen], padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
            )
            with torch.inference_mode():
                states = self._model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).float()
            pooled = (states * mask).sum(1) / mask.sum(1)
            vectors[chosen] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
        return vectors
