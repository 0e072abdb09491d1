"""The Score panel: pairs of output and reference become a table and a CSV."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.dataframe import DataframeData

from engines.catalog import DEFAULT_MODEL
from engines.data.text_scores import SCORES, read_pairs, score_pairs, to_csv
from engines.messages import EngineError, Message
from engines.running.events import Perplexity
from engines.running.run_files import saving
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import perplexity
from tabs.page.language import language_of, t, translate
from tabs.page.outbox import Outbox
from tabs.page.shared import QUICK
from tabs.text_generation.actions import TextActions, start_and_stop

EXAMPLE = """\
output,reference
The cat sat on the mat.,The cat is sitting on the mat.
It will rain tomorrow.,Tomorrow it is going to rain.
I like green tea a lot.,I like green tea very much.
"""
CHINESE = """\
输出,参考
猫坐在垫子上。,猫正坐在垫子上。
明天会下雨。,明天要下雨了。
我很喜欢绿茶。,我非常喜欢喝绿茶。
"""  # the same for who reads Chinese


SHORT, LONG = 80, 96  # pixels of a column of numbers, and of texts: all ten fit beside the settings at 1280 px
TITLES = {str(one): one for one in (Message("output"), Message("reference"), Message("Perplexity"), Message("Note"))}


class ScoreTable(gr.Dataframe):
    """Headers and rows, shown as they are: Gradio goes through them by pandas, which takes 44 MB."""

    is_template = True  # a Dataframe to the page

    def postprocess(self, value: dict[str, Any] | None) -> DataframeData:
        """The table as the page takes it; None is an empty one."""
        return DataframeData(**(value or {"headers": [], "data": []}))


class ScorePanel:
    """Its components and what they do."""

    def __init__(self, actions: TextActions) -> None:
        self.actions, self.outbox = actions, Outbox()
        self.pasted = gr.Textbox(
            EXAMPLE,
            label=t("Pairs of output and reference, as CSV, TSV or JSONL"),
            lines=6,
            max_lines=14,
            elem_id="text-pairs",
        )
        self.file = gr.File(
            label=t("Or a file with such pairs"),
            file_types=[".csv", ".tsv", ".jsonl", ".json", ".txt"],
            height=150,
            elem_id="text-pairs-file",
        )
        self.with_perplexity = gr.Checkbox(
            label=t("Perplexity as well (takes longer)"), elem_id="text-score-perplexity"
        )
        with gr.Row(elem_classes="controls"):
            self.start, self.stop = start_and_stop("text-score", t("Score"))
            self.stop.interactive = False  # until there is something to stop
        widths = [LONG, LONG, *[SHORT] * (len(SCORES) + 1), LONG]
        later: dict[str, Any] = {"interactive": False, "visible": False}  # until there are scores
        self.table = ScoreTable(wrap=True, column_widths=widths, elem_id="text-score-table", **later)
        self.csv = gr.File(label=t("The table as CSV"), height=90, elem_id="text-score-csv", **later)

    def wire(self, model: gr.Dropdown) -> None:
        """Connect events to handlers; `model` measures the perplexity."""
        buttons = [self.start, self.stop]
        begun = self.start.click(lambda: _buttons(busy=True), None, buttons, **QUICK)
        scored = begun.then(
            self.text_score,
            [self.pasted, self.file, self.with_perplexity, model],
            [self.table, self.csv],
            concurrency_limit=4,
            api_name="text_score",
        )
        for ended in (scored.success, scored.failure):  # after a failure "then" did not come
            ended(lambda: _buttons(busy=False), None, buttons, **QUICK)
        scored.success(lambda: [gr.update(visible=True)] * 2, None, [self.table, self.csv], **QUICK)
        self.stop.click(self.actions.stopper("score"), None, None, **QUICK)

    def text_score(
        self,
        pasted: str,
        file: str | None,
        with_perplexity: bool = False,
        model: str = DEFAULT_MODEL,
        request: gr.Request = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008 - Gradio finds it here
    ) -> tuple[dict[str, Any], str]:
        """BLEU, ROUGE and distinct-n of pairs of output and reference, as a table and as CSV.

        pasted is CSV, TSV or JSONL with the columns output and reference; a file goes before it. with_perplexity
        adds how likely the model finds each output.
        """
        with self.actions.gate.computing(request), self.actions.job(request, "score") as job:
            pairs = read_pairs(Path(file) if file else pasted)
            if with_perplexity:
                self.actions.offer.card(model)  # what can't be had is told at once, not of each pair

            def tick(done: int) -> None:
                if job.stopped:
                    raise EngineError("Stopped after {done} of {total} pairs.", done=done, total=len(pairs))
                progress((done, len(pairs)))

            rows, total = score_pairs(pairs, self._meter(model) if with_perplexity else None, tick)
            path = self.outbox.path("scores.csv")
            text = to_csv(rows, total)
            with saving(path):
                path.write_text(text, "utf-8-sig")  # by the mark, spreadsheets see that it is UTF-8
            return _table(rows, total, language_of(request)), str(path)

    def _meter(self, model: str) -> Callable[[str], float]:
        """The perplexity of a text."""
        config = TextConfig(model=model)

        def measure(text: str) -> float:
            events = self.actions.events(perplexity, config, text)
            return next(event.value for event in events if isinstance(event, Perplexity))

        return measure


def _buttons(busy: bool) -> list[Any]:
    """Start and Stop, of which only one can be pressed."""
    return [gr.update(interactive=not busy), gr.update(interactive=busy)]


def _table(rows: list[Mapping[str, Any]], total: Mapping[str, Any], language: str) -> dict[str, Any]:
    """The rows, that of all first, with the titles and notes in that language."""
    everything = [{**total, "output": translate(Message("(all)"), language)}, *rows]
    headers = [translate(TITLES.get(name, name), language) for name in total]
    return {"headers": headers, "data": [[_shown(value, language) for value in row.values()] for row in everything]}


def _shown(value: str | float, language: str) -> str | float:
    if isinstance(value, float):
        return "–" if math.isnan(value) else round(value, 1)
    return translate(value, language) if isinstance(value, Message) else value
