"""Every sentence that a person reads has a Chinese form, with the same fields."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from engines.catalog import DATASETS, ENCODERS, MODELS, TEXT_DATASETS
from engines.finetuning.config import RECIPES, FinetuningConfig
from engines.gan_training.config import PRESETS, GanConfig
from engines.image_generation.catalog import IMAGE_MODELS, OWN, own_card
from engines.image_generation.config import ImageConfig
from engines.messages import Message
from engines.text_generation.config import TextConfig
from tabs import TABS
from tabs.chinese import CHINESE
from tabs.language import I18N, translate

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "app.py", *sorted((ROOT / "engines").rglob("*.py")), *sorted((ROOT / "tabs").rglob("*.py"))]
# Calls whose first argument is read by a person.
SPEAKING = {
    "Message",
    "ConfigError",
    "EngineError",
    "t",
    "translate",
    "Shares",
    "Chart",
    "Line",
    "say",
    "reading",
    "self._error",
    "super().__init__",
}
# Words of the live view that its script gets from a table or from a series' name.
SCRIPT = "".join(path.read_text("utf-8") for path in sorted((ROOT / "tabs").glob("*.js")))


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
            for part in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
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
    words = {"{n} pictures", "{n} examples", "Fréchet distance", *TABS}
    configs = (GanConfig, TextConfig, FinetuningConfig, ImageConfig)
    for knob in (knob for config in configs for knob in config.knobs().values()):
        words |= {knob.label, knob.help, *(knob.choices or {}).values()}
    for preset in (*PRESETS.values(), *RECIPES.values()):
        words |= {preset.title, preset.help}
    for card in DATASETS.values():
        words |= {card.title, *card.class_names}
    words |= {card.note for card in (*MODELS.values(), *ENCODERS.values(), *IMAGE_MODELS.values(), own_card(OWN))}
    words.add(IMAGE_MODELS["emoji"].licence)  # the others are names
    words.add(IMAGE_MODELS["emoji"].title)
    for card in TEXT_DATASETS.values():
        words |= {card.title, card.description, *card.label_names}
    return words


def everything() -> set[str]:
    words = spoken_in_python() | spoken_in_script() | spoken_in_tables()
    return {text for text in words if re.search(r"[A-Za-z]{2}", text)}


# The same in both languages.
UNTRANSLATED = {
    "28 px", "32 px", "64 px", "EMA", "Beta1", "DCGAN", "MLP", "MNIST", "Fashion-MNIST", "WGAN-GP",
    "Loss_D", "Loss_G", "D(x)", "D(G(z))", "Noto", "Twemoji", "Euler", "Euler a", "Heun", "DPM++ 2M", "DDIM", "UniPC",
    "LCM",
}  # fmt: skip


def test_no_sentence_lacks_its_chinese():
    missing = sorted(everything() - set(CHINESE) - UNTRANSLATED)
    assert not missing, "\n".join(missing)


def test_no_chinese_is_left_over():
    left_over = sorted(set(CHINESE) - everything())
    assert not left_over, "\n".join(left_over)


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("english", sorted(CHINESE))
def test_both_forms_have_the_same_fields(english):
    assert fields(english) == fields(CHINESE[english])


def test_a_message_is_translated_with_its_parts():
    message = Message("{field} must be {allowed}; it is {got}.", field=Message("Steps"), allowed="x", got="1")
    assert translate(message, chinese=False) == "Steps must be x; it is 1."
    assert CHINESE["Steps"] in translate(message, chinese=True)


def test_gradio_has_the_table_for_every_kind_of_chinese():
    assert set(I18N.translations_dict) == {"en", "zh", "zh-CN"}
