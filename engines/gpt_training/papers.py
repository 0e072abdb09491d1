"""The measures that papers print of language models, on the held-out text: perplexity, BLEU, ROUGE, distinct-n.

BLEU and ROUGE are of what a model writes after held-out beginnings, against how these really go on. A text can go on
well in many ways, so beside them stands what the end of another real text reaches.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.data.text_scores import SCORES, Pair, score_pairs
from engines.gpt_training.config import MASKED, NAMES, OF_TUNES, OWN, OWN_TUNES, GptConfig
from engines.gpt_training.measures.ngrams import held_out_nats
from engines.gpt_training.text.corpus import Corpus, build
from engines.gpt_training.text.poems import without_plan
from engines.gpt_training.text.sources import load_documents
from engines.gpt_training.use import Writer, bundled, computing
from engines.knobs import Config, knob
from engines.messages import EngineError, Message
from engines.music.measures.tunes import counted
from engines.running.events import Event, Events, Metrics, Note, Progress, Weights
from engines.running.forks.points import own_data

TOKENS = 32_768  # of the held-out text, spread over it, that the perplexity rests on at most
BEGINNING, ENDING = 60, 100  # characters of a longer text that are given, and that are compared
TOGETHER = 10  # texts that are written at a time
SURE = 1.96  # deviations of a normal distribution that 95 % lie within
MADE, REAL, PERPLEXITY, COUNTING = "made", "real", "perplexity", "counting"


@dataclass(frozen=True)
class PapersConfig(Config):
    """What is written to be compared."""

    count: int = knob(
        50, "Texts", "So many held-out beginnings are written on, and compared.", low=10, high=500, step=10
    )
    temperature: float = knob(1.0, "Temperature", "At 1 as the model learnt; 0: the likeliest.", low=0.0, high=2.0)
    seed: int = knob(1, "Seed", "Of what is written.", low=0, high=10_000, step=1)


def measure(
    config: GptConfig | None, weights: Weights | None, papers: PapersConfig, folder: Path | None = None
) -> Events:
    """Measure a run's model, None for the bundled one; yields Note and Progress, and Metrics of four groups.

    "perplexity" has it for each character, with its 95 % interval, "counting" that of n-grams; their step is how many
    characters they rest on. "made" has SCORES of what the model writes after `count` held-out beginnings, against how
    these go on; "real" of how others go on. EngineError of a masked model, and where the text is not there.
    `folder` is the run's own, for a text that its owner brought.
    """
    if config is None or weights is None:
        config, weights = bundled()
    if config.model == MASKED:
        raise EngineError("A masked model fills gaps: it gives no text a probability, and writes none on.")
    yield Note(Message("Reading the text"))
    writer = Writer.of(config, weights)
    merges = config.vocabulary if config.tokens == "pairs" else 0
    corpus = build(_documents(config, folder), config.context, share=config.part, pairs=merges)
    if corpus.vocabulary != writer.vocabulary:
        raise EngineError("The text of this run is not as it was, so it can't be measured.")
    pairs = list(_held_pairs(config, corpus, papers.count))
    if len(pairs) < 2:
        raise EngineError("Too little text is held out to compare with.")
    if (costs := (yield from _costs(writer, corpus))) is None:
        return
    characters = int(costs[1].sum())
    yield Metrics(characters, perplexity(*costs), PERPLEXITY)
    yield Note(Message("Counting n-grams"))
    lines = held_out_nats(corpus.train_texts, corpus.held_texts, corpus.vocabulary)
    yield Metrics(characters, {f"{order}-gram": math.exp(nats) for order, nats in lines.items()}, COUNTING)
    if (made := (yield from _written(writer, papers, pairs))) is None:
        return
    yield Note(Message("Comparing"))
    ends = [end for _, end in pairs]
    yield Metrics(len(pairs), compare(config, made, ends), MADE)
    yield Metrics(len(pairs), compare(config, [*ends[1:], ends[0]], ends), REAL)


def perplexity(nats: np.ndarray, characters: np.ndarray) -> dict[str, float]:
    """exp of the mean nats a character, and its 95 % interval, of pieces of such costs and lengths, float64 [N] each.

    The interval is of a ratio of two sums, by the deviation of each piece from it (Cochran 1977, section 2.11); pieces
    of one long text are no independent draws, so of such it is rather too narrow.
    """
    total = characters.sum()
    mean = nats.sum() / total
    spread = math.sqrt(float(np.square(nats - mean * characters).sum())) / total
    low, high = (math.exp(mean + side * SURE * spread) for side in (-1, 1))
    return {"Perplexity": math.exp(mean), "Low": low, "High": high}


def compare(config: GptConfig, outputs: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """SCORES of texts against others, from 0 to 100; of names and tunes each sign counts as a word."""
    spelt = " ".join if config.data in (NAMES, *OF_TUNES) else str
    pairs = [Pair(spelt(output), spelt(reference)) for output, reference in zip(outputs, references, strict=True)]
    _, total = score_pairs(pairs)
    return {name: float(total[name]) for name in SCORES}


def _documents(config: GptConfig, folder: Path | None) -> list[str]:
    """The text that the run learnt from and what was held out of it."""
    if config.data not in (OWN, OWN_TUNES):
        return load_documents(config)
    kept = [path for path in own_data(folder) if path.suffix == ".txt"] if folder else []
    if not kept:
        raise EngineError("The text that this run learnt from is not kept any more, so it can't be measured.")
    text = kept[0].read_text("utf-8")
    if config.data == OWN:
        return [text]
    return [counted(line) for line in text.split("\n")] if config.bars else text.split("\n")


def _held_pairs(config: GptConfig, corpus: Corpus, count: int) -> Iterator[tuple[str, str]]:
    """Up to so many held-out texts, spread over all, each as its beginning and its end.

    A short text is halved; of longer ones pieces are taken.
    """
    if config.whole:
        texts = [text for text in map(without_plan if config.plan else str, corpus.held_texts) if len(text) > 1]
        halves = [len(text) // 2 for text in texts]
    else:
        length = BEGINNING + ENDING
        starts = [(text, at) for text in corpus.held_texts for at in range(0, len(text) - length + 1, length)]
        texts = [text[at : at + length] for text, at in starts]
        halves = [BEGINNING] * len(texts)
    for i in np.unique(np.linspace(0, len(texts) - 1, min(count, len(texts))).astype(int)) if texts else ():
        yield texts[i][: halves[i]], texts[i][halves[i] :]


def _costs(writer: Writer, corpus: Corpus) -> Generator[Event, bool, tuple[np.ndarray, np.ndarray] | None]:
    """Nats and characters of each held-out piece, float64 [N] each; None after a stop."""
    import torch
    from torch.nn.functional import cross_entropy

    from engines.gpt_training.step import IGNORED, Pieces

    held = Pieces(corpus.held, writer.length, torch.device("cpu"))
    lengths, found = torch.tensor(writer.vocabulary.lengths), []
    some = list(held.spread(max(1, TOKENS // writer.length)))
    for done, index in enumerate(some):
        if (yield Progress(done, len(some))):
            return None
        ids, targets = held.at(index)
        with computing():
            logits = writer.net(ids)[0].transpose(1, 2)
            nats = cross_entropy(logits, targets, reduction="none", ignore_index=IGNORED).sum(1)
        characters = torch.where(targets != IGNORED, lengths[targets.clamp(min=0)], 0).sum(1)
        found.append(torch.stack([nats, characters]).double().numpy())
    nats, characters = np.concatenate(found, axis=1)
    return nats, characters


def _written(
    writer: Writer, papers: PapersConfig, pairs: Sequence[tuple[str, str]]
) -> Generator[Event, bool, list[str] | None]:
    """How the model goes on after each beginning, as far as it is compared; None after a stop."""
    made: list[str] = []
    room = 0 if writer.config.whole else ENDING
    for start in range(0, len(pairs), TOGETHER):
        if (yield Progress(start, len(pairs))):
            return None
        begun = [beginning for beginning, _ in pairs[start : start + TOGETHER]]
        written = writer.write(begun, papers.temperature, seed=papers.seed + start, room=room)
        made += [text[len(beginning) :] for text, beginning in zip(written, begun, strict=True)]
    return made if writer.config.whole else [text[:ENDING] for text in made]
