"""The Score panel: pairs of output and reference become a table and a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from engines.events import Perplexity
from engines.run_files import saving
from engines.text_generation.config import TextConfig
from engines.text_generation.engine import perplexity
from engines.text_scores import read_pairs, score_pairs, to_csv
from tabs.language import t
from tabs.outbox import Outbox
from tabs.polite import polite
from tabs.text_actions import TextActions

EXAMPLE = """\
output,reference
The cat sat on the mat.,The cat is sitting on the mat.
It will rain tomorrow.,Tomorrow it is going to rain.
I like green tea a lot.,I like green tea very much.
"""


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
            height=110,
            elem_id="text-pairs-file",
        )
        self.with_perplexity = gr.Checkbox(
            label=t("Perplexity as well (takes longer)"), elem_id="text-score-perplexity"
        )
        self.start = gr.Button(t("Score"), variant="primary", elem_id="text-score-start")
        self.table = gr.Dataframe(interactive=False, wrap=True, elem_id="text-score-table")
        self.csv = gr.File(label=t("The table as CSV"), interactive=False, height=90, elem_id="text-score-csv")
        self.start.click(
            self.score,
            [self.pasted, self.file, self.with_perplexity],
            [self.table, self.csv],
            concurrency_limit=4,
            api_name="text_score",
        )

    def score(
        self, pasted: str, file: str | None, with_perplexity: bool = False, request: gr.Request = None
    ) -> tuple[dict[str, Any], str]:
        """BLEU, ROUGE and distinct-n of pairs of output and reference, as a table and as CSV.

        pasted is CSV, TSV or JSONL with the columns output and reference; a file goes before it.
        """
        with polite(request):
            pairs = read_pairs(Path(file) if file else pasted)
            rows, total = score_pairs(pairs, self._perplexity if with_perplexity else None)
            path = self.outbox.path("scores.csv")
            text = to_csv(rows, total)
            with saving(path):
                path.write_text(text, "utf-8")
            table = [[_shown(value) for value in row.values()] for row in [{**total, "output": "(all)"}, *rows]]
            return {"headers": list(total), "data": table}, str(path)

    def _perplexity(self, text: str) -> float:
        events = perplexity(self.actions.models, TextConfig(), text)
        return next(event.value for event in events if isinstance(event, Perplexity))


def _shown(value: str | float) -> str | float:
    return round(value, 1) if isinstance(value, float) else value
