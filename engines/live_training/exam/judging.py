"""What measures the pictures of a run: the dataset's own classifier, for a visitor's own a network of ImageNet."""

from __future__ import annotations

import sys

import torch

from engines.catalog import EYE
from engines.data import imagenet
from engines.data.features import Judge, describe_features, load_net
from engines.data.pictures import PictureSet
from engines.messages import EngineError, Message
from engines.running.events import Caption, Events, Note
from engines.weights import fetch

REAL = 2000  # training pictures that the made ones are compared with, drawn at random
# The large network takes several milliseconds a picture on a CPU core, the small ones a tenth of one.
REAL_IN_IMAGENET, MADE_IN_IMAGENET = 600, 300


def make_judge(pictures: PictureSet, device: torch.device, made: int) -> Events:
    """Returns a Judge and how many made pictures it is to see at a time, at most `made`; None if told to stop."""
    if pictures.name == "own":
        try:
            folder = yield from fetch(EYE, (sys.executable, "-m", "engines.data.imagenet"))
        except EngineError as problem:
            yield Caption("features", Message("{problem} A small classifier is used.", problem=problem.message))
        else:
            if folder is None:
                return None
            yield Note(Message("Looking at the pictures"))
            seen = min(made, MADE_IN_IMAGENET)
            yield Caption("scores", _describe(seen))
            return Judge(pictures.sample(REAL_IN_IMAGENET, seed=0), imagenet.load(folder), device), seen
    net = load_net(pictures.name, pictures.channels)
    yield Caption("scores", describe_features(pictures.name, pictures.channels))
    return Judge(pictures.sample(REAL, seed=0), net, device), made


def _describe(made: int) -> Message:
    return Message(
        "Fréchet distance in {features} features of {model}, a network that has seen ImageNet, on {count} generated"
        " pictures at a time; not comparable to published FID.",
        features=imagenet.FEATURES,
        model=EYE.title,
        count=made,
    )
