"""The Score panel: pairs of output and reference become a table and a CSV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from engines.catalog import DEFAULT_MODEL
from engines.data.text_scores import read_pairs, score_pairs, to_csv
from engines.messages import EngineError
from engines.running.events import Perplexity
from engines.running.run_files import saving
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import perplexity
from tabs.page.language import t
from tabs.page.outbox import Outbox
from tabs.page.shared import QUICK
from tabs.text_generation.actions import TextActions, start_and_stop

EXAMPLE = """\
output,reference
The cat sat on the mat.,The cat is sitting on the mat.
It will rain tomorrow.,Tomorrow it is going to rain.
I like green tea a lot.,I like green tea very much.
"""


WIDTHS = [168, 168, *[84] * 6, 100]  # pixels of the columns: the texts, the scores, the perplexity


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
        self.table = gr.Dataframe(interactive=False, wrap=True, column_widths=WIDTHS, elem_id="text-score-table")
        self.csv = gr.File(label=t("The table as CSV"), interactive=False, height=90, elem_id="text-score-csv")

    def wire(self, model: gr.Dropdown) -> None:
        """Connect events to handlers; `model` measures the perplexity."""
        self.start.click(
            self.text_score,
            [self.pasted, self.file, self.with_perplexity, model],
            [self.table, self.csv],
            concurrency_limit=4,
            api_name="text_score",
        )
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

            def tick(done: int) -> None:
                if job.stopped:
                    raise EngineError("Stopped after {done} of {total} pairs.", done=done, total=len(pairs))
                progress((done, len(pairs)))

            rows, total = score_pairs(pairs, self._meter(model) if with_perplexity else None, tick)
            path = self.outbox.path("scores.csv")
            text = to_csv(rows, total)
            with saving(path):
                path.write_text(text, "utf-8")
            table = [[_shown(value) for value in row.values()] for row in [{**total, "output": "(all)"}, *rows]]
            return {"headers": list(total), "data": table}, str(path)

    def _meter(self, model: str) -> Callable[[str], float]:
        """The perplexity of a text."""
        config = TextConfig(model=model)

        def measure(text: str) -> float:
            events = perplexity(self.actions.models, config, text)
            return next(event.value for event in events if isinstance(event, Perplexity))

        return measure


def _shown(value: str | float) -> str | float:
    return round(value, 1) if isinstance(value, float) else value
