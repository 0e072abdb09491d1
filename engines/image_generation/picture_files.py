"""Pictures as files that say what made them, and back: PNG, animated WebP, ZIP.

A PNG carries three texts: `parameters` as most programs write it, `aigc_playground` with the full config as JSON, and
XMP with IPTC's digital source type, which says that the picture is machine-made. They are read in told/.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engines.data.grids import Picture, animate
from engines.data.png_chunks import texts
from engines.data.seeing import depth, in_8_bits, open_picture, see
from engines.data.uploads import LIMITS, no_picture, shown_name, size_of
from engines.image_generation.config import ImageConfig
from engines.image_generation.parameters import to_parameters
from engines.image_generation.told.axes import Axes
from engines.image_generation.told.reading import (
    CHUNK,
    DESCRIPTION,
    EXIF_IFD,
    MAX_FILE_MB,
    UNICODE,
    USER_COMMENT,
    read_axes,
    read_settings,
)
from engines.image_generation.told.taking import PROGRAM
from engines.messages import ConfigError
from engines.running.events import Pictures

__all__ = [
    "animation",
    "enlarged_png",
    "exif_of",
    "png_files",
    "read_axes",
    "read_picture",
    "read_settings",
    "sheet_png",
    "to_png",
    "to_zip",
    "xmp",
]

MOST_EXIF = 60_000  # bytes, as a JPEG can hold
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
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


def to_png(image: np.ndarray, config: ImageConfig, model: str, axes: Axes | None = None) -> bytes:
    """uint8 [H, W, 3] as a PNG that tells the config and the model's title; of a grid also its axes."""
    info = PngInfo()
    info.add_itxt("parameters", to_parameters(config, model, axes))
    about = {"program": PROGRAM, "model": model, "config": config.to_dict()}
    if axes:
        about["grid"] = axes.to_json()
    info.add_itxt(CHUNK, json.dumps(about, ensure_ascii=False))
    info.add_itxt("XML:com.adobe.xmp", xmp(model))
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def enlarged_png(image: np.ndarray, source: Path, model: str) -> bytes:
    """uint8 [H, W, 3] as a PNG with the settings that the file `source` tells, if any; `model` "" is none."""
    info, data = PngInfo(), source.read_bytes()
    told = texts(data) if source.suffix == ".png" else {}
    for keyword in ("parameters", CHUNK):
        if told.get(keyword):
            info.add_itxt(keyword, told[keyword])
    if model:
        info.add_itxt("XML:com.adobe.xmp", xmp(model))
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def painted_png(image: np.ndarray, model: str) -> bytes:
    """uint8 [H, W, 3] as a PNG that says which model made it, without settings: those of its source make another."""
    info, buffer = PngInfo(), io.BytesIO()
    info.add_itxt("XML:com.adobe.xmp", xmp(model))
    Image.fromarray(image).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def exif_of(png: bytes) -> bytes:
    """The texts of such a PNG as EXIF, for its copies in formats that have no chunks; b"" if it has none, or too long.

    `parameters` are the user's comment, where other programs look for them; the config is the description.
    """
    told, exif = texts(png), Image.Exif()
    if told.get(CHUNK):
        exif[DESCRIPTION] = f"{CHUNK}:{json.dumps(json.loads(told[CHUNK]))}"  # in ASCII, as EXIF wants it
    if told.get("parameters"):
        exif.get_ifd(EXIF_IFD)[USER_COMMENT] = UNICODE + told["parameters"].encode("utf-16-be")
    packed = exif.tobytes()
    return packed if exif and len(packed) <= MOST_EXIF else b""


def png_files(pictures: Pictures) -> list[tuple[str, bytes]]:
    """(name, PNG) of each picture; its settings make it alone, with its own seed and Batch size 1."""
    config, files = pictures.config, []
    for i, image in enumerate(pictures.images):
        alone = dataclasses.replace(config, seed=config.seed_of(i), batch=1)
        files.append((f"{alone.seed}.png", to_png(image, alone, pictures.model)))
    return files


def sheet_png(pictures: Pictures) -> bytes:
    """The one picture of an X/Y grid or another sheet, with the settings of its first cell, and its axes."""
    return to_png(pictures.images[0], pictures.config, pictures.model, pictures.axes)


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
    """An uploaded picture file as people see it, uint8 [H, W, 3]; ConfigError if it is none or too large."""
    path, most = Path(path), LIMITS.megapixels
    if size_of(path) > MAX_FILE_MB * 10**6:
        raise ConfigError("The files are too large; together they may have {most} MB.", most=MAX_FILE_MB)
    data = path.read_bytes()
    try:
        picture = open_picture(data)
        if picture.width * picture.height <= most * 10**6:
            image = see(picture)
            return in_8_bits(image, depth(float(image.max()))) if image.dtype == np.float32 else image
    except Image.DecompressionBombError:
        pass
    except Exception as problem:  # a decoder given hostile bytes may raise nearly anything
        raise no_picture(path.name, data) from problem
    raise ConfigError("{file} is too large; at most {most} million pixels.", file=shown_name(path.name), most=most)
