"""The Image generation tab over its endpoints, with a tiny model; what it keeps, and that texts stay texts."""

import base64
import io
import json
import re
import threading
import zipfile

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engines.gan_training.config import GanConfig
from engines.gan_training.explore import export
from engines.image_generation import models
from engines.image_generation.catalog import IMAGE_MODELS
from engines.image_generation.config import ImageConfig
from engines.image_generation.gallery import LOST, Gallery, GalleryLimits
from engines.image_generation.picture_files import to_png
from engines.image_generation.told.axes import Axes
from engines.messages import ConfigError, EngineError, Message
from engines.running.board import Board
from engines.running.events import Caption, Note, Pictures, Progress, Samples, Verdict, Weights
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.image_generation.actions import Stage, Studio, show_kept
from tabs.image_generation.desk import about_run, catalog_choices, seen_settings
from tabs.image_generation.keeping import Keeper, picture_files, walk_file
from tabs.image_generation.own_gans import OwnGenerators
from tabs.image_generation.sources import place, read_sources
from tabs.image_generation.variations import VALUES, goal_seed
from tabs.page.canvas.view import filled
from tabs.page.markup import say_in
from tabs.page.stage.view import Scene, Shown, stage_view, thumbs
from tests.engines.image_generation.test_picture_files import huge_png, put
from tests.fakes import pictures
from tests.served import served
from tests.tiny_image_models import save_emoji_model

HOSTILE = "<img src=x onerror=alert(1)>"
SMALL = {"prompt": "red apple", "steps": 3, "seed": 5, "batch": 2}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A client, and the runs of the app that it is a client of."""
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("emoji_model")
        save_emoji_model(folder)
        patched.setattr(models, "EMOJI_FOLDER", folder)
        patched.setenv("AIGC_CACHE", str(tmp_path_factory.mktemp("cache")))
        patched.setenv("HF_HUB_OFFLINE", "1")
        runs = Runs()
        with served(runs) as (url, _):
            yield Client(url, verbose=False), runs


@pytest.fixture(scope="module")
def client(site):
    return site[0]


def generate(client, settings, image=None, mask=None, owner=""):
    """The pictures' files, and what made them."""
    files = [handle_file(path) if path else None for path in (image, mask)]
    return client.predict(settings, *files, owner, api_name="/image_generate")


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def gan_weights(config, seed=0):
    """Random weights of a generator for `config`."""
    import torch

    from engines.gan_training.networks import build_generator

    torch.manual_seed(seed)
    network = build_generator(config, 1, 10)
    tensors = {name: 6 * tensor.numpy() for name, tensor in network.state_dict().items()}  # strong contrasts
    return Weights(30, tensors, {"channels": 1, "class_names": [str(digit) for digit in range(10)]})


GAN = GanConfig(dataset="mnist", architecture="mlp", features=8, latent=8, conditional=True)


# --- endpoints ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_script_makes_pictures_that_can_be_had_again(client):
    files, about = generate(client, SMALL)
    assert about["config"]["seed"] == 5
    assert about["model"] == IMAGE_MODELS["emoji"].title
    assert len(files) == 2
    assert pixels(files[0]).shape == (64, 64, 3)
    assert re.search(r"red-apple-5\.png$", files[0])

    told = client.predict(handle_file(files[1]), api_name="/image_settings")
    assert told["notes"] == []
    assert told["config"]["seed"] == 6
    again, _ = generate(client, told["config"])
    assert (pixels(again[0]) == pixels(files[1])).all(), "the settings in a picture give the same picture"


@pytest.mark.slow
def test_a_picture_is_made_larger_and_keeps_its_settings(client):
    (file,), _ = generate(client, SMALL | {"batch": 1})
    settings = {"factor": "2", "measure": True}
    (plain, sharp), about = client.predict(settings, handle_file(file), "", api_name="/image_enlarge")
    assert pixels(plain).shape == pixels(sharp).shape == (64, 64, 3)
    assert set(about) == {"model", "seconds", "PSNR", "SSIM", "PSNR of bicubic", "SSIM of bicubic"}
    (_, sharp), about = client.predict({}, handle_file(file), "", api_name="/image_enlarge")
    assert pixels(sharp).shape == (256, 256, 3)
    assert set(about) == {"model", "seconds"}
    told = client.predict(handle_file(sharp), api_name="/image_settings")
    assert told["config"]["prompt"] == SMALL["prompt"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"factor": "3"}, "Times larger must be"), ({"size": 4}, "size"), ({"measure": "yes"}, "Shrink it first")],
)
def test_a_script_is_told_what_enlarging_allows(client, tmp_path, settings, sentence):
    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    with pytest.raises(Exception, match=sentence):
        client.predict(settings, handle_file(tmp_path / "red.png"), "", api_name="/image_enlarge")


def test_a_picture_is_painted_in_the_manner_of_another(client, tmp_path):
    (file,), _ = generate(client, SMALL | {"batch": 1})
    (ink,), about = client.predict({"style": "ink"}, handle_file(file), None, "", api_name="/image_style")
    assert pixels(ink).shape == (256, 256, 3)
    assert set(about) == {"model", "seconds"}
    with pytest.raises(Exception, match="wrote no settings"):  # those of its source make another picture
        client.predict(handle_file(ink), api_name="/image_settings")
    Image.new("RGB", (40, 40), "red").save(tmp_path / "red.png")
    settings, red = {"style": "own", "strength": 0.7}, handle_file(tmp_path / "red.png")
    (own,), _ = client.predict(settings, handle_file(file), red, "", api_name="/image_style")
    assert (pixels(own) != pixels(ink)).any()
    with pytest.raises(Exception, match="Choose a style picture first"):
        client.predict({"style": "own"}, handle_file(file), None, "", api_name="/image_style")


def test_a_script_is_told_how_a_prompt_is_read(client):
    read = client.predict("蓝色的汽车", api_name="/image_reading")
    assert read == {"english": "blue car", "unread": [], "near": [], "plan": None, "by_meaning": False}
    plan = client.predict("骑自行车的猫", api_name="/image_reading")["plan"]
    assert ([thing["phrase"] for thing in plan["things"]], plan["relation"]) == (["cat", "bicycle"], "on")
    assert client.predict("zzgh", api_name="/image_reading")["unread"] == ["zzgh"]
    assert client.predict("会飞的哺乳动物", api_name="/image_reading")["by_meaning"]
    with pytest.raises(Exception, match="knows no word of “量子力学”"):
        generate(client, SMALL | {"prompt": "量子力学", "wording": "plain"})


def test_a_picture_is_changed_and_repainted(client, tmp_path):
    start, mask = tmp_path / "start.png", tmp_path / "mask.png"
    Image.new("RGB", (200, 200), "red").save(start)
    painted = Image.new("L", (200, 200))
    painted.paste(255, (0, 0, 100, 200))
    painted.save(mask)
    changed, _ = generate(client, {**SMALL, "task": "image_to_image", "strength": 0.5}, start)
    assert len(changed) == 2
    files, _ = generate(client, {**SMALL, "task": "inpainting"}, start, mask)
    right = pixels(files[0])[:, 34:]
    assert (right == (255, 0, 0)).all(), "what was not painted over stays"


def test_a_grid_and_a_walk_become_files(client):
    grid = client.predict("steps", "1, 2", "style", "noto, twemoji", SMALL, None, None, "", api_name="/image_xy")
    assert min(pixels(grid).shape[:2]) > 190
    for kind, name in (("webp", "WEBP"), ("gif", "GIF")):
        path = client.predict("pizza", -1, 4, kind, SMALL, None, None, "", api_name="/image_walk")
        with Image.open(path) as film:
            assert film.format == name
            assert film.n_frames == 6, "four frames there, and two back"


@pytest.mark.slow
def test_own_generators_are_models_for_their_owner_alone(site, tmp_path):
    client, runs = site
    board = Board("gan_training", GAN.to_dict(), state="finished", weights=gan_weights(GAN))
    runs.add(board, GAN, owner="me")
    listed = client.predict(owner="me", api_name="/image_models")
    assert listed[0]["id"] == "emoji"
    assert listed[-1]["id"].startswith("gan:GAN · MNIST")
    assert len(client.predict(owner="you", api_name="/image_models")) == len(IMAGE_MODELS)

    wish = {**listed[-1]["settings"], "seed": 3, "batch": 3, "label": 7}
    files, about = generate(client, wish, owner="me")
    assert len(files) == 3
    assert about["config"]["label"] == 7
    with pytest.raises(Exception, match="This generator is not here any more"):
        generate(client, wish, owner="you")
    walk = client.predict("", 9, 5, "webp", wish, None, None, "me", api_name="/image_walk")
    with Image.open(walk) as film:
        assert film.n_frames == 8


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"prompt": "  "}, "Write a prompt first"),
        ({"prompt": "x" * 10_000}, "Prompt must be a text of at most 1000 characters"),
        ({"model": "../../etc/passwd"}, "There is no model called"),
        ({"model": "someone/something"}, "only the models of its catalog"),
        ({"model": "SD-Turbo", "width": 512, "height": 512, "guidance": 1.0}, "SD-Turbo are not to be had now"),
        ({"model": "SD-Turbo", "width": 1024, "height": 1024, "batch": 64}, "too large together"),
        ({"width": 512, "height": 512}, "Width must be from 64 to 128"),
        ({"steps": float(10**9)}, "Steps must be a whole number"),
        ({"task": "image_to_image"}, "Choose or draw a picture"),
        ({"nonsense": 1}, "no setting called"),
        ([1], "must be a JSON object"),
    ],
)
def test_a_bad_request_gets_one_clear_sentence(client, settings, says):
    with pytest.raises(Exception, match=says):
        generate(client, settings)


@pytest.mark.slow
def test_bad_axes_and_goals_get_one_clear_sentence(client):
    def grid(*axes):
        return client.predict(*axes, SMALL, None, None, "", api_name="/image_xy")

    with pytest.raises(Exception, match="Steps must be a whole number"):
        grid("steps", "many", "guidance", "1")
    with pytest.raises(Exception, match="two different settings"):
        grid("steps", "1", "steps", "2")
    with pytest.raises(Exception, match="1 to 36 pictures"):
        grid("steps", ",".join(map(str, range(1, 20))), "guidance", "1, 2")
    for goal, says in (
        (("", -1, 4, "webp"), "Choose where to walk to"),
        (("pizza", -1, 4000, "webp"), "Pictures must be a whole number from 2 to 60"),
        (("pizza", 0.5, 4, "webp"), "Walk to seed must be a whole number"),
        (("pizza", -1, 4, "exe"), "The format must be one of"),
    ):
        with pytest.raises(Exception, match=says):
            client.predict(*goal, SMALL, None, None, "", api_name="/image_walk")


def test_a_huge_picture_is_refused_without_being_decoded(client, tmp_path):
    path = put(tmp_path, huge_png(30_000), "huge.png")
    with pytest.raises(Exception, match=r"huge\.png is too large"):
        generate(client, {**SMALL, "task": "image_to_image"}, path)
    with pytest.raises(Exception, match=r"huge\.png is too large"):
        client.predict(handle_file(path), api_name="/image_settings")


def test_a_path_is_not_taken_from_a_visitor(client):
    with pytest.raises(Exception, match=r".") as refused:
        client.predict(SMALL, {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, None, "",
                       api_name="/image_generate")  # fmt: skip
    assert "root:" not in str(refused.value)


def test_another_programs_picture_tells_what_is_known(client, tmp_path):
    path, info = tmp_path / "foreign.png", PngInfo()
    info.add_text("parameters", f"{HOSTILE}\nSteps: 12, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: ${{evil}}")
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    told = client.predict(handle_file(path), api_name="/image_settings")
    assert told["config"]["prompt"] == HOSTILE
    assert told["config"]["steps"] == 12
    assert told["config"]["seed"] == 42
    assert any("another program" in note for note in told["notes"])
    plain = tmp_path / "plain.png"
    Image.new("RGB", (8, 8)).save(plain)
    with pytest.raises(Exception, match="tells no settings"):
        client.predict(handle_file(plain), api_name="/image_settings")


# --- following an engine ------------------------------------------------------------------------------------------


def drawing(steps, gate=None, heard=None):
    """An engine whose pictures grow brighter; with a gate it makes one step for each release."""
    yield Note(Message("Loading {model}", model="x"))
    for step in range(1, steps + 1):
        if gate:
            gate.acquire()
        stop = yield Progress(step, steps)
        stop = (yield Samples(step, pictures(2, channels=3, value=step))) or stop
        if stop:
            if heard is not None:
                heard.append(step)
            return
    yield Pictures(pictures(2, channels=3), ImageConfig(seed=1, batch=2), "x", 1.5)


def test_a_generation_is_followed_to_its_end():
    seen = list(Studio().follow(drawing(3), "a cat", "me"))
    assert isinstance(seen[-1].last, Pictures)
    assert not seen[-1].busy
    first = json.loads(next(Studio().follow(drawing(3), "a cat", "me")).scene().to_json())
    assert first["note"]["template"] == "Starting…"
    assert first["pictures"] is None, "what stood there before stays until there is something new"


def test_what_a_prompt_was_read_as_is_said_when_the_pictures_are_there():
    def reading():
        yield Caption("prompt", Message("The model reads: {english}.", english="“owl”"))
        yield from drawing(2)

    *_, last = Studio().follow(reading(), "a bird that says who", "me")
    assert last.scene().note == "The model reads: “owl”."


def test_stop_ends_the_computation_and_keeps_what_is_seen():
    studio, gate, heard = Studio(), threading.Semaphore(2), []
    following = studio.follow(drawing(10**6, gate, heard), "a cat", "me")
    next(following)
    studio.stop("somebody else")
    studio.stop("me")
    gate.release(10)
    *_, last = following
    assert heard, "the engine was told"
    assert heard[0] <= 3
    assert last.note == "Stopped"
    assert len(json.loads(last.scene().to_json())["pictures"]) == 2


def test_a_second_click_ends_the_first_in_silence():
    studio, gate, heard = Studio(), threading.Semaphore(0), []
    first = studio.follow(drawing(10**6, gate, heard), "old", "me")
    next(first)
    second = studio.follow(drawing(2), "new", "me")
    next(second)
    gate.release(10)
    assert list(first) == [], "nothing more of the first reaches the page"
    assert [making.alt for making in second][-1] == "new"
    assert heard


def test_a_closed_page_ends_the_computation():
    studio, ended = Studio(), []

    def engine():
        try:
            while True:
                yield Progress(1, 2)
        finally:
            ended.append(True)

    following = studio.follow(engine(), "x", "me")
    next(following)
    next(following)
    following.close()
    assert ended


# --- the gallery --------------------------------------------------------------------------------------------------


def png(value=0):
    return to_png(pictures(1, channels=3, value=value)[0], ImageConfig(seed=value), "x")


def add(gallery, owner, *values, prompt="a cat"):
    files = [(f"{value}.png", png(value)) for value in values]
    return gallery.add(owner, files, prompt, [Message("Seed {seed}", seed=value) for value in values])


def test_the_gallery_is_each_visitors_own_and_bounded():
    gallery = Gallery(GalleryLimits(pictures=3))
    mine = add(gallery, "me", 1, 2)
    add(gallery, "you", 9)
    assert [one.path.name for one in gallery.of("me")] == ["2.png", "1.png"]
    assert [one.path.name for one in gallery.newest("me")] == ["1.png", "2.png"]
    with pytest.raises(EngineError, match="not kept any more"):
        gallery.get("you", mine[0].id)
    add(gallery, "me", 3, 4)
    assert [one.path.name for one in gallery.of("me")] == ["4.png", "3.png", "2.png"]
    assert not mine[0].path.exists(), "the oldest goes, from the disk as well"
    gallery.empty("me")
    assert gallery.of("me") == []
    assert len(gallery.of("you")) == 1
    assert gallery.newest("nobody") == []


def test_pictures_go_when_they_are_old_or_too_many_for_the_disk(monkeypatch):
    gallery = Gallery(GalleryLimits(hours=1))
    add(gallery, "me", 1)
    later = gallery.of("me")[0].made + 3601
    monkeypatch.setattr("engines.image_generation.gallery.time.time", lambda: later)
    assert gallery.of("me") == []
    tight = Gallery(GalleryLimits(megabytes=0))
    add(tight, "you", 1)
    assert tight.of("you") == []


def test_without_a_key_nothing_is_shared():
    gallery = Gallery()
    add(gallery, "", 1)
    assert gallery.of("") == []


def test_what_is_made_is_kept_with_its_settings():
    gallery = Gallery()
    keeper = Keeper(gallery)
    made = Pictures(pictures(2, channels=3), ImageConfig(prompt="../../a Cat!", seed=7, batch=2), "x", 1.24)
    kept = keeper.keep_pictures("me", made)
    assert [one.path.name for one in kept] == ["a-cat-7.png", "a-cat-8.png"]
    assert str(kept[0].about) == "Seed 7 · 1.2 s · x"
    assert kept[0].data_uri().startswith("data:image/png;base64,")
    with zipfile.ZipFile(keeper.zip(gallery.of("me"))) as archive:
        assert sorted(archive.namelist()) == ["a-cat-7.png", "a-cat-8.png"]
    with pytest.raises(EngineError, match="no pictures yet"):
        keeper.zip([])
    assert keeper.keep_pictures("me", Note(Message("x"))) == [], "nothing, if it was stopped"


def test_a_large_picture_is_shown_lighter_than_it_is_kept():
    noise = np.random.default_rng(0).integers(0, 256, (1, 600, 600, 3), np.uint8)
    gallery = Gallery()
    made = Pictures(noise, ImageConfig(model="SD-Turbo", width=600, height=600, batch=1, seed=1), "x", 1.0)
    (kept,) = Keeper(gallery).keep_pictures("me", made)
    assert kept.data_uri().startswith("data:image/jpeg")
    assert len(kept.data_uri()) < kept.size


def test_a_walk_is_animated_in_both_formats():
    frames = np.stack([pictures(1, channels=3, value=v)[0] for v in (0, 80, 160, 240)])
    made = Pictures(frames, ImageConfig(seed=1, batch=4), "x", 1.0)
    for kind, name in (("webp", "WEBP"), ("gif", "GIF")):
        file_name, data = walk_file(made, kind)
        assert file_name == f"smiling-cat-walk-1.{kind}"
        with Image.open(io.BytesIO(data)) as film:
            assert film.format == name
            assert film.n_frames == 6


# --- what a page is given -----------------------------------------------------------------------------------------


def test_texts_reach_the_page_as_data_and_never_as_html():
    scene = Scene([Shown("data:,", HOSTILE, "1", Message("Seed {seed}", seed=1))], Message(HOSTILE))
    assert json.loads(scene.to_json())["pictures"][0]["alt"] == HOSTILE
    assert json.loads(thumbs([Shown("data:,", HOSTILE)]))[0]["alt"] == HOSTILE
    view = stage_view("x", {}, "#y", Message("z"))
    for part in (view.html_template, view.js_on_load):
        assert "innerHTML" not in part
        assert "${value}" not in part
        assert "{{" not in part


def test_a_settings_note_is_escaped(tmp_path):
    from types import SimpleNamespace

    from tabs.image_generation.desk import Desk
    from tabs.image_generation.panels import SettingsPanel

    path, info = tmp_path / "foreign.png", PngInfo()
    info.add_text("parameters", f"a cat\nSteps: 12, Seed: 42, Model: {HOSTILE}")
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    panel = SettingsPanel.__new__(SettingsPanel)
    panel.desk = SimpleNamespace(offers=lambda model, owner: False, show=lambda *_: [])
    panel.grid = SimpleNamespace(show=lambda axes: [])
    (note,) = panel.read(str(path), "me", None)
    assert "<img" not in note
    assert "&lt;img" in note
    assert Desk.offers


def test_only_settings_that_matter_are_seen():
    emoji, turbo = IMAGE_MODELS["emoji"], IMAGE_MODELS["SD-Turbo"]
    seen = seen_settings(emoji, "text_to_image", ())
    assert {"prompt", "style", "guidance", "seed"} <= seen
    assert not {"width", "strength", "label"} & seen
    assert "strength" in seen_settings(emoji, "inpainting", ())
    assert "style" not in seen_settings(turbo, "text_to_image", ())
    assert "width" in seen_settings(turbo, "text_to_image", ())
    gan = OwnGenerators(Runs(), Here())
    assert gan.of("me") == []


def test_what_was_found_of_a_generators_training_stands_beside_its_name():
    runs = Runs()
    board = Board("gan_training", GAN.to_dict(), state="finished", weights=gan_weights(GAN))
    runs.add(board, GAN, owner="me")
    generators = OwnGenerators(runs, Here())
    (gan,) = generators.of("me")
    assert generators.board_of(gan.id, "you") is None
    assert about_run(generators.board_of(gan.id, "me"), say_in("en")) == ""
    collapse = Message("Mode collapse: G repeats itself")
    board.fold(Verdict("collapse", collapse, Message("It has four shapes."), Message("Lower its rate.")))
    board.fold(Samples(5, np.zeros((4, 28, 28, 1), np.uint8)))
    told = about_run(generators.board_of(gan.id, "me"), say_in("zh"))
    assert "它的诊断：模式崩溃" in told
    assert 'src="data:image/' in told


def test_models_that_fit_come_first():
    ids = [value for _, value in catalog_choices()]
    assert ids[0] == "emoji"
    assert set(ids) == set(IMAGE_MODELS)


def test_every_setting_of_a_grid_begins_with_values_that_it_takes():
    from engines.image_generation.variations import parse_values, varied

    assert set(VALUES) == set(varied())
    for name, text in VALUES.items():
        assert parse_values(name, text)


def test_an_opened_generator_becomes_a_model(tmp_path):
    path = tmp_path / "generator.zip"
    export(GAN, gan_weights(GAN), path)
    generators = OwnGenerators(Runs(), Here())
    opened = generators.open(str(path), "me")
    assert [own.id for own in generators.of("me")] == [opened.id]
    assert opened.class_names[7] == "7"
    assert generators.find("emoji", "me") is None
    with pytest.raises(EngineError, match="not here any more"):
        generators.find(opened.id, "you")
    (tmp_path / "bad.zip").write_bytes(b"PK nonsense")
    with pytest.raises(EngineError, match="not an exported generator"):
        generators.open(str(tmp_path / "bad.zip"), "me")


def test_the_seed_of_a_walk_is_checked():
    assert goal_seed(None) == -1
    assert goal_seed(7.0) == 7
    for bad in (0.5, float("nan"), 10**12):
        with pytest.raises(ConfigError, match="Walk to seed"):
            goal_seed(bad)


# --- canvases -----------------------------------------------------------------------------------------------------


def painted_over(value, layer):
    """A canvas's value as the page gives it once something was drawn on it."""
    file = io.BytesIO()
    Image.fromarray(layer).save(file, "PNG")
    strokes = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    return json.dumps({**json.loads(value), "strokes": strokes})


def test_a_wide_picture_comes_back_without_the_canvas_around_it():
    wide = np.full((60, 120, 3), (0, 0, 255), np.uint8)
    value = place(wide, "inpainting", (512, 256))[1]["value"]
    layer = np.zeros((256, 512, 4), np.uint8)
    layer[:72, :256] = (255, 0, 255, 160)
    config = ImageConfig(model="SD-Turbo", width=512, height=512, task="inpainting")
    image, mask = read_sources(config, None, painted_over(value, layer))
    assert image.shape == (256, 512, 3)
    assert (image == (0, 0, 255)).all()
    assert mask.shape == (256, 512)
    assert mask[:72, :256].all()
    assert not mask[72:].any()


def test_a_small_picture_comes_back_from_the_canvas_as_it_was():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    shown = place(noise, "inpainting")[1]["value"]
    layer = np.zeros((512, 512, 4), np.uint8)
    layer[15, 15] = 255
    image, mask = read_sources(ImageConfig(task="inpainting"), None, painted_over(shown, layer))
    assert (image == noise).all()
    assert np.argwhere(mask).tolist() == [[1, 1]]
    assert read_sources(ImageConfig(task="inpainting"), None, shown)[1] is None, "no mask was painted"


def test_a_sketch_stands_on_white_and_an_empty_canvas_is_nothing():
    drawn = np.zeros((512, 512, 4), np.uint8)
    change = ImageConfig(task="image_to_image")
    assert read_sources(change, painted_over(filled(), drawn), None) == (None, None)
    assert read_sources(change, None, None) == (None, None)
    drawn[:16] = (255, 0, 0, 255)
    sketch = painted_over(filled(), drawn)
    assert read_sources(ImageConfig(), sketch, sketch) == (None, None)
    image, _ = read_sources(change, sketch, None)
    assert image.shape == (64, 64, 3)
    assert (image[0, 0] == (255, 0, 0)).all()
    assert (image[-1, -1] == 255).all()


def test_files_are_named_after_prompt_and_seed():
    made = Pictures(pictures(1, channels=3), ImageConfig(prompt="微笑的猫", seed=7, batch=1), "x", 1.0)
    assert picture_files(made)[0][0] == "picture-7.png"


def test_the_page_says_of_which_pictures_a_right_click_loses_the_settings():
    gallery, config = Gallery(), ImageConfig(prompt="x", seed=1)
    long = Axes("prompt", tuple("很" * 900 + str(i) for i in range(40)), "seed", (1, 2))
    files = [
        (f"{i}.png", to_png(np.zeros((8, 8, 3), np.uint8), config, "x", axes)) for i, axes in enumerate((None, long))
    ]
    kept = gallery.add("me", files, "x", [Message("Seed {seed}", seed=1)] * 2)
    shown = json.loads(Stage(Studio(), gallery, None).thumbnails("me"))
    assert [bool(one["about"]) for one in shown] == [True, False]  # the newest first
    said = [str(Message.from_json(one["about"])) for one in json.loads(show_kept(kept))["pictures"]]
    assert said == ["Seed 1", f"Seed 1 · {LOST}"]
