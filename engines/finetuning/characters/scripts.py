"""The code that goes with a classifier over character n-grams: how to load it, and its run as a script."""

from __future__ import annotations

from string import Template
from typing import Any

_NGRAMS = '''\
import json, unicodedata, zlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file


def marked(texts, max_length, buckets=2**13):
    """A row a text, 1 for each of its pieces of one or two characters."""
    found = torch.zeros(len(texts), buckets)
    for line, text in zip(found, texts):
        padded = f" {' '.join(unicodedata.normalize('NFKC', text[:max_length]).casefold().split())} "
        pieces = {padded[i : i + n] for n in (1, 2) for i in range(len(padded) - n + 1)} - {" ", "  "}
        line[[zlib.crc32(piece.encode()) % buckets for piece in pieces]] = 1
    return found
'''

CHAR_LOADING_CODE = f'''\
"""Classify texts: python load.py "a text" ... (pip install torch safetensors numpy)"""
{_NGRAMS}

folder = Path(__file__).parent
about, tensors = json.loads((folder / "char_model.json").read_text("utf-8")), load_file(folder / "model.safetensors")


def predict(texts):
    """Probabilities, a row a text."""
    words = F.normalize(marked(texts, about["max_length"]) * tensors["rarity"], dim=1)
    return F.linear(words, tensors["classifier.weight"], tensors["classifier.bias"]).softmax(-1)


if __name__ == "__main__":
    import sys

    for text, probabilities in zip(sys.argv[1:], predict(sys.argv[1:])):
        print(about["label_names"][int(probabilities.argmax())], float(probabilities.max()), text)
'''

CHAR_CODE = """\
from load import about, predict  # load.py lies in the ZIP

for probabilities in predict(["a text", "another one"]):
    print(about["label_names"][int(probabilities.argmax())], float(probabilities.max()))
"""

_SCRIPT = Template(f'''\
"""$title, on data.csv, a table with a text and a label a row.

pip install torch safetensors numpy
"""
import csv

{_NGRAMS}

rows = list(csv.DictReader(open("data.csv", encoding="utf-8-sig")))
texts, names = [row[$text] for row in rows], sorted({{row[$label] for row in rows}})
labels = torch.tensor([names.index(row[$label]) for row in rows])
mixed = np.random.default_rng($seed)
order = mixed.permutation(len(rows))
test, train = np.split(order, [len(rows) // 5])

words = marked(texts, $max_length)
there = words[train].sum(0)
rarity = (torch.log((1 + len(train)) / (1 + there)) + 1) * (there > 0)
words = F.normalize(words * rarity, dim=1)
layer = torch.nn.Linear(words.shape[1], len(names))
torch.nn.init.zeros_(layer.weight), torch.nn.init.zeros_(layer.bias)
optimizer = torch.optim.AdamW(layer.parameters(), lr=$lr, weight_decay=$weight_decay)
total = $epochs * -(-len(train) // $batch)
rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / total)
for _ in range($epochs):
    for batch in np.array_split(mixed.permutation(train), -(-len(train) // $batch)):
        F.cross_entropy(layer(words[batch]), labels[batch]).backward()
        optimizer.step(), optimizer.zero_grad(), rate.step()

right = (layer(words[test]).argmax(1) == labels[test]).float().mean()
print(f"{{len(test)}} test rows, accuracy {{right:.3f}}")
Path("char_model.json").write_text(json.dumps({{"label_names": names, "max_length": $max_length}}), "utf-8")
tensors = {{"rarity": rarity, "classifier.weight": layer.weight.detach(), "classifier.bias": layer.bias.detach()}}
save_file(tensors, "model.safetensors")
''')


def char_script(values: dict[str, Any]) -> str:
    """A short script that does what a run with these settings does."""
    columns = {"text": repr(values["text_column"] or "text"), "label": repr(values["label_column"] or "label")}
    return _SCRIPT.substitute({**values, **columns})
