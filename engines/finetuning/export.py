"""A trained classifier to take home: a ZIP that loads with plain transformers or torchvision."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engines.catalog import ENCODERS
from engines.finetuning.characters.scripts import CHAR_LOADING_CODE
from engines.finetuning.classifier import BEST
from engines.finetuning.config import ENCODER_IDS, FinetuningConfig
from engines.finetuning.data.examples import PARTS, Examples, kept_examples
from engines.finetuning.scripts import LOADING_CODE, PICTURE_LOADING_CODE, loading_code, script_text
from engines.messages import EngineError
from engines.running.run_files import saving

__all__ = ["export_zip", "loading_code", "model_card", "script_text"]

PACKED = (".safetensors",)  # would not get smaller


def export_zip(folder: Path, config: FinetuningConfig, scores: Mapping[str, Any], path: Path) -> None:
    """Write the best model of a run's folder as a ZIP, with a model card and the run as a script.

    Texts: what save_pretrained wrote, which plain AutoModelForSequenceClassification and AutoTokenizer load.
    Pictures, and texts read by their characters: safetensors, JSON and a script that loads them. `scores` is as in
    `model_card`. EngineError if there is no model yet, or the disk is full, and then nothing half-written is left.
    """
    files = sorted(file for file in (folder / BEST).glob("*") if file.is_file())
    if not files:
        raise EngineError("This run has no trained model; let it learn for a few seconds longer.")
    card = model_card(config, kept_examples(folder).examples, scores)
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            packed = zipfile.ZIP_STORED if file.suffix in PACKED else zipfile.ZIP_DEFLATED
            archive.write(file, file.name, packed)
        archive.writestr("README.md", card)
        archive.writestr("train.py", script_text(config))
        if config.pictures or config.from_characters:
            archive.writestr("load.py", CHAR_LOADING_CODE if config.from_characters else PICTURE_LOADING_CODE)


def model_card(config: FinetuningConfig, examples: Examples, scores: Mapping[str, Any]) -> str:
    """A model card (Mitchell et al. 2019, arXiv 1810.03993) as Markdown: what it is, from what, and how good.

    `scores` has "accuracy", by the names of the evaluations, "macro_f1", and "report", rows of label, precision,
    recall, f1 and support; it may be empty.
    """
    title = config.knobs()["model"].choices[config.model]
    data = config.knobs()["dataset"].choices[config.dataset]
    sections = [
        _front_matter(config),
        f"# {title}, fine-tuned: {data}",
        "Made with the AIGC Playground. It knows only the classes below and puts anything into one of them; try it on"
        " your own examples before you rely on it.",
        "## Data\n\n" + _data(examples),
        "## Scores on the test rows, which it never saw\n\n" + _scores(scores) if scores else "",
        "## Use\n\n" + _use(config),
        "## Settings\n\n" + "\n".join(f"- {name}: {value}" for name, value in config.to_dict().items()),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _front_matter(config: FinetuningConfig) -> str:
    """What the Hugging Face hub reads."""
    if config.pictures:
        return "---\npipeline_tag: image-classification\n---"
    if config.from_characters:
        return "---\npipeline_tag: text-classification\n---"
    base = ENCODERS[ENCODER_IDS[config.model]]
    return (
        f"---\nlibrary_name: transformers\npipeline_tag: text-classification\nbase_model: {base.repo}\n"
        f"license: {base.licence.lower()}\n---"
    )


def _data(examples: Examples) -> str:
    train, validation, test = (len(getattr(examples.parts, name)) for name in PARTS)
    counts = np.bincount(examples.labels[examples.rows()], minlength=len(examples.label_names))
    rows = "\n".join(f"| {_cell(label)} | {n} |" for label, n in zip(examples.label_names, counts, strict=True))
    return (
        f"{train} examples to learn from, {validation} to validate, {test} to test. Always guessing the commonest"
        f" class is right in {examples.majority(examples.parts.test):.1%} of the test rows.\n\n"
        f"| Class | Examples |\n|---|---|\n{rows}"
    )


def _scores(scores: Mapping[str, Any]) -> str:
    rows = "\n".join(f"| {_cell(row['label'])} | {_shares(row)} | {row['support']} |" for row in scores["report"])
    tested = sum(row["support"] > 0 for row in scores["report"])
    accuracies = "\n".join(f"- accuracy, {name}: {value:.3f}" for name, value in scores["accuracy"].items())
    return (
        f"{accuracies}\n- macro F1: {scores['macro_f1']:.3f}, of {tested} classes that were tested\n\n"
        f"| Class | Precision | Recall | F1 | Examples |\n|---|---|---|---|---|\n{rows}"
    )


def _shares(row: Mapping[str, Any]) -> str:
    """Precision, recall and F1; dashes for a class without test rows."""
    shares = (row[name] for name in ("precision", "recall", "f1"))
    return " | ".join(f"{share:.3f}" if row["support"] else "–" for share in shares)


def _use(config: FinetuningConfig) -> str:
    if config.pictures:
        return "`python load.py picture.png`; `train.py` is the run as a script."
    if config.from_characters:
        return '`python load.py "a text"`; `train.py` is the run as a script.'
    return f"```python\n{LOADING_CODE}```\n\n`train.py` is the run as a script."


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
