"""Turns a GGUF file into safetensors and tokenizer files: `python -m engines.text_generation.convert FOLDER`.

Reading GGUF takes several times as long as reading safetensors, so it is done once. A folder without a
.gguf file is left as it is. How far it is stands in the folder's file share.txt meanwhile, see engines/weights.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sized
from functools import partial
from pathlib import Path
from typing import Any

from engines.weights import SHARE

# The share of the whole that is behind each part of the work, as once timed for SmolLM2 135M on a busy machine.
IMPORTED, TOKENIZER, READ, TENSORS = 0.1, 0.3, 0.85, 0.95


def convert(folder: Path) -> None:
    """Replace the folder's .gguf file by bfloat16 safetensors, the tokenizer and its chat template."""
    for path in folder.glob("*.gguf"):
        tell = partial(_tell, folder / SHARE)
        tell(0.0)
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig, modeling_gguf_pytorch_utils

        tell(IMPORTED)
        where = {"pretrained_model_name_or_path": folder, "gguf_file": path.name, "local_files_only": True}
        dense = GgufConfig(dequantize=True)
        AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
        tell(TOKENIZER)
        modeling_gguf_pytorch_utils.tqdm = partial(_counted, tell)  # in place of a bar that nobody sees
        model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.bfloat16, quantization_config=dense)
        tell(TENSORS)
        model.save_pretrained(folder)
        path.unlink()


def _counted(tell: Callable[[float], None], tensors: Sized, **_: Any) -> Iterator[Any]:
    """The tensors one after the other, telling how many are done."""
    for done, tensor in enumerate(tensors):
        yield tensor
        tell(READ + (TENSORS - READ) * (done + 1) / len(tensors))


def _tell(file: Path, share: float) -> None:
    file.write_text(f"{share:.3f}")


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
