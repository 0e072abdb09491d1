"""A run as a short Python script with plain transformers or torchvision, and how to load what it made."""

from __future__ import annotations

from string import Template

from engines.catalog import ENCODERS
from engines.finetuning.characters.scripts import CHAR_CODE, char_script
from engines.finetuning.config import ENCODER_IDS, FinetuningConfig

LOADING_CODE = """\
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder = "classifier"  # where you unpacked the ZIP
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder)

inputs = tokenizer(["a text", "another one"], padding=True, truncation=True, return_tensors="pt")
for probabilities in model(**inputs).logits.softmax(-1):
    print(model.config.id2label[int(probabilities.argmax())], float(probabilities.max()))
"""

PICTURE_CODE = """\
import numpy as np
from load import about, predict  # load.py lies in the ZIP

images = np.zeros((1, about["size"], about["size"], about["channels"]), np.uint8)  # your pictures
for probabilities in predict(images):
    print(about["label_names"][int(probabilities.argmax())], float(probabilities.max()))
"""

NETWORK = """\
def small_cnn(size, channels, classes, width=32):
    layers, before = [], channels
    for after in (width, 2 * width, 2 * width):
        convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(after), nn.MaxPool2d(2), nn.ReLU()]
        before = after
    layers += [nn.Flatten(), nn.Linear(2 * width * (size // 8) ** 2, 64)]
    return nn.ModuleDict({"body": nn.ModuleDict({"layers": nn.Sequential(*layers)}), "head": nn.Linear(64, classes)})
"""

PICTURE_LOADING_CODE = f'''\
"""Classify pictures: python load.py picture.png ... (pip install torch torchvision safetensors pillow)"""
import json, sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision import models

FOLDER = Path(__file__).parent
about = json.loads((FOLDER / "picture_model.json").read_text("utf-8"))
size, channels, classes = about["size"], about["channels"], len(about["label_names"])


{NETWORK}

def torchvision_net(classes):
    if about["architecture"] == "resnet18":
        body = models.resnet18()
        width, body.fc = body.fc.in_features, nn.Identity()
    else:
        body = models.mobilenet_v3_small()
        width, body.classifier[3] = body.classifier[3].in_features, nn.Identity()
    return nn.ModuleDict({{"body": body, "head": nn.Linear(width, classes)}})


small = about["architecture"] == "small_cnn"
net = small_cnn(size, channels, classes) if small else torchvision_net(classes)
net.load_state_dict(load_file(FOLDER / "model.safetensors"))
net.eval()


@torch.inference_mode()
def predict(images):
    """uint8 [N, height, width, channels] -> probabilities [N, classes]"""
    x = torch.tensor(np.asarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1
    if small:
        features = F.relu(net["body"]["layers"](x))
    else:
        x = F.interpolate(x.expand(-1, 3, -1, -1), (64, 64), mode="bilinear", antialias=True) / 2 + 0.5
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        features = net["body"]((x - mean) / std)
    return net["head"](features).softmax(-1)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        picture = Image.open(path).convert("L" if channels == 1 else "RGB").resize((size, size))
        probabilities = predict(np.asarray(picture).reshape(1, size, size, channels))[0]
        print(path, about["label_names"][int(probabilities.argmax())], f"{{float(probabilities.max()):.3f}}")
'''

_TEXT = Template('''\
"""Fine-tune $title as a run of the AIGC Playground did: python train.py data.csv

First: pip install $packages
"""
import csv
import random
import sys

import torch
import torch.nn.functional as F
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup
$imports
MODEL, SEED = "$repo", $seed
EPOCHS, BATCH, LR, WEIGHT_DECAY, WARMUP, MAX_LENGTH = $epochs, $batch, $lr, $weight_decay, $warmup, $max_length
TEXT, LABEL = $columns  # of the table

with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
    rows = [(row[TEXT], row[LABEL]) for row in csv.DictReader(file)]
random.seed(SEED)
torch.manual_seed(SEED)
random.shuffle(rows)
labels = sorted({label for _, label in rows})
test, train = rows[: len(rows) // 5], rows[len(rows) // 5 :]

names = {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
tokenizer = AutoTokenizer.from_pretrained(MODEL, model_max_length=MAX_LENGTH)
model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=len(labels), **names)


def batches(rows):
    for start in range(0, len(rows), BATCH):
        texts, truth = zip(*rows[start : start + BATCH])
        inputs = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        yield inputs, torch.tensor([labels.index(label) for label in truth])

$preparation
def accuracy(rows):
    model.eval()
    with torch.inference_mode():
        right = sum(int((model(**inputs).logits.argmax(-1) == truth).sum()) for inputs, truth in batches(rows))
    return right / len(rows)


weights = [weight for weight in model.parameters() if weight.requires_grad]
optimizer = torch.optim.AdamW(weights, lr=LR, weight_decay=WEIGHT_DECAY)
steps = EPOCHS * -(-len(train) // BATCH)
schedule = get_linear_schedule_with_warmup(optimizer, round(WARMUP * steps), steps)
for epoch in range(EPOCHS):
    model.train()
    random.shuffle(train)
    for inputs, truth in batches(train):
$step
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    print(f"epoch {epoch + 1}: {accuracy(test):.1%} of the test rows are right", flush=True)

${finish}model.save_pretrained("classifier")
tokenizer.save_pretrained("classifier")
''')

_MLM = Template("""
# First guess hidden words in the same texts, without their labels.
masked = AutoModelForMaskedLM.from_pretrained(MODEL)
collate = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
optimizer = torch.optim.AdamW(masked.parameters(), lr=LR, weight_decay=WEIGHT_DECAY)
for epoch in range($mlm_epochs):
    masked.train()
    random.shuffle(train)
    for start in range(0, len(train), BATCH):
        encoded = tokenizer([text for text, _ in train[start : start + BATCH]], truncation=True)
        masked(**collate([{"input_ids": ids} for ids in encoded["input_ids"]])).loss.backward()
        torch.nn.utils.clip_grad_norm_(masked.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
model.base_model.load_state_dict(masked.base_model.state_dict(), strict=False)
""")

_LORA = """
layers = [name for name, part in model.named_modules() if isinstance(part, torch.nn.Linear) and ".layer." in name]
wrapped = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules=layers))
for name, weight in model.named_parameters():
    if ".layer." not in name and ".embeddings." not in name:
        weight.requires_grad_(True)
"""

_FROZEN = """
for name, weight in model.named_parameters():
    weight.requires_grad_(".layer." not in name and ".embeddings." not in name)
"""

_PLAIN_STEP = """\
        F.cross_entropy(model(**inputs).logits, truth).backward()"""

_ADVERSARIAL_STEP = Template("""\
        words = model.get_input_embeddings()(inputs["input_ids"]).detach().requires_grad_()
        loss = F.cross_entropy(model(inputs_embeds=words, attention_mask=inputs["attention_mask"]).logits, truth)
        (push,) = torch.autograd.grad(loss, words)
        push = $epsilon * push / push.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None]
        words = model.get_input_embeddings()(inputs["input_ids"])
        for moved in (words, words + push):
            logits = model(inputs_embeds=moved, attention_mask=inputs["attention_mask"]).logits
            F.cross_entropy(logits, truth).backward(retain_graph=True)""")

_PICTURES = Template('''\
"""Fine-tune $title as a run of the AIGC Playground did: python train.py folder

The folder holds a folder of pictures for each class. First: pip install torch torchvision
"""
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torchvision import datasets, models, transforms

EPOCHS, BATCH, LR, WEIGHT_DECAY, WARMUP, SEED = $epochs, $batch, $lr, $weight_decay, $warmup, $seed

torch.manual_seed(SEED)
normalize = transforms.Normalize($normalize)
look = transforms.Compose([transforms.Resize(64), transforms.CenterCrop(64), transforms.ToTensor(), normalize])
pictures = datasets.ImageFolder(sys.argv[1], look)
test, train = torch.utils.data.random_split(pictures, [0.2, 0.8])

$model
weights = [weight for weight in net.parameters() if weight.requires_grad]
optimizer = torch.optim.AdamW(weights, lr=LR, weight_decay=WEIGHT_DECAY)
batches = torch.utils.data.DataLoader(train, BATCH, shuffle=True)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=EPOCHS * len(batches), pct_start=WARMUP)
for epoch in range(EPOCHS):
    net.train()
    for images, truth in batches:
        F.cross_entropy(net(images), truth).backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    net.eval()
    with torch.inference_mode():
        tested = torch.utils.data.DataLoader(test, BATCH)
        right = sum(int((net(images).argmax(1) == truth).sum()) for images, truth in tested)
    print(f"epoch {epoch + 1}: {right / len(test):.1%} of the test pictures are right", flush=True)

torch.save(net.state_dict(), "classifier.pt")
''')

_SMALL_CNN = """\
layers, before = [], 3
for after in (32, 64, 64):
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    layers += [convolution, nn.BatchNorm2d(after), nn.MaxPool2d(2), nn.ReLU()]
    before = after
net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 8 * 8, 64), nn.ReLU(), nn.Linear(64, len(pictures.classes)))
"""

_RESNET = Template("""\
net = models.resnet18(weights="DEFAULT")
${freeze}net.fc = nn.Linear(net.fc.in_features, len(pictures.classes))
""")

_MOBILENET = Template("""\
net = models.mobilenet_v3_small(weights="DEFAULT")
${freeze}net.classifier[3] = nn.Linear(net.classifier[3].in_features, len(pictures.classes))
""")


def loading_code(pictures: bool, characters: bool = False) -> str:
    """What a person types to use the unpacked ZIP of a classifier of pictures, of characters, or of words."""
    if characters:
        return CHAR_CODE
    return PICTURE_CODE if pictures else LOADING_CODE


def script_text(config: FinetuningConfig) -> str:
    """A short script that does what a run with this config does, with plain transformers or torchvision."""
    values = {**config.to_dict(), "title": config.knobs()["model"].choices[config.model]}
    if config.pictures:
        return _picture_script(config, values)
    if config.from_characters:
        return char_script(values)
    imports, preparation, packages, finish = [], "", "torch transformers", ""
    if config.mlm:
        imports.append("from transformers import AutoModelForMaskedLM, DataCollatorForLanguageModeling\n")
        preparation += _MLM.substitute(values)
    if config.method == "lora":
        imports.append("from peft import LoraConfig, get_peft_model\n")
        preparation, packages = preparation + _LORA, packages + " peft"
        finish = "model = wrapped.merge_and_unload()\n"
    elif config.method == "frozen":
        preparation += _FROZEN
    values |= {
        "repo": ENCODERS[ENCODER_IDS[config.model]].repo,
        "columns": f"{config.text_column or 'text'!r}, {config.label_column or 'label'!r}",
        "imports": "".join(sorted(imports)),
        "preparation": preparation and f"{preparation}\n",
        "step": _ADVERSARIAL_STEP.substitute(values) if config.adversarial else _PLAIN_STEP,
        "packages": packages,
        "finish": finish,
    }
    return _TEXT.substitute(values)


def _picture_script(config: FinetuningConfig, values: dict[str, object]) -> str:
    """script_text for pictures."""
    freeze = "net.requires_grad_(False)\n" if config.method == "frozen" else ""
    if config.model == "small_cnn":
        model = _SMALL_CNN
    else:
        model = (_RESNET if config.model == "resnet18" else _MOBILENET).substitute(freeze=freeze)
    mean_and_std = "0.5, 0.5" if config.model == "small_cnn" else "(0.485, 0.456, 0.406), (0.229, 0.224, 0.225)"
    return _PICTURES.substitute(values, model=model, normalize=mean_and_std)
