"""Masked-language-model warm-up: the encoder first learns the texts themselves, without their labels.

Gururangan et al. 2020, "Don't Stop Pretraining" (arXiv 2004.10964), task-adaptive pre-training, with the masking of
BERT (Devlin et al. 2019, arXiv 1810.04805, section 3.1).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoModelForMaskedLM, PreTrainedTokenizerBase

from engines.finetuning.data.sources import TextSource
from engines.finetuning.learning.lanes import use_noise
from engines.finetuning.learning.training import Part, Trainer
from engines.finetuning.nets.encoders import loading_options, reset_linear, work_of
from engines.loading import load_pretrained

CHOSEN = 0.15  # share of the tokens that are to be guessed
MASKED, RANDOM = 0.8, 0.1  # of those: replaced by [MASK], by a random token; the rest stay


class MaskedNet(nn.Module):
    """A …ForMaskedLM that computes logits only where they are asked for.

    `fresh` says whether its files have no masked-word head: MiniLM's do not, and it then starts from random
    weights, except for the output layer, which is the word embeddings.
    """

    def __init__(self, folder: Path, seed: int, device: torch.device) -> None:
        super().__init__()
        options = loading_options(folder, device)
        self.model, info = load_pretrained(AutoModelForMaskedLM, folder, output_loading_info=True, **options)
        missing, generator = set(info["missing_keys"]), torch.Generator().manual_seed(seed)
        table = self.model.get_input_embeddings().weight
        for name, part in self.model.named_modules():
            if isinstance(part, nn.Linear) and f"{name}.weight" in missing and part.weight is not table:
                reset_linear(part, generator)
        self.fresh, self.vocabulary = bool(missing), len(table)
        self.work = work_of(self.model.parameters())
        self.model.to(device)

    def forward(self, tokens: Tensor, mask: Tensor, wanted: Tensor) -> Tensor:
        """Token ids and mask [B, T], bool [B, T] of M wanted places -> logits [M, vocabulary]."""
        states = self.model.base_model(input_ids=tokens, attention_mask=mask).last_hidden_state
        return self._head(states[wanted])

    def _head(self, states: Tensor) -> Tensor:
        """States [M, H] -> logits, as BertForMaskedLM and DistilBertForMaskedLM do."""
        model = self.model
        if hasattr(model, "cls"):
            return model.cls(states)
        return model.vocab_projector(model.vocab_layer_norm(model.activation(model.vocab_transform(states))))


class MaskedTrainer(Trainer):
    """Trains a MaskedNet on rows of a TextSource; its signals' Accuracy is the share of words guessed right."""

    def __init__(
        self, config: Any, net: MaskedNet, source: TextSource, tokenizer: PreTrainedTokenizerBase, **rest: Any
    ):
        super().__init__(config, net, source, **rest)
        use_noise(net, self.noise)
        self._ids = torch.tensor(source.used, device=self.device)
        self._special = torch.tensor(tokenizer.all_special_ids, device=self.device)
        self._mask_id = tokenizer.mask_token_id

    def _work_on(self, part: Part) -> tuple[list[Tensor], Tensor]:
        number, rows, whole = part
        self.noise.begin(self.steps, number)
        numbers, mask = self.source.inputs(rows)
        truth = self._ids[numbers]
        tokens, wanted = self.hide(truth, mask)
        with self.autocast():
            logits = self.net(tokens, mask, wanted).float()
            loss = F.cross_entropy(logits, truth[wanted], reduction="sum") / max(1, len(logits))
            gradients = torch.autograd.grad(loss * (len(rows) / whole), self.weights, materialize_grads=True)
        with torch.no_grad():
            right = (logits.argmax(1) == truth[wanted]).float().mean() if len(logits) else torch.zeros_like(loss)
            return list(gradients), torch.stack([loss, right, torch.ones_like(loss)]).detach() * len(rows)

    def hide(self, truth: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(tokens with some hidden, which ones), both [B, T]; [CLS], [SEP] and padding are never hidden."""
        free = mask.bool() & ~torch.isin(truth, self._special)
        wanted = free & (self.noise.uniform(*truth.shape) < CHOSEN)
        fate = self.noise.uniform(*truth.shape)
        words = (self.noise.uniform(*truth.shape) * self.net.vocabulary).long()
        tokens = torch.where(wanted & (fate < MASKED), self._mask_id, truth)
        return torch.where(wanted & (fate >= MASKED) & (fate < MASKED + RANDOM), words, tokens), wanted
