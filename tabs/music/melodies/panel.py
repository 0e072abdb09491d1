"""Melodies: the panel in which a VAE learns two-bar melodies, and its map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from engines.messages import Message
from engines.music.melody_vae.bars import ROWS, TEMPO
from engines.music.melody_vae.config import PRESETS, MelodyConfig
from engines.music.melody_vae.explore import ROUND, WAY, latent_map, morph
from tabs.music.melodies.actions import MelodyActions
from tabs.music.melodies.map.view import map_value, map_view
from tabs.music.melodies.path.view import path_value, path_view
from tabs.music.training.panel import MAKING, Family, TrainingPanel
from tabs.page.language import t
from tabs.page.live.view import Chart, Line
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.shared import FOLLOW, QUICK, Shared, after, find_run

HERE = Path(__file__).parent
NAME = "Melodies"
INTRO = Message(
    "Press **Start**: a small VAE learns to write two bars of a tune down in a few numbers, and to play them again"
    " from those; then new numbers give new melodies. Listen to what comes back, walk on its map, and turn one melody"
    " into another. It takes a minute or two."
)
KEEP = Message(
    "The **run file** replays this run anywhere without training: settings, seed, curves, melodies and weights. The"
    " **script** trains the same without this program: a short file of plain PyTorch with its melodies, as a ZIP."
)
CHARTS = (
    Chart(
        "In nats a melody: what is wrong with the reconstructions, and that with the KL divergence",
        (
            Line("−ELBO", "losses", "--theirs"),
            Line("Reconstruction", "losses", "--ours"),
        ),
        smooth=True,
    ),
    Chart("KL divergence in nats: what z tells of a melody", (Line("KL", "losses", "--theirs"),), smooth=True),
    Chart(
        "Melodies that it is not trained on, in nats: lower is better",
        (Line("−ELBO, held-out melodies", "elbo", "--good"),),
    ),
    Chart(
        "Melodies that it is not trained on: what comes back",
        (
            Line("Notes that come back", "notes", "--good"),
            Line("Sixteenths that come back", "notes", "--theirs"),
            Line("Commonest note", "notes", "--wait", dashed=True),
            Line("Commonest sixteenth", "notes", "--wait", dashed=True),
        ),
        from_zero=True,
        percent=True,
    ),
)
TITLES = [
    Message("New melodies, from the same numbers each time"),
    Message("Melodies that it has not seen"),
    Message("What comes back of them"),
]
MELODIES = Family(
    "melody", MelodyConfig, PRESETS, INTRO, KEEP, CHARTS, HERE / "live.html", HERE / "live.css", TITLES, ROWS, TEMPO,
)  # fmt: skip


def build(shared: Shared, *_: object) -> None:
    """Lay the panel out and wire it; it needs nothing of the chorales' panels."""
    MelodyPanel(shared, MelodyActions(shared.runs, shared.gate, shared.computer), MELODIES)


class MelodyPanel(TrainingPanel):
    """The panel's components and the handlers that update them."""

    actions: MelodyActions

    def _build_more(self) -> None:
        with gr.Tab(t("Map")) as self.place:
            self.again = gr.Button(t("Draw the map anew"), elem_id="melody-map-draw")
            self.map = map_view("melody-map")
            self.way = gr.Radio(
                [(t(name), way) for way, name in WAY.choices.items()], value=ROUND, label=t("Way from A to B"),
                elem_id="melody-way",
            )  # fmt: skip
            self.path = path_view("melody-path")
            self.kept = download_field("melody-kept")
            self.looking, self.drawn = gr.State(False), gr.State("")  # since it was opened; what was drawn last
            self.ends = gr.State(None)

    def wire(self, *arguments: Any) -> None:
        """Connect events to handlers."""
        super().wire(*arguments)
        look: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", **MAKING}
        asked, shown = [self.looking, self.drawn, self.live], [self.map, self.drawn, self.path]
        for event in (self.live.change, self.live.tick):
            after(event).then(self.draw_at_last, asked, shown, **{**look, **FOLLOW})
        opened = self.place.select(lambda: True, None, self.looking, **QUICK)
        opened.then(self.draw_at_last, asked, shown, **look)
        self.again.click(self.draw, self.live, shown, **look)
        self.map.pick(self.take_ends, None, self.ends, **QUICK).then(
            self.go, [self.live, self.ends, self.way], self.path, **look
        )
        self.way.input(self.go, [self.live, self.ends, self.way], self.path, **look)
        for view in (self.map, self.path):
            view.save(self.keep, self.live, self.kept, **look).success(None, self.kept, js=DOWNLOAD)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        super().add_endpoints()
        for name in ("map", "morph", "sample", "write"):
            gr.api(self.named(name), api_name=f"melody_{name}", **MAKING)

    # --- handlers ----------------------------------------------------------------------------------------

    def draw(self, run_id: str, request: gr.Request) -> tuple[str, str, str]:
        """The map of the run that is shown, as it is now, and no way on it yet."""
        chart = self.actions.ask(request, run_id, latent_map)
        return map_value(chart), f"{run_id} {chart.step}", ""

    def draw_at_last(self, looking: bool, drawn: str, run_id: str, request: gr.Request) -> tuple[Any, ...]:
        """The same once the run has ended, if anyone looks; nothing in place of another run's before."""
        run = find_run(self.runs, run_id)
        weights = run.board.weights if run and run.board.ended else None
        if looking and weights and drawn != f"{run_id} {weights.step}":
            return self.draw(run_id, request)
        return (gr.skip(),) * 3 if drawn.split(" ")[0] == run_id else ("", "", "")

    @staticmethod
    def take_ends(event: gr.EventData) -> tuple[int, int]:
        """Which melodies were chosen as A and B."""
        return int(event.first), int(event.last)

    def go(self, run_id: str, ends: tuple[int, int] | None, way: str, request: gr.Request) -> Any:
        """The way from A to B."""
        if not ends:
            return gr.skip()
        return path_value(*ends, self.actions.ask(request, run_id, morph, *ends, way))

    def keep(self, run_id: str, event: gr.EventData, request: gr.Request) -> str:
        """A file of the melody that is heard there."""
        return self.actions.write(event.line, event.kind, run_id, request)
