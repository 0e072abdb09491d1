import pytest

from tests import check_space
from tests.check_space import card_problems, file_problems, front_matter, needs_lfs, requirement_problems

GOOD = {
    "title": "A", "emoji": "🎨", "colorFrom": "indigo", "colorTo": "blue", "sdk": "gradio", "sdk_version": "6.31.0",
    "app_file": "app.py", "license": "mit", "python_version": "3.11",
}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    (tmp_path / "app.py").write_text("", "utf-8")
    return tmp_path


def test_this_folder_is_ready_for_a_space(capsys):
    assert check_space.main() == 0
    assert "ready for a Space" in capsys.readouterr().out


def test_front_matter_is_the_block_at_the_top():
    assert front_matter("---\ntitle: A\nsdk: gradio\n---\n\n# A\n---\n") == {"title": "A", "sdk": "gradio"}
    assert front_matter("# A\n") == {}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"colorFrom": "mauve"}, "colorFrom"),
        ({"emoji": "art"}, "emoji"),
        ({"app_file": "main.py"}, "app_file"),
        ({"python_version": 3.1}, None),
        ({"python_version": "three"}, "python_version"),
        ({"short_description": "x" * 61}, "short_description"),
        ({"colour": "red"}, "colour is not a key"),
        ({"sdk": "docker"}, "sdk must be gradio"),
    ],
)
def test_each_mistake_is_named(root, change, problem):
    assert list(card_problems(GOOD, root)) == []
    found = list(card_problems(GOOD | change, root))
    assert [problem in sentence for sentence in found] == ([True] if problem else [])


@pytest.mark.parametrize(
    ("line", "ready"),
    [("gradio>=6.31,<7", True), ("gradio>=6.30,<7", False), ("gradio>=7", False), ("torch>=2", False)],
)
def test_the_sdk_version_is_the_one_of_the_requirements(line, ready):
    assert (list(requirement_problems(GOOD, f"# tested\n{line}\n")) == []) == ready


def test_large_files_are_found(root, monkeypatch):
    (root / "big").write_bytes(bytes(2000))
    monkeypatch.setattr(check_space, "MAX_FILE", 1000)
    monkeypatch.setattr(check_space, "PLAIN_GIT", 1500)
    assert len(list(file_problems(root, ["big", "app.py", "gone"]))) == 1
    assert needs_lfs(root, ["big", "app.py"]) == ["big"]
