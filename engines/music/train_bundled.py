"""Trains the chorale model that ships with the app: python -m engines.music.train_bundled

The state with the lowest held-out loss is kept, and scored once on the pieces of the test part, which nothing else
reads. The same machine and versions make the same weights.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines import packing
from engines.device.tuning import Choice
from engines.music.chorales import Corpus, load
from engines.music.composing import BUNDLED, ComposeConfig, Filled, bundled, digits, fill
from engines.music.config import MusicConfig
from engines.music.grid import FREE, VOICES, Chorale, to_text
from engines.music.measures.copies import Copies
from engines.music.measures.lines import lines
from engines.music.measures.rules import score
from engines.music.step import Passages, Trainer, nats

CONFIG = MusicConfig(layers=8, width=144, steps=8000, lr=4e-3, dropout=0.2, decay=0.1, batch=32, seed=1)
CHOICE = Choice("bfloat16", layout="contiguous")
EVERY = 250  # steps between two looks at the held-out pieces
JUDGED = 32  # pieces of the scores
OPENING = 3  # seed of the piece with which the tab opens
BARS = 8


def main() -> None:
    """Trains, keeps the best, scores it and writes the opening piece."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=BUNDLED)
    parser.add_argument("--steps", type=int, default=CONFIG.steps)
    parser.add_argument("--score", action="store_true", help="only score what is there")
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    config, corpus = replace(CONFIG, steps=options.steps), load()
    if not options.score:
        learn(config, corpus, options.folder)
    finish(config, corpus, options.folder)


def learn(config: MusicConfig, corpus: Corpus, folder: Path) -> None:
    """Writes model.safetensors, in 8 bits, whenever the held-out loss is lower than ever."""
    trainer, best, began = Trainer(config, corpus, choice=CHOICE), np.inf, time.time()
    while trainer.steps < config.steps:
        trainer.step()
        if trainer.steps % EVERY == 0 or trainer.steps == config.steps:
            held = float(trainer.held_out()[0].mean())
            print(trainer.steps, round(time.time() - began), trainer.signals(), round(held, 4), flush=True)
            if held < best:
                best = held
                about = {"config": json.dumps(config.to_dict()), "step": trainer.steps}
                packing.save(folder / "model.safetensors", trainer.weights(), about)


def finish(config: MusicConfig, corpus: Corpus, folder: Path) -> None:
    """Scores the model as it was written, real chorales beside it, and lets it write the opening piece."""
    trainer = Trainer(config, corpus)
    tensors = packing.load(folder / "model.safetensors")
    trainer.net.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    test = Passages(corpus.test, config.rows, trainer.device)
    with trainer.resting() as net:
        losses = {name: nats(net, part, 16) for name, part in (("held", trainer.held), ("test", test))}
    about: dict[str, Any] = {
        "config": config.to_dict(),
        "parameters": sum(p.numel() for p in trainer.net.parameters()),
        "pieces": {part: len(getattr(corpus, part)) for part in ("train", "held", "test")},
        "nats": {
            name: {"cells": round(float(whole.mean()), 4), "pitch_alone": round(float(pitch.mean()), 4)}
            for name, (whole, pitch) in losses.items()
        },
        "counting_on_test": {name: round(value, 4) for name, value in lines(corpus.train, corpus.test).items()},
        "bach": asdict(score(corpus.test)),
    }
    pieces, raw = ([compose(seed, mend).chorale for seed in range(JUDGED)] for mend in (True, False))
    copies = Copies(corpus.train)
    about["written"] = {"pieces": JUDGED, **asdict(score(pieces))}
    about["written_without_mending"] = {"pieces": JUDGED, **asdict(score(raw))}
    about["longest_copied_run"] = {
        "written": sorted(map(copies.longest, pieces)), "bach": sorted(map(copies.longest, corpus.test))
    }  # fmt: skip
    (folder / "scores.json").write_text(json.dumps(about, indent=2) + "\n", "utf-8")
    opening = compose(OPENING)
    facts = {"grid": to_text(opening.chorale.grid), "sure": digits(opening.sure), "seed": OPENING}
    (folder / "opening.json").write_text(json.dumps(facts) + "\n", "utf-8")
    print(json.dumps(about["nats"]), (folder / "model.safetensors").stat().st_size)


def compose(seed: int, mend: bool = True) -> Filled:
    """A piece of BARS bars by the bundled model."""
    empty = Chorale(np.full((16 * BARS, len(VOICES)), FREE, np.int8))
    return fill(*bundled(), empty, ComposeConfig(seed=seed, mend=mend))


if __name__ == "__main__":
    main()
