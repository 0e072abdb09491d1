"""A language model that is loaded: text to tokens, tokens to logits."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, Cache, DynamicCache, PreTrainedTokenizerFast
from transformers.cache_utils import DynamicLayer
from transformers.utils import logging as logging_of_transformers

from engines.catalog import ModelCard
from engines.device import pick_device
from engines.loading import load_pretrained
from engines.messages import ConfigError, EngineError
from engines.text_generation import beginnings
from engines.text_generation.config import TooLongError
from engines.text_generation.graphs import GraphedStep
from engines.text_generation.packed import best_type, pack_weights
from engines.text_generation.slots import SlotCache
from engines.text_generation.spelling import Codec, Speller

log = logging.getLogger(__name__)


def load_model(card: ModelCard, folder: Path) -> LanguageModel:
    """The model in `folder`, from safetensors only and without any code of its own."""
    torch.set_num_threads(1)  # of this thread; see engines/device/cores.py
    logging_of_transformers.disable_progress_bar()
    device = pick_device()
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        # the fast tokenizer by its class: finding out the class takes longer than loading
        fast = (folder / "tokenizer.json").is_file()
        tokenizer = (PreTrainedTokenizerFast if fast else AutoTokenizer).from_pretrained(folder, **options)
        network = load_pretrained(
            AutoModelForCausalLM, folder, dtype=best_type(device, folder), use_safetensors=True, **options
        )
    except (OSError, ValueError, KeyError, ImportError) as problem:
        log.exception("could not load %s", card.id)
        raise EngineError(
            "{model} cannot be used here: its files are of an unknown kind.", model=card.title
        ) from problem
    if device.type == "cpu":
        pack_weights(network, folder)
    return LanguageModel(card, network.to(device), tokenizer)


class LanguageModel:
    """A network and its tokenizer on a device. The step methods are for one thread; encoding is for any."""

    def __init__(self, card: ModelCard, network: torch.nn.Module, tokenizer: PreTrainedTokenizerFast) -> None:
        self.card, self.network, self.tokenizer = card, network.eval(), tokenizer
        self.codec = Codec(tokenizer)
        config = network.config
        if not all(type(layer) is DynamicLayer for layer in DynamicCache(config=config).layers):
            raise EngineError("{model} cannot be used here: its attention is of an unknown kind.", model=card.title)
        self.layers = config.num_hidden_layers
        self.vocabulary = config.vocab_size
        self.context = min(card.context, config.max_position_embeddings)
        self.device = network.device
        ends = network.generation_config.eos_token_id
        self.ends = {*(ends if isinstance(ends, list) else [ends]), tokenizer.eos_token_id}
        self._cache = _name_of_cache(network)
        self._graphed = GraphedStep(self.forward_step, self.device) if self.device.type == "cuda" else None

    # --- text and tokens ------------------------------------------------------------------------------------

    def encode_chat(self, turns: Sequence[dict[str, str]], begun: str = "") -> list[int]:
        """Token ids of a chat that asks for an answer, or for the rest of one that is `begun`.

        TooLongError if it does not fit the context.
        """
        return self._fitting(self._chat_ids(turns, begun))

    def count_chat(self, turns: Sequence[dict[str, str]]) -> int:
        """How many tokens a chat has, however many."""
        return len(self._chat_ids(turns))

    def _chat_ids(self, turns: Sequence[dict[str, str]], begun: str = "") -> list[int]:
        if self.card.kind != "chat" or not self.tokenizer.chat_template:
            raise ConfigError(
                "{model} follows no instructions: it can only continue a text. Choose another model for a chat.",
                model=self.card.title,
            )
        try:
            return self.codec.encode_chat(turns) + (self.codec.encode_more(begun) if begun else [])
        except Exception as problem:  # templates raise their own kinds, such as for two user turns in a row
            raise ConfigError("This model cannot take such a chat: user and assistant must take turns.") from problem

    def encode(self, text: str, seed: int = 0) -> list[int]:
        """Token ids of a text to continue; TooLongError if it does not fit the context.

        ConfigError if the model can't read it. The seed decides what stands unseen before it, where that is open.
        """
        beginnings.check_beginning(self.card, beginnings.tidied(self.card, text))
        ids, _ = self._behind_the_unseen(text, seed)
        return ids if self.slides else self._fitting(ids)

    def encode_whole(self, text: str) -> tuple[list[int], int]:
        """Token ids of a text to measure, and how many of them stand unseen before it; errors as of `encode`."""
        ids, unseen = self._behind_the_unseen(text)
        return self._fitting(ids), unseen

    def _behind_the_unseen(self, text: str, seed: int = 0) -> tuple[list[int], int]:
        text = beginnings.tidied(self.card, text)
        beginnings.check(self.card, text, self.codec.knows)
        before = beginnings.plan_before(self.card, text, seed)
        unseen = len(self.codec.encode(before)) if self.card.beginning else 0
        return self.codec.encode(before + text), unseen

    @property
    def slides(self) -> bool:
        """Whether it may forget the beginning of a text: its context is of some dozen characters only."""
        return bool(self.card.beginning and not self.card.beginning.quatrains)

    def window(self, ids: Sequence[int]) -> Sequence[int]:
        """What of a text's tokens the model goes on from: all, or if it slides and they are many the last ones."""
        half = max(1, self.context // 2)
        return ids[-half:] if self.slides and len(ids) > half else ids

    def _fitting(self, ids: list[int]) -> list[int]:
        if len(ids) > self.context:
            raise TooLongError(len(ids), self.context)
        return ids

    def speller(self) -> Speller:
        """What turns the tokens of one text into text."""
        return Speller(self.codec)

    # --- tokens and logits ------------------------------------------------------------------------------------

    def new_slots(self) -> SlotCache:
        """An empty cache for many texts."""
        # on a GPU ample, since graphs are captured anew when it grows
        return SlotCache(self.layers, first=(4, 2048) if self.device.type == "cuda" else (1, 256))

    def read(self, ids: Sequence[int], cache: DynamicCache) -> Tensor:
        """Read on in one text; returns the logits after its last token, [1, vocabulary]."""
        tokens = torch.tensor([list(ids)], device=self.device)
        return self._forward(tokens, cache, logits_to_keep=1)[:, -1]

    def step(self, tokens: Sequence[int], lengths: Sequence[int], slots: SlotCache) -> Tensor:
        """Add one token to each of the first n rows of `slots`, which hold `lengths` tokens.

        Returns the logits [n, vocabulary].
        """
        if self._graphed and self._graphed.works:
            logits = self._graphed(tokens, lengths, slots)
            if logits is not None:
                return logits
        held = torch.tensor(lengths, device=self.device)
        # always masked and rounded up, so that a text comes out the same whatever is written beside it
        slots.seen = min(slots.length, -(-(max(lengths) + 1) // 64) * 64)
        slots.places = torch.arange(len(lengths), device=self.device) * slots.length + held
        return self.forward_step(torch.tensor(tokens, device=self.device), held, slots)

    def forward_step(self, tokens: Tensor, held: Tensor, slots: SlotCache) -> Tensor:
        """The network for one token a row: tokens and the number held before it, int64 [n]; logits [n, vocabulary]."""
        hidden = torch.arange(slots.seen, device=self.device) > held[:, None]
        # as numbers, since attention would turn a boolean mask into them in every layer
        mask = torch.zeros(hidden.shape, dtype=self.network.dtype, device=self.device).masked_fill_(hidden, -torch.inf)
        mask = mask[:, None, None]
        return self._forward(tokens[:, None], slots, position_ids=held[:, None], attention_mask=mask)[:, -1]

    def _forward(self, tokens: Tensor, cache: Cache, **options: Any) -> Tensor:
        """The network's logits [n, length, vocabulary] for tokens [n, length] behind those in the cache."""
        return self.network(input_ids=tokens, use_cache=True, **{self._cache: cache}, **options).logits

    def score(self, ids: Sequence[int], best: int = 5, piece: int = 256) -> Generator[int, None, list[tuple]]:
        """Reads piece by piece, yielding how many tokens are read.

        Returns for each token after the first (log-probability, likeliest ids, their log-probabilities), given
        those before it.
        """
        cache = DynamicCache(config=self.network.config)
        tokens = torch.tensor([list(ids)], device=self.device)
        scores: list[tuple] = []
        for start in range(0, len(ids) - 1, piece):
            read = tokens[:, start : min(start + piece, len(ids) - 1)]
            logits = self._forward(read, cache)[0].float()
            logs = logits - logits.logsumexp(-1, keepdim=True)
            own = logs.gather(1, tokens[0, start + 1 : start + 1 + len(logs), None])[:, 0]
            top, top_ids = logs.topk(best)
            scores += zip(own.tolist(), top_ids.tolist(), top.tolist(), strict=True)
            yield start + len(logs)
        return scores


def _name_of_cache(network: torch.nn.Module) -> str:
    """How the network calls the cache that it is given: it changed within transformers 5."""
    return "cache" if "cache" in inspect.signature(network.forward).parameters else "past_key_values"
