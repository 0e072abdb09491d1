"""A picture file as people see it: upright, in sRGB, in 8 bits, on a ground that shows its shape."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageOps

from engines.data.png_chunks import drawable, with_header

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
DEPTHS = (8, 10, 12, 14, 16)  # bits that a camera or a scanner gives
MOST_FRAMES = 32  # looked at for one that shows something
MOST_FRAME_PIXELS = 50 * 10**6  # of all these together
PALE = 24  # of 255: what differs less from white, on average, cannot be seen on it


def open_picture(data: bytes, formats: Sequence[str] = FORMATS) -> Image.Image:
    """The picture, not decoded yet; raises what Pillow raises. Texts in a PNG are left out, whatever their size."""
    return Image.open(io.BytesIO(drawable(data)), formats=formats)


def see(picture: Image.Image, size: int | None = None) -> np.ndarray:
    """uint8 [H, W, 3] of a picture, or float32 [H, W, 1 or 3] with all its levels if it has 16 bits a channel.

    With `size` its middle square, scaled to it. Of an animation the first frame that is not of one colour.
    """
    first = None
    for frame in _frames(picture):
        image = _seen(frame, size)
        if not is_flat(image):
            return image
        first = image if first is None else first
    return first


def is_flat(image: np.ndarray) -> bool:
    """Whether [H, W, C] is of one colour; differences that only a lossy format makes count as none."""
    return bool(np.ptp(image.reshape(-1, image.shape[-1]), axis=0).max() <= 2)


def depth(peak: float) -> int:
    """How many bits the levels of gray pictures have of which `peak` is the highest."""
    return next((bits for bits in DEPTHS if peak < 2**bits), DEPTHS[-1])


def in_8_bits(image: np.ndarray, bits: int) -> np.ndarray:
    """Levels of so many bits, [H, W, 1 or 3], as uint8 [H, W, 3]."""
    levels = np.clip(np.floor(image / 2 ** (bits - 8)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels, (*levels.shape[:2], 3)))


def on_ground(picture: Image.Image) -> Image.Image:
    """RGBA as RGB: on white, or on black if on white its shape would not be seen."""
    alpha = np.asarray(picture.getchannel("A"), np.float32)
    paleness = 255 - np.asarray(picture.convert("RGB")).min(axis=2)
    pale = alpha.min() < 128 and (alpha * paleness).sum() < PALE * alpha.sum()
    ground = Image.new("RGBA", picture.size, "black" if pale else "white")
    return Image.alpha_composite(ground, picture).convert("RGB")


def _frames(picture: Image.Image) -> Iterator[Image.Image]:
    count = 1
    if picture.format in ("GIF", "PNG", "WEBP"):
        count = min(
            getattr(picture, "n_frames", 1), MOST_FRAMES, MOST_FRAME_PIXELS // (picture.width * picture.height)
        )
    yield picture
    for number in range(1, count):
        try:
            picture.seek(number)
        except Exception:  # a decoder given hostile bytes may raise nearly anything; the frames before are good
            return
        yield picture


def _seen(picture: Image.Image, size: int | None) -> np.ndarray:
    if size:
        picture.draft(None, (2 * size, 2 * size))  # a JPEG decodes many times faster at a fraction of its size
    profile, levels = picture.info.get("icc_profile"), _sixteen_bits(picture)
    if picture.format == "BMP" and picture.mode == "RGBA" and not picture.getchannel("A").getextrema()[1]:
        picture = picture.convert("RGB")  # Windows leaves the fourth byte empty, and shows the colours
    if levels is not None:
        tags = picture.getexif().tobytes()
        if profile or picture.mode == "RGBA":  # Pillow has neither with 16 bits
            parts = levels[..., :3], levels[..., 3:]
            unused = [depth(float(part.max(initial=0))) - 8 for part in parts]
            eight = [part >> bits for part, bits in zip(parts, unused, strict=True)]
            picture = Image.fromarray(np.concatenate(eight, axis=2).clip(0, 255).astype(np.uint8))
        else:
            channels = [Image.fromarray(levels[..., channel].astype(np.float32)) for channel in range(3)]
            for channel in channels:
                channel.info["exif"] = tags
            return np.stack([np.asarray(_fitted(ImageOps.exif_transpose(one), size)) for one in channels], axis=2)
        picture.info["exif"] = tags
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16-bit gray, which Pillow would clip at 255
        levels = Image.fromarray(np.asarray(picture).astype(np.float32))
        return np.asarray(_fitted(levels, size))[..., None]
    if picture.mode not in ("L", "CMYK"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture = _in_srgb(_fitted(picture, size), profile)
    return np.array(on_ground(picture) if picture.mode == "RGBA" else picture.convert("RGB"))


def _sixteen_bits(picture: Image.Image) -> np.ndarray | None:
    """uint16 [H, W, 3 or 4] of a PNG that has so many bits in colour or beside alpha; Pillow keeps the upper half."""
    tiles, file = picture.tile, getattr(picture, "fp", None)
    kind = tiles[0].args if len(tiles) == 1 and "transparency" not in picture.info else ""
    if kind not in ("RGB;16B", "RGBA;16B", "LA;16B") or not isinstance(file, io.BytesIO):
        return None
    if kind == "LA;16B":  # whose four bytes a pixel may be had as those of 8-bit colours
        halves = np.asarray(Image.open(io.BytesIO(with_header(file.getvalue(), bits=8, colours=6)), formats=("PNG",)))
        levels = halves[..., ::2].astype(np.uint16) << 8 | halves[..., 1::2]
        return levels[..., [0, 0, 0, 1]]
    below = Image.open(io.BytesIO(file.getvalue()), formats=("PNG",))
    other_half = kind.removesuffix("B") + "L"  # read as if the other byte were the upper one
    below.tile = [below.tile[0]._replace(args=other_half)]
    return np.asarray(picture).astype(np.uint16) << 8 | np.asarray(below)


def _fitted(picture: Image.Image, size: int | None) -> Image.Image:
    return ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS) if size else picture


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture's colours by its profile; as they are if it has none, or a damaged one."""
    if not profile:
        return picture
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return picture
        if picture.mode == "L" and own.profile.xcolor_space.strip() == "RGB":
            picture = picture.convert("RGB")
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode)
    except Exception:  # a parser given hostile bytes may raise nearly anything
        return picture
