"""What a person or a script can do with fine-tuning runs: the handlers behind the tab and its endpoints."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
import numpy as np

from engines.data.cards import ASSETS
from engines.data.tables.cells import Table
from engines.data.tables.labels import is_blank
from engines.data.tables.writing import write_csv
from engines.finetuning.classifier import BEST, Classifiers
from engines.finetuning.config import ENGINE, TITLE, FinetuningConfig
from engines.finetuning.data.examples import run_examples
from engines.finetuning.data.tables import guess_columns, read_table
from engines.finetuning.engine import finetune, within_reach
from engines.finetuning.export import export_zip, script_text
from engines.finetuning.report import ClassScores, class_report, confusion, mistakes
from engines.finetuning.space import classifier_space
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Evaluation, Events
from engines.running.run_files import load_run, saving
from engines.running.runs import Run, Runs
from engines.running.take_home.space import write_space
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.outbox import Outbox
from tabs.page.runs.actions import write_event_files

EXAMPLE = "example_finetuning"  # the id of the run that is shown before one has been started
EXAMPLE_FILE = ASSETS / "example_finetuning" / "run.zip"
EXAMPLE_MODEL = ("model.safetensors", "picture_model.json")  # beside it
OWN = ("own_texts", "own_pictures")
MAX_TEXTS = 10_000  # classified at once
MAX_CHARACTERS = 20_000  # of one text


class FinetuningActions:
    """Actions on the fine-tuning runs of this app; a classifier is for the owner of its run only."""

    def __init__(self, runs: Runs, classifiers: Classifiers, gate: Gate, computer: Computer) -> None:
        self.runs, self.classifiers, self.gate, self._computer = runs, classifiers, gate, computer
        self.outbox = Outbox()
        runs.adopt(ENGINE, FinetuningConfig, self._events, TITLE)
        self.example = EXAMPLE if EXAMPLE_FILE.exists() else ""
        self._unpacking = threading.Lock()
        if self.example:
            board = load_run(EXAMPLE_FILE)
            run = runs.add(board, FinetuningConfig.from_dict(board.config), owner="", run_id=EXAMPLE)
            self._own_folder = TemporaryDirectory(prefix="aigc-playground-example-", ignore_cleanup_errors=True)
            run.folder = Path(self._own_folder.name) / EXAMPLE

    # --- runs ------------------------------------------------------------------------------------------

    def begin(
        self,
        config: FinetuningConfig,
        uploads: Sequence[str],
        owner: str,
        request: gr.Request | None,
        base_id: str = "",
    ) -> Run:
        """Start a run, from scratch or on from the run `base_id` of the same owner."""
        base = self.own_model(base_id, owner).folder if base_id else None
        if config.dataset in OWN and not uploads:
            raise ConfigError("Choose your own file first.")
        config, caption = (config, None) if base else within_reach(config)
        files = tuple(uploads)

        def start(config: FinetuningConfig) -> Run:
            def events(folder: Path) -> Events:
                if caption:
                    yield caption
                return (yield from self._events(config, folder, files, base))

            return self.runs.start(ENGINE, config, events, owner)

        return self.gate.start(config.with_seed(), owner, request, start)

    def _events(self, config: FinetuningConfig, folder: Path, *more: Any) -> Events:
        return self._computer.events(TRAINING, finetune, config, folder, *more)

    def go_on(
        self, run_id: str, owner: str, uploads: Sequence[str], replay: float, epochs: int, request: gr.Request | None
    ) -> Run:
        """Start a run that goes on from an ended one with new examples."""
        old = self.own_model(run_id, owner).config
        dataset = "own_pictures" if old.pictures else "own_texts"
        changes = {"dataset": dataset, "replay": replay, "epochs": epochs, "text_column": "", "label_column": ""}
        return self.begin(replace(old, **changes), uploads, owner, request, run_id)

    def find(self, run_id: str) -> Run:
        """A run of this tab; EngineError if there is none."""
        run = self.runs.get(run_id)
        if run.engine != ENGINE:
            raise EngineError("There is no such run here any more.")
        return run

    def unpack_example(self, run: Run) -> Run:
        """The run; if it is the example, its examples and its classifier lie in its folder by then."""
        with self._unpacking:
            if run.id == EXAMPLE and not run.folder.exists():
                made = run.folder.with_suffix(".new")
                run_examples(run.config, made, (), None)
                (made / BEST).mkdir()
                for file in EXAMPLE_MODEL:
                    shutil.copy(EXAMPLE_FILE.with_name(file), made / BEST)
                made.rename(run.folder)
        return run

    def may_use(self, run: Run, owner: str) -> bool:
        """Whether this visitor may use the run's classifier: the example's is for everybody."""
        return run.id == EXAMPLE or run.owned_by(owner)

    def own_model(self, run_id: str, owner: str) -> Run:
        """The run, if this visitor may use it and has a classifier that can be used; EngineError otherwise."""
        run = self.unpack_example(self.find(run_id))
        if not self.may_use(run, owner):
            raise EngineError("Only the person who started this run can use its classifier; you are watching it.")
        if not run.board.ended:
            raise EngineError("The classifier can be used once the run has ended, or has been stopped.")
        if not (run.folder / BEST).is_dir():
            raise EngineError("This run ended before it had learnt anything; start a new one.")
        return run

    def may_read(self, run: Run, owner: str) -> bool:
        """Whether this visitor may read the run's rows: a watcher may not read somebody's uploads."""
        return run.config.dataset not in OWN or run.owned_by(owner)

    def names(self, run: Run) -> tuple[str, ...]:
        """The classes that a run's classifier knows."""
        return self._computer.call(MODELS, self.classifiers.label_names, run.folder)

    # --- the classifier --------------------------------------------------------------------------------------

    def predict(self, run: Run, texts: Sequence[str]) -> np.ndarray:
        """Probabilities float32 [N, K] of texts; ConfigError for what is no text, too long or too many."""
        if run.config.pictures:
            raise ConfigError("This classifier sees pictures, not texts.")
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise ConfigError("Give a list of texts.")
        if len(texts) > MAX_TEXTS:
            raise ConfigError("At most {most} texts can be classified at once.", most=MAX_TEXTS)
        if max(map(len, texts)) > MAX_CHARACTERS:
            raise ConfigError("A text may have at most {most} characters.", most=MAX_CHARACTERS)
        return self._computer.call(MODELS, self.classifiers.predict, run.folder, texts)

    def predict_pictures(self, run: Run, images: np.ndarray) -> np.ndarray:
        """Probabilities float32 [N, K] of pictures uint8 [N, H, W, C], shaped as those of the training."""
        if not run.config.pictures:
            raise ConfigError("This classifier reads texts, not pictures.")
        return self._computer.call(MODELS, self.classifiers.predict, run.folder, images)

    def explain(self, run: Run, text: str) -> list[tuple[str, float]]:
        """(piece of the text, weight from -1 to 1 for the predicted class) in order."""
        self.predict(run, [text])  # the checks
        return self._computer.call(MODELS, self.classifiers.explain, run.folder, text)

    def classify_table(self, run: Run, path: str, column: str, say: Callable[[Message], str] = str) -> Path:
        """The table at `path` as CSV with the predicted class and its probability added to each row, in their order.

        Rows without a text, or with cells too few or too many, are not classified; a note, put by `say`, says so.
        """
        table = read_table(path)
        column = column or text_column(table)
        if column not in table.columns:
            known = ", ".join(table.columns)
            raise ConfigError("The table has no column {column}; it has {known}.", column=column, known=known)
        place = table.columns.index(column)
        texts = {row: cells[place] for row, cells in enumerate(table.rows) if not is_blank(cells[place])}
        texts = {row: text for row, text in texts.items() if row not in table.odd}
        if not texts:
            raise ConfigError("The column {column} is empty in every row.", column=column)
        chances = dict(zip(texts, self.predict(run, list(texts.values())), strict=True))
        names, notes = self.names(run), [self._note(table, row, row in chances) for row in range(len(table.rows))]
        added = ["predicted", "probability", *(["note"] if any(notes) else [])]

        def cells(row: int) -> list[str]:
            best = int(chances[row].argmax()) if row in chances else None
            answer = ["", ""] if best is None else [names[best], f"{chances[row][best]:.4f}"]
            return [*table.rows[row], *answer, say(notes[row])][: len(table.columns) + len(added)]

        out = self.outbox.path(f"{Path(table.name).stem[:40] or 'table'}-classified.csv")
        with saving(out):
            write_csv(out, [*table.columns, *added], map(cells, range(len(table.rows))))
        return out

    @staticmethod
    def _note(table: Table, row: int, classified: bool) -> Message:
        """What to say of a row of a classified table."""
        if row in table.odd:
            return Message("not classified: {why}", why=table.odd[row])
        if not classified:
            return Message("not classified: no text")
        damaged = "\ufffd" in "".join(table.rows[row])
        return Message("some characters could not be read") if damaged else Message("")

    # --- files -----------------------------------------------------------------------------------------------

    def model_file(self, run_id: str, owner: str) -> str:
        """The classifier as a ZIP that plain transformers load."""
        run = self.own_model(run_id, owner)
        path = self.outbox.path(f"classifier-{run.id}.zip")
        scores = self.scores(run, owner) if "test" in run.board.evaluations else {}
        self._computer.call(MODELS, export_zip, run.folder, run.config, scores, path)
        return str(path)

    def space_file(self, run_id: str, owner: str) -> str:
        """The classifier as a ZIP that is a complete small Hugging Face Space: its own page."""
        run = self.own_model(run_id, owner)
        path = self.outbox.path(f"space-{run.id}.zip")
        scores = self.scores(run, owner) if "test" in run.board.evaluations else {}
        write_space(self._computer.call(MODELS, classifier_space, run.folder, run.config, scores), path)
        return str(path)

    def event_files(self, run_id: str) -> str:
        """The curves, which all who watch see, as TensorBoard's event files in a ZIP."""
        return write_event_files(self.runs.get(run_id), self.outbox)

    def script_file(self, run_id: str, owner: str) -> str:
        """The run as a short Python script."""
        run = self.own_model(run_id, owner)
        path = self.outbox.path("finetune.py")
        with saving(path):
            path.write_text(script_text(run.config), "utf-8")
        return str(path)

    def scores_file(self, run_id: str, owner: str, kind: str) -> str:
        """The scores as "csv" (the classification report) or "json" (all of them)."""
        run = self.find(run_id)
        scores = self.scores(run, owner)
        path = self.outbox.path(f"scores-{run.id}.{kind}")
        with saving(path):
            if kind == "json":
                path.write_text(json.dumps(scores, ensure_ascii=False, indent=1), "utf-8")
            else:
                columns = ["label", "precision", "recall", "f1", "support"]
                write_csv(path, columns, [[row[name] for name in columns] for row in scores["report"]])
        return str(path)

    def scores(self, run: Run, owner: str) -> dict[str, Any]:
        """Accuracies, report, confusion matrix and, for who may read them, the most confident mistakes."""
        evaluations = run.board.evaluations
        if "test" not in evaluations:
            raise EngineError("This run has no results yet; they come when it ends.")
        test = evaluations["test"]
        report = class_report(test)
        return {
            "accuracy": {name: evaluation.accuracy for name, evaluation in evaluations.items()},
            "macro_f1": report.macro_f1,
            "classes_tested": report.tested,
            "test_rows": len(test.rows),
            "labels": list(test.label_names),
            "report": [_scores_of(row) for row in report.rows],
            "confusion": confusion(test).tolist(),
            "mistakes": _mistakes(test) if self.may_read(run, owner) else [],
            "settings": run.config.to_dict(),
        }


def text_column(table: Table) -> str:
    """The column that a classifier reads; the only one, or the best guess."""
    return table.columns[0] if len(table.columns) == 1 else guess_columns(table)[0]


def _scores_of(row: ClassScores) -> dict[str, Any]:
    """A line of the report, ready for JSON: None where there was no row to test the class by."""
    scores = vars(row)
    return scores if row.tested else {**scores, "precision": None, "recall": None, "f1": None}


def _mistakes(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The most confident mistakes, ready for JSON."""
    names = evaluation.label_names
    return [
        {
            "row": evaluation.rows[i],
            "truth": names[evaluation.truth[i]],
            "predicted": names[evaluation.predicted[i]],
            "probability": round(float(evaluation.probabilities[i].max()), 4),
        }
        for i in mistakes(evaluation)
    ]
