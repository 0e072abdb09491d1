"""A run as a short script of plain PyTorch that trains the same: same text, batches, first weights and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from engines.gpt_training.config import FOLK, GPT, LSTM, MASKED, MAX_VOCABULARY, OWN, OWN_TUNES, RNN, GptConfig
from engines.gpt_training.take_home.export import TITLES
from engines.gpt_training.text.corpus import HELD_OUT, MOST_STARTS, build
from engines.gpt_training.text.sources import load_documents
from engines.gpt_training.text.vocabulary import AT_ONCE, UNKNOWN, Vocabulary, make_tokenizer
from engines.messages import EngineError

SEPARATOR = {True: "\\n", False: "\\f"}  # between documents, as code writes it, by GptConfig.whole
SCRIPT = Template('''\
"""Trains a $title as a run of the AIGC Playground did: python train.py (pip install $packages)"""

import math$imports
from pathlib import Path

import torch$third_party
from torch import nn
from torch.nn import functional as F

SEED, STEPS, BATCH, LR, DECAY, DROPOUT = $seed, $steps, $batch, $lr, $decay, $dropout
LAYERS, WIDTH, HEADS, CONTEXT = $layers, $width, $heads, $context
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HERE = Path(__file__).parent

# --- The text: documents as one stream of tokens, with END (0) before each and after the last.
$reading
$tokens

train, held_out = ([encode("\\n" + text) for text in texts] for texts in (train, held_out))
STRIDE, LENGTH = max(1, sum(map(len, train)) // $most_starts), min(CONTEXT, max(map(len, train)))


def pieces(documents, every, left):
    """Tokens, and where their pieces begin and end: one at every so many, with `left` of a document after the last."""
    starts, ends, begin = [], [], 0
    for ids in documents:
        here = range(begin, begin + max(1, len(ids) - left), every)
        begin += len(ids)
        starts += here
        ends += [begin + 1] * len(here)
    tokens = torch.tensor([token for ids in documents for token in ids] + [0])
    return [part.to(DEVICE) for part in (tokens, torch.tensor(starts), torch.tensor(ends))]


def batch(part, index):
    """Tokens and the ones to predict, [N, LENGTH] each; -100 beyond the end of a document."""
    tokens, starts, ends = part
    place = starts[index, None] + torch.arange(LENGTH + 1, device=DEVICE)
    over = place >= ends[index, None]
    ids = tokens[place.clamp(max=len(tokens) - 1)].masked_fill(over, 0)
    return ids[:, :-1], ids[:, 1:].masked_fill(over[:, 1:], -100)


learnt, unseen = pieces(train, STRIDE, CONTEXT - STRIDE), pieces(held_out, CONTEXT, 0)
$task
# --- The model.
$model

torch.manual_seed(SEED)
net = $net.to(DEVICE)

# --- Training.
rng = torch.Generator(DEVICE).manual_seed(SEED)
decayed, others = ([p for p in net.parameters() if (p.dim() > 1) is large] for large in (True, False))
groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
optimiser = torch.optim.AdamW(groups, lr=LR, betas=(0.9, 0.99))


def nats(part, index, rng):
    """The sum of the losses, how many tokens they are of, and of how many characters."""
    ids, targets = $asked
    loss = F.cross_entropy(net(ids).flatten(0, 1), targets.flatten(), ignore_index=-100, reduction="sum")
    real = targets[targets != -100]
    return loss, len(real), $characters


for step in range(STEPS):
    falling = 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / STEPS))
    for group in optimiser.param_groups:
        group["lr"] = LR * min(1.0, (step + 1) / 40) * falling
$repeat    index = torch.randint(len(learnt[1]), (BATCH,), generator=rng, device=DEVICE)
    loss, count, characters = nats(learnt, index, rng)
    optimiser.zero_grad()
    (loss / max(1, count)).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    if step < 50 or step % 50 == 0:
        print(f"step {step}: {loss.item() / max(1, characters):.4f} nats a character", flush=True)

net.eval()
torch.set_grad_enabled(False)
rng = torch.Generator(DEVICE).manual_seed(0)
tested = [nats(unseen, some, rng) for some in torch.arange(len(unseen[1]), device=DEVICE).split(64)]
total, _, characters = (sum(parts) for parts in zip(*tested))
print(f"held out: {total.item() / characters:.4f} nats a character")
torch.save(net.state_dict(), HERE / "model.pt")

# --- What it has learnt.
$use''')

READ_BOTH = """\
train, held_out = ((HERE / name).read_text("utf-8").split("{separator}") for name in ("train.txt", "held_out.txt"))"""
READ_OWN = """\
text = (HERE / "text.txt").read_text("utf-8").strip()  # your text: lay it beside this file
cut = round(len(text) * {learnt})
train, held_out = [text[: max(1, round(cut * {part}))]], [text[cut:]]"""
CHARACTERS = """\
counts = Counter("".join([*train, *held_out]))
vocabulary = ["\\n", *sorted(counts.keys() - {"\\n"}, key=lambda c: (-counts[c], c))]
numbers = {character: i for i, character in enumerate(vocabulary)}


def encode(text):
    return [numbers[character] for character in text]
"""
RARE = """\
counts = Counter("".join([*train, *held_out]))
known = sorted(counts.keys() - {{"\\n", "\\ufffd"}}, key=lambda c: (-counts[c], c))
vocabulary = ["\\n", *(known if len(known) < {most} else ["\\ufffd", *known[: {most} - 2]])]  # the rarest are unknown
numbers = {{character: i for i, character in enumerate(vocabulary)}}


def encode(text):
    return [numbers.get(character, 1) for character in text]
"""
PAIRS = """\
tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))  # characters, and pairs that often stand together
vocabulary = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
lengths = torch.tensor([len(token) for token in vocabulary], device=DEVICE)


def encode(text):
    parts = (text[i : i + {at_once}] for i in range(0, len(text), {at_once}))
    return [token for part in parts for token in tokenizer.encode(part, add_special_tokens=False).ids]
"""
TASK = """\
GAP = len(vocabulary)  # a token that stands for a hidden one


def hide(ids, targets, rng):
    \"\"\"Of 15 % of the tokens 80 % are hidden, 10 % replaced and 10 % left; these are to be told.\"\"\"
    real = F.pad(targets[:, :-1] != -100, (1, 0), value=True) & (ids != 0)
    draw = torch.rand(ids.shape, generator=rng, device=DEVICE)
    other = torch.randint(GAP, ids.shape, generator=rng, device=DEVICE)
    seen = torch.where(draw < 0.12, GAP, torch.where(draw < 0.135, other, ids))
    gap = real & (draw < 0.15)
    return torch.where(gap, seen, ids), ids.masked_fill(~gap, -100)

"""
TRANSFORMER = """\
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm_1, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm_2, self.up, self.down = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = self.qkv(self.norm_1(x)).view(n, t, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=DROPOUT * self.training, is_causal={causal})
        x = x + F.dropout(self.out(y.transpose(1, 2).reshape(x.shape)), DROPOUT, self.training)
        y = self.down(F.gelu(self.up(self.norm_2(x)), approximate="tanh"))
        return x + F.dropout(y, DROPOUT, self.training)


class Transformer(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                shrink = math.sqrt(2 * LAYERS) if name.endswith(("out.weight", "down.weight")) else 1
                nn.init.normal_(weight, std=0.02 / shrink)
            elif name.endswith("bias"):
                nn.init.zeros_(weight)

    def forward(self, ids):
        x = F.dropout(self.tokens(ids) + self.positions.weight[: ids.shape[1]], DROPOUT, self.training)
        for block in self.blocks:
            x = block(x)
        return F.linear(self.norm(x), self.tokens.weight)
"""
RECURRENT = """\
class Recurrent(nn.Module):
    def __init__(self, vocabulary):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, WIDTH)
        self.net = nn.{kind}(WIDTH, WIDTH, LAYERS, batch_first=True, dropout=DROPOUT * (LAYERS > 1))
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, ids):
        x, _ = self.net(F.dropout(self.tokens(ids), DROPOUT, self.training))
        return F.linear(F.dropout(x, DROPOUT, self.training), self.tokens.weight)
"""
WRITE = """\
for _ in range(4):
    ids = [0]
    while len(ids) < {room}{until}:
        shares = net(torch.tensor([ids[-{reach}:]], device=DEVICE))[0, -1].softmax(-1)
        ids.append(int(torch.multinomial(shares, 1)))
    print("".join(vocabulary[i] for i in ids).strip())
"""
FILL = """\
ids, _ = batch(unseen, torch.arange(4, device=DEVICE))
hidden = (torch.rand(ids.shape, device=DEVICE) < 0.2) & (ids != 0)
filled = torch.where(hidden, net(torch.where(hidden, GAP, ids))[..., :GAP].argmax(-1), ids)
for row, gaps in zip(filled.tolist(), hidden.tolist()):
    print("".join(f"[{vocabulary[i]}]" if gap else vocabulary[i] for i, gap in zip(row, gaps)).strip())
"""


def script_files(
    config: GptConfig, uploads: Sequence[str] = (), facts: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """train.py and what it reads, by their names.

    Of a person's own text only a script that reads text.txt, unless `uploads` has it; byte pairs learnt from it are
    then taken from `facts`, those of the run's weights. EngineError where there are none.
    """
    if config.data == OWN_TUNES and not uploads:
        raise EngineError("A run on your own tunes can't be had as a script, since they were not kept.")
    if config.data == FOLK:
        raise EngineError("A run on these folk songs can't be had as a script: their licence keeps them in music21.")
    own = config.data == OWN and not uploads
    files: dict[str, bytes] = {}
    vocabulary = Vocabulary.of_facts(facts) if facts else None
    if not own:
        pairs = config.vocabulary if config.tokens == "pairs" else 0
        corpus = build(load_documents(config, uploads), config.context, share=config.part, pairs=pairs)
        vocabulary = corpus.vocabulary
        for name, texts in (("train.txt", corpus.train_texts), ("held_out.txt", corpus.held_texts)):
            files[name] = ("\n" if config.whole else "\f").join(texts).encode()
    if config.tokens == "pairs":
        if vocabulary is None:
            raise EngineError("Its byte pairs are not known yet; wait until the run has a model.")
        files["tokenizer.json"] = make_tokenizer(vocabulary).to_str().encode()
    rare = own or (vocabulary is not None and UNKNOWN in vocabulary.characters)
    return {"train.py": _text(config, own, rare).encode(), **files}


def _text(config: GptConfig, own: bool, rare: bool) -> str:
    """The script; `own` if it is to split the text itself, `rare` if there may be characters that are unknown."""
    pairs, masked, transformer = config.tokens == "pairs", config.model == MASKED, config.model in (GPT, MASKED)
    learnt = READ_OWN.format(learnt=1 - HELD_OUT, part=config.part)
    characters = RARE.format(most=MAX_VOCABULARY) if rare else CHARACTERS
    write = WRITE.format(
        room="LENGTH + 1" if config.whole else 200,
        until=" and (len(ids) == 1 or ids[-1])" if config.whole else "",
        reach="CONTEXT" if transformer else 10**6,
    )
    kind = {LSTM: "LSTM", RNN: "RNN"}.get(config.model)
    size = "len(vocabulary) + 1" if masked else "len(vocabulary)"
    return SCRIPT.substitute(
        {name: repr(getattr(config, name)) for name in ("seed", "steps", "batch", "lr", "decay", "dropout")},
        title=TITLES[config.model],
        packages="torch tokenizers" if pairs else "torch",
        imports="" if pairs else "\nfrom collections import Counter",
        third_party="\nfrom tokenizers import Tokenizer" if pairs else "",
        layers=config.layers,
        width=config.width,
        heads=config.heads,
        context=config.context,
        reading=learnt if own else READ_BOTH.format(separator=SEPARATOR[config.whole]),
        tokens=PAIRS.format(at_once=AT_ONCE) if pairs else characters,
        most_starts=MOST_STARTS,
        task=TASK if masked else "\n",
        model=TRANSFORMER.format(causal=not masked) if transformer else RECURRENT.format(kind=kind),
        net=f"{'Transformer' if transformer else 'Recurrent'}({size})",
        asked="hide(*batch(part, index), rng)" if masked else "batch(part, index)",
        characters="int(lengths[real].sum())" if pairs else "len(real)",
        repeat="    torch.manual_seed((SEED + 40503 * step) % 2**32)  # of dropout\n" if config.dropout else "",
        use=FILL if masked else write,
    )
