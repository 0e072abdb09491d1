"""The visitor's own generators: those trained in the first tab in this session, and exported ones opened again."""

from __future__ import annotations

import time

from engines.gan_training.config import ENGINE as TRAINED
from engines.gan_training.config import GanConfig
from engines.image_generation.catalog import OWN
from engines.image_generation.gans import Gan
from engines.messages import EngineError
from engines.running.board import Board
from engines.running.runs import Run, Runs
from engines.running.workers.pool import MODELS, Computer

OPENED = "exported_generator"  # kept among the runs, whose limits on count and age then hold for it too


class OwnGenerators:
    """Finds them in the app's runs by their owner's key."""

    def __init__(self, runs: Runs, computer: Computer) -> None:
        self.runs, self._computer = runs, computer

    def of(self, owner: str) -> list[Gan]:
        """The owner's generators, newest first."""
        return [gan for gan, _ in self._with_boards(owner)]

    def _with_boards(self, owner: str) -> list[tuple[Gan, Board]]:
        runs = [run for engine in (TRAINED, OPENED) for run in self.runs.of(owner, engine)]
        boards = [(_name(run), run.board) for run in sorted(runs, key=lambda run: -run.board.started)]
        return [(gan, board) for name, board in boards if (gan := Gan.from_board(name, board))]

    def board_of(self, model: str, owner: str) -> Board | None:
        """What is known of the run that made the owner's generator with this model id."""
        return next((board for gan, board in self._with_boards(owner) if gan.id == model), None)

    def named(self, model: str, owner: str) -> list[Gan]:
        """The owner's generator with this model id, in a list; empty if it is a model of the catalog, or gone."""
        return [gan for gan in self.of(owner) if gan.id == model] if model.startswith(OWN) else []

    def find(self, model: str, owner: str) -> Gan | None:
        """The owner's generator with this model id, None for a model of the catalog; EngineError if it is gone."""
        if not model.startswith(OWN):
            return None
        for gan in self.named(model, owner):
            return gan
        raise EngineError("This generator is not here any more: train it again, or open its exported file.")

    def open(self, path: str, owner: str) -> Gan:
        """Keep the generator of an uploaded export; PlaygroundError if the file is something else."""
        gan = self._computer.call(MODELS, Gan.from_export, path)
        board = Board(OPENED, gan.config.to_dict(), state="finished", weights=gan.weights)
        run = self.runs.add(board, gan.config, owner)
        return Gan(_name(run), gan.config, gan.weights)


def _name(run: Run) -> str:
    """Data, size unless it is the usual one, how far it has been trained and when that began: fits into the list."""
    dataset = GanConfig.knobs()["dataset"].choices[run.config.dataset]
    began = time.strftime("%H:%M", time.localtime(run.board.started))
    step = f" · step {run.board.weights.step:,}" if run.board.weights else ""
    size = f" · {run.config.size} px" if run.config.size != GanConfig.size else ""
    return f"GAN · {dataset}{size}{step} · {began}"
