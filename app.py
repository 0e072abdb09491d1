"""The AIGC Playground: `python app.py` opens it in a browser; `python app.py --help` lists the options."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr

from engines.runs import Runs
from engines.text_generation.models import Models
from tabs import TABS
from tabs.language import I18N, t
from tabs.shared import Shared, new_key

HERE = Path(__file__).parent
MAX_UPLOAD = "100mb"
FONT = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
        "sans-serif"]  # fmt: skip
CLEAN_EVERY, KEEP_FILES = 3600, 24 * 3600  # seconds


def create_app(runs: Runs, models: Models | None = None) -> gr.Blocks:
    """All tabs on one page. The runs and the models outlive it."""
    with gr.Blocks(title="AIGC Playground", analytics_enabled=False, delete_cache=(CLEAN_EVERY, KEEP_FILES)) as app:
        gr.Markdown(t("# AIGC Playground"))
        # What the visitor's own browser keeps: outside the tabs, since one in a tab is not read before it is opened.
        # The secret only scrambles it there, so it need not be one.
        owner = gr.BrowserState("", storage_key="aigc-playground-owner", secret="aigc-playground")
        turns = gr.BrowserState([], storage_key="aigc-playground-chat", secret="aigc-playground")
        visit = gr.State({})
        arrived = app.load(
            arrive, owner, [owner, visit], queue=False, show_progress="hidden", api_visibility="private"
        )
        shared = Shared(runs, models or Models(), owner, turns, visit, arrived)
        with gr.Tabs():
            for title, tab in TABS.items():
                with gr.Tab(t(title)):
                    tab.build(shared)
    return app


def arrive(owner: str, request: gr.Request) -> tuple[str, dict[str, str]]:
    """The visitor's key, made on the first visit and kept in that browser, and the address's query."""
    return owner or new_key(), dict(request.query_params)


def look() -> dict[str, object]:
    """What `launch` needs for the looks; no font or script comes from another host."""
    return {
        "theme": gr.themes.Soft(primary_hue="indigo", font=FONT, font_mono=["ui-monospace", "Consolas", "monospace"]),
        "css_paths": HERE / "tabs" / "page.css",
        "i18n": I18N,
        "footer_links": ["api", "settings"],
    }


def safe() -> dict[str, object]:
    """What `launch` needs to be safe with strangers."""
    return {
        "max_file_size": MAX_UPLOAD,
        "enable_monitoring": False,
        "run_history": False,
        "ssr_mode": False,
        "max_threads": 80,
        "show_error": False,
    }


def main() -> None:
    """Parse the arguments and serve."""
    parser = argparse.ArgumentParser(description="A playground for AI-generated content, in the browser.")
    parser.add_argument("--share", action="store_true", help="open a public link through Gradio's tunnel")
    parser.add_argument("--host", default=None, help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    parser.add_argument("--open", action="store_true", help="open a browser window")
    parser.add_argument(
        "--allow-any-model", action="store_true", help="let scripts name any safetensors model of the Hugging Face hub"
    )
    args = parser.parse_args()
    runs, models = Runs(), Models(args.allow_any_model)
    app = create_app(runs, models)
    try:
        app.launch(
            share=args.share,
            server_name=args.host,
            server_port=args.port,
            inbrowser=args.open,
            **look(),
            **safe(),
        )
    finally:
        runs.stop_all()
        models.close()


if __name__ == "__main__":
    main()
