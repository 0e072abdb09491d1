"""Writes a trained model as a folder: a GPT as plain transformers loads it, the others with a short script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engines.gpt_training.config import ENGLISH, GPT, LSTM, MASKED, NAMES, POEMS, TUNES, GptConfig
from engines.gpt_training.text.vocabulary import END, UNKNOWN, Vocabulary, make_tokenizer
from engines.messages import EngineError
from engines.running.events import Weights

TITLES = {"gpt": "GPT", "lstm": "LSTM", "rnn": "plain RNN", "masked": "masked Transformer"}
TEXTS = {POEMS: "60,000 Tang and Song quatrains (chinese-poetry 2.0.1, MIT; public domain)",
         ENGLISH: "Alice's Adventures in Wonderland, As You Like It and Paradise Lost (public domain)",
         TUNES: "Irish and Scottish tunes of old books (music21 10.5.1; the music is in the public domain)",
         NAMES: "given names of the census of the USA in 1990 (names 0.3.0, MIT; public domain)"}  # fmt: skip
# Our names of a block's parts, and GPT-2's.
PARTS = {"norm_1": "ln_1", "attention.qkv": "attn.c_attn", "attention.out": "attn.c_proj", "norm_2": "ln_2",
         "up": "mlp.c_fc", "down": "mlp.c_proj"}  # fmt: skip
CARD = """\
# A {title} trained from nothing in the AIGC Playground

Everything that it writes is machine-made.

- Text: {text}
- {parameters:,} parameters, {vocabulary:,} tokens, context {context}
- {steps:,} steps of {batch} pieces of text, learning rate {lr:g}, dropout {dropout:g}, seed {seed}
- {scores}
- Made by: the engine `gpt_training` of the AIGC Playground

## Use

{use}
"""
USE_GPT = """\
```python
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(".")
model = AutoModelForCausalLM.from_pretrained(".")
ids = tokenizer("{start}", return_tensors="pt").input_ids
written = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, max_length={length}, {end})
print(tokenizer.decode(written[0]))
```

A text begins with a line end: the tokenizer puts it there.{plan}
"""
PLAN = " Before a poem stands its plan, such as 七平东： for seven characters a line, a level start and the rhyme 东."
NO_CLASS = {
    "masked": "Plain transformers has no class for this model, since BERT normalises after each part and this model"
    " before it; `{script}` loads it.",
    "": "Plain transformers has no class for this model, a recurrent network; `{script}` loads it.",
}
SCRIPT = '''\
"""Loads the model beside this file with PyTorch, safetensors and tokenizers alone, and lets it {do}."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
about = json.loads((HERE / "config.json").read_text("utf-8"))
weights = load_file(HERE / "model.safetensors")
tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
tokens = weights["tokens.weight"]

{body}
'''
RECURRENT = '''\
net = nn.{kind}(about["width"], about["width"], about["layers"], batch_first=True)
net.load_state_dict({{name[4:]: value for name, value in weights.items() if name.startswith("net.")}})


@torch.no_grad()
def write(start="", length={length}, temperature=1.0):
    """A text that begins with `start`."""
    ids, state = [0, *tokenizer.encode(start, add_special_tokens=False).ids], None
    new = torch.tensor([ids])
    for _ in range(length):
        x, state = net(tokens[new], state)
        shares = (F.linear(x[0, -1], tokens) / temperature).softmax(-1)
        new = torch.multinomial(shares, 1)[None]
        if {stop}:
            break
        ids.append(int(new))
    return tokenizer.decode(ids[1:], skip_special_tokens=False)


print(write())
'''
MASKED_BODY = '''\
GAP = len(tokens) - 1


def part(x, name):
    return F.linear(x, weights[name + ".weight"], weights[name + ".bias"])


def norm(x, name):
    return F.layer_norm(x, x.shape[-1:], weights[name + ".weight"], weights[name + ".bias"])


def logits(ids):
    """[T, tokens] for a list of T tokens."""
    x = tokens[ids] + weights["positions.weight"][: len(ids)]
    for i in range(about["layers"]):
        block = f"blocks.{i}."
        q, k, v = part(norm(x, block + "norm_1"), block + "attention.qkv").view(
            len(ids), 3, about["heads"], -1).permute(1, 2, 0, 3)
        y = F.scaled_dot_product_attention(q, k, v).transpose(0, 1).reshape(x.shape)
        x = x + part(y, block + "attention.out")
        y = F.gelu(part(norm(x, block + "norm_2"), block + "up"), approximate="tanh")
        x = x + part(y, block + "down")
    return F.linear(norm(x, "norm"), tokens)


def fill(text):
    """`text` with a character for each _ in it, the surest first."""
    ids = [0]
    for number, piece in enumerate(text.split("_")):
        ids += [GAP] * (number > 0) + tokenizer.encode(piece, add_special_tokens=False).ids
    count = len(ids)
    ids += [0] * (about["length"] - count)
    while GAP in ids:
        shares = logits(ids).softmax(-1)
        shares[:, [0, GAP]] = 0
        gaps = [i for i, token in enumerate(ids) if token == GAP]
        best = max(gaps, key=lambda i: shares[i].max())
        ids[best] = int(shares[best].argmax())
    return tokenizer.decode(ids[1:count], skip_special_tokens=False)


print(fill("{gapped}"))
'''


def export(config: GptConfig, weights: Weights, folder: Path, scores: str = "") -> None:
    """Fills `folder`, which must be there: model.safetensors, config.json, tokenizer.json and README.md.

    A GPT becomes a GPT2LMHeadModel that gives the same logits; the others get run.py. `scores` is a sentence for the
    card. EngineError if it can't be written.
    """
    from safetensors.numpy import save_file

    try:
        vocabulary = Vocabulary.of_facts(weights.facts)
    except (ValueError, AttributeError) as problem:
        raise EngineError("What was saved of this model is damaged.") from problem
    gpt = config.model == GPT
    tensors = as_gpt2(config, weights) if gpt else dict(weights.tensors)
    about = gpt2_config(config, vocabulary) if gpt else _own_config(config, weights)
    try:
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, folder / "model.safetensors",
                  {"format": "pt"})  # fmt: skip
        _write_json(folder / "config.json", about)
        tokenizer_files(config, vocabulary, folder)
        (folder / "README.md").write_text(_card(config, weights, vocabulary, scores), "utf-8")
        if not gpt:
            (folder / "run.py").write_text(_script(config, weights), "utf-8")
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise EngineError("The file could not be saved: {reason}. The run is kept.", reason=reason) from problem


def as_gpt2(config: GptConfig, weights: Weights) -> dict[str, np.ndarray]:
    """The weights by GPT-2's names; its Conv1D holds [in, out] where a Linear holds [out, in]."""
    own = weights.tensors
    found = {
        "transformer.wte.weight": own["tokens.weight"],
        "transformer.wpe.weight": own["positions.weight"],
        "transformer.ln_f.weight": own["norm.weight"],
        "transformer.ln_f.bias": own["norm.bias"],
    }
    for i in range(config.layers):
        for part, name in PARTS.items():
            weight = own[f"blocks.{i}.{part}.weight"]
            found[f"transformer.h.{i}.{name}.weight"] = weight.T if weight.ndim == 2 else weight
            found[f"transformer.h.{i}.{name}.bias"] = own[f"blocks.{i}.{part}.bias"]
    return found


def gpt2_config(config: GptConfig, vocabulary: Vocabulary) -> dict[str, Any]:
    """What GPT2Config is made from."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "vocab_size": len(vocabulary),
        "n_positions": config.context,
        "n_embd": config.width,
        "n_layer": config.layers,
        "n_head": config.heads,
        "layer_norm_epsilon": 1e-5,
        **dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), config.dropout),
        "bos_token_id": 0,
        "eos_token_id": 0 if config.whole else None,
        "tie_word_embeddings": True,
        "playground": config.to_dict(),
    }


def tokenizer_files(config: GptConfig, vocabulary: Vocabulary, folder: Path) -> None:
    """tokenizer.json and tokenizer_config.json, as AutoTokenizer reads them; END is put before a text."""
    from tokenizers import processors

    tokenizer = make_tokenizer(vocabulary)
    tokenizer.post_processor = processors.TemplateProcessing(f"{END} $A", special_tokens=[(END, 0)])
    tokenizer.save(str(folder / "tokenizer.json"))
    known = {"unk_token": UNKNOWN} if UNKNOWN in vocabulary.characters else {}
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "clean_up_tokenization_spaces": False,
            "model_max_length": config.context,
            **known,
        },
    )


def _own_config(config: GptConfig, weights: Weights) -> dict[str, Any]:
    about = {name: getattr(config, name) for name in ("model", "layers", "width", "heads", "context")}
    return about | {"length": weights.facts["length"], "playground": config.to_dict()}


def _script(config: GptConfig, weights: Weights) -> str:
    if config.model == MASKED:
        gapped = "春眠不_晓，处处闻_鸟。" if config.data == POEMS else "_"
        return SCRIPT.format(do="fill gaps", body=MASKED_BODY.replace("{gapped}", gapped))
    kind, stop = ("LSTM" if config.model == LSTM else "RNN"), "int(new) == 0" if config.whole else "False"
    length = weights.facts["length"] if config.whole else 200
    return SCRIPT.format(do="write", body=RECURRENT.format(kind=kind, length=length, stop=stop))


def _card(config: GptConfig, weights: Weights, vocabulary: Vocabulary, scores: str) -> str:
    if config.model == GPT:
        end = "eos_token_id=0, pad_token_id=0" if config.whole else "pad_token_id=0"
        length = weights.facts["length"] + 1 if config.whole else config.context
        use = USE_GPT.format(start="", length=length, end=end, plan=PLAN if config.plan else "")
    else:
        use = NO_CLASS[config.model if config.model == MASKED else ""].format(script="run.py")
    return CARD.format(
        title=TITLES[config.model],
        text=TEXTS.get(config.data, "a text of the person who trained it"),
        parameters=sum(array.size for array in weights.tensors.values()),
        vocabulary=len(vocabulary),
        context=config.context,
        steps=weights.step,
        batch=config.batch,
        lr=config.lr,
        dropout=config.dropout,
        seed=config.seed,
        scores=scores or "Scores: not measured",
        use=use,
    )


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8")
