"""The labelled examples of a run: loaded, split, kept in the run's folder, and mixed with an older run's."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engines.data.pictures import PictureSet
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.datasets import Split, load_picture_dataset, load_text_dataset, split_of
from engines.finetuning.data.picture_folders import read_picture_zip
from engines.finetuning.data.tables import guess_columns, label_texts, read_table
from engines.finetuning.disk import disk_space, whole
from engines.messages import ConfigError, EngineError, Message

PICTURE_SIZE = 64  # pixels on a side of own pictures
TEXT_FILE, PICTURE_FILE, TEST_PICTURES = "data.json", "data.npz", "test_pictures.npz"
PARTS = ("train", "validation", "test")
MOST_VALIDATED, MOST_TESTED = 2_000, 5_000  # rows; more would only make the run longer


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled examples and their split. Inputs are texts, or pictures uint8 [N, H, W, C]."""

    name: str
    inputs: tuple[str, ...] | np.ndarray
    labels: np.ndarray  # int64 [N]
    label_names: tuple[str, ...]
    parts: Split
    old_test: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # rows that a continued run tested on

    @property
    def pictures(self) -> bool:
        """Whether the inputs are pictures."""
        return isinstance(self.inputs, np.ndarray)

    def rows(self) -> np.ndarray:
        """Those of all parts, int64; with a limit on the rows they are not all."""
        parts = (getattr(self.parts, name) for name in PARTS)
        return np.unique(np.concatenate([*parts, self.old_test]))

    def titles(self, rows: np.ndarray) -> tuple[str, ...]:
        """The texts of those rows; of pictures their numbers."""
        return tuple(str(row) if self.pictures else self.inputs[row] for row in rows.tolist())

    def majority(self, rows: np.ndarray) -> float:
        """The accuracy, from 0 to 1, of always guessing the commonest class of those rows."""
        return float(np.bincount(self.labels[rows]).max() / len(rows)) if len(rows) else 0.0


def load_examples(config: FinetuningConfig, uploads: Sequence[str] = ()) -> Examples:
    """The examples that the config names, split by its seed; ConfigError for an upload that cannot be used."""
    if config.dataset.startswith("own_") and not uploads:
        raise ConfigError("Choose your own file first.")
    if config.dataset == "own_texts":
        table = read_table(uploads[0])
        text, label = config.text_column, config.label_column
        if not (text and label):
            guessed_text, guessed_label = guess_columns(table)
            text, label = text or guessed_text, label or guessed_label
        data = label_texts(table, text, label)
    elif config.dataset == "own_pictures":
        data = read_picture_zip(uploads[0], PICTURE_SIZE)
    elif config.pictures:
        data = load_picture_dataset(config.dataset)
    else:
        data = load_text_dataset(config.dataset)
    parts = split_of(data, config.seed, limit=config.rows)
    parts = Split(parts.train, parts.validation[:MOST_VALIDATED], parts.test[:MOST_TESTED])
    return Examples(data.name, data.images if config.pictures else data.texts, data.labels, data.label_names, parts)


def continue_examples(old: Examples, new: Examples, replay: float, seed: int) -> Examples:
    """The new examples with a share `replay` (0 to 1) of the old ones, for a model that knows the old classes.

    The old classes keep their numbers and the new ones follow. The old test rows become `old_test`. What is
    validated on is mixed like what is learnt, so that the best model is not chosen for forgetting.
    """
    names = old.label_names + tuple(name for name in new.label_names if name not in old.label_names)
    number = np.array([names.index(name) for name in new.label_names], np.int64)
    start, mixed = len(old.labels), np.random.default_rng(seed)
    tested = np.concatenate([old.parts.test, old.old_test])[:MOST_TESTED]

    def part(name: str) -> np.ndarray:
        rows = getattr(old.parts, name)
        kept = mixed.permutation(rows)[: round(replay * len(rows))]
        return mixed.permutation(np.concatenate([kept, start + getattr(new.parts, name)]))

    return Examples(
        new.name,
        _joined(old.inputs, new.inputs),
        np.concatenate([old.labels, number[new.labels]]),
        names,
        Split(part("train"), part("validation"), start + new.parts.test),
        old_test=tested,
    )


def _joined(old: Any, new: Any) -> Any:
    """Old and new inputs in a row; new pictures take the old ones' size and channels."""
    if not isinstance(old, np.ndarray):
        return old + new
    new = PictureSet("", new, np.zeros(len(new), np.int64)).resized(old.shape[1]).images
    if new.shape[3] > old.shape[3]:
        new = new.mean(3, keepdims=True).round().astype(np.uint8)
    return np.concatenate([old, np.broadcast_to(new, (*new.shape[:3], old.shape[3]))])


@dataclass(frozen=True, eq=False)
class Kept:
    """What a run's folder remembers."""

    examples: Examples
    model: str  # the config's
    base: Path | None  # the folder of the run that it goes on from


def keep_examples(kept: Kept, folder: Path) -> None:
    """Write them into a run's folder; OSError if the disk refuses."""
    examples = kept.examples
    about: dict[str, Any] = {"name": examples.name, "model": kept.model, "base": str(kept.base or "")}
    rows = {name: getattr(examples.parts, name) for name in PARTS} | {"old_test": examples.old_test}
    if examples.pictures:
        about["label_names"] = np.array(examples.label_names)
        with whole(folder / PICTURE_FILE) as path, path.open("wb") as file:
            np.savez(file, images=examples.inputs, labels=examples.labels, **about, **rows)
        return
    about |= {"label_names": examples.label_names, "texts": examples.inputs, "labels": examples.labels.tolist()}
    about |= {name: numbers.tolist() for name, numbers in rows.items()}
    with whole(folder / TEXT_FILE) as path:
        path.write_text(json.dumps(about, ensure_ascii=False), "utf-8")


def kept_examples(folder: Path) -> Kept:
    """What keep_examples wrote; FileNotFoundError if it wrote nothing."""
    if (folder / PICTURE_FILE).is_file():
        with np.load(folder / PICTURE_FILE, allow_pickle=False) as arrays:
            found: dict[str, Any] = {name: arrays[name] for name in arrays.files}
        inputs, names = found["images"], tuple(found["label_names"].tolist())
    else:
        found = json.loads((folder / TEXT_FILE).read_text("utf-8"))
        inputs, names = tuple(found["texts"]), tuple(found["label_names"])
    rows = {name: np.asarray(found[name], np.int64) for name in (*PARTS, "old_test", "labels")}
    parts = Split(*(rows[name] for name in PARTS))
    examples = Examples(str(found["name"]), inputs, rows["labels"], names, parts, rows["old_test"])
    base = Path(str(found["base"]))
    return Kept(examples, str(found["model"]), base if str(found["base"]) and base.is_dir() else None)


def run_examples(config: FinetuningConfig, folder: Path, uploads: Sequence[str], base: Path | None) -> Kept:
    """A run's examples, kept in its folder; what an earlier start there kept, if there was one.

    With `base`, the folder of an ended run, its old ones are mixed in. Raises EngineError if the disk refuses or the
    base has no examples, ConfigError if it had another model or kind of data.
    """
    with contextlib.suppress(FileNotFoundError):
        return kept_examples(folder)
    examples = load_examples(config, uploads)
    if base is not None:
        examples = _continued(config, base, examples)
    with disk_space():
        folder.mkdir(parents=True, exist_ok=True)
        if examples.pictures:
            with whole(folder / TEST_PICTURES) as path, path.open("wb") as file:
                np.savez(file, images=examples.inputs[examples.parts.test])
        keep_examples(Kept(examples, config.model, base), folder)
    return Kept(examples, config.model, base)


def _continued(config: FinetuningConfig, base: Path, new: Examples) -> Examples:
    """The new examples with what is replayed of the base's."""
    try:
        kept = kept_examples(base)
    except (OSError, ValueError, KeyError) as problem:
        raise EngineError("The run to continue has left no examples; choose another one.") from problem
    if kept.model != config.model:
        title = Message(config.knobs()["model"].choices[kept.model])
        raise ConfigError("The run to continue has the model {model}; choose that one.", model=title)
    return continue_examples(kept.examples, new, config.replay, config.seed)
