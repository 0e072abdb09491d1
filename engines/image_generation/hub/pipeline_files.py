"""Which files of a diffusers repository are fetched, and how a folder of them becomes a pipeline. No code of a
repository is ever run, and no pickle is read.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engines.loading import load_pretrained
from engines.messages import EngineError

if TYPE_CHECKING:
    import torch
    from diffusers import DiffusionPipeline

log = logging.getLogger(__name__)

# "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors", or its index: folder, variant
WEIGHTS = re.compile(
    r"([\w-]+)/(?:model|diffusion_pytorch_model)(?:[.-](?:\d+-of-\d+|(fp16))){0,2}\.safetensors"
    r"(?:\.index(?:\.(fp16))?\.json)?"
)
SETTINGS = re.compile(r"[\w-]+/[\w.-]+\.(?:json|txt|model|jinja)")
HALF = "fp16"


def check_library() -> None:
    """EngineError if diffusers is not installed."""
    if importlib.util.find_spec("diffusers") is None:
        raise EngineError("Models of the hub need the library diffusers; install it with: pip install diffusers")


def pipeline_files(names: Iterable[str]) -> list[str]:
    """The files a pipeline needs: its index, each part's settings, and each part's weights once.

    Weights come in half precision where the repository has them so. Single-file checkpoints of the whole model,
    other variants and other formats are left out.
    """
    names = list(names)
    weights = {name: match for name in names if (match := WEIGHTS.fullmatch(name))}
    halved = {match[1] for match in weights.values() if HALF in match.groups()}
    return [
        name
        for name in names
        if name == "model_index.json"
        or (name in weights and (HALF in weights[name].groups()) == (weights[name][1] in halved))
        or (SETTINGS.fullmatch(name) and ".safetensors.index" not in name)
    ]


def load_pipeline(folder: Path, dtype: torch.dtype) -> DiffusionPipeline:
    """The text-to-image pipeline in a folder, on the CPU; EngineError if its files are not such a model."""
    import diffusers
    from diffusers import AutoPipelineForText2Image
    from transformers.utils import logging as logging_of_transformers

    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    logging_of_transformers.disable_progress_bar()
    variant = HALF if any(folder.glob(f"*/*.{HALF}*.safetensors")) else None
    try:
        check_index(folder)
        pipe = load_pretrained(
            AutoPipelineForText2Image,
            folder,
            dtype=dtype,
            variant=variant,
            use_safetensors=True,
            local_files_only=True,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as problem:
        log.exception("could not load the pipeline in %s", folder.name)
        raise EngineError(
            "{model} cannot be used here: its files are of an unknown kind.", model=folder.name
        ) from problem
    pipe.set_progress_bar_config(disable=True)
    return pipe


def check_index(folder: Path) -> None:
    """ValueError unless every part named in model_index.json is a class of diffusers or transformers."""
    from diffusers import pipelines

    index = json.loads((folder / "model_index.json").read_text("utf-8"))
    if not isinstance(index.get("_class_name"), str):
        raise ValueError("a pipeline with code of its own")
    for part in index.values():
        library = part[0] if isinstance(part, list) and part else None
        known = library in (None, "diffusers", "transformers") or hasattr(pipelines, str(library))
        if not known:
            raise ValueError(f"a part from {library}")
