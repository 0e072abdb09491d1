"""Where a line of code may live: no import circles, and the rules of who may know whom, as one table."""

import ast
import re
import shutil
import statistics
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests import ROOT

# A package or module -> what of our own it may import; the first row that fits a module counts. An engine may besides
# import its own folder, and a tab its own.
COMMON = ("engines.knobs", "engines.messages", "engines.catalog", "engines.data", "engines.running", "engines.limits",
          "engines.device", "engines.weights", "engines.loading", "engines.packing")  # fmt: skip
RULES = {
    "engines.messages": (),
    "engines.knobs": ("engines.messages",),
    "engines.catalog": ("engines.messages",),
    "engines.loading": (),
    "engines.packing": (),
    "engines.data": ("engines.messages", "engines.loading"),
    "engines.running": ("engines.messages", "engines.knobs", "engines.data"),
    "engines.limits": ("engines.messages", "engines.knobs", "engines.running"),
    "engines.device": ("engines.messages", "engines.running", "engines.weights"),
    "engines.weights": ("engines.messages", "engines.catalog", "engines.data", "engines.running"),
    "engines.image_generation": (
        *COMMON,
        "engines.clip_training.convert",
        "engines.gan_training.config",
        "engines.gan_training.explore",
        "engines.gan_training.networks",
    ),
    "engines.text_generation": (
        *COMMON,
        "engines.gpt_training.take_home.export",
        "engines.gpt_training.measures.form",
        "engines.gpt_training.text.plans",
        "engines.gpt_training.use",
    ),
    # The families of live trainings share one room, which knows none of them.
    "engines.gan_training": (*COMMON, "engines.live_training"),
    "engines.vae_training": (*COMMON, "engines.live_training"),
    "engines.diffusion_training": (*COMMON, "engines.live_training"),
    "engines.points_training": (*COMMON, "engines.live_training", "engines.gan_training.objectives"),
    "engines.gpt_training": (
        *COMMON,
        "engines.live_training",
        "engines.music.measures",
        "engines.music.notes",
        "engines.music.score",
    ),
    "engines.music": (
        *COMMON,
        "engines.live_training",
        "engines.gpt_training.config",
        "engines.gpt_training.measures.copies",
        "engines.gpt_training.use",
        "engines.vae_training.atlas",
    ),
    "engines.clip_training": (*COMMON, "engines.live_training", "engines.image_generation.emoji.reading"),
    "engines": COMMON,  # any other engine: no engine knows another but through the modules named above
    "tabs.page": ("engines", "tabs.page"),
    "tabs.": ("engines", "tabs.page"),  # a tab knows no other tab
    "tabs": ("tabs",),
}
FILES_IN_A_FOLDER = 15
LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 400, 80
MEDIAN_OF_FILES, MEDIAN_OF_FUNCTIONS = 130, 8


def modules() -> dict[str, Path]:
    """Dotted name -> file, of all our code but the tests."""
    paths = [path for top in ("engines", "tabs") for path in (ROOT / top).rglob("*.py")]
    return {name_of(path): path for path in paths}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = modules()


@cache
def read(name: str) -> tuple[list[ast.Import | ast.ImportFrom], list[int]]:
    """A module's imports, anywhere in it (at its top, in a function, for type checkers); its functions' lengths."""
    nodes = list(ast.walk(ast.parse(MODULES[name].read_text("utf-8"))))
    functions = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return (
        [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))],
        [node.end_lineno - node.lineno + 1 for node in functions],
    )


@cache
def imports(name: str) -> set[str]:
    """Our own modules that one imports."""
    found = set()
    for node in read(name)[0]:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert not node.level, f"{name}: imports are written in full"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & MODULES.keys()) or {node.module}
    return found & MODULES.keys()


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package.removesuffix(".") + ".")


def allowed(name: str) -> tuple[str, ...]:
    """The packages that a module may import from."""
    rule = next(rule for rule in RULES if within(name, rule) and (not rule.endswith(".") or name.count(".") > 1))
    top, room, *_ = (*name.split("."), "")
    return (*RULES[rule], f"{top}.{room}" if room else top)


def test_nothing_imports_in_a_circle():
    left = {name: imports(name) for name in MODULES}
    while free := {name for name, found in left.items() if not found & left.keys()}:
        left = {name: found for name, found in left.items() if name not in free}
    assert not left, f"a circle runs through some of {sorted(left)}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_knows_only_what_its_rule_allows(name):
    strangers = [one for one in sorted(imports(name)) if not any(within(one, package) for package in allowed(name))]
    assert not strangers, f"{name} may import {allowed(name)}"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_gradio_and_torch_keep_to_their_sides(name):
    lines, _ = read(name)
    tops = {alias.name for node in lines if isinstance(node, ast.Import) for alias in node.names}
    tops |= {node.module for node in lines if isinstance(node, ast.ImportFrom)}
    tops = {top.split(".")[0] for top in tops}
    assert "gradio" not in tops or name.startswith("tabs")
    assert not tops & {"torch", "torchvision", "transformers", "diffusers"} or name.startswith("engines")


def folders() -> dict[Path, list[Path]]:
    """Folder -> the files of ours in it."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "engines", "tabs"], cwd=ROOT, capture_output=True, text=True
    )
    files = [ROOT / line for line in listed.stdout.splitlines()]
    found: dict[Path, list[Path]] = {}
    for file in files:
        if file.is_file():
            found.setdefault(file.parent, []).append(file)
    return found


def test_every_room_is_small_and_no_name_says_its_room_again():
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout tells which files are ours")
    for folder, files in folders().items():
        assert len(files) <= FILES_IN_A_FOLDER, folder
        again = [file.name for file in files if re.search(rf"(^|_){folder.name}(_|$)", file.stem)]
        assert not again, f"{folder}: {again}"


def test_files_and_functions_are_short():
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    functions = [length for name in MODULES for length in read(name)[1]]
    assert max(lines.values()) <= LINES_OF_A_FILE
    assert statistics.median(lines.values()) <= MEDIAN_OF_FILES
    assert max(functions) <= LINES_OF_A_FUNCTION
    assert statistics.median(functions) <= MEDIAN_OF_FUNCTIONS


SCRIPTS = sorted((ROOT / "tabs").rglob("*.js"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node, which reads the scripts, is not installed")
def test_every_script_of_a_component_parses(tmp_path):
    """Gradio makes a function of js_on_load, so each is read as the body of one."""
    from tests.components import scripts

    assembled = scripts()
    assert len(assembled) >= 5
    for room, name in (("opening", "first"), ("connection", "lasting")):  # of the page itself
        assembled[name] = (ROOT / "tabs" / "page" / room / f"{name}.js").read_text("utf-8")
    used = "\n".join(assembled.values())
    assert not [path.name for path in SCRIPTS if path.read_text("utf-8").strip() not in used]
    for name, script in assembled.items():
        file = tmp_path / f"{name}.js"
        file.write_text(f"async (element, props, server, trigger, watch) => {{\n{script}\n}};\n", "utf-8")
        checked = subprocess.run(["node", "--check", str(file)], capture_output=True, text=True)
        assert not checked.returncode, f"{name}: {checked.stderr}"
