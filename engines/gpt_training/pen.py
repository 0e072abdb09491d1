"""What a model in training writes: from fixed starts for all to see, and from chance to be judged."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engines.gpt_training.config import MASKED, GptConfig
from engines.gpt_training.measures.copies import Copies
from engines.gpt_training.measures.judges import judge_of
from engines.gpt_training.sampling import ENDLESS, begun, fill, texts, write
from engines.gpt_training.step import Pieces
from engines.gpt_training.text.corpus import Corpus
from engines.gpt_training.text.vocabulary import END

FIXED = 1  # seed of what is shown; the same in every run, so that runs can be compared
LONG = 120  # tokens of a longer text
GAPS, SHOWN_GAPS = 0.2, 6  # share of characters hidden, and how many texts are shown
FILLED = 64  # held-out texts whose gaps are judged
GAP = "␣"  # stands for a hidden character


class Pen:
    """How to write with the networks of one training."""

    def __init__(self, config: GptConfig, corpus: Corpus) -> None:
        self.config, self.corpus, self.vocabulary = config, corpus, corpus.vocabulary
        self.masked = config.model == MASKED
        self.judge = judge_of(config, corpus)
        self.copies = Copies([self.judge.plain(text) for text in corpus.train_texts])
        known = set(self.vocabulary.characters)
        self.starts = tuple(start for start in self.judge.starts if known.issuperset(start))
        self.held = Pieces(corpus.held, min(config.context, corpus.longest), torch.device("cpu"))
        signs = [any(map(str.isalnum, token)) for token in self.vocabulary.tokens]
        self.hideable = torch.tensor(signs)

    def show(self, net: nn.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Texts and their starts, the same ones and the same chance each time."""
        if not self.masked:
            return tuple(self._write(net, self.starts, FIXED)), self.starts
        ids, filled, gaps = self._fill(net, SHOWN_GAPS, FIXED)
        pieces = zip(self._read(filled, gaps, "{}"), self._read(ids, gaps, GAP), strict=True)
        written, gapped = zip(*pieces, strict=True)
        return written, gapped

    def examine(self, net: nn.Module, seed: int) -> tuple[dict[str, float], str]:
        """Shares from 0 to 1 by their names, and the longest run of characters copied from the text learnt from."""
        if self.masked:
            ids, filled, gaps = self._fill(net, FILLED, seed)
            return {"Gaps filled right": float((ids == filled)[gaps].float().mean())}, ""
        written = self._write(net, ("",) * self.judge.count, seed)
        longest = max((self.copies.longest(self.judge.plain(text)) for text in written), key=len)
        return self.judge.scores(written), longest

    def _write(self, net: nn.Module, starts: tuple[str, ...], seed: int) -> list[str]:
        room = self.corpus.longest + 1 if self.config.whole else LONG
        given = begun(starts, self.vocabulary, room, self.config.plan).to(self._device(net))
        end = 0 if self.config.whole else ENDLESS
        return texts(write(net, given, seed=seed, end=end), self.vocabulary.tokens, end)

    def _fill(self, net: nn.Module, count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pieces of the held-out text, int64 [N, length], the same with their gaps filled, and where these are."""
        index = next(self.held.spread(count)).cpu()
        ids, _ = self.held.at(index)
        rng = torch.Generator().manual_seed(seed)
        gaps = (torch.rand(ids.shape, generator=rng) < GAPS) & self.hideable[ids]
        gaps[:, 1] |= ~gaps.any(1) & self.hideable[ids[:, 1]]
        device = self._device(net)
        filled, _ = fill(net, ids.to(device), gaps.to(device), len(self.vocabulary))
        return ids, filled.cpu(), gaps

    def _read(self, ids: Tensor, gaps: Tensor, shown: str) -> list[str]:
        """Each row as a text without the ENDs around it, the tokens in gaps as `shown`."""
        tokens = self.vocabulary.tokens
        pairs = zip(ids.tolist(), gaps.tolist(), strict=True)
        rows = (zip(row, hidden, strict=True) for row, hidden in pairs)
        return ["".join(shown.format(tokens[i]) if gap else tokens[i] for i, gap in row).strip(END) for row in rows]

    @staticmethod
    def _device(net: nn.Module) -> torch.device:
        return next(net.parameters()).device
