"""A fine-tuned classifier to be used: probabilities, and which words mattered. Importing this loads no torch."""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engines.loading import load_pretrained
from engines.messages import EngineError

BEST = "best"  # the model's folder within a run's
KEPT = 2  # classifiers in memory
BATCH = 32
FAINT = 0.2  # log odds: where no word matters more, none is tinted as if it did
MOST_LEFT_OUT = 64  # pieces of a text that are left out in turn to see which mattered
# A word is what stands between spaces; Chinese, Japanese and Korean write without, so there it is a character.
CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
WORD = re.compile(rf"[{CJK}]|[^\s{CJK}]+")


class Classifier:
    """A trained model in memory, on the CPU in float32. For use by one thread at a time."""

    def __init__(self, label_names: tuple[str, ...]) -> None:
        self.label_names = label_names

    @staticmethod
    def load(folder: Path) -> Classifier:
        """The best model of a run's folder, or the model in a folder; EngineError if there is none."""
        folder = folder / BEST if (folder / BEST).is_dir() else folder
        from engines.finetuning.characters.net import CHAR_CONFIG
        from engines.finetuning.nets.pictures import PICTURE_CONFIG

        if (folder / PICTURE_CONFIG).is_file():
            return PictureClassifier(folder)
        if (folder / CHAR_CONFIG).is_file():
            return CharClassifier(folder)
        if (folder / "config.json").is_file():
            return TextClassifier(folder)
        raise EngineError("This run has no trained model; let it learn for a few seconds longer.")

    def predict(self, inputs: Sequence[str] | np.ndarray) -> np.ndarray:
        """Probabilities, float32 [N, K], of texts, or of pictures uint8 [N, H, W, C] of any size."""
        raise NotImplementedError

    def explain(self, text: str) -> list[tuple[str, float]]:
        """(piece, weight) of a text: see TextReader. EngineError for pictures."""
        raise EngineError("Only texts can be explained word by word.")


class TextReader(Classifier):
    """What classifiers of texts have in common."""

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Scores float32 [N, K], whose softmax are the probabilities."""
        raise NotImplementedError

    def read(self, text: str) -> int:
        """How many of the text's characters are read; the rest is cut."""
        return len(text)

    def predict(self, inputs: Sequence[str] | np.ndarray) -> np.ndarray:
        """Probabilities, float32 [N, K]; a text longer than the run's Max length is cut."""
        scores = self.logits(list(inputs))
        powers = np.exp(scores - scores.max(1, keepdims=True, initial=-np.inf))
        return powers / powers.sum(1, keepdims=True)

    def explain(self, text: str) -> list[tuple[str, float]]:
        """How much each word speaks for the predicted class, from -1 (most against) to 1.

        Each word is left out in turn, and stands alone in turn; its weight is by how much the log odds of the class
        fall without it (Li et al. 2016, arXiv 1612.08220) and rise from nothing with it, divided by the largest. The
        second sees words that say the same, of which none is missed. In long texts a few neighbours go together. The
        pieces are words with the space after them, so that together they are the text; what was cut off weighs 0.
        """
        pieces = _pieces(text)
        if not pieces:
            return []
        end = self.read(text)
        tried = [place for place, (start, _) in enumerate(pieces) if start < end]
        without = [text[: pieces[i][0]] + text[pieces[i][1] :] for i in tried]
        alone = [text[slice(*pieces[i])] for i in tried]
        odds = _log_odds(self.logits([text, "", *without, *alone]))
        weights, count = np.zeros(len(pieces)), len(tried)
        weights[tried] = odds[0] - odds[2 : 2 + count] + odds[2 + count :] - odds[1]
        weights /= max(np.abs(weights).max(), FAINT)
        return [(text[a:b], float(weight)) for (a, b), weight in zip(pieces, weights, strict=True)]


def _pieces(text: str) -> list[tuple[int, int]]:
    """(start, end) of each word with what follows it, or of neighbours together where there are too many."""
    starts = [match.start() for match in WORD.finditer(text)]
    starts = starts[:: -(-len(starts) // MOST_LEFT_OUT) or 1]
    return list(zip([0, *starts[1:]], [*starts[1:], len(text)], strict=True)) if starts else []


def _log_odds(logits: np.ndarray) -> np.ndarray:
    """Of the class that the first row predicts against all others together, float [N]; logits are [N, K]."""
    chosen = int(logits[0].argmax())
    others = np.delete(logits, chosen, axis=1)
    if not others.shape[1]:
        return logits[:, chosen]
    return logits[:, chosen] - np.logaddexp.reduce(others, axis=1)


class TextClassifier(TextReader):
    """A …ForSequenceClassification and its tokenizer."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModelForSequenceClassification

        from engines.finetuning.nets.encoders import OFFLINE, load_tokenizer

        self._tokenizer = load_tokenizer(folder)
        model = load_pretrained(AutoModelForSequenceClassification, folder, use_safetensors=True, **OFFLINE)
        self._model = model.eval().requires_grad_(False)
        super().__init__(tuple(name for _, name in sorted(model.config.id2label.items())))

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """See TextReader."""
        import torch

        _one_thread()
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found = np.zeros((len(texts), len(self.label_names)), np.float32)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            tokens = self._tokenizer([texts[i] for i in chosen], padding=True, truncation=True, return_tensors="pt")
            with torch.inference_mode():
                found[chosen] = self._model(**tokens).logits.numpy()
        return found

    def read(self, text: str) -> int:
        """See TextReader."""
        spans = self._tokenizer(text, truncation=True, return_offsets_mapping=True)["offset_mapping"]
        return max(end for _, end in spans)


class CharClassifier(TextReader):
    """A CharNet."""

    def __init__(self, folder: Path) -> None:
        from engines.finetuning.characters.net import load_char_net

        self._net = load_char_net(folder).eval().requires_grad_(False)
        super().__init__(self._net.label_names)

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """See TextReader."""
        import torch

        from engines.finetuning.characters.net import marked, ngrams

        _one_thread()
        found = np.zeros((len(texts), len(self.label_names)), np.float32)
        for start in range(0, len(texts), BATCH):
            rows = [ngrams(text, self._net.max_length) for text in texts[start : start + BATCH]]
            with torch.inference_mode():
                found[start : start + BATCH] = self._net(marked(rows)).numpy()
        return found

    def read(self, text: str) -> int:
        """See TextReader."""
        return min(len(text), self._net.max_length)


class PictureClassifier(Classifier):
    """A PictureNet."""

    def __init__(self, folder: Path) -> None:
        from engines.finetuning.nets.pictures import load_picture_net

        self._net = load_picture_net(folder).eval().requires_grad_(False)
        self.size, self.channels = self._net.size, self._net.channels
        super().__init__(self._net.label_names)

    def predict(self, inputs: Sequence[str] | np.ndarray) -> np.ndarray:
        """Probabilities, float32 [N, K], of pictures uint8 [N, H, W, C], C 1 or 3, of any size."""
        import torch

        from engines.finetuning.data.sources import PictureSource

        _one_thread()
        source = PictureSource(inputs, torch.device("cpu"))
        with torch.inference_mode():
            parts = np.array_split(np.arange(len(inputs)), max(1, -(-len(inputs) // BATCH)))
            found = [self._net(*source.inputs(rows)).softmax(-1).numpy() for rows in parts if len(rows)]
        return np.concatenate(found) if found else np.zeros((0, len(self.label_names)), np.float32)


def _one_thread() -> None:
    """PyTorch's threads wait for each other on a machine where a run is computing; see engines/device.py."""
    from engines.device import leave_cores

    leave_cores()


class Classifiers:
    """The classifiers in use, by folder; the one unused longest goes first. For any number of threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._loaded: OrderedDict[tuple[str, int], tuple[Classifier, threading.Lock]] = OrderedDict()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled, they become those of the process that reads it, which keeps its own."""
        return _of_this_process, (self._kept,)

    def label_names(self, folder: Path) -> tuple[str, ...]:
        """The classes of the model in a run's folder."""
        return self._get(folder)[0].label_names

    def predict(self, folder: Path, inputs: Sequence[str] | np.ndarray) -> np.ndarray:
        """Classifier.predict of the model in a run's folder."""
        classifier, lock = self._get(folder)
        with lock:
            return classifier.predict(inputs)

    def explain(self, folder: Path, text: str) -> list[tuple[str, float]]:
        """Classifier.explain of the model in a run's folder."""
        classifier, lock = self._get(folder)
        with lock:
            return classifier.explain(text)

    def close(self) -> None:
        """Free them all."""
        with self._lock:
            self._loaded.clear()

    def _get(self, folder: Path) -> tuple[Classifier, threading.Lock]:
        key = (str(folder), _changed(folder))
        with self._lock:
            if key not in self._loaded:
                found: Any = (Classifier.load(folder), threading.Lock())
                for old in [other for other in self._loaded if other[0] == key[0]]:
                    del self._loaded[old]  # the run has found a better one since
                self._loaded[key] = found
            self._loaded.move_to_end(key)
            while len(self._loaded) > self._kept:
                self._loaded.popitem(last=False)
            return self._loaded[key]


@functools.lru_cache
def _of_this_process(kept: int) -> Classifiers:
    return Classifiers(kept)


def _changed(folder: Path) -> int:
    """When the folder's model was written; 0 if there is none."""
    with contextlib.suppress(OSError):
        return (folder / BEST / "model.safetensors").stat().st_mtime_ns
    return 0
