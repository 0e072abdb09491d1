"""The Image generation tab: prompt in, picture out; layout and wiring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.gallery import Kept
from engines.image_generation.picture_files import read_picture
from engines.messages import Message
from engines.running.events import Event, Events
from tabs.image_generation.actions import Stage, Studio, show_kept
from tabs.image_generation.bench import Bench, alt
from tabs.image_generation.desk import Desk, suited_strength
from tabs.image_generation.endpoints import ImageEndpoints
from tabs.image_generation.enlarging import EnlargePanel
from tabs.image_generation.example import example
from tabs.image_generation.keeping import Keeper
from tabs.image_generation.matching import panel as matching
from tabs.image_generation.matching.ranking import Ranker
from tabs.image_generation.own_gans import OwnGenerators
from tabs.image_generation.panels import CLICK_DOWNLOAD, GalleryPanel, SettingsPanel
from tabs.image_generation.reading import ReadingPanel, examples, rows
from tabs.image_generation.sources import SourcePanel, place
from tabs.image_generation.styling import StylePanel
from tabs.image_generation.variations import GridPanel, WalkPanel
from tabs.page.language import language_of, t
from tabs.page.learn import LABELS, learn_panel
from tabs.page.links import Query
from tabs.page.opening.once import opens
from tabs.page.polite import polite
from tabs.page.shared import QUICK, Shared
from tabs.page.stage.view import stage_view

ENGINES = ("image_generation", matching.ENGINE)  # whose links and runs this tab opens
INTRO = (
    "Say what you would like to see and press **Generate**: the picture comes out of the noise step by step. The"
    " bundled model draws emoji; larger ones are fetched on first use."
)
# What has a "?", and the section of Learn that it opens.
ASKED = {
    **{f"#image-grid-{axis} {LABELS}": "grid, model!=gan:*" for axis in "xy"},
    f"#image-enlarge-factor {LABELS}": "enlarge",
    **{f"#image-style-{name} {LABELS}": "style" for name in ("style", "strength")},
    **{f"#image-walk-{name} {LABELS}": "walk, model!=gan:*" for name in ("prompt", "seed", "frames")},
}
EMPTY = Message("Your pictures appear here.")
NEED_PICTURE = ("png", "zip", "change", "repaint", "settings")  # buttons
IDS = {name: f"image-{name}" for name in ("start", "stop", *NEED_PICTURE)}
MAKERS = (
    "#image-start, #image-grid-start, #image-walk-start, #image-style-start, #image-style-all, #image-examples button"
)


def build(shared: Shared) -> None:
    """Lay the tab out and wire it: the making of pictures, and the training on words and pictures."""
    parts = {
        "image_generation": (t("Make pictures"), make),
        matching.ENGINE: (t("Words and pictures"), matching.MatchingPanel),
    }
    with gr.Tabs(overflow_behavior="wrap") as panels:
        for engine, (name, part) in parts.items():
            if engine in shared.openings:
                with gr.Tab(name, id=engine) as place:
                    part(shared)
                opens(place, shared.visit, [shared.openings[engine]])
                shared.openings[engine].selects(panels, engine)


def make(shared: Shared) -> None:
    """The part that makes pictures."""
    tab = ImageTab(shared)
    tab.build_layout()
    tab.wire()
    ImageEndpoints(tab.bench, tab.reading.reader).add()


class ImageTab:
    """The tab's components and the handlers that update them."""

    def __init__(self, shared: Shared) -> None:
        self.shared, self.models, self.gate = shared, shared.image_models, shared.gate
        self.generators = OwnGenerators(shared.runs, shared.computer)
        self.keeper = Keeper(shared.gallery)
        self.studio = Studio()

    # --- layout ------------------------------------------------------------------------------------------

    def build_layout(self) -> None:
        """Make the components."""
        gr.Markdown(t(INTRO))
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self._build_prompt()
                with gr.Row():
                    self.sources = SourcePanel()
                    with gr.Column(min_width=320):
                        self.view = stage_view("image-stage", IDS, MAKERS, EMPTY)
                self._build_actions()
            with gr.Column(scale=3, min_width=300):
                self.desk = Desk(self.generators, self.task, self.prompt)
                self.ranker = Ranker(self.shared)
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(t("Gallery")):
                self.gallery = GalleryPanel(self.keeper)
            with gr.Tab(t("X/Y grid")):
                self.grid = GridPanel()
            with gr.Tab(t("Walk")):
                self.walk = WalkPanel()
            with gr.Tab(t("Enlarge")):
                self.enlarging = EnlargePanel()
            with gr.Tab(t("Style of another picture")):
                self.styling = StylePanel()
            with gr.Tab(t("Settings from a picture")):
                self.settings = SettingsPanel()
        learn_panel("image_generation", self.desk.form, ASKED)
        self.stage = Stage(self.studio, self.shared.gallery, self.view)
        self.bench = Bench(
            self.gate, self.models, self.shared.computer, self.generators, self.keeper, self.stage,
            self.desk.form, self.shared.owner, self.sources,
        )  # fmt: skip
        self.ids = gr.State([])  # of the pictures on the stage
        self.chosen = gr.State("")  # one of them

    def _build_prompt(self) -> None:
        knobs = ImageConfig.knobs()
        choices = [(t(label), task) for task, label in knobs["task"].choices.items()]
        bare: dict[str, Any] = {"show_label": False, "container": False}
        self.task = gr.Radio(choices, value=knobs["task"].default, label=t("Task"), elem_id="image-task", **bare)
        with gr.Row(equal_height=True):
            # no max_length: a prompt that is cut in silence would be worse than a sentence
            self.prompt = gr.Textbox(
                knobs["prompt"].default, placeholder=t("What the picture should show"), lines=1,
                max_lines=5, label=t("Prompt"), scale=6, min_width=260, elem_id="image-prompt", **bare,
            )  # fmt: skip
            self.start = gr.Button(t("Generate"), variant="primary", elem_id=IDS["start"], scale=1, min_width=120)
            self.stop = gr.Button(t("Stop"), elem_id=IDS["stop"], interactive=False, scale=1, min_width=80)
        self.reading = ReadingPanel()

    def _build_actions(self) -> None:
        look: dict[str, Any] = {"size": "sm", "min_width": 110, "interactive": False}
        with gr.Row(elem_classes="controls"):
            self.actions = {
                "png": gr.Button(t("Download PNG"), elem_id=IDS["png"], **look),
                "zip": gr.Button(t("All as ZIP"), elem_id=IDS["zip"], **look),
                "change": gr.Button(t("Start from it"), elem_id=IDS["change"], **look),
                "repaint": gr.Button(t("Repaint a part"), elem_id=IDS["repaint"], **look),
                "settings": gr.Button(t("Use its settings"), elem_id=IDS["settings"], **look),
            }
        self.download = gr.DownloadButton(visible="hidden", elem_id="image-download")

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self) -> None:
        """Connect events to handlers."""
        owner, view = self.shared.owner, self.view
        self.desk.wire(owner)
        self.sources.wire(self.desk.form)
        self.bench.wire(self.start.click, self.generate, [self.ranker.choice])
        self.reading.wire(self.bench, self.example, [self.ranker.choice])
        self.stop.click(self.studio.stop, owner, None, **QUICK)
        buttons = [self.stop, *self.actions.values()]
        followers = [*buttons, self.ids, self.chosen, self.gallery.view]
        view.tick(
            self.settle, owner, followers, trigger_mode="always_last", **QUICK
        )  # one may come while one is going
        self.gallery.wire(self.stage, owner, self.download)
        self.settings.wire(self.desk, owner, self.grid)
        self._wire_actions()
        self.grid.wire(self.bench)
        self.walk.wire(self.bench)
        self.enlarging.wire(self.bench, self.chosen)
        self.styling.wire(self.bench, self.chosen, self.ids)
        first = [*self.desk.form.widgets, self.reading.prompts, self.styling.look, view, self.gallery.view]
        self.shared.openings["image_generation"].then(self.arrive, [owner, self.shared.visit], first, **QUICK)
        self.shared.page.select(self.desk.refresh, owner, self.desk.model, **QUICK)

    def _wire_actions(self) -> None:
        """What can be done with the picture chosen on the stage."""
        owner, act = self.shared.owner, self.actions
        chosen, shown = [self.chosen, owner], [self.ids, owner]
        act["png"].click(self.download_one, chosen, self.download, **QUICK).success(None, js=CLICK_DOWNLOAD)
        act["zip"].click(self.download_shown, shown, self.download, **QUICK).success(None, js=CLICK_DOWNLOAD)
        for name, task in (("change", "image_to_image"), ("repaint", "inpainting")):
            form = self.desk.form
            outputs = [self.task, form["strength"], *self.sources.canvases]
            act[name].click(
                self._starter(task), [*chosen, form["model"], form["width"], form["height"]], outputs, **QUICK
            )
        self.settings.wire_button(act["settings"], self.take_settings, chosen)

    # --- making --------------------------------------------------------------------------------------------

    def generate(self, best: bool, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Make a batch of pictures with the form's settings, on the stage; with `best` the best match first."""

        def start() -> tuple[Events, str]:
            config, image, mask = self.bench.read(values)
            config = self.gate.admit(config, owner, request)
            return self.bench.events(generate, config, owner, image, mask), alt(config)

        def keep(owner: str, made: Event | None) -> list[Kept]:
            return self.keeper.keep_pictures(owner, made, self.ranker.rank(best, made, owner))

        yield from self.stage.follow(start, keep, owner, request)

    def example(self, sample: list[str], best: bool, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Make pictures of an example."""
        yield from self.generate(best, owner, request, *self.bench.with_prompt(values, sample[0]))

    def arrive(self, owner: str, visit: Query, request: gr.Request) -> list[Any]:
        """The models as they are, the settings of the link, if any, and what they made last, else an example."""
        form = self.desk.arrive(self.desk.link.take(visit, request), owner, request)
        newest, language = self.shared.gallery.newest(owner), language_of(request)
        prompts = gr.update(samples=rows(examples(language)))
        stage = show_kept(newest) if newest else example(language)
        return [*form, prompts, self.styling.shown(request), stage, self.stage.thumbnails(owner)]

    def settle(self, owner: str, event: gr.EventData) -> list[Any]:
        """What depends on the stage: Stop, the buttons that need a picture, and the gallery."""
        able = [gr.update(interactive=bool(event.chosen))] * len(self.actions)
        gallery = gr.skip() if event.busy else self.stage.thumbnails(owner)
        return [gr.update(interactive=event.busy), *able, event.ids, event.chosen, gallery]

    # --- the picture that is chosen ---------------------------------------------------------------------------

    def download_one(self, chosen: str, owner: str, request: gr.Request) -> str:
        """The file of the chosen picture."""
        with polite(request):
            return str(self.shared.gallery.get(owner, chosen).path)

    def download_shown(self, ids: list[str], owner: str, request: gr.Request) -> str:
        """All pictures on the stage as a ZIP."""
        with polite(request):
            return self.keeper.zip([self.shared.gallery.get(owner, one) for one in ids])

    def take_settings(self, chosen: str, owner: str, request: gr.Request) -> list[Any]:
        """Put the settings of the chosen picture into the form."""
        with polite(request):
            path = self.shared.gallery.get(owner, chosen).path
        return self.settings.read(str(path), owner, request)

    def _starter(self, task: str) -> Callable[..., list[Any]]:
        def start(chosen: str, owner: str, model: str, width: float, height: float, request: gr.Request) -> list[Any]:
            """Put the chosen picture on the canvas of a task that this model offers."""
            with polite(request):
                ImageConfig.for_model(model, task=task)
                picture = read_picture(self.shared.gallery.get(owner, chosen).path)
                return [task, suited_strength(model, task), *place(picture, task, (width, height))]

        return start
