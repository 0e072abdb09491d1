import pytest
import torch

from engines.gpt_training.sampling import ENDLESS, FREE, begun, fill, texts, write
from engines.gpt_training.text.vocabulary import Vocabulary
from tests.engines.gpt_training.tiny import POEMS, corpus_of, trainer


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt", "lstm", "rnn"])
def test_writing_step_by_step_says_what_the_whole_says(model):
    one = trainer(model, steps=150)
    tokens = corpus_of(one).vocabulary.tokens
    given = torch.full((3, 26), FREE)
    given[:, 0] = 0
    given[0, 1] = tokens.index("白")
    with one.resting() as net:
        ids = write(net, given, temperature=0)
        logits, _ = net(ids[:, :-1])
    written = texts(ids, tokens)
    assert written[0].startswith("白")
    assert "\n" not in written[0]
    free = ids[1, 1:] != 0
    assert (logits[1].argmax(-1)[free] == ids[1, 1:][free]).all()
    assert written[1][:12] in {poem[:12] for poem in POEMS}


def test_a_seed_repeats_and_the_unlikely_can_be_cut_off():
    one = trainer(steps=20)
    given = begun(["", ""], corpus_of(one).vocabulary, 20)
    with one.resting() as net:
        first, again, other = (write(net, given, seed=seed) for seed in (3, 3, 4))
        narrow, likeliest = write(net, given, top_p=1e-6), write(net, given, temperature=0)
    assert (first == again).all()
    assert (first != other).any()
    assert (narrow == likeliest).all()


@pytest.mark.slow
def test_a_text_goes_on_beyond_the_places_of_the_network():
    one = trainer(context=8, steps=150)
    vocabulary = corpus_of(one).vocabulary
    with one.resting() as net:
        ids = write(net, begun(["白日", "春"], vocabulary, 50), temperature=0, end=ENDLESS)
    assert ids.shape == (2, 50)
    assert "白日依山尽，黄河入海流。欲穷千里目" in vocabulary.decode(ids[0].tolist())


def test_where_a_plan_is_made_it_stands_before_the_start():
    vocabulary = Vocabulary.of(["七平东：", *POEMS])
    given = begun(["春", "七平东：春"], vocabulary, 9, plan=True)
    assert given[0].tolist()[:5] == [0, FREE, FREE, FREE, FREE]
    assert given[0, 5] == given[1, 5] == vocabulary.tokens.index("春")
    assert given.shape == (2, 9)


@pytest.mark.slow
def test_gaps_are_filled_and_nothing_else_is_changed():
    one = trainer("masked", lr=0.01, steps=200)
    ids, _ = one.train.at(torch.arange(4))
    gaps = torch.zeros_like(ids, dtype=torch.bool)
    gaps[:, [3, 9]] = True
    with one.resting() as net:
        filled, sure = fill(net, ids, gaps, one.vocabulary)
    assert (filled[~gaps] == ids[~gaps]).all()
    assert (filled == ids)[gaps].float().mean() > 0.8
    assert ((sure > 0) & (sure <= 1)).all()
    assert (filled < one.vocabulary).all()
