"""The text-to-image models on offer, as frozen cards; reading a card loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engines.catalog import WheelCard
from engines.messages import ConfigError

TASKS: Mapping[str, str] = MappingProxyType(
    {"text_to_image": "Text to image", "image_to_image": "Image to image", "inpainting": "Inpainting"}
)
# The last four are of diffusers' schedulers only (hub.SCHEDULERS).
SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "auto": "The model's own",
        "euler": "Euler",
        "heun": "Heun",
        "dpmpp_2m": "DPM++ 2M",
        "euler_a": "Euler a",
        "ddim": "DDIM",
        "unipc": "UniPC",
        "lcm": "LCM",
    }
)
# Prompts that a click runs; their embeddings ship with the bundled model.
EXAMPLES = ("smiling cat", "red apple", "purple strawberry", "rocket", "robot", "sunflower", "pink robot", "snowman")
COMBINED = ("two dogs", "a cat riding a bicycle")  # of several things, each drawn by itself
OWN = "gan:"  # begins the id of a visitor's own generator


@dataclass(frozen=True)
class ImageCard:
    """A model that makes pictures, and what a person should know about it."""

    id: str
    title: str
    kind: str  # "emoji" ships with the app, "diffusers" is fetched from the hub, "gan" is a visitor's own
    parameters: int
    licence: str
    note: str
    repo: str = ""  # on the Hugging Face hub
    revision: str = "main"
    wheel: WheelCard | None = None
    tasks: tuple[str, ...] = tuple(TASKS)
    samplers: tuple[str, ...] = ("auto",)
    size: int = 512  # pixels on a side that it draws best
    sizes: tuple[int, int] = (256, 1024)  # the smallest and the largest side
    multiple: int = 8  # of which each side must be one
    steps: int = 20  # to begin with
    enlarge: str = "1"  # how many times, to begin with
    wording: str = "plain"  # to begin with
    strength: float = 0.7  # to begin with, from a picture to another in which one still sees the first
    guidance: float = 1.0  # to begin with
    guided: bool = True  # whether Guidance scale has an effect
    negative: bool = True  # whether Negative prompt has one
    steered: bool = True  # whether it reads a prompt
    walks: bool = True  # whether it can draw what lies between two prompts or seeds
    combines: bool = False  # whether things that it knows can be drawn one by one and put together
    formerly: tuple[str, ...] = ()  # titles of earlier versions in pictures that these made

    def memory(self, bytes_per_parameter: int = 2) -> int:
        """Bytes needed to run it: the weights (2 bytes each in bf16, 4 in f32), a tenth more, and the pictures'."""
        return int(self.parameters * bytes_per_parameter * 1.1) + 300 * 10**6 + 2500 * self.size**2

    def defaults(self) -> dict[str, int | float | str]:
        """The settings it draws best with, by the names of ImageConfig's fields."""
        return {
            "model": self.id,
            "steps": self.steps,
            "guidance": self.guidance,
            "width": self.size,
            "height": self.size,
            "enlarge": self.enlarge,
            "wording": self.wording,
            "together": "yes" if self.combines else "no",
            "sampler": "auto",
        }


_STABLE = ("auto", "euler", "heun", "dpmpp_2m", "euler_a", "ddim", "unipc")
_CARDS = (
    ImageCard(
        id="emoji",
        title="Emoji 2 (bundled)",
        formerly=("Emoji (bundled)", "Emoji, 64 px (bundled)"),
        kind="emoji",
        parameters=24_480_504,
        licence="MIT; trained on Noto Emoji (Apache-2.0) and Twemoji (CC BY 4.0)",
        note="Ships with the app and draws on any computer; emoji, colours and combinations of them only.",
        samplers=("auto", "euler", "heun", "dpmpp_2m"),
        size=128,
        sizes=(64, 128),
        multiple=64,
        combines=True,
        enlarge="2",
        wording="nearest",
        strength=0.4,
        steps=12,
        guidance=2.0,
    ),
    ImageCard(
        id="SD-Turbo",
        title="SD-Turbo",
        kind="diffusers",
        repo="stabilityai/sd-turbo",
        parameters=1_289_953_000,
        licence="Stability AI Community",
        note="One to four steps: the fastest; photographs and paintings of 512 px from English prompts.",
        samplers=("auto", "euler", "euler_a"),
        steps=2,
        guided=False,
        negative=False,
    ),
    ImageCard(
        id="LCM-Dreamshaper-v7",
        title="LCM Dreamshaper v7",
        kind="diffusers",
        repo="SimianLuo/LCM_Dreamshaper_v7",
        parameters=1_370_000_000,
        licence="MIT",
        note="Four steps: paintings and fantasy of 512 to 768 px from English prompts.",
        tasks=("text_to_image", "image_to_image"),
        steps=4,
        guidance=8.0,
        negative=False,
    ),
    ImageCard(
        id="SDXL-Turbo",
        title="SDXL-Turbo",
        kind="diffusers",
        repo="stabilityai/sdxl-turbo",
        parameters=3_468_000_000,
        licence="Stability AI Community",
        note="One to four steps: better pictures of 512 px, on a GPU with 10 GB.",
        samplers=("auto", "euler", "euler_a"),
        steps=2,
        guided=False,
        negative=False,
    ),
    ImageCard(
        id="Z-Image-Turbo",
        title="Z-Image-Turbo",
        kind="diffusers",
        repo="Tongyi-MAI/Z-Image-Turbo",
        parameters=10_260_000_000,
        licence="Apache-2.0",
        note="Eight steps: very good pictures of 1024 px from English and Chinese prompts, on a GPU with 16 GB.",
        size=1024,
        sizes=(512, 1536),
        multiple=16,
        steps=8,
        guidance=1.0,
        guided=False,
        negative=False,
        walks=False,
    ),
    ImageCard(
        id="FLUX.2-klein-4B",
        title="FLUX.2 [klein] 4B",
        kind="diffusers",
        repo="black-forest-labs/FLUX.2-klein-4B",
        parameters=7_980_000_000,
        licence="Apache-2.0",
        note="Four steps: very good pictures of 1024 px from English prompts, on a GPU with 16 GB.",
        tasks=("text_to_image",),
        size=1024,
        sizes=(512, 1536),
        multiple=16,
        steps=4,
        guidance=1.0,
        guided=False,
        negative=False,
        walks=False,
    ),
    ImageCard(
        id="SD-1.5",
        title="Stable Diffusion 1.5",
        kind="diffusers",
        repo="stable-diffusion-v1-5/stable-diffusion-v1-5",
        parameters=1_370_000_000,
        licence="CreativeML OpenRAIL-M",
        note="The classic of 2022: slower, with Guidance scale and Negative prompt; English prompts.",
        samplers=_STABLE,
        steps=25,
        guidance=7.5,
    ),
)

IMAGE_MODELS: Mapping[str, ImageCard] = MappingProxyType({card.id: card for card in _CARDS})
DEFAULT_IMAGE_MODEL = "emoji"


def own_card(model_id: str, title: str = "", size: int = 64) -> ImageCard:
    """The card of a visitor's own generator, whose id begins with OWN."""
    return ImageCard(
        id=model_id,
        title=title or model_id.removeprefix(OWN),
        kind="gan",
        parameters=0,
        licence="your own",
        note="A generator that you trained: it knows no words, only seeds and classes.",
        tasks=("text_to_image",),
        size=size,
        sizes=(8, 2048),
        steps=1,
        guided=False,
        negative=False,
        steered=False,
    )


def find_image_model(model_id: str) -> ImageCard:
    """The card of a catalog id, of a generator's id "gan:…" or of a hub id "owner/name"; ConfigError if none."""
    if model_id in IMAGE_MODELS:
        return IMAGE_MODELS[model_id]
    if model_id.startswith(OWN):
        return own_card(model_id)
    parts = model_id.split("/")
    if len(parts) == 2 and all(part.strip(".").replace("-", "").replace("_", "") for part in parts):
        return ImageCard(
            model_id, model_id, "diffusers", 0, "see the hub", "", model_id, samplers=tuple(SAMPLERS), sizes=(64, 2048)
        )
    raise ConfigError(
        "There is no model called {name}; there are {known}.", name=repr(model_id), known=", ".join(IMAGE_MODELS)
    )
