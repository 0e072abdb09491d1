"""The bundled model's files: both networks in one safetensors file, and what MiniLM makes of the known prompts.

model.safetensors    "autoencoder.…" and "flow.…": matrices and filters in 8 bits, see engines/packing.py;
                     its metadata has at least "heads"
card.json            data, steps, time, hardware, scores
phrases.json         the known prompts, a list
phrases.safetensors  "vectors" [P, 384]: their sentence vectors by all-MiniLM-L6-v2, in that order; "words" [N, 64]:
                     the numbers of their words, of which each has its "counts" [P]; "mean" and "axes": how a word's
                     state becomes these numbers, see texts.py; packed likewise
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from engines import packing
from engines.image_generation.emoji.networks import Autoencoder, FlowTransformer
from engines.image_generation.emoji.texts import SENTENCE, WORD, WORDS, Axes, text_of
from engines.messages import EngineError


def save_networks(
    folder: Path, autoencoder: Autoencoder, flow: FlowTransformer, facts: Mapping[str, Any] | None = None
) -> None:
    """Write model.safetensors; `facts` go into its metadata."""
    tensors = {f"autoencoder.{name}": tensor for name, tensor in autoencoder.state_dict().items()}
    tensors |= {f"flow.{name}": tensor for name, tensor in flow.state_dict().items()}
    arrays = {name: tensor.cpu().float().numpy() for name, tensor in tensors.items()}
    packing.save(folder / "model.safetensors", arrays, {"heads": flow.blocks[0].heads, **(facts or {})})


def load_networks(folder: Path) -> tuple[Autoencoder, FlowTransformer]:
    """Both networks in float32, their sizes read off the tensors; EngineError if the file is not such a model."""
    path = folder / "model.safetensors"
    try:
        tensors = {name: torch.from_numpy(array) for name, array in packing.load(path).items()}
        parts = {
            part: {name.removeprefix(f"{part}."): t for name, t in tensors.items() if name.startswith(f"{part}.")}
            for part in ("autoencoder", "flow")
        }
        networks = _empty(parts["autoencoder"], parts["flow"], packing.facts_of(path))
        for network, state in zip(networks, parts.values(), strict=True):
            network.load_state_dict(state)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as problem:
        raise EngineError("The bundled model's files are damaged; fetch the program again.") from problem
    return networks


def _empty(
    autoencoder: Mapping[str, torch.Tensor], flow: Mapping[str, torch.Tensor], about: Mapping[str, str]
) -> tuple[Autoencoder, FlowTransformer]:
    latent, width = autoencoder["mean"].shape[1], flow["patchify.weight"].shape[0]
    patch = round((flow["patchify.weight"].shape[1] / latent) ** 0.5)
    return Autoencoder(latent, autoencoder["encoder.1.weight"].shape[0]), FlowTransformer(
        latent=latent,
        side=round(flow["positions"].shape[1] ** 0.5) * patch,
        patch=patch,
        width=width,
        depth=len({name.split(".")[1] for name in flow if name.startswith("blocks.")}),
        heads=int(about.get("heads", width // 64)),
        styles=flow["style.weight"].shape[0],
    )


@dataclass(frozen=True)
class Phrases:
    """The known prompts as texts, and how the words of others become numbers."""

    places: Mapping[str, int]  # phrase as `plain` writes it -> its place
    vectors: torch.Tensor  # float [P, SENTENCE]
    words: tuple[torch.Tensor, ...]  # float [N, WORD] each
    axes: Axes

    def text(self, phrase: str) -> torch.Tensor:
        """A known phrase as a text [TEXT]."""
        place = self.places[phrase]
        return text_of(self.vectors[place], self.words[place])


def save_phrases(
    folder: Path, phrases: Sequence[str], vectors: np.ndarray, states: Sequence[np.ndarray], axes: Axes
) -> None:
    """Write phrases.json and phrases.safetensors; vectors float [P, 384], each one's states float [N, 384]."""
    (folder / "phrases.json").write_text(json.dumps(list(phrases), ensure_ascii=False, indent=0) + "\n", "utf-8")
    words = [axes.words(torch.from_numpy(each[:WORDS])).numpy() for each in states]
    arrays = {
        "vectors": vectors,
        "words": np.concatenate(words),
        "counts": np.array([len(each) for each in words]),
        "mean": axes.mean.numpy(),
        "axes": axes.axes.numpy(),
    }
    packing.save(folder / "phrases.safetensors", arrays, {})


def load_phrases(folder: Path) -> Phrases:
    """The known prompts of a model; none where the files are missing or damaged."""
    try:
        phrases = json.loads((folder / "phrases.json").read_text("utf-8"))
        kept = {name: torch.from_numpy(array) for name, array in packing.load(folder / "phrases.safetensors").items()}
        words = kept["words"].split(kept["counts"].int().tolist())
        places = {plain(phrase): place for place, phrase in enumerate(phrases[: len(words)])}
        return Phrases(places, kept["vectors"], words, Axes(kept["mean"], kept["axes"]))
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        return Phrases({}, torch.zeros(0, SENTENCE), (), Axes(torch.zeros(SENTENCE), torch.zeros(SENTENCE, WORD)))


def plain(prompt: str) -> str:
    """A prompt without what makes no difference to MiniLM, which reads no case."""
    return " ".join(prompt.lower().split())
