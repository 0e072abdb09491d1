"""The networks for texts: an encoder with a head, and such a head alone. Those for pictures: picture_nets.py."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as logging_of_transformers

from engines.finetuning.learning.lanes import Noise, use_noise
from engines.loading import load_pretrained

OFFLINE = MappingProxyType({"local_files_only": True, "trust_remote_code": False})
LORA_RANK = 8
ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")  # in BERT's and DistilBERT's config


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer in a model's folder."""
    return AutoTokenizer.from_pretrained(folder, **OFFLINE)


def loading_options(folder: Path, device: torch.device) -> dict[str, Any]:
    """What from_pretrained is called with to train a model in float32.

    Attention has no dropout, which would draw from a generator that all threads share, and on a CPU it is the plain
    one: for texts this short PyTorch's fused attention took twice as long there.
    """
    logging_of_transformers.set_verbosity_error()  # it reports a fresh head as if it were a problem
    logging_of_transformers.disable_progress_bar()
    config = AutoConfig.from_pretrained(folder, **OFFLINE)
    for name in ATTENTION_DROPOUT:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    attention = "eager" if device.type == "cpu" else "sdpa"
    options = {"config": config, "attn_implementation": attention, "dtype": torch.float32, "use_safetensors": True}
    return {**options, **OFFLINE}


def load_text_model(folder: Path, label_names: Sequence[str], seed: int, device: torch.device) -> nn.Module:
    """A …ForSequenceClassification from a folder, in float32, its head grown to `label_names`.

    A folder with a trained head keeps the rows of its classes, which must come first in `label_names`; otherwise
    the head is fresh.
    """
    options = loading_options(folder, device)
    config = options["config"]
    trained = any("ForSequenceClassification" in name for name in config.architectures or ())
    old = config.num_labels if trained else 0
    if not trained:
        config.num_labels = len(label_names)
    model = load_pretrained(AutoModelForSequenceClassification, folder, **options)
    generator = torch.Generator().manual_seed(seed)
    if not trained:
        for name in ("pre_classifier", "classifier"):
            if hasattr(model, name):
                reset_linear(getattr(model, name), generator)
    grow_head(model, old, len(label_names), generator)
    model.config.id2label = dict(enumerate(label_names))
    model.config.label2id = {name: i for i, name in enumerate(label_names)}
    return model.to(device)


def grow_head(model: nn.Module, old: int, classes: int, generator: torch.Generator) -> None:
    """Give `model.classifier` rows for `classes` classes, of which the first `old` stay as they are."""
    if not old or old == classes:
        return
    head = model.classifier
    model.classifier = nn.Linear(head.in_features, classes)
    reset_linear(model.classifier, generator)
    with torch.no_grad():
        model.classifier.weight[:old] = head.weight
        model.classifier.bias[:old] = head.bias
    model.num_labels = classes


def reset_linear(linear: nn.Linear, generator: torch.Generator) -> None:
    """BERT's initialisation, from a generator of our own."""
    with torch.no_grad():
        linear.weight.normal_(0, 0.02, generator=generator)
        linear.bias.zero_()


def work_of(weights: Iterable[Tensor]) -> float:
    """Multiplications forward and back, about, for each token, vector or picture: six a weight."""
    return 6.0 * sum(weight.numel() for weight in weights)


def is_backbone(name: str) -> bool:
    """Whether a parameter of a text model belongs to the encoder rather than to the pooler or the head."""
    return ".layer." in name or ".embeddings." in name


class TextNet(nn.Module):
    """A text model whose word embeddings are only those of the words that occur.

    A third of MiniLM is word embeddings of which a run sees a part; the others would cost time and stay as they
    are. `save` puts the trained ones back.
    """

    def __init__(self, model: nn.Module, used: Sequence[int], method: str, noise: Noise) -> None:
        """`used` are the token ids behind the inputs' numbers; `method` is the config's."""
        super().__init__()
        if method == "lora":
            self._wrapped = [_with_lora(model, noise.seed)]  # in a list: the model itself is registered once
        elif method == "frozen":
            for name, weight in model.named_parameters():
                weight.requires_grad_(not is_backbone(name))
        use_noise(model, noise)
        self.model, self.method = model, method
        self._used = torch.tensor(used, device=model.device)
        table = model.get_input_embeddings().weight
        self.words = nn.Embedding.from_pretrained(table.detach()[self._used], freeze=method != "full")
        table.requires_grad_(False)
        self.work = work_of(model.base_model.parameters()) - 6.0 * table.numel()

    def embed(self, tokens: Tensor) -> Tensor:
        """Token numbers [B, T] -> word embeddings [B, T, H]."""
        return self.words(tokens)

    def read(self, words: Tensor, mask: Tensor) -> Tensor:
        """Word embeddings [B, T, H] and mask [B, T] -> logits [B, K]."""
        return self.model(inputs_embeds=words, attention_mask=mask).logits

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Token numbers and mask [B, T] -> logits [B, K]."""
        return self.read(self.embed(tokens), mask)

    def features(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """The last state of each text's first token, [B, H], which is what the head sees."""
        states = self.model.base_model(inputs_embeds=self.embed(tokens), attention_mask=mask)
        return states.last_hidden_state[:, 0]

    def save(self, folder: Path) -> None:
        """Write the plain model with save_pretrained, LoRA merged."""
        with torch.no_grad():
            self.model.get_input_embeddings().weight[self._used] = self.words.weight
        model = copy.deepcopy(self._wrapped[0]).merge_and_unload() if self.method == "lora" else self.model
        model.save_pretrained(folder)


def _with_lora(model: nn.Module, seed: int) -> nn.Module:
    """LoRA (Hu et al. 2021, arXiv 2106.09685) on every linear layer of the encoder; the head learns as it is."""
    from peft import LoraConfig, get_peft_model

    linear = [name for name, part in model.named_modules() if isinstance(part, nn.Linear) and is_backbone(name)]
    wrapped = get_peft_model(model, LoraConfig(r=LORA_RANK, lora_alpha=2 * LORA_RANK, target_modules=linear))
    generator = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_A" in name:  # as peft does, from a generator of our own
            fresh = nn.init.kaiming_uniform_(torch.empty(weight.shape), a=math.sqrt(5), generator=generator)
            weight.data.copy_(fresh)
        elif not is_backbone(name):
            weight.requires_grad_(True)
    return wrapped


class TextHead(nn.Module):
    """The head of a TextNet with a frozen backbone, on features computed once."""

    def __init__(self, net: TextNet) -> None:
        super().__init__()
        model = net.model
        self._net = [net]  # in a list: only the head is trained
        self.pooler = getattr(model.base_model, "pooler", None)
        self.pre_classifier = getattr(model, "pre_classifier", None)
        self.dropout, self.classifier = model.dropout, model.classifier
        self.work = work_of(self.parameters())

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, H] -> logits [B, K], as BertForSequenceClassification and DistilBERT's do."""
        if self.pooler is not None:
            features = self.pooler(features[:, None])
        elif self.pre_classifier is not None:
            features = F.relu(self.pre_classifier(features))
        return self.classifier(self.dropout(features))

    def save(self, folder: Path) -> None:
        """Write the whole model."""
        self._net[0].save(folder)
