"""A teacher and students in a room, each in a browser of their own."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW
from tests.browser.test_accessibility import check, tab_to
from tests.browser.test_accessible_trainings import NAMELESS

ROOM = pytest.mark.only("points_training", "room")
BOARD = "#room-board .board"


def enter(visitor, name, query="?tab=room", **keys):
    page = visitor.page
    page.goto(visitor.url + query)
    page.locator("#room-join").wait_for()
    expect(page.locator(f"{BOARD} .empty")).to_be_visible()
    page.locator("#room-name :is(input, textarea)").fill(name)
    return page


def opened(visit, **options):
    page = enter(visit(**options), "Ms Gauss")
    page.locator("#room-open").click()
    expect(page.locator(f"{BOARD} .code b")).not_to_be_empty()
    return page, page.inner_text(f"{BOARD} .code b")


def train(visitor, query="&steps=200&width=16&batch=32"):
    page = visitor.context.new_page()
    page.goto(f"{visitor.url}?tab=points_training{query}")
    page.locator("#points-start[title]").wait_for()
    expect(page.locator("#points-preset input")).to_have_value("Your own settings")
    page.locator("#points-start").click()
    return page


@ROOM
def test_students_join_and_their_runs_stand_on_the_teachers_board(visit):
    teacher, code = opened(visit)
    expect(teacher.locator("#room-qr svg")).to_be_visible()
    student = visit(viewport=NARROW)
    page = enter(student, "<b>Bob</b>", f"?tab=room&room={code}")
    expect(page.locator("#room-code :is(input, textarea)")).to_have_value(code)
    page.locator("#room-join").click()
    expect(page.locator(f"{BOARD} .none")).to_be_visible()
    train(student)
    tile = teacher.locator(f"{BOARD} .tiles li")
    expect(tile).to_have_count(1, timeout=60_000)
    expect(tile.locator("b")).to_have_text("<b>Bob</b>")
    expect(tile).to_contain_text("Finished", timeout=120_000)
    expect(tile.locator("img[src]")).to_be_visible()
    expect(tile).to_contain_text("Distance")

    teacher.locator("#room-screen input").click()
    teacher.get_by_role("option", name="<b>Bob</b> · 2-D").click()
    page.bring_to_front()
    expect(page.locator(f"{BOARD} .screen img")).to_be_visible()
    teacher.locator("#room-freeze").click()
    expect(page.locator(f"{BOARD} .frozen")).to_be_visible()
    with teacher.expect_download() as saved:
        teacher.locator("#room-summary").click()
    assert saved.value.suggested_filename == f"room-{code}.zip"

    teacher.reload()
    expect(teacher.locator(f"{BOARD} .code b")).to_have_text(code)
    expect(teacher.locator("#room-qr svg")).to_be_visible()
    teacher.close()
    teacher = teacher.context.new_page()  # who closed the page comes back to the room, and leads it
    teacher.goto(f"{student.url}?tab=room")
    expect(teacher.locator(f"{BOARD} .code b")).to_have_text(code)
    expect(teacher.locator("#room-freeze")).to_be_visible()
    teacher.context.close()  # the room goes on without its teacher
    page.reload()
    expect(page.locator(f"{BOARD} .tiles li")).to_have_count(1)
    page.locator("#room-leave").click()
    expect(page.locator(f"{BOARD} .empty")).to_be_visible()


@ROOM
def test_a_name_is_taken_out(visit):
    teacher, code = opened(visit)
    student = visit()
    page = enter(student, "rude words", f"?tab=room&room={code}")
    page.locator("#room-join").click()
    expect(teacher.locator(f"{BOARD} .people")).to_contain_text("People: 2")
    teacher.locator("#room-remove input").click()
    teacher.get_by_role("option", name="rude words").click()
    expect(teacher.locator(f"{BOARD} .people")).to_contain_text("People: 1")
    page.goto(f"{student.url}?tab=room&room={code}")
    page.locator("#room-name :is(input, textarea)").fill("Nice")
    page.locator("#room-join").click()
    expect(page.get_by_text("You were taken out of this room.")).to_be_visible()


@ROOM
@pytest.mark.parametrize(
    ("theme", "options"),
    [("light", {}), ("dark", {"viewport": NARROW, "locale": "zh-CN"})],
    ids=["1280-light-en", "390-dark-zh"],
)
def test_axe_finds_nothing_and_keys_are_enough(visit, theme, options):
    visitor = visit(**options)
    page = enter(visitor, "Ms Gauss", f"?tab=room&__theme={theme}")
    check(page, "outside")
    page.locator("#room-name :is(input, textarea)").focus()
    tab_to(page, "#room-open", most=6)
    page.keyboard.press("Enter")
    expect(page.locator("#room-qr svg")).to_be_visible()
    page.evaluate("fetch('health')")
    check(page, "an empty room")
    assert page.evaluate(NAMELESS) == []
    tab_to(page, "#room-freeze", most=40)
    page.keyboard.press("Enter")
    expect(page.locator(f"{BOARD} .frozen")).to_be_visible()
    page.locator("#room-learn button").first.click()
    expect(page.locator("#room-learn .prose.learn h2").first).to_be_visible()
    check(page, "with Learn")
