"""Trains a bundled model: python -m engines.gpt_training.train_bundled [--data tunes] --seconds 100 --out FOLDER

Reads only files of the repository. The time goes to a few trainings one after the other, longer ones with more
dropout, each with its learning rate falling to the end; the one with the least held-out loss is kept. FOLDER gets
model.safetensors (8 bits), vocabulary.json, scores.json, and history.json. The poems are meant for one GPU: a CPU
does in hours what it does in minutes; for the tunes one core is enough.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from engines import packing
from engines.device import pick_device
from engines.device.tuning import Choice
from engines.gpt_training.config import LSTM, POEMS, TUNES, GptConfig
from engines.gpt_training.measures.copies import Copies
from engines.gpt_training.measures.scores import plain, score
from engines.gpt_training.sampling import begun, texts, write
from engines.gpt_training.step import Trainer
from engines.gpt_training.text.corpus import Corpus, build
from engines.gpt_training.text.sources import load_documents
from engines.music.measures import tunes

# Of the poems END, a plan of four, and 32 characters.
USUAL = {
    POEMS: {"context": 37, "plan": True, "layers": 7, "width": 160, "heads": 5, "batch": 256, "lr": 2e-3},
    TUNES: {"model": LSTM, "context": 192, "layers": 2, "width": 192, "batch": 16, "lr": 4e-3},
}
TRIALS = {POEMS: "0.2:0.25,0.3:0.45,0.1:0.1,0.4:0.2", TUNES: "0.2:1"}  # dropout:share of the time
EXAMPLES, SHORTEST, COPIED = 12, 60, 1 / 3  # tunes, notes of each at least, share of them that may be copied
WORSE = 0.08  # nats above the best so far, at which a training is given up
DRAWN = ((1.0, 1.0), (0.8, 1.0), (1.0, 0.9))  # temperature and top-p of the texts that are scored


def main() -> None:
    """Parse the arguments, train unless only scores are asked for, and score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=100.0, help="of training; scoring takes some more")
    parser.add_argument("--out", type=Path, required=True, help="where the model goes")
    parser.add_argument("--data", choices=USUAL, default=POEMS)
    parser.add_argument("--trials", help="dropout:share of the time, with commas between")
    parser.add_argument("--samples", type=int, default=2000, help="texts that are scored")
    parser.add_argument("--score", action="store_true", help="only score what is there")
    for name in ("layers", "width", "heads", "batch"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("lr", "decay"):
        parser.add_argument(f"--{name}", type=float)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    given = {name: value for name, value in vars(options).items() if name in GptConfig.knobs() and value is not None}
    config = GptConfig(**USUAL[options.data] | given, steps=100_000, seed=1)
    corpus = build(load_documents(config), config.context)
    if not options.score:
        learn(config, corpus, options)
    finish(corpus, options.out, options.samples)


def learn(config: GptConfig, corpus: Corpus, options: argparse.Namespace) -> None:
    """Trains one after the other, and writes the best so far."""
    history: list[dict[str, Any]] = []
    for trial in (options.trials or TRIALS[options.data]).split(","):
        dropout, share = map(float, trial.split(":"))
        trainer = trainer_of(replace(config, dropout=dropout), corpus)
        history.append(train(trainer, options.seconds * share))
        if history[-1]["held_out"] <= min(one["held_out"] for one in history):
            save(trainer, corpus, options.out, history[-1])
        (options.out / "history.json").write_text(json.dumps(history, indent=1) + "\n", "utf-8")
    trials = [{name: value for name, value in one.items() if name != "lines"} for one in history]
    tell(options.out, told(options.out) | {"trials": trials})


def trainer_of(config: GptConfig, corpus: Corpus) -> Trainer:
    """A new network on the best device."""
    device = pick_device()
    return Trainer(config, corpus, device, Choice("bfloat16") if device.type == "cuda" else None)


def machine(device: torch.device) -> str:
    """The GPU's or processor's name."""
    return torch.cuda.get_device_name() if device.type == "cuda" else platform.processor() or "a CPU"


def train(trainer: Trainer, seconds: float) -> dict[str, Any]:
    """Trains for so long, with a line on the way now and then; the best weights are left in the network."""
    began, told, best, kept, lines = time.monotonic(), 0.0, float("inf"), {}, []
    everything = len(trainer.held)
    while (spent := time.monotonic() - began) < seconds:
        trainer.step(spent / seconds)
        if trainer.device.type == "cuda" and trainer.steps % 20:
            continue
        if trainer.device.type == "cuda":
            torch.cuda.synchronize()  # else the queue runs ahead of the clock
        if (spent := time.monotonic() - began) - told < seconds / 20 and spent < seconds:
            continue
        told, loss = spent, trainer.signals().get("Training", float("nan"))
        held = trainer.held_out(everything if trainer.device.type == "cuda" else 64)
        lines.append({"step": trainer.steps, "seconds": round(spent, 1), "held_out": held, "training": loss})
        print(json.dumps({"dropout": trainer.config.dropout} | lines[-1]), flush=True)
        if held < best:
            best, kept = held, {k: v.clone() for k, v in trainer.net.state_dict().items()}
            at = trainer.steps
        elif held > best + WORSE:
            break
    trainer.net.load_state_dict(kept)
    return {
        "dropout": trainer.config.dropout,
        "seconds": round(time.monotonic() - began, 1),
        "steps": trainer.steps,
        "kept_at": at,
        "held_out": round(trainer.held_out(everything), 4),
        "lines": lines,
    }


def save(trainer: Trainer, corpus: Corpus, folder: Path, trial: dict[str, Any]) -> None:
    """Writes the model, its vocabulary and what is known of it, without scores."""
    kept = {"config": json.dumps(trainer.config.to_dict()), "step": trial["kept_at"]}
    packing.save(folder / "model.safetensors", trainer.weights(), kept)
    facts = json.dumps(corpus.vocabulary.to_facts() | {"length": trainer.length}, ensure_ascii=False)
    (folder / "vocabulary.json").write_text(facts + "\n", "utf-8")
    about = {
        "config": trainer.config.to_dict(),
        "parameters": sum(p.numel() for p in trainer.net.parameters()),
        "data": {trainer.config.data: len(corpus.train_texts), "held_out": len(corpus.held_texts)},
        "training": {name: value for name, value in trial.items() if name != "lines"},
        "hardware": machine(trainer.device),
        "torch": torch.__version__,
    }
    tell(folder, about)
    print(f"{about['parameters']:,} parameters, {(folder / 'model.safetensors').stat().st_size:,} bytes", flush=True)


def finish(corpus: Corpus, folder: Path, samples: int) -> None:
    """Scores the model as it was written, and real texts for comparison, beside it."""
    path, about = folder / "model.safetensors", told(folder)
    trainer = trainer_of(GptConfig.from_dict(json.loads(packing.facts_of(path)["config"])), corpus)
    trainer.net.load_state_dict({name: torch.from_numpy(array) for name, array in packing.load(path).items()})
    marks = _marks(trainer.config)
    copies = Copies([marks(text) for text in corpus.train_texts])
    about["held_out"] = round(trainer.held_out(len(trainer.held)), 4)
    about["real"] = _scores(trainer.config, corpus.held_texts, copies)
    about["scores"] = judge(trainer, corpus, copies, samples, folder)
    tell(folder, about)


def told(folder: Path) -> dict[str, Any]:
    """What scores.json says."""
    return json.loads((folder / "scores.json").read_text("utf-8"))


def tell(folder: Path, about: dict[str, Any]) -> None:
    """Writes scores.json."""
    (folder / "scores.json").write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", "utf-8")


def judge(trainer: Trainer, corpus: Corpus, copies: Copies, samples: int, folder: Path) -> list[dict[str, Any]]:
    """Scores of texts drawn in a few ways, a plan too being the model's own."""
    found = []
    for temperature, top_p in DRAWN:
        room, plan = trainer.config.context + 1, trainer.config.plan
        given = begun([""] * samples, corpus.vocabulary, room, plan).to(trainer.device)
        with trainer.resting() as net:
            written = [write(net, part, temperature, top_p, seed=i) for i, part in enumerate(given.split(500))]
        all_texts = [text for ids in written for text in texts(ids, corpus.vocabulary.tokens)]
        found.append({"temperature": temperature, "top_p": top_p, **_scores(trainer.config, all_texts, copies)})
        print(json.dumps(found[-1]), *all_texts[:6], sep="\n", flush=True)
    if trainer.config.data == TUNES:
        (folder / "examples.txt").write_text("\n".join(_examples(all_texts, copies)), "ascii")
    return found


def _examples(written: Sequence[str], copies: Copies) -> list[str]:
    """The first few tunes that are well made and not mostly copied, for the page to begin with."""

    def good(text: str) -> bool:
        found, steps = tunes.score([text]), tunes.steps_of(text)
        own = len(copies.longest(steps)) < COPIED * len(steps)
        return len(steps) >= SHORTEST and own and found.whole == found.closes == found.in_key == 1.0

    return [text for text in dict.fromkeys(written) if good(text)][:EXAMPLES]


def _marks(config: GptConfig) -> Callable[[str], str]:
    """What of a text counts where copies are looked for: of a tune its notes, transposition aside."""
    return plain if config.data == POEMS else tunes.steps_of


def _scores(config: GptConfig, written: Sequence[str], copies: Copies) -> dict[str, Any]:
    """The scores of poems, or of tunes with the runs of notes that they share with one learnt from."""
    if config.data == POEMS:
        return asdict(score(written, copies))
    runs = sorted(len(copies.longest(tunes.steps_of(text))) for text in written)
    notes = sorted(len(tunes.steps_of(text)) for text in written)
    middle = len(runs) // 2
    copied = {"copied_notes_median": runs[middle], "copied_notes_longest": runs[-1], "notes_median": notes[middle]}
    return asdict(tunes.score(written)) | copied | {"different": len(set(written)) / max(1, len(written))}


if __name__ == "__main__":
    main()
