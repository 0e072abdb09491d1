"""What a page says of a run is true of that run, however many others it has shown before."""

import pytest

from engines.gan_training.config import ENGINE, GanConfig
from engines.messages import Message
from engines.running.board import Board
from engines.running.events import Caption, Metrics, Progress, Shares, Verdict
from engines.running.run_files import save_run
from engines.running.runs import Runs
from tests.browser.conftest import Visitor
from tests.served import served

CLASSES = {
    "mnist": [str(digit) for digit in range(10)],
    "fashion_mnist": [f"clothes {n}" for n in range(10)],
    "emoji": [f"emoji {n}" for n in range(9)],
    "own": [f"<b>own</b> {n}" for n in range(9)],
}
# Not the question marks, which come a little later than what they stand at.
WORDS = """() => JSON.stringify([...document.querySelectorAll('#gan-live .live *')]
  .filter(node => !node.children.length && !node.matches(".ask"))
  .map(node => node.tagName === 'CANVAS' ? node.ariaLabel : node.textContent))"""


def finished(dataset: str, number: int) -> Board:
    """A run's board after its end, with words that no other run has."""
    board = Board(ENGINE, GanConfig(dataset=dataset, steps=100 + number, seed=number).to_dict(), state="finished")
    names = CLASSES[dataset]
    for step in range(1, 11):
        board.fold(Metrics(step + number, {"Loss_D": 1.0, "Loss_G": number, "D(x)": 0.5, "D(G(z))": 0.5}, "losses"))
    board.fold(Progress(10 + number, 100 + number, {}))
    board.fold(Caption("scores", Message(f"measured by {dataset}")))
    board.fold(Shares("Classes among the generated pictures", names, [1 / len(names)] * len(names)))
    board.fold(Verdict("healthy", Message(f"fine {dataset}"), Message("why"), Message("what next")))
    return board


def words(page) -> str:
    """All that the live view says, once it shows the run that it follows."""
    page.wait_for_timeout(300)  # a frame of painting
    return page.evaluate(WORDS)


@pytest.mark.parametrize("order", [list(CLASSES), list(reversed(CLASSES))], ids=["forth", "back"])
def test_runs_in_turn_on_one_page_are_told_as_on_a_fresh_page(browser, tmp_path, order):
    runs = Runs()
    with served(runs, only=[ENGINE]) as (address, _):
        visitor = Visitor(browser, address)
        page = visitor.arrive()
        page.get_by_role("tab", name="Open", exact=True).click()
        for dataset in order:
            file = tmp_path / f"{dataset}.zip"
            save_run(finished(dataset, list(CLASSES).index(dataset)), file)
            page.locator("#gan-open input[type=file]").set_input_files(file)
            page.get_by_text(f"measured by {dataset}").wait_for()
            told = words(page)
            fresh = Visitor(browser, address)
            fresh.page.goto(f"{address}?run={list(runs._runs)[-1]}")
            fresh.page.get_by_text(f"measured by {dataset}").wait_for()
            assert told == words(fresh.page)
            assert all(name in told for name in CLASSES[dataset])
            assert not fresh.troubles
            fresh.context.close()
            page.locator("#gan-open button[aria-label='Clear']").or_(
                page.locator("#gan-open button[aria-label='Remove this file']")
            ).first.click()
        visitor.context.close()
