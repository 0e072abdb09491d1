import pytest

from engines.messages import ConfigError
from engines.music.score.abc import line_of, page_of, read, read_line

KESH = """X:1
T:The Kesh
M:6/8
L:1/8
K:G
|:GAG GAB|ABA ABd|edd gdd|edB dBA|GAG GAB|ABA ABd|edd gdB|AGF G3:|
"""


def test_a_tune_becomes_one_line_and_the_line_the_same_tune():
    tune = read(KESH)
    line = line_of(tune)
    assert line.startswith("[M:6/8][K:G]|:GAGGAB|ABAABd|")
    assert read_line(line) == tune == read(line)


def test_lengths_keep_their_worth_where_the_unit_changes():
    tune = read("M:2/4\nL:1/8\nK:D\nd2 e>f|(3gfe d/c/|")
    assert line_of(tune) == "[M:2/4][K:D]d4e2>f2|(3g2f2e2dc|"


def test_a_page_has_a_head_and_notes_of_a_beat_together_and_says_where_each_mark_stands():
    tune = read(KESH)
    page, places = page_of(tune)
    assert page.splitlines()[:5] == ["X:1", "M:6/8", "L:1/8", "Q:1/4=120", "K:G"]
    assert page.splitlines()[5].startswith("|: GAG GAB| ABA ABd|")
    assert [page[place] for place in places[:5]] == ["|", "G", "A", "G", "G"]
    assert read(page) == tune


def test_the_first_tune_of_several_is_read_and_cut_time_is_four_four():
    tune = read("X:1\nM:C|\nK:Am\nABc2|\n\nX:2\nK:D\nd4|")
    assert (tune.meter, str(tune.key), len(tune.marks)) == ((4, 4), "Am", 4)


@pytest.mark.parametrize(("said", "tempo"), [("Q:1/4=90", 90), ("Q:3/8=100", 150), ("Q:0", 20), ("Q:x", 120)])
def test_the_tempo_is_in_quarter_notes(said, tempo):
    assert read(f"X:1\n{said}\nK:G\nGAB|").tempo == tempo


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("X:1\nK:G\n" + "GAB|" * 25_000, "100,008 characters; at most 20,000"),
        ("X:1\nK:G\n" + "GAB|" * 1_000, "A line of the tune has 4,000 characters"),
        ("X:1\nK:G\n" + ("G" * 1_500 + "\n") * 4, "6000 notes"),
        ("X:1\nm:~n2=(3o/n/m/ n\nK:G\n~G3|", "macros"),
        ("X:1\nU:T=!trill!\nK:G\nTG3|", "macros"),
        ("X:1\nV:1\nK:G\nG3|\nV:2\nB3|", "several voices"),
        ("X:1\nK:<script>\nG|", "names no key"),
        ("X:1\nM:7\nK:G\nG|", "names no metre"),
        ("X:1\nM:0/4\nK:G\nG|", "names no metre"),
        ("X:1\nK:G\nG é A|", "the sign é"),
        ("X:1\nT:no notes\nK:G\n", "no notes"),
        ("", "no notes"),
    ],
)  # fmt: skip
def test_what_is_hostile_or_no_tune_gets_one_sentence(text, reason):
    with pytest.raises(ConfigError, match=reason.replace("(", r"\(")):
        read(text)


def test_only_what_was_understood_is_handed_on():
    page, _ = page_of(read('X:1\nT:<img src=x>\nK:G\n"<b>Am</b>"G2 !x!A2 [r:<i>]B2| % <u>\nw:<s>\n'), title="<a>")
    assert page == "X:1\nT:a\nM:4/4\nL:1/8\nQ:1/4=120\nK:G\nG2 A2 B2|\n"


def test_markup_among_the_notes_does_not_come_out_again():
    page, _ = page_of(read("X:1\nK:G\nG<svg onload=alert(1)>A|"))
    assert "svg" not in page
    assert "alert" not in page


@pytest.mark.parametrize("line", ["", "GAB|", "[M:6/8]GAB|", "[M:6/7][K:G]G|", "[M:6/8][K:Q]G|"])
def test_a_line_without_metre_and_key_is_no_tune(line):
    assert read_line(line) is None
