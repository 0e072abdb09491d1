"""The networks for pictures: a small CNN, two of torchvision's, and a head alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engines.data.features import FeatureNet
from engines.finetuning.nets.encoders import grow_head, work_of

PICTURE_CONFIG = "picture_model.json"
WIDTH = 32  # of the small CNN
SEEN_SIZE = 64  # pixels at which the networks of torchvision see pictures
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
# Multiplications forward and back for a picture, about.
PICTURE_WORK = MappingProxyType({"small_cnn": 3e7, "resnet18": 9e8, "mobilenet": 5e7})


class PictureNet(nn.Module):
    """A network for pictures: a small CNN, or one of torchvision's that sees them at 64 pixels."""

    def __init__(self, architecture: str, size: int, channels: int, label_names: Sequence[str]) -> None:
        """`architecture` is the config's model; size and channels are of the pictures it learns from."""
        super().__init__()
        self.architecture, self.size, self.channels = architecture, size, channels
        self.label_names, self.work = tuple(label_names), PICTURE_WORK[architecture]
        if architecture == "small_cnn":
            self.body: nn.Module = FeatureNet(size, channels, self.label_names, WIDTH)
            self.head, self.body.head = self.body.head, nn.Identity()
        else:
            self.body, self.head = _torchvision_net(architecture, len(self.label_names))

    def features(self, images: Tensor) -> Tensor:
        """float [B, C, H, W] from -1 to 1 -> [B, D]."""
        if self.architecture == "small_cnn":
            return F.relu(self.body.features(images))
        if images.shape[1] == 1:
            images = images.expand(-1, 3, -1, -1)
        if images.shape[-2:] != (SEEN_SIZE, SEEN_SIZE):
            images = F.interpolate(images, (SEEN_SIZE, SEEN_SIZE), mode="bilinear", antialias=True)
        mean, std = (torch.tensor(x, device=images.device).view(1, 3, 1, 1) for x in (MEAN, STD))
        return self.body(((images / 2 + 0.5 - mean) / std).contiguous(memory_format=torch.channels_last))

    def forward(self, images: Tensor) -> Tensor:
        """float [B, C, H, W] from -1 to 1 -> logits [B, K]."""
        return self.head(self.features(images))

    def grow(self, label_names: Sequence[str], seed: int) -> None:
        """Add classes to the head; the old ones' rows stay."""
        holder = nn.Module()
        holder.classifier = self.head
        grow_head(holder, len(self.label_names), len(label_names), torch.Generator().manual_seed(seed))
        self.head, self.label_names = holder.classifier, tuple(label_names)

    def load_body(self, state: dict[str, Tensor]) -> None:
        """Take over all of torchvision's weights but the last layer's."""
        last = ("fc.", "classifier.3.")
        self.body.load_state_dict({name: tensor for name, tensor in state.items() if not name.startswith(last)})

    def save(self, folder: Path) -> None:
        """Write model.safetensors and a JSON with what rebuilds the network."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"architecture": self.architecture, "size": self.size, "channels": self.channels}
        about["label_names"] = self.label_names
        (folder / PICTURE_CONFIG).write_text(json.dumps(about, indent=1, ensure_ascii=False), "utf-8")
        tensors = {name: tensor.contiguous() for name, tensor in self.state_dict().items()}
        save_file(tensors, folder / "model.safetensors")


class PictureHead(nn.Module):
    """The head of a PictureNet with a frozen backbone."""

    def __init__(self, net: PictureNet) -> None:
        super().__init__()
        self._net, self.head = [net], net.head
        self.work = work_of(self.parameters())

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, D] -> logits [B, K]."""
        return self.head(features)

    def save(self, folder: Path) -> None:
        """Write the whole network."""
        self._net[0].save(folder)


def _torchvision_net(architecture: str, classes: int) -> tuple[nn.Module, nn.Linear]:
    """(body, head) of ResNet-18 (He et al. 2015) or MobileNet-V3 small (Howard et al. 2019)."""
    from torchvision import models

    if architecture == "resnet18":
        body: Any = models.resnet18()
        width, body.fc = body.fc.in_features, nn.Identity()
    else:
        body = models.mobilenet_v3_small()
        width, body.classifier[3] = body.classifier[3].in_features, nn.Identity()
    return body.to(memory_format=torch.channels_last), nn.Linear(width, classes)


def load_picture_net(folder: Path) -> PictureNet:
    """What PictureNet.save wrote."""
    about = json.loads((folder / PICTURE_CONFIG).read_text("utf-8"))
    net = PictureNet(about["architecture"], about["size"], about["channels"], about["label_names"])
    net.load_state_dict(load_file(folder / "model.safetensors"))
    return net
