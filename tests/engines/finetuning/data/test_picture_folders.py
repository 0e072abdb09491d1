"""A ZIP with one folder of pictures a class: what it becomes, and what is left out or refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.data.uploads import UploadLimits
from engines.finetuning.data.datasets import split_of
from engines.finetuning.data.picture_folders import read_picture_zip
from engines.messages import ConfigError


def picture(seed: int, gray: bool = False) -> bytes:
    """A PNG of its own for each seed."""
    shape = (12, 10) if gray else (12, 10, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()


def folders(*names: str, each: int = 4, gray: bool = False) -> dict[str, bytes]:
    return {f"{name}/{i}.png": picture(100 * place + i, gray) for place, name in enumerate(names) for i in range(each)}


def zip_of(folder: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder / "pets.zip"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def refused(path: Path, *said: str, limits: UploadLimits | None = None) -> None:
    with pytest.raises(ConfigError) as caught:
        read_picture_zip(path, 8, **({"limits": limits} if limits else {}))
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert len(sentence) < 200
    for words in said:
        assert words in sentence


def test_folders_are_the_classes(tmp_path) -> None:
    members = folders("pets/dog", "pets/猫") | {"pets/.DS_Store": b"x", "__MACOSX/pets/dog/._0.png": b"x"}
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert pictures.name == "pets.zip"
    assert pictures.images.shape == (8, 8, 8, 3)
    assert pictures.images.dtype == np.uint8
    assert pictures.label_names == ("dog", "猫")
    assert pictures.labels.tolist() == [0] * 4 + [1] * 4
    assert pictures.labels.dtype == np.int64
    assert pictures.left_out == ()


def test_gray_pictures_have_one_channel(tmp_path) -> None:
    assert read_picture_zip(zip_of(tmp_path, folders("a", "b", gray=True)), 8).images.shape == (8, 8, 8, 1)


def test_one_broken_file_is_left_out_and_named(tmp_path) -> None:
    broken = {"a/cut.png": picture(1)[:60], "b/notes.txt": b"my pets", "b/empty.jpg": b""}
    pictures = read_picture_zip(zip_of(tmp_path, folders("a", "b") | broken), 8)
    assert [one.name for one in pictures.left_out] == list(broken)
    reasons = " ".join(str(one.reason) for one in pictures.left_out)
    assert all(
        words in reasons for words in ("cut.png is a damaged picture", "notes.txt is no PNG", "empty.jpg is empty")
    )
    assert len(pictures) == 8


def test_a_file_damaged_inside_the_zip_is_left_out_and_named(tmp_path) -> None:
    path = zip_of(tmp_path, folders("a", "b") | {"b/z.png": picture(7)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"IDAT") + 6] ^= 0xFF
    path.write_bytes(data)
    pictures = read_picture_zip(path, 8)
    assert [one.name for one in pictures.left_out] == ["b/z.png"]
    assert len(pictures) == 8


def test_a_folder_of_broken_files_is_refused(tmp_path) -> None:
    members = {f"{kind}/{i}.png": b"no picture" for kind in "ab" for i in range(200)}
    refused(zip_of(tmp_path, members), "is no PNG")  # it gives up after a hundred
    refused(zip_of(tmp_path, dict(list(members.items())[:20])), "Only 0 of 20 files", "8")


def test_folder_names_that_look_the_same_are_one_class(tmp_path) -> None:
    members = folders("café", "cafe\u0301", "bar", "my  bar", "my bar", each=2)
    assert read_picture_zip(zip_of(tmp_path, members), 8).label_names == ("bar", "café", "my bar")


def test_the_same_picture_is_in_no_two_places(tmp_path) -> None:
    members = folders("a", "b", each=5)
    members |= {"a/again.png": members["a/0.png"]}  # a duplicate
    members |= {"b/other.png": members["a/1.png"]}  # a contradiction
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert (len(pictures), pictures.duplicates, pictures.conflicts) == (9, 1, 2)
    assert len({image.tobytes() for image in pictures.images}) == 9


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_chinese_folder_names_of_old_archivers(tmp_path, encoding: str) -> None:
    """They write the name's bytes without saying in which encoding."""
    names = [name.encode(encoding) for name in ("小狗", "小猫")]
    stand_ins = [letter * len(name) for letter, name in zip("AB", names, strict=True)]
    path = zip_of(tmp_path, folders(*stand_ins))
    data = path.read_bytes()
    for stand_in, name in zip(stand_ins, names, strict=True):
        data = data.replace(stand_in.encode() + b"/", name + b"/")
    path.write_bytes(data)
    assert read_picture_zip(path, 8).label_names == ("小狗", "小猫")


def test_pictures_without_classes_are_refused(tmp_path) -> None:
    refused(zip_of(tmp_path, folders("only", each=9)), "folder of its own")
    refused(zip_of(tmp_path, folders("a", "b") | {"outside.png": picture(1)}), "folder of its own")
    refused(zip_of(tmp_path, folders("a", "b", each=3)), "6 pictures are too few", "8")


def test_a_class_of_one_picture_trains(tmp_path) -> None:
    pictures = read_picture_zip(zip_of(tmp_path, folders("a", each=8) | {"b/one.png": picture(999)}), 8)
    assert (pictures.label_names, pictures.labels.tolist()) == (("a", "b"), [0] * 8 + [1])


def test_what_is_no_zip_is_refused(tmp_path) -> None:
    (tmp_path / "one.png").write_bytes(picture(1))
    refused(tmp_path / "one.png", "one ZIP file")
    (tmp_path / "bad.zip").write_bytes(b"no zip at all")
    refused(tmp_path / "bad.zip", "bad.zip", "not a ZIP")


def test_hostile_zips_are_refused_as_elsewhere(tmp_path) -> None:
    evil = zip_of(tmp_path, folders("a", "b") | {"../evil.png": picture(1)})
    assert [one.name for one in read_picture_zip(evil, 8).left_out] == ["../evil.png"]
    refused(
        zip_of(tmp_path, folders("a", "b") | {"a/0.gz": bytes(3 * 10**6)}), "2 MB", limits=UploadLimits(unpacked_mb=2)
    )
    refused(zip_of(tmp_path, {f"a/{i}.png": b"" for i in range(6000)}), "6000", "5000")


SPLIT = {"train": 8, "val": 2, "test": 3}  # pictures of each class


@pytest.mark.parametrize("form", ["{part}/{label}/{i}.png", "{label}/{part}/{i}.png", "set/{part}/{label}/{i}.png"])
def test_the_folders_of_a_split_are_used_as_it_is(tmp_path, form: str) -> None:
    members, seed = {}, 0
    for part, count in SPLIT.items():
        for label in "ab":
            for i in range(count):
                members[form.format(part=part, label=label, i=i)] = picture(seed := seed + 1)
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert pictures.label_names == ("a", "b")
    assert [str(note) for note in pictures.notes] == ["The split in test, train, val is used as it is."]
    parts = split_of(pictures, 3)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (16, 4, 6)
    assert {pictures.parts[row] for row in parts.test} == {"test"}
    assert len(split_of(pictures, 3, limit=13).train) == 8  # each part in proportion


@pytest.mark.parametrize("names", [("train_set", "test-set"), ("train2017", "val2017"), ("训练集", "测试数据"),
                                   ("01 Training Images", "test1")])  # fmt: skip
def test_a_split_is_known_by_many_names(tmp_path, names: tuple[str, str]) -> None:
    members = folders(*(f"{name}/{kind}" for name in names for kind in "ab"))
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert pictures.label_names == ("a", "b")
    assert len(set(pictures.parts)) == 2
    assert "is used as it is" in " ".join(pictures.notes)


@pytest.mark.parametrize("root", ["", "vehicles/", "test/", "train/"])
def test_trains_are_a_class_beside_others(tmp_path, root: str) -> None:
    members = folders(*(f"{root}{name}" for name in ("bus", "car", "train")))
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert (pictures.label_names, pictures.left_out, pictures.parts) == (("bus", "car", "train"), (), ())


def test_a_part_that_is_missing_is_drawn_and_a_split_that_teaches_too_little_is_told(tmp_path) -> None:
    members = {f"{part}/{label}/{i}.png": picture(200 * (part == "test") + 20 * (label == "b") + i)
               for part, count in (("train", 10), ("test", 3)) for label in "ab" for i in range(count)}  # fmt: skip
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    parts = split_of(pictures, 0)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (18, 2, 6)
    members |= {f"test/c/{i}.png": picture(1000 + i) for i in range(4)}
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert pictures.label_names == ("a", "b", "c")
    assert pictures.parts == ()
    assert "cannot be used" in str(pictures.notes[0])


def test_test_pictures_without_a_class_are_left_out_wherever_they_lie(tmp_path) -> None:
    for root in ("", "set/"):
        members = {f"{root}{name}": data for name, data in folders("train/a", "train/b").items()}
        members |= {f"{root}test/{i}.png": picture(500 + i) for i in range(3)}
        pictures = read_picture_zip(zip_of(tmp_path, members), 8)
        assert pictures.label_names == ("a", "b")
        assert len(pictures.left_out) == 3
        assert pictures.parts == ()  # only one part has classes


def test_a_stray_picture_and_a_folder_within_each_class_harm_nothing(tmp_path) -> None:
    members = folders("set/a/raw", "set/b/raw", each=12) | {"cover.png": picture(999)}
    pictures = read_picture_zip(zip_of(tmp_path, members), 8)
    assert (len(pictures), pictures.label_names) == (24, ("a", "b"))
    assert [str(one.reason) for one in pictures.left_out] == ["cover.png lies in no folder of a class."]
