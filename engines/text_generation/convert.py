"""Turns a GGUF file into safetensors and tokenizer files: `python -m engines.text_generation.convert FOLDER`.

Reading GGUF takes several times as long as reading safetensors, so it is done once. A folder without a
.gguf file is left as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path


def convert(folder: Path) -> None:
    """Replace the folder's .gguf file by bfloat16 safetensors, the tokenizer and its chat template."""
    for path in folder.glob("*.gguf"):
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

        where = {"pretrained_model_name_or_path": folder, "gguf_file": path.name, "local_files_only": True}
        dense = GgufConfig(dequantize=True)
        AutoTokenizer.from_pretrained(**where).save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.bfloat16, quantization_config=dense)
        model.save_pretrained(folder)
        path.unlink()


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
