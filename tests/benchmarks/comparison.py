"""How soon a comparison of four long runs is there, and how long it takes to be drawn again, in Chromium.

    python -m tests.benchmarks.comparison

makes four runs of 20,000 steps with as many points, pictures and scores as any run keeps, opens the tab in Chromium as
a link does, adds the runs to it, and moves its slider. Prints one JSON line with medians of several times.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import time

from playwright.sync_api import Page, sync_playwright

from engines.running.runs import Runs
from tests.browser.conftest import FLAGS, WIDE
from tests.browser.test_comparison import VIEW, a_board
from tests.served import served

TIMES = 5
IDS = ("first-run", "second-run", "third-run", "fourth-run")
MOVE = """async (times) => {
  const view = document.querySelector("#comparison-view .comparison"), each = [];
  const slider = view.querySelector(".scrub input");
  for (let i = 0; i < times; i++) {
    slider.value = String(Math.round((1000 * i) / times));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    each.push(Number(view.dataset.ms));
  }
  return each;
}"""


def measure(page: Page, url: str) -> dict[str, float]:
    """Milliseconds from the last run's choice to its curves, of the news alone, and of a redraw."""
    opened, fetched, drawn = [], [], []
    for _ in range(TIMES):
        page.goto(f"{url}?tab=comparison&runs={','.join(IDS[:3])}")
        page.locator(f"{VIEW} .charts canvas").first.wait_for()
        page.locator("#comparison-link :is(input, textarea)").fill(IDS[3])
        began = time.perf_counter()
        page.locator("#comparison-link :is(input, textarea)").press("Enter")
        page.locator(f"{VIEW} .runs li:nth-child(4)").wait_for()
        page.locator(f"{VIEW} .charts canvas[aria-label*='D ']").first.wait_for()
        opened.append(1000 * (time.perf_counter() - began))
        address = f"comparison/{','.join(IDS)}"
        asked = "async (address) => { const began = performance.now(); await (await fetch(address)).json();"
        fetched.append(page.evaluate(f"{asked} return performance.now() - began; }}", address))
        drawn += page.evaluate(MOVE, 2 * TIMES)
    return {
        "opened_ms": round(statistics.median(opened)),
        "opened_most_ms": round(max(opened)),
        "fetched_ms": round(statistics.median(fetched)),
        "redrawn_ms": round(statistics.median(drawn), 1),
        "redrawn_most_ms": round(max(drawn), 1),
    }


def main() -> None:
    """Make the runs, serve them, and measure."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    runs = Runs()
    for seed, name in enumerate(IDS, 1):
        config, board = a_board(seed)
        runs.add(board, config, "somebody", name)
    with served(runs=runs, only=("comparison", "gan_training")) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport=WIDE)
        page.set_default_timeout(60_000)
        print(json.dumps(measure(page, url) | {"load": round(os.getloadavg()[0], 1)}))
        browser.close()


if __name__ == "__main__":
    main()
