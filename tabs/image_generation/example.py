"""What the stage shows before a visitor has made anything: pictures that the bundled model drew."""

from __future__ import annotations

from functools import cache

from PIL import Image, UnidentifiedImageError

from engines.data.grids import encode
from engines.image_generation.models import EMOJI_FOLDER
from engines.messages import Message
from tabs.page.language import translate
from tabs.page.stage.view import Scene, Shown

SHEET = EMOJI_FOLDER / "contact_sheet.webp"
SIDE = 640  # pixels at most
NOTE = Message("An example: the bundled model drew these.")  # one line on a phone, so that nothing jumps


@cache
def example(language: str) -> str:
    """The stage's value, its name for who does not see it in this language; "" where no such sheet is bundled."""
    try:
        with Image.open(SHEET) as sheet:
            picture = sheet.convert("RGB")
    except (OSError, UnidentifiedImageError):
        return ""
    picture.thumbnail((SIDE, SIDE))
    alt = translate("Pictures of many prompts", language)
    return Scene([Shown(encode(picture).data_uri(), alt)], NOTE).to_json()
