"""The page's colours and fonts: Gradio's Soft theme with one accent, and contrasts that suit every eye.

WCAG 2.1 wants 4.5:1 between a text and its ground; tests/browser/test_accessibility.py measures it.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

PAGE_CSS = Path(__file__).parent / "page.css"

FONT = ["system-ui", "-apple-system", "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
        "sans-serif"]  # fmt: skip

# The texts follow the language that the browser asks for, and so must the voice that reads them aloud; see words.js.
HEAD = (
    """<script>
{
  const tables = window.gradio_config?.i18n_translations ?? {};
  const asked = navigator.language || "en";
  const base = asked.split("-")[0];
  const region = Object.keys(tables).find((code) => code.startsWith(base + "-"));
  document.documentElement.lang = [asked, region, base].find((code) => code in tables) ?? "en";
}
</script>
<style>"""
    + (Path(__file__).parent / "outside.css").read_text("utf-8")
    + "</style>"
)


def theme() -> gr.themes.Base:
    """The theme; no font comes from another host."""
    soft = gr.themes.Soft(primary_hue="indigo", font=FONT, font_mono=["ui-monospace", "Consolas", "monospace"])
    return soft.set(
        body_text_color_subdued="*neutral_600",
        checkbox_border_color="*neutral_500",
        checkbox_border_color_hover="*neutral_600",
        checkbox_border_color_dark="*neutral_400",
        checkbox_border_color_hover_dark="*neutral_300",
        input_border_width="1px",
        input_border_color="*neutral_300",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        block_border_width="1px",
        block_border_width_dark="1px",
        body_background_fill="*neutral_100",
        background_fill_secondary="*neutral_100",
        block_label_background_fill="*background_fill_secondary",
        block_label_background_fill_dark="*background_fill_secondary",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_label_text_weight="500",
        block_title_background_fill="none",
        block_title_background_fill_dark="none",
        block_title_padding="0",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        color_accent="*primary_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_700",
        button_secondary_background_fill_hover_dark="*neutral_500",
        checkbox_label_background_fill_selected="*primary_600",
        link_text_color_dark="*secondary_300",
        link_text_color_hover_dark="*secondary_200",
        link_text_color_visited="*secondary_600",
        link_text_color_visited_dark="*secondary_300",
    )
