"""Makes doubler.safetensors: python -m assets.doubler.make FOLDER; it keeps the packages and the checkpoint.

It learns from emoji of 128 px: Noto's bitmaps in Debian's fonts-noto-color-emoji, and Twemoji's drawings. Each is made
small, and as soft as the bundled model draws: noise is added to its latents, and the model takes it off again (SDEdit,
Meng 2022), so that the soft picture shows what the sharp one does. That is done with every third emoji; every tenth of
all is held out. First it learns the mean of what may be, then with a critic what emoji look like (SRGAN,
Ledig 2017).
"""

from __future__ import annotations

import argparse
import importlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from fontTools.ttLib import TTFont
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from assets.sources import npm_package, python_wheel, read_tarball
from engines.data.cards import ASSETS
from engines.image_generation.emoji.doubling import WEIGHTS, Doubler
from engines.image_generation.emoji.files import load_networks, load_phrases, plain
from engines.image_generation.emoji.flow import guided, sample
from engines.image_generation.emoji.pictures import emoji_words, on_white
from engines.image_generation.emoji.stages import Stage, picture_loss, to_pictures
from engines.image_generation.enlarging import enlarge_all, psnr, ssim

DEBIAN, FONT = "fonts-noto-color-emoji", "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
TWEMOJI, RENDERER = ("@twemoji/svg", "15.0.0"), ("resvg-py", "0.5.0")
SIDE = 128  # of the sharp pictures
HELD_OUT, SOFTENED = 10, 3  # every so many emoji
STEPS = 10  # of the sampler, for the whole way; guidance as on the page
GUIDANCE, BATCH, CROP, RATE = 4.0, 16, 32, 1e-3
SHARE = 0.03  # of the critic's part of the loss


def main() -> None:
    """Parse the arguments, train, and measure on the emoji held out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=2800, help="without a critic")
    parser.add_argument("--critic-steps", type=int, default=1700, help="with one")
    options = parser.parse_args()
    torch.set_num_threads(1)
    small, sharp, kinds = pairs(options.folder)
    means = train(Doubler(), RATE, small, sharp, kinds, options.steps, options.folder / "doubler.pt")
    last, steps = options.folder / "crisp.pt", options.critic_steps
    stage = train(means.averaged(), RATE / 3, small, sharp, kinds, steps, last, Critic())
    network = stage.averaged()
    save_file({name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}, WEIGHTS)
    print(f"{means.seconds:.0f} and {stage.seconds:.0f} s")
    for kind in ("held small", "held soft"):
        print(kind, json.dumps(scores(network, small[kinds == kind], sharp[kinds == kind])))


def sharp_pictures(sources: Path) -> Iterator[tuple[str, int, np.ndarray]]:
    """(character, style, uint8 [SIDE, SIDE, 3]) of each emoji of one character that both have."""
    font = TTFont(debian_file(DEBIAN, FONT, sources))
    names, bitmaps = font.getBestCmap(), font["CBDT"].strikeData[0]
    drawings = read_tarball(npm_package(*TWEMOJI, sources), "package/")
    with zipfile.ZipFile(python_wheel(*RENDERER, sources)) as wheel:
        wheel.extractall(sources / "renderer")
    sys.path.insert(0, str(sources / "renderer"))
    renderer = importlib.import_module("resvg_py")
    for character, *_ in emoji_words(sources):
        letter = character.removesuffix("\ufe0f")
        drawing = drawings.get(f"{ord(letter):x}.svg") if len(letter) == 1 else None
        if drawing and ord(letter) in names:
            wide = Image.open(io.BytesIO(bitmaps[names[ord(letter)]].imageData)).convert("RGBA")
            edge = (wide.width - SIDE) // 2
            noto = io.BytesIO()
            wide.crop((edge, 0, edge + SIDE, SIDE)).save(noto, "PNG")
            twemoji = bytes(renderer.svg_to_bytes(svg_string=drawing.decode(), width=SIDE, height=SIDE))
            for style, png in enumerate((noto.getvalue(), twemoji)):
                yield character, style, on_white(png, SIDE)


def debian_file(package: str, name: str, folder: Path) -> Path:
    """A file of a Debian package, fetched (and checked) by apt and unpacked into `folder` unless it is there."""
    path = folder / "debian" / name
    if not path.exists():
        subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        subprocess.run(["dpkg-deb", "-x", *folder.glob(f"{package}_*.deb"), folder / "debian"], check=True)
    return path


def pairs(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Small uint8 [N, SIDE/2, SIDE/2, 3], what they are to become, [N, SIDE, SIDE, 3], and their kinds, str [N].

    The kinds are "small" and "soft"; those of emoji that are held out begin with "held ".
    """
    cache = folder / "pairs.npz"
    if not cache.exists():
        characters, styles, sharp = map(np.array, zip(*sharp_pictures(folder), strict=True))
        size = (SIDE // 2, SIDE // 2)
        small = np.stack([Image.fromarray(one).resize(size, Image.Resampling.LANCZOS) for one in sharp])
        place = np.unique(characters, return_inverse=True)[1]
        some = place % SOFTENED == 0
        names = {character: names[0] for character, names, _ in emoji_words(folder)}
        soft = soften(small[some], [names[one] for one in characters[some]], styles[some])
        kinds = np.where(place % HELD_OUT == 0, "held small", "small")
        softer = np.char.replace(np.tile(kinds[some], len(soft)), "small", "soft")
        whole = np.concatenate([sharp, np.tile(sharp[some], (len(soft), 1, 1, 1))])
        np.savez(cache, small=np.concatenate([small, *soft]), sharp=whole, kinds=np.concatenate([kinds, softer]))
    with np.load(cache) as kept:
        return kept["small"], kept["sharp"], kept["kinds"]


@torch.inference_mode()
def soften(small: np.ndarray, names: list[str], styles: np.ndarray) -> list[np.ndarray]:
    """The pictures as the model draws them: through its autoencoder alone, and from where noise has hidden part."""
    autoencoder, flow = (network.eval() for network in load_networks(ASSETS / "emoji_model"))
    phrases = load_phrases(ASSETS / "emoji_model")
    text = torch.stack([phrases.text(plain(name)) for name in names])
    rng, torch_seed = np.random.default_rng(0), torch.manual_seed(0)
    decoded, drawn = np.empty_like(small), np.empty_like(small)
    for chosen in np.array_split(rng.permutation(len(small)), len(small) // 32):
        begin = float(rng.uniform(0.15, 0.7))
        with torch.autocast("cpu", torch.bfloat16):
            latents = autoencoder.encode(to_pictures(small[chosen])).float()
            away, style = flow.no_text.expand(len(chosen), -1), torch.from_numpy(styles[chosen])
            denoise = guided(flow, text[chosen], away, style, GUIDANCE)
            noise, steps = torch.randn(latents.shape, generator=torch_seed), round(STEPS * (1 - begin))
            *_, made = sample(denoise, noise, steps, "dpmpp_2m", begin, latents)
            decoded[chosen], drawn[chosen] = (to_bytes(autoencoder.decode(one).float()) for one in (latents, made))
    return [decoded, drawn]


def to_bytes(pictures: torch.Tensor) -> np.ndarray:
    """float [N, 3, H, W] in -1..1 as uint8 [N, H, W, 3]."""
    return pictures.clamp(-1, 1).add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy()


class Critic:
    """Tells real patches from made ones, beside what they were made from (pix2pix, Isola 2017); learns meanwhile."""

    def __init__(self) -> None:
        torch.manual_seed(1)
        layers: list[nn.Module] = []
        for before, after, kernel, stride in ((6, 32, 4, 2), (32, 64, 4, 2), (64, 64, 3, 1), (64, 1, 3, 1)):
            layers += [spectral_norm(nn.Conv2d(before, after, kernel, stride, 1)), nn.LeakyReLU(0.2)]
        self.net = nn.Sequential(*layers[:-1]).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.net.parameters(), 4e-4, betas=(0.5, 0.99))

    def loss(self, small: torch.Tensor, made: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Learns from one batch by the hinge loss; returns what the maker is to lessen."""
        plainly = F.interpolate(small, scale_factor=2, mode="bilinear")
        self.net.requires_grad_(True)
        right, wrong = (self.net(torch.cat([one, plainly], 1)).float() for one in (real, made.detach()))
        self.optimizer.zero_grad()
        (F.relu(1 - right).mean() + F.relu(1 + wrong).mean()).backward()
        self.optimizer.step()
        self.net.requires_grad_(False)
        return -self.net(torch.cat([made, plainly], 1)).float().mean()


def train(
    network: nn.Module,
    rate: float,
    small: np.ndarray,
    sharp: np.ndarray,
    kinds: np.ndarray,
    steps: int,
    checkpoint: Path,
    critic: Critic | None = None,
) -> Stage:
    """Sharp pictures from small ones, most of them soft; parts of them, mirrored and in other colours."""
    network = network.requires_grad_(True).train().to(memory_format=torch.channels_last)
    stage = Stage(network, rate, steps, checkpoint, torch.device("cpu"))
    small_ones, soft_ones = (np.flatnonzero(kinds == kind) for kind in ("small", "soft"))

    def loss_of(step: int) -> torch.Tensor:
        rng = np.random.default_rng([0, step])
        chosen = np.concatenate([rng.choice(small_ones, BATCH // 4), rng.choice(soft_ones, 3 * BATCH // 4)])
        y, x = rng.integers(0, SIDE // 2 - CROP + 1, 2)
        low = to_pictures(small[chosen, y : y + CROP, x : x + CROP])
        high = to_pictures(sharp[chosen, 2 * y : 2 * (y + CROP), 2 * x : 2 * (x + CROP)])
        colours, mirrored = rng.permutation(3).tolist(), [-1] if rng.random() < 0.5 else []
        low, high = (one[:, colours].flip(mirrored) for one in (low, high))
        with torch.autocast("cpu", torch.bfloat16):
            made = network(low)
            judged = SHARE * critic.loss(low, made, high) if critic else 0.0
        return picture_loss(made, high) + judged

    for step, loss in stage.run(loss_of):
        print(f"{checkpoint.stem} {step:6d}  loss {loss:.4f}  {stage.seconds:.0f} s", flush=True)
    return stage


@torch.inference_mode()
def scores(network: Doubler, small: np.ndarray, sharp: np.ndarray) -> dict[str, float]:
    """PSNR in dB and SSIM, means over the pictures, of the network and of others that make them twice as large."""
    ways = {
        "doubler": lambda one: to_bytes(network(to_pictures(one[None])))[0],
        "Real-ESRGAN": lambda one: enlarge_all(one[None], 2)[0],
        "bicubic": lambda one: np.asarray(Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BICUBIC)),
    }
    found = {}
    for way, make in ways.items():
        made = [make(one) for one in small]
        found[way] = [round(float(np.mean(list(map(score, made, sharp)))), 4) for score in (psnr, ssim)]
    return found


if __name__ == "__main__":
    main()
