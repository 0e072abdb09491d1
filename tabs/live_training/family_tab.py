"""What every family of live trainings has on the page: its layout, and which component calls which action."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import gradio as gr

from engines.knobs import MAX_SEED
from engines.live_training.exam.papers import PapersConfig
from engines.live_training.family import ALL_CLASSES, Family
from engines.messages import Message
from tabs.live_training.actions import FamilyActions
from tabs.live_training.papers import ABOUT, told_in_table
from tabs.live_training.previews import preview_dataset, preview_uploads
from tabs.page.blind.card import NAME as BLIND
from tabs.page.blind.card import BlindCard, Kind
from tabs.page.blind.sides import picture_side, picture_uri, side
from tabs.page.forms import Form, seed_box
from tabs.page.language import language_of, t, translate
from tabs.page.learn import LABELS, has_page, learn_panel, sections
from tabs.page.link_button import LinkButton
from tabs.page.links import Query
from tabs.page.live.view import Chart, live_view
from tabs.page.markup import paragraph, speaker
from tabs.page.opening.once import Opening
from tabs.page.outbox import DOWNLOAD, download_field
from tabs.page.polite import polite
from tabs.page.runs.controls import RunControls
from tabs.page.runs.fork import ForkPanel
from tabs.page.runs.papers import PapersPanel
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import FOLLOW, QUICK, Shared, after, find_run

HERE = Path(__file__).parent
PANELS = ("scrub", "grids", "verdict", "charts", "shares", "sheets", "bars", "scatter")
# Gradio's picture has no name for a screen reader; its label's text becomes one.
NAME_PICTURE = """() => requestAnimationFrame(() => requestAnimationFrame(() => {
  const picture = document.querySelector("#ID button img");
  if (picture) picture.alt = document.querySelector("#ID label").innerText.trim();
}))"""
EXPLORE: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}

KEEP = (
    "The **run file** replays this run anywhere without training: settings, seed, curves, grids and weights."
    " The **generator** is a safetensors file with its settings as JSON. The **Space** is a folder as a ZIP that is a"
    " page of its own on Hugging Face, or on any machine: app, weights, card."
)
SCRIPT = (
    "The **script** trains the same without this program: a short file of plain PyTorch with its pictures, as a ZIP."
)

TWO_PICTURES = Message(
    "Press **Two pictures**: one is real, the other the model drew just now. Say which is real. The votes of all who"
    " watch the run add up; after 30 it is told how sure one can be."
)


@dataclass(frozen=True)
class FamilyPage:
    """What one family's page has of its own.

    `prefix` begins the names of its elements and endpoints, `panels` are scripts of tabs/page/live or paths of its
    own, `layout` is its live view's, `extra` adds panels below the live view, each a gr.Tab, and wires them.
    """

    family: Family
    prefix: str
    intro: str
    charts: tuple[Chart, ...]
    panels: tuple[str | Path, ...] = PANELS
    layout: Path = HERE / "live.html"
    extra: Callable[[FamilyTab, Shared], None] | None = None


def build_family(page: FamilyPage, shared: Shared) -> None:
    """Lay a family's part of the tab out and wire it."""
    tab = FamilyTab(page, FamilyActions(page.family, shared.runs, shared.gate, shared.computer))
    shared.racers[page.family.engine] = tab.actions.racer
    tab.build_layout(shared)
    tab.add_endpoints()  # first, so that they get their names
    tab.wire(shared.owner, shared.visit, shared.openings[page.family.engine])


class FamilyTab:
    """One family's components and the handlers that update them."""

    def __init__(self, page: FamilyPage, actions: FamilyActions) -> None:
        self.page, self.family, self.prefix, self.actions = page, page.family, page.prefix, actions
        self.runs = actions.runs
        self.preview_dataset = lru_cache(maxsize=8)(preview_dataset)

    def id(self, name: str) -> str:
        """The id of this family's element of that name."""
        return f"{self.prefix}-{name}"

    # --- layout ------------------------------------------------------------------------------------------

    def build_layout(self, shared: Shared) -> None:
        """Make the components."""
        page = self.page
        gr.Markdown(t(page.intro))
        with gr.Row():
            with gr.Column(scale=7, min_width=320):
                self.controls = RunControls(self.runs, self.family.engine, self.prefix, shared.compared)
                self.live = live_view(self.id("live"), self.controls.ids, page.layout, page.panels, page.charts)
            with gr.Column(scale=3, min_width=300, elem_classes="side"):
                self._build_settings()
        with gr.Tabs(overflow_behavior="wrap"):
            with gr.Tab(t("Explore")):
                self._build_explore()
            with gr.Tab(t(BLIND)) as self.blind_place:
                self.blind = BlindCard(self._blind(), self.runs, self.actions.gate)
            with gr.Tab(t("Papers' measures")):
                self.papers = PapersPanel(self.actions, self.prefix, PapersConfig, ABOUT, told_in_table)
            with gr.Tab(t("Fork")) as place:
                self.fork = ForkPanel(self.actions, self.prefix, place, shared.compared)
            with gr.Tab(t("Take home")):
                self._build_keep()
            with gr.Tab(t("Open")):
                label = t("A run file (ZIP) that was saved here before; it replays without training")
                self.opened = gr.File(label=label, file_types=[".zip"], height=140, elem_id=self.id("open"))
            if page.extra:
                page.extra(self, shared)
        if has_page(self.family.engine):
            learn_panel(self.family.engine, self.form, self._asked())

    def _asked(self) -> dict[str, str]:
        """What has a "?", and the section of Learn that it opens, as far as the family's page has it."""
        live, seeds = f"#{self.id('live')}", [self.id("sample-seed"), self.id("walk-seed")]
        places = dict.fromkeys((f"{live} .chart figcaption", f"{live} .shares-title"), "measures")
        places |= {f"#{seed} {LABELS}": "seed" for seed in seeds}
        known = sections(self.family.engine)
        return {place: name for place, name in places.items() if name in known}

    def _build_settings(self) -> None:
        config = self.family.config
        self.recipes = RecipePicker(self.family.presets, self.id("preset"))
        self.form = Form(config, self.prefix)
        self.form.add(["dataset"])
        self.preview = gr.HTML(elem_id=self.id("preview"), elem_classes="real-preview", apply_default_css=False)
        self.uploads = gr.File(
            label=t("Your pictures: several files, or one ZIP"),
            file_count="multiple",
            file_types=["image", ".zip"],
            visible=False,
            height=140,
            elem_id=self.id("uploads"),
        )
        self.form.add([name for name, knob in config.knobs().items() if not knob.more and name != "dataset"])
        with gr.Accordion(t("More settings"), open=False):
            self.form.add_rest()
        self.link = LinkButton(self.family.engine, self.form)

    def _build_explore(self) -> None:
        seed: dict[str, Any] = {"minimum": -1, "maximum": MAX_SEED}
        with gr.Row():
            with gr.Column(scale=1, min_width=280):
                info, seed_id = t("-1: another at each press."), self.id("sample-seed")
                self.seed = seed_box(value=-1, label=t("Seed"), info=info, elem_id=seed_id, **seed)
                self.label = gr.Dropdown([(t("All classes"), ALL_CLASSES)], value=ALL_CLASSES, label=t("Class"))
                self.sample = gr.Button(t("New samples"), elem_id=self.id("sample"))
                self.seed_to = seed_box(
                    value=-1, label=t("Walk to seed"), info=info, elem_id=self.id("walk-seed"), **seed
                )
                self.walk = gr.Button(t("Latent walk"), elem_id=self.id("walk"))
                self.film = gr.Button(t("The training as an animation"), elem_id=self.id("film"))
            with gr.Column(scale=2, min_width=320):
                self.picture = gr.Image(
                    label=t("Made by the generator"),
                    type="filepath",
                    interactive=False,
                    height=460,
                    buttons=["download", "fullscreen"],
                    elem_id=self.id("picture"),
                    elem_classes="made-picture",
                )

    def _blind(self) -> Kind:
        """Two pictures that are looked at."""
        return Kind(
            self.prefix, TWO_PICTURES, Message("Two pictures"), Message("The first is real"),
            Message("The second is real"), side, picture_side, picture_uri, self.actions.pair,
        )  # fmt: skip

    def _build_keep(self) -> None:
        gr.Markdown(t(KEEP))
        if self.family.script:
            gr.Markdown(t(SCRIPT))
        with gr.Row():
            self.save_run = gr.Button(t("Run file"), elem_id=self.id("save-run"))
            self.save_generator = gr.Button(t("Generator"), elem_id=self.id("save-generator"))
            self.save_gif = gr.Button(t("Training as GIF"), elem_id=self.id("save-gif"))
            self.save_webp = gr.Button(t("Training as WebP"), elem_id=self.id("save-webp"))
            self.save_space = gr.Button(t("As a Space"), elem_id=self.id("save-space"))
            if self.family.script:
                self.save_script = gr.Button(t("Script"), elem_id=self.id("save-script"))
            self.save_tensorboard = gr.Button(t("For TensorBoard"), elem_id=self.id("save-tensorboard"))
        self.file = download_field(self.id("file"))

    # --- wiring ------------------------------------------------------------------------------------------

    def wire(self, owner: gr.BrowserState, visit: gr.State, opening: Opening) -> None:
        """Connect events to handlers."""
        form, named = self.form, partial(self.actions.named, prefix=self.prefix)
        settings = gr.State(None)
        opening.then(self.arrive, [owner, visit], [self.live, self.preview, settings], **QUICK)
        self.recipes.restore(settings, form, form.show)
        self.controls.wire(self.live, owner)
        after(self.live.tick).then(self.show_classes, self.live, self.label, **FOLLOW)
        self.controls.start.click(self.begin, [owner, self.uploads, *form.widgets], self.live, **QUICK)
        self.recipes.wire(form, form.show)
        self.recipes.follow(self.runs, self.family.engine, self.live, owner, form)
        self.papers.wire(self.live)
        self.blind.wire(owner, self.blind_place, [self.live], str)
        self.fork.wire(self.live, owner, form, self.recipes, form.show)
        gr.on(
            [form["dataset"].change, self.uploads.change, form["conditional"].change],
            self.choose_data,
            [form["dataset"], self.uploads, form["conditional"]],
            [self.preview, self.uploads],
            **QUICK,
        )
        self.opened.upload(named("open"), [self.opened, owner], self.live, api_name=f"{self.prefix}_open")
        seeds = [self.live, self.seed, self.seed_to, self.label]
        look: dict[str, Any] = {"api_visibility": "private", **EXPLORE}
        self.sample.click(self.show_samples, [self.live, self.seed, self.label], self.picture, **look)
        self.walk.click(self.show_walk, seeds, self.picture, **look)
        self.live.change(self.begin_anew, self.live, [self.file, self.picture], **QUICK)
        self.picture.change(None, js=NAME_PICTURE.replace("ID", self.id("picture")))
        script = [(self.save_script, "script")] if self.family.script else []
        for button, name in [
            *script,
            (self.save_run, "run_file"),
            (self.save_generator, "generator"),
            (self.save_gif, "gif"),
            (self.save_webp, "webp"),
            (self.save_space, "space"),
            (self.save_tensorboard, "tensorboard"),
        ]:
            saved = button.click(named(name), self.live, self.file, api_name=f"{self.prefix}_{name}", **EXPLORE)
            saved.success(None, self.file, js=DOWNLOAD)
        self.film.click(self.actions.webp, self.live, self.picture, **look)

    def add_endpoints(self) -> None:
        """What a script can do that no button does in the same form."""
        label = gr.Number(ALL_CLASSES, precision=0, visible=False)  # of a run of any classes, unlike the tab's list
        seed, seed_to = (gr.Number(n, precision=0, minimum=0, maximum=MAX_SEED, visible=False) for n in (1, 2))
        button, named = gr.Button(visible=False), partial(self.actions.named, prefix=self.prefix)
        for name, inputs in (
            ("samples", [self.live, seed, label]),
            ("walk", [self.live, seed, seed_to, label]),
        ):
            button.click(named(name), inputs, self.picture, api_name=f"{self.prefix}_{name}", **EXPLORE)
        self.blind.add_endpoint()
        for name in ("start", "status", "control", "fork"):
            gr.api(named(name), api_name=f"{self.prefix}_{name}", queue=False)

    # --- handlers ----------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query, request: gr.Request) -> list[Any]:
        """What the family shows first, with the settings of the link, else of the visitor's latest run, if any."""
        run_id = self.actions.first_run(owner, visit)
        mine = self.runs.latest(owner, self.family.engine)
        settings = self.link.take(visit, request) or (mine and mine.config.to_dict())
        dataset = (settings or {}).get("dataset", self.family.config.knobs()["dataset"].default)
        return [run_id, strip(self.preview_dataset(dataset)) if dataset != "own" else "", settings]

    def begin(self, owner: str, uploads: list[str] | None, request: gr.Request, *values: Any) -> str:
        """Start a run with the form's values; the live view then follows it."""
        with polite(request):
            return self.actions.begin(self.form.read(values), uploads or (), owner, request).id

    def show_samples(self, run_id: str, seed: float, label: int, request: gr.Request) -> dict[str, Any]:
        """New pictures, and the seed that made them."""
        seed = choose_seed(seed)
        return made(self.actions.samples(run_id, seed, label, request), request, seed)

    def show_walk(self, run_id: str, seed: float, to: float, label: int, request: gr.Request) -> dict[str, Any]:
        """A walk between two seeds, and which they are."""
        seeds = choose_seed(seed), choose_seed(to)
        return made(self.actions.walk(run_id, *seeds, label, request), request, *seeds)

    def begin_anew(self, run_id: str) -> tuple[None, dict[str, Any]]:
        """Forget what was made of the run that was shown before; of this one, show the newest grid, if any."""
        newest = self.actions.newest(run_id)
        return None, gr.update(value=newest, label=t("Made by the generator"))

    def show_classes(self, run_id: str) -> dict[str, Any]:
        """The classes that one can ask the generator for."""
        run = find_run(self.runs, run_id)
        weights = run.board.weights if run else None
        names = weights.facts["class_names"] if weights and run.config.conditional else []
        choices = [(t("All classes"), ALL_CLASSES), *((t(name), i) for i, name in enumerate(names))]
        return gr.update(choices=choices, visible=bool(names), value=ALL_CLASSES)

    def choose_data(
        self, dataset: str, uploads: list[str] | None, conditional: bool, request: gr.Request
    ) -> tuple[Any, Any]:
        """Show what the real pictures look like."""
        with polite(request):
            if dataset != "own":
                return strip(self.preview_dataset(dataset)), gr.update(visible=False)
            if not uploads:
                return "", gr.update(visible=True)
            picture, notes = preview_uploads(uploads, conditional)
            say = speaker(request)
            return strip(picture) + "".join(paragraph(say(note)) for note in notes), gr.update(visible=True)


def choose_seed(seed: float | None) -> float:
    """The seed, or another one each time in place of -1 and of an empty box."""
    return secrets.randbelow(MAX_SEED) if seed in (-1, None) else seed


def made(path: str, request: gr.Request, *seeds: float) -> dict[str, Any]:
    """A picture of the generator under the seeds that made it."""
    words = Message("Seed {seed}", seed=" → ".join(f"{seed:.0f}" for seed in seeds))
    say = partial(translate, language=language_of(request))
    return gr.update(value=path, label=f"{say('Made by the generator')} · {say(words)}")


def strip(picture: str) -> str:
    """The preview's HTML."""
    return f'<img src="{picture}" alt="Real pictures" style="width:100%;display:block;border-radius:8px">'
