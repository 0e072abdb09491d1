"""The bundled model's files: both networks in one safetensors file, and the sentence embeddings of known prompts.

model.safetensors    "autoencoder.…" and "flow.…" in float16; its metadata has at least "heads"
card.json            data, steps, time, hardware, scores
phrases.json         the known prompts, a list
phrases.safetensors  "vectors", float16 [P, 384]: their embeddings by all-MiniLM-L6-v2, in the same order
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from engines.image_generation.emoji.networks import Autoencoder, FlowTransformer
from engines.messages import EngineError


def save_networks(
    folder: Path, autoencoder: Autoencoder, flow: FlowTransformer, facts: Mapping[str, Any] | None = None
) -> None:
    """Write model.safetensors; `facts` go into its metadata."""
    tensors = {f"autoencoder.{name}": tensor for name, tensor in autoencoder.state_dict().items()}
    tensors |= {f"flow.{name}": tensor for name, tensor in flow.state_dict().items()}
    halves = {name: tensor.detach().to("cpu", torch.float16).contiguous() for name, tensor in tensors.items()}
    about = {"heads": flow.blocks[0].heads, **(facts or {})}
    save_file(halves, folder / "model.safetensors", {name: str(value) for name, value in about.items()})


def load_networks(folder: Path) -> tuple[Autoencoder, FlowTransformer]:
    """Both networks in float32, their sizes read off the tensors; EngineError if the file is not such a model."""
    path = folder / "model.safetensors"
    try:
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
        parts = {
            part: {name.removeprefix(f"{part}."): t for name, t in tensors.items() if name.startswith(f"{part}.")}
            for part in ("autoencoder", "flow")
        }
        networks = _empty(parts["autoencoder"], parts["flow"], about)
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


def save_phrases(folder: Path, phrases: Sequence[str], vectors: np.ndarray) -> None:
    """Write phrases.json and phrases.safetensors; vectors float [P, 384]."""
    (folder / "phrases.json").write_text(json.dumps(list(phrases), ensure_ascii=False, indent=0) + "\n", "utf-8")
    save_file({"vectors": torch.from_numpy(vectors).half().contiguous()}, folder / "phrases.safetensors")


def load_phrases(folder: Path) -> tuple[dict[str, int], torch.Tensor]:
    """(phrase as `plain` writes it -> row, float16 [P, 384]); empty where there are none."""
    try:
        phrases = json.loads((folder / "phrases.json").read_text("utf-8"))
        vectors = load_file(folder / "phrases.safetensors")["vectors"]
        return {plain(phrase): row for row, phrase in enumerate(phrases[: len(vectors)])}, vectors
    except (OSError, SafetensorError, KeyError, ValueError):
        return {}, torch.zeros(0, 384, dtype=torch.float16)


def plain(prompt: str) -> str:
    """A prompt without what makes no difference to MiniLM, which reads no case."""
    return " ".join(prompt.lower().split())
