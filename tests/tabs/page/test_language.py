"""Every sentence that a person reads stands in every file of assets/locale, with the same fields."""

import ast
import json
import re
import zipfile
from functools import cache
from string import Formatter

import pytest

from engines.catalog import ENCODERS, MODELS
from engines.clip_training.config import PRESETS as CLIP_PRESETS
from engines.clip_training.config import ClipConfig
from engines.clip_training.engine import SPOKEN
from engines.data.cards import DATASETS, TEXT_DATASETS
from engines.finetuning.config import RECIPES, FinetuningConfig
from engines.finetuning.scripts import loading_code
from engines.gpt_training.config import PRESETS as GPT_PRESETS
from engines.gpt_training.config import TITLE as GPT_TITLE
from engines.gpt_training.config import GptConfig
from engines.gpt_training.papers import PapersConfig as TextPapersConfig
from engines.image_generation.catalog import COMBINED, EXAMPLES, IMAGE_MODELS, OWN, own_card
from engines.image_generation.config import ImageConfig
from engines.image_generation.enlarging import EnlargeConfig
from engines.image_generation.styling.engine import StyleConfig
from engines.live_training.exam import papers
from engines.live_training.exam.papers import PapersConfig
from engines.live_training.race.config import RaceConfig
from engines.messages import Message
from engines.music.composing import ComposeConfig
from engines.music.config import PRESETS as MUSIC_PRESETS
from engines.music.config import MusicConfig
from engines.music.grid import VOICES
from engines.music.melody_vae.config import PRESETS as MELODY_PRESETS
from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.corpus import DENSITIES, METRES, MODES
from engines.music.melody_vae.explore import COLOURS, WAY
from engines.music.score.melodies import TUNES
from engines.points_training.config import PRESETS as POINTS_PRESETS
from engines.points_training.config import PointsConfig
from engines.running.comparison.measures import MEASURES
from engines.text_generation.config import TextConfig
from tabs import TABS
from tabs.live_training.points.plane.view import LAYERS
from tabs.live_training.tab import FAMILIES
from tabs.music.actions import BARS
from tabs.music.tab import PANELS
from tabs.page.language import FOLDER, I18N, LANGUAGES, language_of, load_languages, translate
from tests import ROOT

SOURCES = [ROOT / "app.py", *sorted((ROOT / "engines").rglob("*.py")), *sorted((ROOT / "tabs").rglob("*.py"))]
# Calls whose first argument is read by a person.
SPEAKING = {
    "Message",
    "ConfigError",
    "EngineError",
    "Unavailable",
    "WorkerLostError",
    "t",
    "translate",
    "Shares",
    "Sheet",
    "Bars",
    "Scatter",
    "Chart",
    "Line",
    "say",
    "reading",
    "self._error",
    "super().__init__",
}
# Words of the live view that its script gets from a table or from a series' name.
ROLL = (ROOT / "tabs" / "music" / "roll" / "view.js").read_text("utf-8")
TOOLS, LENGTHS = (re.search(start + r".*", ROLL)[0] for start in ("const tools = ", r"for \(const \[length, words\]"))
SCRIPT = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tabs").rglob("*.js")))


def spoken_in_python() -> set[str]:
    found = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        constants = {
            target.id: node.value.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and ast.unparse(call.func) in SPEAKING and call.args):
                continue
            first = call.args[0]
            unit = call.args[3:4] if ast.unparse(call.func) == "Bars" else []
            for part in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first, *unit):
                if isinstance(part, ast.Name) and part.id in constants:
                    found.add(constants[part.id])
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    found.add(part.value)
    return found


def spoken_in_script() -> set[str]:
    states = re.search(r"const STATES = \{(.*?)\};", SCRIPT, re.S).group(1)
    return (
        set(re.findall(r'(?:\b(?:t|fill)\(|template: )"([^"]+)"', SCRIPT))
        | set(re.findall(r': "([^"]+)"', states))
        | {"Starting…", "Halt"}
    )


def spoken_in_tables() -> set[str]:
    words = {"{n} pictures", "{n} examples", "{n} pieces of text", "Fréchet distance", *TABS, *EXAMPLES, *COMBINED}
    words |= {*papers.MEASURES, GPT_TITLE}
    own = (
        PointsConfig,
        GptConfig,
        TextConfig,
        FinetuningConfig,
        ImageConfig,
        EnlargeConfig,
        StyleConfig,
        PapersConfig,
        TextPapersConfig,
        RaceConfig,
        MusicConfig,
        ComposeConfig,
        ClipConfig,
        MelodyConfig,
    )
    configs = (*(page.family.config for page in FAMILIES), *own)
    for knob in (knob for config in configs for knob in config.knobs().values()):
        words |= {knob.label, knob.help, *(knob.choices or {}).values()}
    words |= {text for page in FAMILIES for text in (page.intro, page.family.title)}
    presets = (preset for page in FAMILIES for preset in page.family.presets.values())
    for preset in (
        *presets,
        *POINTS_PRESETS.values(),
        *GPT_PRESETS.values(),
        *MUSIC_PRESETS.values(),
        *CLIP_PRESETS.values(),
        *MELODY_PRESETS.values(),
        *RECIPES.values(),
    ):
        words |= {preset.title, preset.help}
    words |= {"{n} points", "{n} pieces of text", "Parts"} | {
        word for layers in LAYERS.values() for word in layers.values()
    }
    words |= {column for _, column in MEASURES}
    loading = (loading_code(pictures, characters) for pictures, characters in ((0, 0), (0, 1), (1, 0)))
    words |= {comment for code in loading for comment in re.findall(r"# (.+)", code)}
    words |= {
        "{n} passages",
        "{n} melodies",
        *WAY.choices.values(),
        *COLOURS,
        *METRES,
        *MODES,
        *DENSITIES,
        BARS.label,
        BARS.help,
        *PANELS,
        *VOICES,
        *SPOKEN,
        *TUNES,
        *re.findall(r': "([^"]+)"', TOOLS),
        *re.findall(r'\d, "([^"]+)"', LENGTHS),
    }
    for card in DATASETS.values():
        words |= {card.title, *card.class_names}
    words |= {card.note for card in (*MODELS.values(), *ENCODERS.values(), *IMAGE_MODELS.values(), own_card(OWN))}
    words |= {card.title for card in MODELS.values() if card.bundled}
    words.add(IMAGE_MODELS["emoji"].licence)  # the others are names
    words.add(IMAGE_MODELS["emoji"].title)
    for card in TEXT_DATASETS.values():
        words |= {card.title, card.description, *card.label_names}
    return words


@cache
def everything() -> set[str]:
    words = spoken_in_python() | spoken_in_script() | spoken_in_tables()
    return {text for text in words if re.search(r"[A-Za-z]{2}", text)}


# The same in both languages.
UNTRANSLATED = {
    "28 px", "32 px", "64 px", "EMA", "Beta1", "DCGAN", "MLP", "GAN", "VAE", "MNIST", "Fashion-MNIST", "WGAN-GP",
    "Loss_D", "Loss_G", "D(x)", "D(G(z))", "Noto", "Twemoji", "Euler", "Euler a", "Heun", "DPM++ 2M", "DDIM", "UniPC",
    "LCM", "KL", "−ELBO", "Beta", "GPT", "LSTM", "Dropout",
}  # fmt: skip


EXAMPLE_RUNS = sorted((ROOT / "assets").glob("example_*/run.zip"))


def templates(told) -> set[str]:
    """The sentences in what a run's file tells."""
    if isinstance(told, list):
        return set().union(*map(templates, told))
    if not isinstance(told, dict):
        return set()
    return {told[name] for name in ("template",) if name in told} | templates(list(told.values()))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path", sorted((ROOT / "assets").glob("example_*/run.zip")), ids=lambda path: path.parent.name
)
def test_what_a_bundled_example_tells_is_said_as_the_program_says_it_today(path, language):
    with zipfile.ZipFile(path) as archive:
        told = json.loads(archive.read("run.json"))
    assert not templates(told) - set(LANGUAGES[language]) - UNTRANSLATED


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing(language):
    missing = sorted(everything() - set(LANGUAGES[language]) - UNTRANSLATED)
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_left_over(language):
    left_over = sorted(set(LANGUAGES[language]) - everything())
    assert not left_over, "\n".join(left_over)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_stands_once_in_its_file(language):
    groups = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    sentences = [sentence for group in groups.values() for sentence in group]
    assert sorted(sentences) == sorted(set(sentences))
    assert all(isinstance(text, str) and text.strip() for group in groups.values() for text in group.values())


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize(("language", "english"), [(code, one) for code, table in LANGUAGES.items() for one in table])
def test_both_forms_have_the_same_fields(language, english):
    assert fields(english) == fields(LANGUAGES[language][english])


def test_a_message_is_translated_with_its_parts():
    message = Message("{field} must be {allowed}; it is {got}.", field=Message("Steps"), allowed="x", got="1")
    assert translate(message, "en") == "Steps must be x; it is 1."
    assert LANGUAGES["zh"]["Steps"] in translate(message, "zh")


def test_gradio_has_the_table_for_every_kind_of_chinese():
    assert set(I18N.translations_dict) == {"en", "zh", "zh-CN"}


class Asking:
    """A request of a browser that asks for these languages."""

    def __init__(self, accepted):
        self.headers = {"accept-language": accepted} if accepted is not None else {}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("zh", "zh"),
        ("ZH-tw;q=1", "zh"),
        ("zh_CN", "en"),
        ("en-US,zh;q=0.9", "en"),
        ("zhx", "en"),
        ("fr", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_language_that_the_browser_asks_for_first_counts(accepted, language):
    assert language_of(Asking(accepted)) == language


class Choosing(Asking):
    """One of a visitor who chose a language on the page, or came by a link that has one."""

    def __init__(self, accepted, cookie="", query=None):
        super().__init__(accepted)
        self.headers["cookie"] = cookie
        self.query_params = {"lang": query} if query is not None else {}


@pytest.mark.parametrize(
    ("accepted", "cookie", "query", "language"),
    [
        ("en", "aigc_language=zh", None, "zh"),
        ("zh-CN", "a=b; aigc_language=en", None, "en"),
        ("en", "aigc_language=en", "zh", "zh"),
        ("zh", "aigc_language=zh", "en", "en"),
        ("zh", "aigc_language=xx", "yy", "zh"),
        ("zh", "xaigc_language=en; =; aigc_language", "", "zh"),
    ],
)
def test_what_the_visitor_chose_goes_before_what_the_browser_asks_for(accepted, cookie, query, language):
    assert language_of(Choosing(accepted, cookie, query)) == language


def test_a_file_more_is_a_language_more(tmp_path):
    (tmp_path / "eo.json").write_text(json.dumps({"Any group": {"Start": "Ek"}, "Another": {"Stop": "Halt"}}), "utf-8")
    assert load_languages(tmp_path) == {"eo": {"Start": "Ek", "Stop": "Halt"}}
