import time

import pytest

from engines.image_generation.catalog import COMBINED
from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.emoji.combining.grammar import READ, Planner, bundled_planner, plan_of
from engines.image_generation.emoji.combining.placing import LAYOUTS
from engines.image_generation.emoji.combining.plan import MOST, WHERE, Plan, Thing
from engines.image_generation.emoji.reading import Reader
from engines.messages import Message
from tabs.page.language import translate


@pytest.fixture(scope="module")
def planner():
    return bundled_planner()


def short(plan):
    """The plan as (things, relation), a thing as its phrase with what is said of it."""
    return plan and ([" ".join(filter(None, (str(one.count) * (one.count > 1), one.size, one.colour, one.phrase)))
                      for one in plan.things], plan.relation)  # fmt: skip


@pytest.mark.parametrize(
    ("prompt", "things", "relation"),
    [
        ("two dogs", ["2 dog"], "beside"),
        ("chef with a hat", ["cook"], "beside"),  # who has one
        ("Three Apples.", ["3 apple"], "beside"),
        ("two red hearts", ["2 red heart"], "beside"),
        ("a cat and a dog", ["cat", "dog"], "beside"),
        ("a cat, two dogs and a bird", ["cat", "2 dog", "bird"], "beside"),
        ("a big elephant and a small mouse", ["big elephant", "small mouse"], "beside"),
        ("red car and blue bus", ["red car", "blue bus"], "beside"),
        ("blue apple", ["blue apple"], "beside"),
        ("a grey frog", ["gray frog"], "beside"),
        ("a cat riding a bicycle", ["cat", "bicycle"], "on"),
        ("a dog sitting on a sofa", ["dog", "couch and lamp"], "on"),
        ("house in the snow", ["house", "snowflake"], "among"),
        ("rainbow over mountain", ["rainbow", "mountain"], "above"),
        ("a fish in a bowl", ["fish", "bowl with spoon"], "in"),
        ("a boat on the sea", ["boat", "water wave"], "in"),
        ("a dog under a tree", ["dog", "deciduous tree"], "before"),
        ("a dog under an umbrella", ["dog", "umbrella"], "under"),
        ("ghost behind a house", ["ghost", "house"], "behind"),
        ("cat with a crown", ["cat face", "crown"], "worn"),
        ("cat with a pizza", ["cat", "pizza"], "beside"),
        ("camel in the desert", ["camel", "desert"], "scene"),
        ("两只狗", ["2 dog"], "beside"),
        ("三个红苹果", ["3 red apple"], "beside"),
        ("五颗星星", ["5 white medium star"], "beside"),
        ("猫和狗", ["cat", "dog"], "beside"),
        ("大猫和小狗", ["big cat", "small dog"], "beside"),
        ("骑自行车的猫", ["cat", "bicycle"], "on"),
        ("猫骑着自行车", ["cat", "bicycle"], "on"),
        ("雪中的房子", ["house", "snowflake"], "among"),
        ("下雪的房子", ["house", "snowflake"], "among"),
        ("山上的彩虹", ["rainbow", "mountain"], "above"),
        ("碗里的鱼", ["fish", "bowl with spoon"], "in"),
        ("一只猫坐在盒子里", ["cat", "package"], "in"),
        ("树下的兔子", ["rabbit", "deciduous tree"], "before"),
        ("戴帽子的狗", ["dog face", "top hat"], "worn"),
        ("蓝色的苹果", ["blue apple"], "beside"),
        ("请画两只蓝色的企鹅", ["2 blue penguin"], "beside"),
        ("蓝色的企鹅和红色的雪人", ["blue penguin", "red snowman without snow"], "beside"),
    ],
)
def test_a_prompt_of_several_things_has_a_plan(planner, prompt, things, relation):
    assert short(planner.plan(prompt)) == (things, relation)


@pytest.mark.parametrize(
    "prompt",
    ["red apple", "a red apple", "green heart", "cat face", "birthday cake", "hot dog", "person biking", "smiling cat",
     "heart on fire", "cat with tears of joy", "man and woman holding hands", "purple strawberry", "a dog", "红苹果",
     "一只猫", "笑脸猫", "生日蛋糕", "绿色的狐狸"],
)  # fmt: skip
def test_what_the_model_knows_as_one_stays_so(planner, prompt):
    assert planner.plan(prompt) is None


@pytest.mark.parametrize(
    "prompt",
    ["", "two", "two zzghs", "a cat on a zzgh", "zzgh and dog", "ten cats", "black and white", "cat with anger",
     "happy dog", "woman in a sari", "cat with a smile",
     "桌子上的量子力学", "量子力学和猫", "两只", "的的的", "a fish, a cat, a dog, a cow, a pig, two owls",
     "7 dogs", "dog with glasses", "戴眼镜的狗", "猫 и собака", "\0 and \0", "cat and dog " * 20],
)  # fmt: skip
def test_a_prompt_with_something_unknown_or_too_much_has_none(planner, prompt):
    assert planner.plan(prompt) is None


def test_long_and_strange_prompts_take_no_time(planner):
    began = time.process_time()
    for piece in ("a and ", "on a ", "两只", "在", "骑着", "的", "🐱 on 🚲 ", "in front of behind "):
        planner.plan(piece * (READ // len(piece)))
        planner.plan(piece * 3000)
    assert time.process_time() - began < 1


def test_only_what_a_plan_changes_is_planned():
    config = ImageConfig.for_model("emoji", prompt="two dogs")
    assert plan_of(config) == Plan((Thing("dog", count=2),))
    assert plan_of(config, [Blend(0.5, seed=3)])
    assert plan_of(config, [Blend(0.5, prompt="a cat")]) is None  # between two prompts there are no things
    for changed in ({"together": "no"}, {"task": "image_to_image"}, {"model": "SD-Turbo"}):
        assert (
            plan_of(ImageConfig.for_model(**{"model": "emoji", "prompt": "two dogs", "together": "yes"} | changed))
            is None
        )
    assert plan_of(ImageConfig(prompt="two dogs")) is None  # as settings of earlier versions are read


@pytest.mark.parametrize("text", COMBINED)
def test_the_examples_of_several_things_mean_the_same_in_both_languages(planner, text):
    assert planner.plan(text) == planner.plan(translate(Message(text), "zh")) is not None


def test_without_the_table_english_is_still_planned(tmp_path):
    planner = Planner(Reader(tmp_path / "none"), {"dog", "cat"})
    assert short(planner.plan("two dogs")) == (["2 dog"], "beside")
    assert planner.plan("两只狗") is None


def test_a_plan_is_told_in_both_languages(planner):
    assert set(LAYOUTS) | {"beside"} == set(WHERE)
    told = planner.plan("two blue penguins on a bicycle").told()
    assert "the first on the second: “penguin” (coloured blue) × 2, “bicycle”" in told
    assert "one by one and put together" in told
    chinese = translate(told, "zh")
    assert "第一个在第二个上" in chinese
    assert "染成蓝色" in chinese
    assert "“猫 → cat”" in planner.plan("一只猫和狗").told()
    assert "penguin" in planner.plan("blue penguin").told()
    assert sum(one.count for one in planner.plan("six cats").things) == MOST
