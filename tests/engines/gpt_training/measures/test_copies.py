import random

from engines.gpt_training.measures.copies import Copies


def test_the_longest_run_is_found_and_short_ones_are_none():
    one = Copies(["the cat sat on the mat", "春眠不觉晓处处闻啼鸟"])
    assert one.longest("my cat sat on the bed") == " cat sat on the "
    assert one.longest("春眠不觉晓处处闻") == "春眠不觉晓处处闻"
    assert one.longest("春眠不觉晓处处") == ""
    assert one.longest("mat春眠不觉晓处处闻啼") == "春眠不觉晓处处闻啼"
    assert one.longest("") == Copies([]).longest("春眠不觉晓处处闻啼") == ""


def test_it_is_what_trying_all_gives():
    draw = random.Random(1)
    texts = ["".join(draw.choices("ab", k=300)) for _ in range(3)]
    one = Copies(texts)
    for _ in range(20):
        text = "".join(draw.choices("ab", k=40))
        runs = {text[i:j] for i in range(40) for j in range(i + 8, 41)}
        longest = max((len(run) for run in runs if any(run in other for other in texts)), default=0)
        assert len(one.longest(text)) == longest
