"""Classes of a few pictures, or of one row, train; what cannot be tested is said so and gets a dash."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import set_slider
from tests.browser.test_finetuning import bring, choose, open_tab, panel, tiny_encoder, train  # noqa: F401
from tests.tiny_texts import rows

FEW = 3


@pytest.fixture
def archive(tmp_path):
    """A ZIP with a class of 24 pictures and one of three."""
    path = tmp_path / "mine.zip"
    with zipfile.ZipFile(path, "w") as target:
        for number in range(24 + FEW):
            picture, noise = io.BytesIO(), np.random.default_rng(number).integers(0, 256, (28, 28), np.uint8)
            Image.fromarray(noise).save(picture, "PNG")
            target.writestr(f"{'many' if number < 24 else 'few'}/{number}.png", picture.getvalue())
    return str(path)


@pytest.mark.only("gan_training")
def test_a_gan_learns_classes_of_which_one_has_few_pictures(visit, archive):
    visitor = visit()
    page = visitor.arrive()
    page.get_by_label("Your own pictures").click()
    expect(page.locator("#gan-conditional input")).to_be_checked()
    page.locator("#gan-uploads input[type=file]").set_input_files(archive)
    preview = page.locator("#gan-preview")
    expect(preview).to_contain_text("in 2 classes: few (3), many (24)")
    expect(preview).to_contain_text(re.compile("Classes with fewer than 8 pictures.*few"))
    visitor.start()
    assert visitor.state() == "Training"


@pytest.mark.only("finetuning")
def test_a_class_of_one_row_is_said_to_be_untested_and_gets_a_dash(open_tab, tmp_path):  # noqa: F811
    table = tmp_path / "reviews.csv"
    lines = [f"{text},{label}" for text, label in rows(count=80)]
    table.write_text("\n".join(["text,label", *lines, "a strange film and music,lonely"]), "utf-8")
    visitor, page = open_tab()
    bring(page, table)
    expect(page.locator("#finetuning-preview")).to_contain_text("Too few examples to be tested: lonely")
    choose(page, "finetuning-model", "Character n-grams, from scratch")
    set_slider(page, "finetuning-epochs", 1)
    train(visitor, page)
    report = page.locator("#finetuning-report")
    lonely = report.locator("tr", has_text="lonely")
    expect(lonely.locator("td")).to_have_text(["–", "–", "–", "0"])
    expect(report).to_contain_text("Mean of the 2 classes tested, of 3")
