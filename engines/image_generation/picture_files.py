"""Pictures as files that say what made them, and back: PNG, animated WebP, ZIP.

A PNG carries three texts: `parameters` as most programs write it, `aigc_playground` with the full config as JSON, and
XMP with IPTC's digital source type, which says that the picture is machine-made. What is read is hostile until shown
otherwise: parsed with limits, never evaluated.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from engines.data.grids import Picture, animate
from engines.data.uploads import FORMATS, LIMITS, shown_name
from engines.image_generation.config import ImageConfig
from engines.image_generation.parameters import from_parameters, to_parameters
from engines.messages import ConfigError, Message
from engines.running.events import Pictures

CHUNK = "aigc_playground"
PROGRAM = "AIGC Playground"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MAX_FILE_MB = 100
MAX_TEXT = 100_000  # characters of a text chunk
XMP = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmp:CreatorTool={tool}>
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def xmp(model: str) -> str:
    """An XMP packet that says that `model` made the picture."""
    return XMP.format(tool=quoteattr(f"{PROGRAM}: {model}"), source=escape(SOURCE_TYPE))


def to_png(image: np.ndarray, config: ImageConfig, model: str) -> bytes:
    """uint8 [H, W, 3] as a PNG that tells the config and the model's title."""
    info = PngInfo()
    info.add_text("parameters", to_parameters(config, model))
    about = {"program": PROGRAM, "model": model, "config": config.to_dict()}
    info.add_itxt(CHUNK, json.dumps(about, ensure_ascii=False))
    info.add_itxt("XML:com.adobe.xmp", xmp(model))
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def png_files(pictures: Pictures) -> list[tuple[str, bytes]]:
    """(name, PNG) of each picture; its settings make it alone, with its own seed and Batch size 1."""
    config, files = pictures.config, []
    for i, image in enumerate(pictures.images):
        alone = dataclasses.replace(config, seed=config.seed_of(i), batch=1)
        files.append((f"{alone.seed}.png", to_png(image, alone, pictures.model)))
    return files


def sheet_png(pictures: Pictures) -> bytes:
    """The one picture of an X/Y grid or another sheet, with the settings that its cells share."""
    return to_png(pictures.images[0], pictures.config, pictures.model)


def animation(frames: np.ndarray, model: str, seconds: float = 4.0) -> Picture:
    """uint8 [N, H, W, 3] as an endless WebP that goes there and back, and says what made it."""
    there = [Image.fromarray(frame) for frame in frames]
    back = there[-2:0:-1]
    return animate([*there, *back], "WEBP", seconds, rest=0.0, min_side=256, xmp=xmp(model).encode())


def to_zip(files: Sequence[tuple[str, bytes]]) -> bytes:
    """A ZIP of (name, content), names that occur twice numbered."""
    buffer, seen = io.BytesIO(), set()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed already
        for name, data in files:
            stem, suffix, number = Path(name).stem, Path(name).suffix, 1
            while name in seen:
                number += 1
                name = f"{stem}-{number}{suffix}"
            seen.add(name)
            archive.writestr(name, data)
    return buffer.getvalue()


def read_picture(path: str | Path) -> np.ndarray:
    """An uploaded picture file, upright and on white, uint8 [H, W, 3]; ConfigError if it is none or too large."""
    picture = _open(path, FORMATS)
    try:
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I"):  # 16-bit gray, which Pillow would clip at 255
            picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    except Exception as problem:  # a decoder given hostile bytes may raise nearly anything
        raise _no_picture(path) from problem
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return np.array(picture)


def read_settings(path: str | Path) -> tuple[ImageConfig, list[Message]]:
    """The settings that a PNG tells, and what a person should know about them.

    Of a picture of this program all of them; of another program's `parameters` those that are known. ConfigError in
    one sentence if there are none, or if they are damaged or too long.
    """
    texts = _texts(path)
    own, foreign = texts.get(CHUNK), texts.get("parameters")
    if own is None and not foreign:
        raise ConfigError(
            "{file} tells no settings: no image generator made it, or they were removed.", file=_name(path)
        )
    if max(len(own or ""), len(foreign or "")) > MAX_TEXT:
        raise ConfigError("The settings in {file} are too long to be read.", file=_name(path))
    if own is None:
        return from_parameters(foreign)
    try:
        config = json.loads(own)["config"]
        return ImageConfig.from_dict(config), []
    except ConfigError as problem:
        reason: Any = problem.message
    except (ValueError, TypeError, KeyError, RecursionError):
        reason = Message("they are damaged.")
    raise ConfigError("The settings in {file} cannot be used: {reason}", file=_name(path), reason=reason)


def _texts(path: str | Path) -> dict[str, str]:
    """The text chunks that stand before a PNG's pixels, which are not decoded."""
    return {str(name): str(text) for name, text in _open(path, ("PNG",)).info.items() if isinstance(text, str)}


def _open(path: str | Path, formats: Sequence[str]) -> Image.Image:
    """The file as a picture not decoded yet, its sizes checked."""
    if Path(path).stat().st_size > MAX_FILE_MB * 10**6:
        raise ConfigError("The files are too large; together they may have {most} MB.", most=MAX_FILE_MB)
    try:
        picture = Image.open(io.BytesIO(Path(path).read_bytes()), formats=formats)
    except Image.DecompressionBombError:
        picture = None
    except Exception as problem:  # a parser given hostile bytes may raise nearly anything
        raise _unreadable(path, formats, problem) from problem
    if picture is None or picture.width * picture.height > LIMITS.megapixels * 10**6:
        most = LIMITS.megapixels
        raise ConfigError("{file} is too large; at most {most} million pixels.", file=_name(path), most=most)
    return picture


def _unreadable(path: str | Path, formats: Sequence[str], problem: Exception) -> ConfigError:
    if formats == FORMATS:
        return _no_picture(path)
    if isinstance(problem, ValueError):  # what Pillow says of texts that are too large when unpacked
        return ConfigError("The settings in {file} are too long to be read.", file=_name(path))
    return ConfigError("{file} is no PNG picture; settings are kept in PNG files only.", file=_name(path))


def _no_picture(path: str | Path) -> ConfigError:
    return ConfigError("{file} is no PNG, JPEG, WebP, GIF or BMP picture.", file=_name(path))


def _name(path: str | Path) -> str:
    return shown_name(Path(path).name)
