"""A visitor's own pictures: what they become, and one clear sentence for each that is not allowed."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.uploads import UploadLimits, read_uploads
from engines.data.zip_names import find_encoding
from engines.messages import ConfigError

RED, WHITE = (255, 0, 0), (255, 255, 255)


def encoded(picture: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def plain(colour=RED, size=(40, 30), mode: str = "RGB", format: str = "PNG") -> bytes:
    return encoded(Image.new(mode, size, colour), format)


def zip_of(folder: Path, members: Mapping[str, bytes], compression=zipfile.ZIP_DEFLATED) -> list[str]:
    path = folder / "mine.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return [str(path)]


def sixteen() -> dict[str, bytes]:
    return {f"{i}.png": plain() for i in range(16)}


def files_of(folder: Path, members: Mapping[str, bytes]) -> list[str]:
    for name, data in members.items():
        (folder / name).write_bytes(data)
    return [str(folder / name) for name in members]


def refused(paths: list[str], *said: str, limits: UploadLimits | None = None) -> str:
    """The sentence with which an upload is refused, which must say all of `said`."""
    with pytest.raises(ConfigError) as caught:
        read_uploads(paths, 32, limits or UploadLimits())
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 200
    for words in said:
        assert words in sentence
    return sentence


def left_out(paths: list[str], *said: str, count: int = 16) -> None:
    """The other pictures are used, and what is said of the file that is not."""
    own = read_uploads(paths, 32)
    assert len(own) == count
    assert len(own.left_out) == 1
    for words in said:
        assert words in own.sentences()[0]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_picture_files_of_every_kind_are_read(tmp_path, format: str) -> None:
    paths = files_of(tmp_path, {f"{i}.{format}": plain(format=format) for i in range(16)})
    own = read_uploads(paths, 32)
    assert own.images.shape == (16, 32, 32, 3)
    assert own.images.dtype == np.uint8
    assert own.class_names == ()
    assert own.labels.tolist() == [0] * 16
    assert np.abs(own.images.astype(int) - RED).max() < 6


def test_folders_of_a_zip_become_classes(tmp_path) -> None:
    members = {f"pets/{kind}/{i}.png": plain() for kind in ("Dogs", "猫") for i in range(8)}
    members |= {"pets/.DS_Store": b"x", "__MACOSX/pets/Dogs/._1.png": b"x", "pets/Dogs/Thumbs.db": b"x"}
    own = read_uploads(zip_of(tmp_path, members), 32)
    assert own.class_names == ("Dogs", "猫")
    assert own.labels.tolist() == [0] * 8 + [1] * 8


def test_there_are_no_classes_when_a_picture_lies_outside_the_folders(tmp_path) -> None:
    members = {f"{kind}/{i}.png": plain() for kind in "ab" for i in range(8)} | {"c.png": plain()}
    own = read_uploads(zip_of(tmp_path, members), 32)
    assert own.class_names == ()
    assert len(own) == 17


def test_one_folder_is_no_class(tmp_path) -> None:
    own = read_uploads(zip_of(tmp_path, {f"all/{name}": data for name, data in sixteen().items()}), 32)
    assert own.class_names == ()


def test_a_photo_is_turned_upright(tmp_path) -> None:
    photo = Image.new("RGB", (64, 64), WHITE)
    photo.paste(RED, (0, 0, 64, 32))  # red on top as stored
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: turn a quarter clockwise
    data = encoded(photo, "JPEG", exif=exif.tobytes(), quality=95)
    image = read_uploads(files_of(tmp_path, {f"{i}.jpg": data for i in range(16)}), 32).images[0]
    assert np.abs(image[:, 20:].astype(int) - RED).max() < 10  # on the right once upright
    assert image[:, :12].min() > 245


def test_transparency_is_put_on_white(tmp_path) -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 40, 20))
    palette = clear.quantize(8)  # transparency in a palette, as in a GIF
    members = {f"{i}.png": encoded(clear if i % 2 else palette) for i in range(16)}
    for image in read_uploads(files_of(tmp_path, members), 32).images[:2]:
        assert np.abs(image[:14].astype(int) - RED).max() < 6
        assert image[18:].min() > 250


def test_the_middle_square_is_kept(tmp_path) -> None:
    wide = Image.new("RGB", (90, 30), WHITE)
    wide.paste(RED, (30, 0, 60, 30))
    own = read_uploads(files_of(tmp_path, {f"{i}.png": encoded(wide) for i in range(16)}), 30)
    assert np.abs(own.images.astype(int) - RED).max() == 0


def test_gray_pictures_stay_gray_only_when_all_are(tmp_path) -> None:
    deep = Image.fromarray(np.full((30, 30), 0x8000, np.uint16))  # 16 bits a pixel
    gray = sixteen() | {f"{i}.png": plain(128, mode="L") for i in range(16)} | {"deep.png": encoded(deep)}
    own = read_uploads(files_of(tmp_path, gray), 32)
    assert own.images.shape == (17, 32, 32, 1)
    assert set(own.images.ravel().tolist()) == {128}
    assert read_uploads(files_of(tmp_path, gray | {"red.png": plain()}), 32).channels == 3


def test_too_few_or_no_pictures(tmp_path) -> None:
    refused(files_of(tmp_path, {"a.png": plain()}), "1", "16")
    refused(zip_of(tmp_path, {}), "0", "16")
    refused([], "Choose some pictures")


def test_a_zip_beside_pictures(tmp_path) -> None:
    refused(zip_of(tmp_path, sixteen()) + files_of(tmp_path, sixteen()), "not both")


@pytest.mark.parametrize(
    "name", ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:/evil.png", "C:evil.png", "..\\evil.png"]
)
def test_names_that_lead_out_of_the_zip(tmp_path, name: str) -> None:
    left_out(zip_of(tmp_path, sixteen() | {name: plain()}), "evil.png", "not an allowed name")


def test_a_file_that_is_no_picture_is_named(tmp_path) -> None:
    left_out(zip_of(tmp_path, sixteen() | {"notes.txt": b"hello"}), "notes.txt", "PNG")
    left_out(files_of(tmp_path, sixteen() | {"bad.png": b"\x89PNG\r\n\x1a\nrubbish"}), "bad.png", "damaged")
    left_out(files_of(tmp_path, sixteen() | {"cut.png": plain()[:60]}), "cut.png", "damaged")
    left_out(files_of(tmp_path, sixteen() | {"empty.jpg": b""}), "empty.jpg")
    left_out(files_of(tmp_path, sixteen() | {"vector.png": b"<svg xmlns='x'/>"}), "vector.png")
    for brand, kind in {"heic": "HEIC", "heix": "HEIC", "mif1": "HEIC", "avif": "AVIF", "avis": "AVIF"}.items():
        left_out(files_of(tmp_path, sixteen() | {"a.heic": b"\0\0\0\x18ftyp" + brand.encode()}), kind)
    eps = encoded(Image.new("RGB", (9, 9)), "EPS")  # Pillow would start Ghostscript for it
    left_out(files_of(tmp_path, sixteen() | {"script.png": eps}), "script.png")


@pytest.mark.parametrize(
    ("kind", "data"),
    [("TIFF", encoded(Image.fromarray(np.zeros((9, 9), np.uint16)), "TIFF")), ("PSD", b"8BPS\0\1"),
     ("JPEG 2000", encoded(Image.new("RGB", (9, 9)), "JPEG2000")), ("ICO", encoded(Image.new("RGB", (16, 16)), "ICO")),
     ("PDF", b"%PDF-1.7"), ("JPEG XL", b"\xff\x0a\0"), ("a ZIP inside the ZIP; unpack it", b"PK\3\4")],
)  # fmt: skip
def test_pictures_of_other_kinds_are_called_what_they_are(tmp_path, kind: str, data: bytes) -> None:
    left_out(zip_of(tmp_path, sixteen() | {"x.zip": data}), f"x.zip is {kind}", "first.")


def test_all_files_that_are_left_out_are_named(tmp_path) -> None:
    said, *_ = read_uploads(zip_of(tmp_path, sixteen() | {f"{i}.json": b"{}" for i in range(20)}), 32).sentences()
    assert said.startswith("20 of 36 files are left out: 0.json is no PNG")
    assert said.endswith("The others: 3.json, 4.json, 5.json, 6.json, 7.json, 8.json, 9.json, 10.json ….")


def test_a_split_is_merged_and_told_and_its_part_without_classes_is_left_out(tmp_path) -> None:
    members = {f"{part}/{kind}/{i}.png": plain() for part in ("train", "test") for kind in "ab" for i in range(5)}
    own = read_uploads(zip_of(tmp_path, members), 32)
    assert (own.class_names, np.bincount(own.labels).tolist()) == (("a", "b"), [10, 10])
    assert own.sentences()[-1] == "The folders test, train are learned from together."
    left_out(zip_of(tmp_path, members | {"test/1.png": plain()}), "test/1.png lies in no folder of a class", count=20)


def test_classes_that_are_numbers_are_in_their_order(tmp_path) -> None:
    own = read_uploads(zip_of(tmp_path, {f"{i % 12}/{i}.png": plain() for i in range(24)}), 32)
    assert own.class_names == tuple(map(str, range(12)))
    assert own.labels.tolist()[:12] == list(range(12))


def test_a_file_that_is_no_zip(tmp_path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no zip at all")
    refused([str(tmp_path / "a.zip")], "a.zip", "not a ZIP")
    path = zip_of(tmp_path, sixteen())[0]
    Path(path).write_bytes(Path(path).read_bytes()[:-30])
    refused([path], "mine.zip", "damaged")


def test_a_damaged_member_is_named(tmp_path) -> None:
    path = Path(zip_of(tmp_path, sixteen() | {"z.png": plain()}, zipfile.ZIP_STORED)[0])
    data = bytearray(path.read_bytes())
    data[data.rindex(b"IDAT") + 6] ^= 0xFF
    path.write_bytes(data)
    left_out([str(path)], "z.png", "damaged")


def test_an_encrypted_zip(tmp_path) -> None:
    path = Path(zip_of(tmp_path, {"secret.png": plain()})[0])
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flags of the member, then those in the table of contents
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    refused([str(path)], "secret.png", "password")


def test_a_zip_packed_in_a_way_that_python_unpacks_without_limit(tmp_path) -> None:
    refused(zip_of(tmp_path, sixteen(), zipfile.ZIP_BZIP2), "0.png", "ordinary ZIP")
    refused(zip_of(tmp_path, sixteen(), zipfile.ZIP_LZMA), "0.png", "ordinary ZIP")


def test_ten_thousand_files(tmp_path) -> None:
    start = time.process_time()
    refused(zip_of(tmp_path, {f"{i}.png": b"" for i in range(10_000)}), "10000", "5000")
    assert time.process_time() - start < 5


@pytest.mark.slow
def test_a_gigabyte_of_zeros(tmp_path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("0.png", "w") as member:
        for _ in range(1000):
            member.write(bytes(10**6))
    start = time.process_time()
    refused([str(path)], "500 MB")
    assert time.process_time() - start < 1


def test_zeros_that_lie_about_their_size(tmp_path) -> None:
    path = Path(zip_of(tmp_path, {"0.png": bytes(30 * 10**6)})[0])
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 22, 1000)  # uncompressed size, in both places
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1000)
    path.write_bytes(data)
    refused([str(path)], "0.png", "damaged")


def test_a_member_larger_than_any_picture(tmp_path) -> None:
    refused(zip_of(tmp_path, {"0.png": bytes(5 * 10**6)}), "0.png", "1 million", limits=UploadLimits(megapixels=1))


def test_sizes_add_up(tmp_path) -> None:
    path = zip_of(tmp_path, sixteen() | {"a.png": bytes(3 * 10**6)})
    refused(path, "2 MB", limits=UploadLimits(unpacked_mb=2))
    big = files_of(tmp_path, sixteen() | {"a.bmp": plain(size=(1000, 1000), format="BMP")})
    refused(big, "1 MB", limits=UploadLimits(upload_mb=1))


def test_pictures_with_too_many_pixels(tmp_path) -> None:
    huge = plain(0, (8000, 8000), mode="1")
    left_out(files_of(tmp_path, sixteen() | {"huge.png": huge}), "huge.png", "50 million")
    # A header may claim anything: 60,000 x 60,000 pixels, which Pillow itself calls a bomb.
    claims = bytearray(huge)
    struct.pack_into(">II", claims, 16, 60_000, 60_000)
    struct.pack_into(">I", claims, 29, zlib.crc32(claims[12:29]))
    left_out(files_of(tmp_path, sixteen() | {"claims.png": bytes(claims)}), "claims.png", "50 million")
    many = files_of(tmp_path, {f"{i}.png": plain(0, (1000, 1000), mode="1") for i in range(16)})
    refused(many, "together", limits=UploadLimits(total_megapixels=15))


def test_an_overlong_table_of_contents_is_not_even_read(tmp_path) -> None:
    path = zip_of(tmp_path, {f"{'x' * 100}{i}.png": b"" for i in range(10_000)})
    refused(path, "mine.zip", limits=UploadLimits(directory_mb=1))


def test_a_strange_name_is_made_fit_for_a_sentence(tmp_path) -> None:
    own = read_uploads(zip_of(tmp_path, sixteen() | {"a\n<b>\u202e" + "x" * 500: b"no"}), 32)
    assert "\u202e" not in own.sentences()[0]
    assert len(own.sentences()[0]) < 200


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ("猫", "Käfer")),
        ("gbk", ("猫", "狗")),
        ("gbk", ("投訴", "諮詢")),
        ("big5", ("貓", "狗")),
        ("shift_jis", ("ネコ", "イヌ")),
        ("cp866", ("кошки", "собаки")),
        ("cp437", ("Käfer", "Château")),
        ("cp1252", ("Käfer", "Vögel")),
        ("cp850", ("Ação", "Pés")),
        ("cp1251", ("кошки", "собаки")),
        ("cp949", ("고양이", "강아지")),
        ("euc_jp", ("ねこ", "いぬ")),
        ("cp874", ("แมว", "หมา")),
        ("shift_jis", ("表", "能力ネコ")),
        ("big5", ("功能", "貓咪")),
        ("cp932", ("ﾔﾏﾀﾞｼｮｳｼﾞ", "ﾖｲ")),
        ("johab", ("고양이", "강아지")),
        ("cp737", ("γάτες", "σκύλοι")),
        ("cp862", ("חתולים", "כלבים")),
        ("cp720", ("إيجابي", "سلبي")),
        ("cp857", ("şikayet", "kötü")),
        ("cp775", ("gražu", "šunys", "katės", "žąsys")),
        ("cp850", ("größer", "Süß")),
    ],
)
def test_names_of_a_zip_in_any_encoding(encoding: str, names: tuple[str, ...]) -> None:
    assert [name.encode(encoding).decode(find_encoding([n.encode(encoding) for n in names])) for name in names] == [
        *names
    ]


def test_a_name_that_info_zip_tells_apart_is_the_name(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for number in range(20):
            info = zipfile.ZipInfo(f"{'_' * (1 + number % 2)}/{number}.png")
            told = f"{'猫狗'[number % 2]}/{number}.png".encode()
            crc = zlib.crc32(info.filename.encode()) ^ (number > 17)  # the last two were given other names since
            info.extra = struct.pack("<HHBL", 0x7075, len(told) + 5, 1, crc) + told
            archive.writestr(info, plain())
    assert read_uploads([str(tmp_path / "mine.zip")], 32).class_names == ("_", "__", "狗", "猫")


def test_backslashes_of_windows_are_folders_and_names_that_read_alike_are_one_class(tmp_path) -> None:
    members = {f"data\\{kind}\\{i}.png": plain() for kind in ("cats", "ｃａｔｓ", "dogs") for i in range(8)}
    own = read_uploads(zip_of(tmp_path, members), 32)
    assert own.class_names == ("cats", "dogs")
    assert "2 folders" in own.sentences()[0]


def test_what_shows_nothing_is_told_and_what_has_a_shape_shows_it(tmp_path) -> None:
    white = Image.new("RGBA", (40, 40), (255, 255, 255, 0))
    white.paste((255, 255, 255, 255), (10, 10, 30, 30))
    empty = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    film = encoded(empty, "PNG", save_all=True, append_images=[Image.new("RGBA", (40, 40), RED), white])
    own = read_uploads(files_of(tmp_path, {f"{i}.png": (encoded(white), plain())[i % 2] for i in range(16)}), 32)
    assert np.ptp(own.images[0]) == 255
    assert "8 of 16 pictures are of one colour" in own.notes[0]
    assert np.ptp(read_uploads(files_of(tmp_path, {f"{i}.png": film for i in range(16)}), 32).images[0]) == 255


def test_twelve_bits_in_sixteen_keep_their_levels(tmp_path) -> None:
    ramp = Image.fromarray(np.linspace(0, 4095, 4096).astype(np.uint16).reshape(64, 64))
    own = read_uploads(files_of(tmp_path, {f"{i}.png": encoded(ramp) for i in range(16)}), 64)
    assert len(np.unique(own.images[0])) == 256
    assert "12" in own.notes[0]
