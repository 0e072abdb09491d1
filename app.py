"""The AIGC Playground: `python app.py` opens it in a browser; `python app.py --help` lists the options."""

from __future__ import annotations

import argparse
import ctypes
import gc
import os
import signal
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from tabs import TABS  # before Gradio, which it imports mended

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
# Else Gradio counts the last 10,000 events by pandas at the end of each, for a page of figures that is switched off.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(sys.maxsize))
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")

import gradio as gr
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from engines.finetuning.classifier import Classifiers
from engines.image_generation.gallery import Gallery, GalleryLimits
from engines.image_generation.models import ImageModels
from engines.limits import Limits, variable
from engines.messages import ConfigError, EngineError
from engines.running.command_line import add_tracking, tracking_of
from engines.running.runs import Runs
from engines.running.trackers.tracking import Tracking
from engines.running.workers.pool import Computer, Here, Workers
from engines.running.workers.zero_gpu import on_zero_gpu
from engines.text_generation.models import Models
from engines.text_generation.servers.server import TextServer
from engines.weights import cache_folder, on_a_space
from tabs.comparison.feed import comparison_routes
from tabs.comparison.tab import ENGINE as COMPARISON
from tabs.music.score.view import score_routes
from tabs.page.component import script_of
from tabs.page.connection.lasting import Lasting
from tabs.page.gate import Gate
from tabs.page.language import I18N, t
from tabs.page.link_button import tell
from tabs.page.links import RUN, TAB, Query, lost, read_visit
from tabs.page.live.feed import live_routes
from tabs.page.looks.theme import HEAD, PAGE_CSS, theme
from tabs.page.opening.once import IN_TURN, Opening, opens
from tabs.page.opening.quicker import QuickerScripts
from tabs.page.opening.served import FirstScript
from tabs.page.opening.switch import language_switch
from tabs.page.polite import PoliteBlocks
from tabs.page.shared import Shared, find_run, new_key
from tabs.room.feed import room_routes
from tabs.text_generation.server_field import loopback

CLEAN_EVERY = 600  # seconds between two looks for files that are too old


def create_app(
    runs: Runs,
    models: Models | None = None,
    classifiers: Classifiers | None = None,
    image_models: ImageModels | None = None,
    limits: Limits | None = None,
    computer: Computer | None = None,
    only: Collection[str] = (),
    server_key: str | None = None,
) -> gr.Blocks:
    """All tabs on one page, or those of the engines that `only` names.

    With a `server_key`, which may be "", the owner may name a text server on the page; see tabs.page.shared.Shared.
    The runs and what is loaded for them outlive it; without a `computer` engines run here.
    """
    limits = limits or Limits()
    gallery = Gallery(GalleryLimits(pictures=limits.pictures, hours=limits.kept_hours))
    files = (CLEAN_EVERY, round(3600 * limits.files_hours))
    with PoliteBlocks(title="AIGC Playground", analytics_enabled=False, delete_cache=files) as app:
        with gr.Row(elem_id="page-top"):
            gr.Markdown(t("# AIGC Playground"))
            language_switch()
        # What the visitor's own browser keeps: outside the tabs, since one in a tab is not read before it is opened.
        # The secret only scrambles it there, so it need not be one.
        owner = gr.BrowserState("", storage_key="aigc-playground-owner", secret="aigc-playground")
        visit = gr.State(None)
        pages = tab_of_engine(only)
        openings = {engine: Opening() for engine in pages}
        compared = gr.Textbox(visible=False) if COMPARISON in openings else None
        shared = Shared(
            runs, computer or Here(), Gate(limits), models or Models(), classifiers or Classifiers(),
            image_models or ImageModels(), gallery, owner, visit, openings, compared, server_key,
        )  # fmt: skip
        with gr.Tabs(overflow_behavior="wrap") as tabs:
            for title, tab in TABS.items():
                inside = [openings[engine] for engine in engines_of(tab) if engine in openings]
                if not inside:
                    continue
                with gr.Tab(t(title), id=engines_of(tab)[0]) as page:
                    tab.build(replace(shared, page=page))
                opens(page, visit, inside)

        def arrive(request: gr.Request, owner: str, *pressed: bool) -> list[object]:
            """The visitor's key, made on the first visit and kept in that browser; the address's query; which parts of
            the page it asks for, and which are to be opened.
            """
            owner, visit = owner or new_key(), read_visit(request.query_params.multi_items())
            engine = choose_engine(runs, visit, pages)
            if not engine:
                tell(lost(visit), request)
            asked = [name == engine for name in openings]
            return [owner, visit, *asked, *(asked if engine else pressed)]

        states = ("pressed", "asked", "done")
        pressed, asked, done = ([getattr(opening, state) for opening in openings.values()] for state in states)
        app.load(arrive, [owner, *pressed], [owner, visit, *asked, *done], **IN_TURN)
        for engine, opening in openings.items():
            opening.selects(tabs, pages[engine], unless="window.aigcChose")
        if compared:
            compared.change(lambda run: True, compared, openings[COMPARISON].done, **IN_TURN, trigger_mode="multiple")
            compared.change(None, None, tabs, js=script_of(selected=pages[COMPARISON]))
    return app


def engines_of(tab: ModuleType) -> tuple[str, ...]:
    """The engines of a tab: its ENGINES; without, tabs.<name>.tab and its engine carry the same name."""
    return getattr(tab, "ENGINES", (tab.__name__.split(".")[1],))


def tab_of_engine(only: Collection[str] = ()) -> dict[str, str]:
    """For each engine that has a part of the page, the id of its tab; all engines, or those that `only` names."""
    pages = {engine: engines_of(tab)[0] for tab in TABS.values() for engine in engines_of(tab)}
    return {engine: tab for engine, tab in pages.items() if not only or engine in only}


def choose_engine(runs: Runs, visit: Query, pages: Mapping[str, str]) -> str:
    """The engine whose settings a link has, else that of a watch link's run; "" if it is none of those in `pages`."""
    run = find_run(runs, visit.get(RUN, ""))
    asked = (visit.get(TAB), run.engine if run else "")
    return next((engine for engine in asked if engine in pages), "")


def engines_named(text: str) -> tuple[str, ...]:
    """The engines of --only; ArgumentTypeError for one that the page does not have."""
    names, known = tuple(name.strip() for name in text.split(",") if name.strip()), tab_of_engine()
    if odd := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"there is no {odd[0]!r}; there are {', '.join(known)}")
    return names


def look() -> dict[str, object]:
    """What `launch` needs for the looks; no font or script comes from another host."""
    return {
        "theme": theme(),
        "head": HEAD,
        "css_paths": PAGE_CSS,
        "i18n": I18N,
        "footer_links": ["api", "settings"],
    }


def safe(limits: Limits | None = None) -> dict[str, object]:
    """What `launch` needs to be safe with strangers."""
    return {
        "max_file_size": f"{(limits or Limits()).upload_mb}mb",
        "enable_monitoring": False,
        "run_history": False,
        "ssr_mode": False,
        "max_threads": 80,
        "show_error": False,
        "_frontend": False,  # else Gradio gives up where its own first page takes three seconds, as on a busy machine
    }


def reach(runs: Runs) -> dict[str, object]:
    """What `launch` needs beside the page: agents come over MCP, live views ask what is new of a run, and who watches
    the server asks for /health.
    """

    async def health(_: object) -> JSONResponse:
        return JSONResponse({"status": "ok", "runs": runs.count_live()})

    watched = (*live_routes(runs), *comparison_routes(runs), *room_routes(runs))
    routes = [Route("/health", health), *watched, *score_routes()]
    middleware = [Middleware(Lasting), Middleware(FirstScript), Middleware(QuickerScripts)]
    pages = {"routes": routes, "middleware": middleware}
    return {"mcp_server": True, "app_kwargs": pages}


def open_runs(folder: str | None = None, limits: Limits | None = None, tracking: Tracking | None = None) -> Runs:
    """The runs, kept in `folder`; "" keeps them only while the app runs, None chooses by AIGC_RUNS and the machine.

    Raises EngineError if the folder was named and can't be used.
    """
    named = os.environ.get("AIGC_RUNS") if folder is None else folder
    allowed = (limits or Limits()).for_runs()
    if named is not None:
        return Runs(allowed, Path(named).expanduser() if named else None, tracking)
    try:
        return Runs(allowed, cache_folder() / "runs", tracking)
    except EngineError as problem:
        print(problem.message, flush=True)
        return Runs(allowed, tracking=tracking)


def make_computer(limits: Limits) -> Workers | Here:
    """Worker processes; on ZeroGPU, which has its own, the engines are driven from this one."""
    if on_zero_gpu():
        return Here()
    workers = Workers(limits.worker_mb)
    workers.prepare()
    return workers


def take_server_key() -> str:
    """The key of a text server, taken out of the environment, so that no other program gets it from there."""
    return os.environ.pop("AIGC_TEXT_SERVER_KEY", "")


def open_text_server(url: str, key: str = "") -> TextServer | None:
    """The text server at that address, "" for none; prints what it has. ConfigError for an address of no kind."""
    if not url:
        return None
    server = TextServer(url, key)
    try:
        print(f"The text server has {', '.join(server.names())}", flush=True)
    except EngineError as problem:
        print(f"{problem.message} It is asked again when somebody opens the text tab.", flush=True)
    return server


def share_heaps() -> None:
    """Makes glibc give all threads two heaps, not one each, of which most stays empty: 22 MB with fifty watchers.

    Threads seldom meet there, since Python lets one of them run at a time.
    """
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(-8, 2)  # M_ARENA_MAX


def leave(*_: object) -> None:
    """End in order, as after Ctrl+C, when the system asks for it or the terminal is closed."""
    raise SystemExit(0)


def arguments() -> argparse.ArgumentParser:
    """The command line: what `python app.py --help` lists."""
    parser = argparse.ArgumentParser(description="A playground for AI-generated content, in the browser.")
    parser.add_argument("--share", action="store_true", help="open a public link through Gradio's tunnel")
    parser.add_argument(
        "--public",
        action=argparse.BooleanOptionalAction,
        help="the limits of a demo for strangers (default: with --share and on a Space)",
    )
    parser.add_argument("--host", default=None, help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    parser.add_argument(
        "--root-path",
        metavar="PATH",
        default=os.environ.get("AIGC_ROOT_PATH") or None,
        help="the subpath at which a proxy serves this page, such as /play, or the whole address (default:"
        " AIGC_ROOT_PATH, else GRADIO_ROOT_PATH)",
    )
    parser.add_argument("--open", action="store_true", help="open a browser window")
    parser.add_argument(
        "--allow-any-model", action="store_true", help="let scripts name any safetensors model of the Hugging Face hub"
    )
    parser.add_argument(
        "--text-server",
        metavar="URL",
        default=os.environ.get("AIGC_TEXT_SERVER", ""),
        help="where the API of an OpenAI-compatible server begins, such as http://localhost:8000/v1, whose models the"
        " text tab then offers too (default: AIGC_TEXT_SERVER; its key comes from AIGC_TEXT_SERVER_KEY alone)",
    )
    parser.add_argument(
        "--text-server-field",
        action="store_true",
        help="show a field in the text tab where you, at this machine, name such a server; not for a page that others"
        " see",
    )
    parser.add_argument(
        "--runs-folder",
        metavar="DIR",
        help='where runs are kept, so that they survive a restart; "" keeps none (default: AIGC_RUNS, else beside'
        " the fetched models)",
    )
    parser.add_argument(
        "--follow", type=Path, metavar="DIR", help="show the runs live that another program writes there (--folder)"
    )
    add_tracking(parser)
    parser.add_argument(
        "--only",
        type=engines_named,
        metavar="NAMES",
        default=os.environ.get("AIGC_ONLY", ""),
        help=f"show only these parts of the page, with commas between: {', '.join(tab_of_engine())} (default:"
        " AIGC_ONLY, else all)",
    )
    group = parser.add_argument_group("limits", f"each also by a variable, such as {variable('steps')}=5000")
    for name, limit in Limits.knobs().items():
        option = f"--{name.replace('_', '-')}"
        group.add_argument(option, dest=variable(name), metavar="N", help=f"{limit.label} {limit.help}")
    return parser


def main() -> None:
    """Parse the arguments and serve."""
    parser = arguments()
    args = parser.parse_args()
    public = (args.share or on_a_space()) if args.public is None else args.public
    host = args.host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    if args.text_server_field and (public or args.share or not loopback(host)):
        parser.error(
            "--text-server-field is for a page that only this machine sees: without --share, --public, --host."
        )
    if public and args.allow_any_model:
        parser.error("--allow-any-model is not for a public demo; leave it out, or add --no-public.")
    try:
        limits = Limits.load(public, {**os.environ, **{name: value for name, value in vars(args).items() if value}})
        runs = open_runs(args.runs_folder, limits, tracking_of(args))
        key = take_server_key()
        server = open_text_server(args.text_server, key)
    except (ConfigError, EngineError) as problem:
        parser.error(str(problem.message))
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)
    computer = make_computer(limits)
    models, classifiers = Models(args.allow_any_model, server), Classifiers()
    image_models = ImageModels(args.allow_any_model)
    server_key = key if args.text_server_field else None
    share_heaps()
    gc.disable()  # what is made until the page is served stays: nobody need look for garbage among it, now or later
    app = create_app(runs, models, classifiers, image_models, limits, computer, args.only, server_key)
    if args.follow:
        runs.follow(args.follow, lambda run: print(f"Following a run: add ?run={run.id} to the address", flush=True))
    gc.freeze()
    gc.enable()
    try:
        app.launch(
            share=args.share,
            server_name=args.host,
            server_port=args.port,
            inbrowser=args.open,
            root_path=args.root_path,
            **look(),
            **safe(limits),
            **reach(runs),
        )
    finally:
        runs.stop_all()
        computer.close()
        models.close()
        classifiers.close()
        image_models.close()


if __name__ == "__main__":
    main()
