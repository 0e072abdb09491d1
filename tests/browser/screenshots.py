"""Takes the README's screenshots anew: python -m tests.browser.screenshots [seconds of training] [name …]"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from io import BytesIO

from gradio_client import Client
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests import ROOT
from tests.browser.conftest import FLAGS, NARROW, Visitor
from tests.served import served

FOLDER = ROOT / "assets" / "screenshots"
WIDE = {"width": 1280, "height": 1180}


def main(seconds: int, names: Sequence[str]) -> None:
    """Photograph what `names` names, all if it is empty; the GAN trains for so many seconds."""
    FOLDER.mkdir(exist_ok=True)
    with served() as (url, _), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name in names or ("gan", *PLACES):
            if name == "gan":
                photograph_gan(browser, url, seconds)
            else:
                photograph, first = PLACES[name]
                photograph(Visitor(browser, url, WIDE, first))
        browser.close()


def photograph_gan(browser: Browser, url: str, seconds: int) -> None:
    """The defaults at work, finished, and in the dark on a phone."""
    owner = Visitor(browser, url, WIDE)
    page = owner.arrive()
    owner.start()
    page.wait_for_timeout(1000 * seconds)
    keep(page, "gan_training")
    owner.button("Stop").click()
    owner.wait_for_state("Stopped, and kept")
    page.get_by_role("button", name="Latent walk").click()
    page.locator("#gan-picture label", has_text="Seed").wait_for()
    page.wait_for_timeout(1500)
    keep(page, "gan_finished", whole=True)
    phone = Visitor(browser, url, NARROW, color_scheme="dark", device_scale_factor=2, is_mobile=True)
    phone.arrive("?__theme=dark")
    phone.page.locator("#gan-live img.made[src]").wait_for()
    phone.page.wait_for_timeout(500)
    keep(phone.page, "gan_phone")


def keep(page: Page, name: str, whole: bool = False) -> None:
    """The screen, or the whole page, as a WebP of a tenth of a PNG's size."""
    if whole:  # some pictures come when they are scrolled to
        for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 700):
            page.evaluate("y => scrollTo(0, y)", y)
            page.wait_for_timeout(100)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(300)
    with Image.open(BytesIO(page.screenshot(full_page=whole))) as picture:
        picture.convert("RGB").save(FOLDER / f"{name}.webp", quality=70, method=6)


def photograph_map(visitor: Visitor) -> None:
    """The VAE's example, and its map."""
    page = visitor.arrive("?tab=vae_training")
    page.locator("#vae-live img.made[src]").wait_for()
    page.get_by_role("tab", name="Map", exact=True).click()
    page.locator("#vae-map .ground").wait_for(timeout=60_000)
    page.mouse.move(0, 0)
    page.wait_for_timeout(2500)
    keep(page, "vae_map", whole=True)


def photograph_diffusion(visitor: Visitor) -> None:
    """The diffusion model's example: pictures on their way, and in how many steps."""
    page = visitor.arrive("?tab=diffusion_training")
    page.locator("#diffusion-live .sheets img[src]").first.wait_for()
    page.wait_for_timeout(1500)
    keep(page, "diffusion", whole=True)


def photograph_points(visitor: Visitor) -> None:
    """A GAN on the plane, at its end."""
    page = visitor.arrive("?tab=points_training&seed=1")
    page.locator("#points-start").click()
    page.locator("#points-live .state", has_text="Finished").wait_for(timeout=240_000)
    page.wait_for_timeout(1500)
    keep(page, "points")


def photograph_comparison(visitor: Visitor) -> None:
    """The three families' examples over one another."""
    page = visitor.arrive("?tab=comparison&runs=example,example-vae_training,example-diffusion_training&axis=pictures")
    page.locator("#comparison-view .made img[src]").nth(2).wait_for()
    page.wait_for_timeout(1500)
    keep(page, "comparison", whole=True)


def photograph_room(visitor: Visitor) -> None:
    """A class at work, as its teacher sees it: students with a run each, of several kinds."""
    page, client = visitor.arrive("?tab=room"), Client(visitor.url, verbose=False)
    page.locator("#room-name :is(input, textarea)").fill("Ms Gauss")
    page.locator("#room-open").click()
    code = page.locator("#room-board .code b")
    code.wait_for()
    classes = [
        ("Ada", "points_start", {"steps": 1500}),
        ("小明", "points_start", {"steps": 1500, "objective": "hinge"}),
        ("Emmy", "points_start", {"steps": 1500, "objective": "non_saturating"}),
        ("Alan", "points_start", {"steps": 1500, "lr": 3e-4}),
        ("Grace", "gan_start", {"dataset": "mnist", "features": 16, "steps": 400}),
        ("小红", "gpt_start", {"layers": 1, "width": 64, "part": 0.1, "steps": 150}),
    ]
    for name, start, settings in classes:
        owner = client.predict(code.inner_text(), name, "", api_name="/room_join")["owner"]
        more = [None] if start == "gpt_start" else []
        client.predict(settings, owner, *more, api_name=f"/{start}")
    tiles = page.locator("#room-board .tiles")
    tiles.locator("li", has_text="Finished").nth(len(classes) - 1).wait_for(timeout=400_000)
    page.wait_for_timeout(1500)
    keep(page, "room", whole=True)


def photograph_writing(visitor: Visitor) -> None:
    """A language model that has learnt for a minute and a half."""
    page = visitor.page
    page.goto(visitor.url + "?tab=gpt_training&seed=1")
    page.locator("#gpt-start[title]").wait_for()
    page.locator("#gpt-start").click()
    page.wait_for_timeout(90_000)
    page.mouse.move(0, 0)
    keep(page, "gpt_training")
    page.locator("#gpt-stop").click()


def photograph_pictures(visitor: Visitor) -> None:
    """A few prompts, so that there is a gallery, and the pictures of the last one."""
    page = visitor.arrive()
    page.get_by_role("tab", name="Image generation").click()
    for prompt in ("red apple", "rocket", "octopus", "smiling cat"):
        page.locator("#image-prompt textarea").fill(prompt)
        page.locator("#image-start").click()
        page.locator("#image-stage .prompt", has_text=prompt).wait_for(timeout=240_000)
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    keep(page, "image_generation", whole=True)


def photograph_matching(visitor: Visitor) -> None:
    """Words and pictures: the example's matrix and curves, and what it finds by a Chinese name."""
    page = visitor.arrive("?tab=clip_training")
    page.locator("#clip-live .pairing-told", has_text="Nearest to their own name").wait_for(timeout=60_000)
    page.locator("#clip-search-text textarea, #clip-search-text input").first.fill("红苹果")
    page.locator("#clip-search").click()
    page.locator("#clip-found img").nth(11).wait_for(timeout=60_000)
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    keep(page, "words_and_pictures", whole=True)


def photograph_chat(visitor: Visitor) -> None:
    """A short chat, with the alternatives of one of its tokens."""
    page = visitor.arrive()
    page.get_by_role("tab", name="Text generation").click()
    page.locator("#text-message textarea").fill("Why do leaves turn red in autumn? Answer in two sentences.")
    visitor.button("Send").click()
    page.locator("#text-inside .note", has_text="tokens/s").wait_for(timeout=240_000)
    page.locator("#text-inside summary").click()
    page.locator("#text-inside .text span").nth(5).hover()
    page.wait_for_timeout(500)
    keep(page, "text_generation", whole=True)


def photograph_music(visitor: Visitor) -> None:
    """A melody that was harmonised, while it plays."""
    page = visitor.arrive("?tab=music")
    page.locator("#music-melody input").click()
    page.get_by_role("option", name="Ode to Joy").click()
    page.locator("#music-roll .told", has_text="Press Harmonise").wait_for()
    page.locator("#music-harmonise").click()
    page.locator("#music-roll .told", has_text="Harmonised in").wait_for(timeout=60_000)
    page.wait_for_timeout(3000)
    page.locator("#music-roll .go").click()
    page.wait_for_timeout(5000)
    keep(page, "music")


def photograph_chorales(visitor: Visitor) -> None:
    """The example of a network that has learnt chorales."""
    page = visitor.arrive("?tab=music")
    page.get_by_role("tab", name="Train your own").click()
    page.locator("#music-live .made-step", has_text="step").wait_for()
    page.wait_for_timeout(1500)
    keep(page, "music_training", whole=True)


def photograph_finetuning(visitor: Visitor) -> None:
    """The example run with its results, as a stranger finds it."""
    page = visitor.arrive()
    page.get_by_role("tab", name="Fine-tuning").click()
    page.locator("#finetuning-scores", has_text="After training").wait_for()
    page.wait_for_timeout(1500)
    keep(page, "finetuning", whole=True)


# Beside "gan", by name: what photographs it, and the engine on whose part of the page the visitor arrives.
PLACES: dict[str, tuple[Callable[[Visitor], None], str]] = {
    "vae_map": (photograph_map, "vae_training"),
    "diffusion": (photograph_diffusion, "diffusion_training"),
    "points": (photograph_points, "points_training"),
    "comparison": (photograph_comparison, "comparison"),
    "room": (photograph_room, "room"),
    "gpt_training": (photograph_writing, "gan_training"),
    "image_generation": (photograph_pictures, "gan_training"),
    "words_and_pictures": (photograph_matching, "clip_training"),
    "text_generation": (photograph_chat, "gan_training"),
    "music": (photograph_music, "music"),
    "music_training": (photograph_chorales, "music"),
    "finetuning": (photograph_finetuning, "gan_training"),
}

if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(numbers[0] if numbers else 90, [word for word in sys.argv[1:] if not word.isdigit()])
