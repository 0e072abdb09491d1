"""Speed and quality of the live training of language models: `python -m tests.benchmarks.gpt` prints one JSON line.

The textbook that the speed is compared with is the loop of nanoGPT (https://github.com/karpathy/nanoGPT, train.py and
model.py) with the same layers, vocabulary, batch and number of tokens: float32, blocks from anywhere in one stream of
tokens, AdamW, the gradient's norm clipped at 1; with PyTorch's own number of threads or half of it, whichever is
faster.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.device.cores import Neighbours
from engines.device.tuning import Choice, processor
from engines.gpt_training.config import GptConfig
from engines.gpt_training.engine import best_choice, train
from engines.gpt_training.measures.scores import score
from engines.gpt_training.step import Trainer
from engines.gpt_training.text.corpus import Corpus, build
from engines.gpt_training.text.poems import poems
from engines.gpt_training.use import Writer
from engines.running.events import Metrics, Weights

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
JUDGED = 500  # poems behind each share
FORM_AT = (60, 180)  # seconds after Start
LOSS_AT = (60, 300)
NUCLEUS = 0.9  # of what it writes, the likeliest characters that make up so much (Holtzman 2019), as who uses it does


class NanoBlock(nn.Module):
    """nanoGPT's Block."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        n, t, width = x.shape
        q, k, v = self.c_attn(self.ln_1(x)).split(width, dim=2)
        q, k, v = (part.view(n, t, self.heads, width // self.heads).transpose(1, 2) for part in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(y.transpose(1, 2).contiguous().view(n, t, width))
        return x + self.mlp(self.ln_2(x))


class NanoGpt(nn.Module):
    """nanoGPT's GPT, with its tied head."""

    def __init__(self, config: GptConfig, vocabulary: int) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, config.width), nn.Embedding(config.context, config.width)
        self.h = nn.ModuleList(NanoBlock(config.width, config.heads) for _ in range(config.layers))
        self.ln_f, self.lm_head = nn.LayerNorm(config.width), nn.Linear(config.width, vocabulary, bias=False)
        self.wte.weight = self.lm_head.weight
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                residual = name.endswith(("c_proj.weight", "mlp.2.weight"))
                nn.init.normal_(weight, std=0.02 / (math.sqrt(2 * config.layers) if residual else 1))

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1], device=ids.device))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


def textbook_steps(config: GptConfig, corpus: Corpus) -> Iterator[int]:
    """nanoGPT's training loop, one item a step without end: the characters of its batch."""
    data, block = corpus.train.tokens.astype(np.uint16), min(config.context, corpus.longest)
    model = NanoGpt(config, len(corpus.vocabulary)).to(DEVICE)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": config.decay}, {"params": others, "weight_decay": 0.0}]
    fused = {"fused": True} if DEVICE == "cuda" else {}
    optimizer = torch.optim.AdamW(groups, lr=config.lr, betas=(0.9, 0.95), **fused)
    while True:
        ix = torch.randint(len(data) - block, (config.batch,))
        x = torch.stack([torch.from_numpy(data[i : i + block].astype(np.int64)) for i in ix]).to(DEVICE)
        y = torch.stack([torch.from_numpy(data[i + 1 : i + 1 + block].astype(np.int64)) for i in ix]).to(DEVICE)
        loss = model(x, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        yield x.numel()


def our_steps(config: GptConfig, corpus: Corpus, choice: Choice) -> Iterator[int]:
    """The same with our Trainer, its signals read four times a second as the engine does; padding does not count."""
    trainer = Trainer(config, corpus, DEVICE, choice)
    characters = round(config.batch * (len(corpus.train.tokens) - 1) / len(corpus.train.starts))  # of whole documents
    read = time.perf_counter()
    while True:
        trainer.step()
        if time.perf_counter() - read > 0.25:
            trainer.signals()
            read = time.perf_counter()
        yield characters


def per_second(steps: Iterator[int], seconds: float, threads: int) -> float:
    """Characters a second over about `seconds` with so many threads, the device's work included."""
    torch.set_num_threads(threads)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        count += next(steps)
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return count / (time.perf_counter() - start)


def measure_speed(quick: bool) -> dict[str, float | str]:
    """`ratio`: characters a second of ours over the textbook's, taking turns so that both meet the same load."""
    config = GptConfig(seed=0)
    corpus = build(poems(), config.context)
    default = torch.get_num_threads()
    choice = best_choice(config, corpus, torch.device(DEVICE), Neighbours().free())
    ours, textbook = our_steps(config, corpus, choice), textbook_steps(config, corpus)
    per_second(ours, 0.5, choice.threads)
    per_second(textbook, 0.5, default)
    rounds = []
    for _ in range(2 if quick else 7):
        fast = per_second(ours, 2.0, choice.threads)
        rounds.append((fast, max(per_second(textbook, 2.0, n) for n in {default, max(1, default // 2)})))
    return {
        "computed_with": choice.describe(DEVICE),
        "ratio": statistics.median(a / b for a, b in rounds),
        "ours_characters_per_second": statistics.median(a for a, _ in rounds),
        "textbook_characters_per_second": statistics.median(b for _, b in rounds),
    }


def measure_writing(quick: bool) -> dict[str, float]:
    """`write_8_s`: seconds for 8 poems of 32 characters by the bundled model, after a first one."""
    writer = Writer.bundled()
    writer.write([""])
    times = []
    for seed in range(2 if quick else 7):
        start = time.perf_counter()
        writer.write(["七平东："] * 8, top_p=0.9, seed=seed)
        times.append(time.perf_counter() - start)
    return {"write_8_s": statistics.median(times)}


def measure_learning(quick: bool) -> dict[str, float | None]:
    """Form, rhyme and held-out loss so many seconds after Start with the default settings, and the n-gram lines.

    The shares are of JUDGED poems that the model kept at that moment writes, drawn from all that it holds possible and
    from the likeliest (NUCLEUS); the clock stands still meanwhile.
    """
    form_at, loss_at = ([15], [15]) if quick else (list(FORM_AT), list(LOSS_AT))
    found: dict[str, float | None] = {f"form_{s}s": None for s in FORM_AT} | {f"held_out_{s}s": None for s in LOSS_AT}
    config, losses, kept = GptConfig(seed=0), {}, None
    training, start = train(config), time.perf_counter()
    for event in training:
        now = time.perf_counter()
        if isinstance(event, Metrics) and event.group == "losses":
            losses = dict(event.values)
        if isinstance(event, Weights):
            kept = event
        over = losses and kept and kept.step == config.steps  # it may end before the last mark
        if loss_at and losses and (over or now - start >= loss_at[0]):
            found |= {f"held_out_{loss_at.pop(0)}s": losses["Held-out"]}
            found |= {name: value for name, value in losses.items() if name.endswith("gram")}
        if form_at and kept and (over or now - start >= form_at[0]):
            writer, second = Writer.of(config, kept), form_at.pop(0)
            shares, likely = (score(writer.write([""] * JUDGED, top_p=top_p, seed=1)) for top_p in (1.0, NUCLEUS))
            found |= {f"form_{second}s": shares.form, f"rhyme_{second}s": shares.rhyme, f"steps_{second}s": kept.step}
            found |= {f"form_{second}s_nucleus": likely.form, f"rhyme_{second}s_nucleus": likely.rhyme}
            start += time.perf_counter() - now
        if not form_at and not loss_at:
            break
    training.close()
    return found


MEASUREMENTS: tuple[Callable[[bool], dict], ...] = (measure_speed, measure_writing, measure_learning)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="end within 60 seconds")
    quick = parser.parse_args().quick
    result: dict[str, object] = {
        "device": DEVICE,
        "processor": processor(),
        "load": os.getloadavg()[0],
        "threads": torch.get_num_threads(),
        "quick": quick,
    }
    for measure in MEASUREMENTS:
        figures = measure(quick)
        result |= {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
