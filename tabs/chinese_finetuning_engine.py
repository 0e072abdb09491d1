"""The Chinese of what the fine-tuning engine says; see tabs/chinese.py."""

from __future__ import annotations

_KNOBS = {
    "The labelled examples that the model learns from.": "模型用来学习的带标签样本。",
    "Movie reviews": "影评",
    "Customer-service intents": "客服意图（英文）",
    "Chinese customer-service intents": "客服意图（中文）",
    "Your own texts": "您自己的文本",
    "What is fine-tuned: the first four read texts, the others pictures.": (
        "微调哪个模型：前四个处理文本，其余处理图片。"
    ),
    "MiniLM-L6": "MiniLM-L6",
    "DistilBERT": "DistilBERT",
    "BERT base": "BERT base",
    "BERT base, Chinese": "BERT base 中文版",
    "Small CNN, from scratch": "小型 CNN（从零训练）",
    "ResNet-18": "ResNet-18",
    "MobileNet-V3 small": "MobileNet-V3 small",
    "Method": "方法",
    "Full changes all weights; LoRA learns small additions to them; a frozen backbone only gets a new head.": (
        "全量微调改动所有权重；LoRA 只学习小幅增量；冻结主干则只训练新的分类头。"
    ),
    "Full": "全量微调",
    "LoRA": "LoRA",
    "Frozen backbone": "冻结主干",
    "Epochs": "轮数",
    "How often each example is seen; with fewer than a thousand examples take 5 to 20.": (
        "每个样本被学习的次数；样本不足一千时取 5 到 20。"
    ),
    "Examples behind each step.": "每一步使用的样本数。",
    "Learning rate": "学习率",
    "How far each step moves the weights.": "每一步改动权重的幅度。",
    "Weight decay": "权重衰减",
    "Pulls the weights towards zero, against overfitting.": "把权重拉向零，防止过拟合。",
    "Max length": "最大长度",
    "Tokens of a text that are read; the rest is cut.": "每段文本读取的词元数；超出部分截断。",
    "Warm-up": "预热",
    "The share of the steps in which the learning rate grows; then it falls to zero.": (
        "学习率上升阶段占总步数的比例；之后降到零。"
    ),
    "Rows": "行数",
    "Use at most so many examples, drawn at random; 0 is all.": "最多使用这么多样本，随机抽取；0 表示全部。",
    "Adversarial training": "对抗训练",
    "Each step also learns from word embeddings pushed where they hurt most (FGM); about twice as slow.": (
        "每一步还会学习被推向最不利方向的词嵌入（FGM）；大约慢一倍。"
    ),
    "Epsilon": "扰动幅度",
    "How far adversarial training pushes the word embeddings.": "对抗训练推动词嵌入的距离。",
    "Masked-language-model warm-up": "掩码语言模型预热",
    "First guess hidden words in the same texts, without their labels, as BERT was trained.": (
        "先像训练 BERT 那样，不看标签，在同样的文本中猜被遮住的词。"
    ),
    "Warm-up epochs": "预热轮数",
    "How often the masked-word warm-up reads the texts.": "掩码预热通读文本的次数。",
    "Patience": "耐心",
    "Ends the run after so many evaluations without progress; 0 never does.": (
        "连续这么多次验证没有进步就结束；0 表示不提前结束。"
    ),
    "Text column": "文本列",
    "Label column": "标签列",
    "Of your table; empty: guess.": "表格中的列名；留空则自动判断。",
    "When a run is continued: the share of its old examples mixed into the new ones, against forgetting.": (
        "继续训练时，混入多少比例的旧样本，以防遗忘。"
    ),
}

_RECIPES = {
    "Movie reviews in about 3 minutes": "影评情感，约 3 分钟",
    "Is a snippet of a film review for or against? Real human ratings.": "一句影评是褒是贬？标签来自真人打分。",
    "Customer-service intents in seconds": "客服意图，几十秒完成",
    "What does a customer want? A small set with many classes.": "顾客想要什么？样本不多，类别不少。",
    "Customer-service intents in Chinese": "中文客服意图",
    "The same in Chinese, with a Chinese BERT from the Hugging Face hub.": (
        "同样的任务，用中文，模型是 Hugging Face 上的中文 BERT。"
    ),
    "Fashion-MNIST pictures": "Fashion-MNIST 图片",
    "A small network learns ten classes of clothes from scratch within a minute.": (
        "小型网络从零开始，一分钟内学会十类服饰。"
    ),
    "Movie reviews again, learning a few per cent of the weights; they are merged in the end.": (
        "还是影评，但只学习百分之几的权重；最后合并回模型。"
    ),
    "Movie reviews with only a new head: seconds instead of minutes, and less accurate.": (
        "影评，只训练新的分类头：几秒而不是几分钟，准确率低一些。"
    ),
    "Movie reviews with word embeddings pushed where they hurt most; twice as slow, a little sturdier.": (
        "影评，并把词嵌入推向最不利的方向：慢一倍，但更稳健一些。"
    ),
}

_MODELS = {
    "Small and fast; knows which English sentences mean the same.": "小而快；懂得哪些英文句子意思相同。",
    "BERT at half the depth and almost its quality; English.": "层数减半的 BERT，质量相近；英文。",
    "The classic of 2018; English, and slow without a GPU.": "2018 年的经典；英文，没有 GPU 时较慢。",
    "BERT for Chinese, character by character; slow without a GPU.": "逐字处理中文的 BERT；没有 GPU 时较慢。",
}

_COURSE = {
    "{n} examples": "{n} 个样本",
    "Loading the examples": "正在加载样本",
    "Splitting the texts into tokens": "正在把文本切分为词元",
    "Guessing before any training, by the labels' names": "训练之前，先按标签名称猜测",
    "Asking the model as it was": "正在测试原来的模型",
    "The frozen backbone reads every example once": "冻结的主干正在把每个样本读一遍",
    "Preparing to guess hidden words": "正在准备猜被遮住的词",
    "Keeping the best model": "正在保存最好的模型",
    "Keeping a checkpoint": "正在保存检查点",
    "Testing the best model": "正在测试最好的模型",
    "Asking for the weights that were trained on ImageNet": "正在请求在 ImageNet 上训练过的权重",
    "Downloading weights that were trained on ImageNet": "正在下载在 ImageNet 上训练过的权重",
    "Before: without any training, the label whose name is most like the text, by the cosine of {model}'s sentence"
    " embeddings.": "训练前：不经任何训练，按 {model} 句向量的余弦相似度，选名称与文本最接近的标签。",
    "Before: without any training, the label whose name is most like the text, by the cosine of {model}'s mean word"
    " states; it was never trained to compare sentences, so expect little more than chance.": (
        "训练前：不经任何训练，按 {model} 词向量平均值的余弦相似度，选名称与文本最接近的标签；"
        "它从未学过比较句子，结果不会比瞎猜好多少。"
    ),
    "Before: the model as it was when this run began to go on from it.": "训练前：这次继续训练开始时的模型。",
    "Before: an untrained network knows nothing, so this always guesses the commonest class.": (
        "训练前：未训练的网络一无所知，所以总是猜最常见的类别。"
    ),
    "{model}'s files have no head for guessing words, so a fresh one was put on, tied to its word embeddings: the loss"
    " starts high, and the warm-up may cost more than it brings.": (
        "{model} 的文件里没有猜词用的输出头，因此新加了一个，并与词嵌入共享权重：损失起点较高，预热可能得不偿失。"
    ),
    "The mean loss of the words that were hidden: 15 % of them, as BERT was trained.": (
        "被遮住的词的平均损失；像训练 BERT 那样遮住 15%。"
    ),
    "{model} starts from weights that were trained on ImageNet.": "{model} 从在 ImageNet 上训练过的权重开始。",
    "{model}'s weights, trained on ImageNet, are out of reach from here, so it starts from random ones: expect less of"
    " it.": "这里无法获取 {model} 在 ImageNet 上训练过的权重，因此从随机权重开始：效果会差一些。",
    "Ended early: {count} validations in a row were no better than the best.": (
        "提前结束：连续 {count} 次验证都没有超过最好成绩。"
    ),
    "The disk had no room for a checkpoint: if this run is cut off, it must start anew.": (
        "磁盘空间不足，无法保存检查点：如果训练中断，只能重新开始。"
    ),
}

_DIAGNOSIS = {
    "{share} % of the run is done.": "已完成 {share}%。",
    "Watch both accuracies: they should rise together.": "看两条准确率曲线：它们应当一起上升。",
    "Healthy: it learns what also holds for new examples": "正常：学到的规律对新样本同样有效",
    "It is right in {train} % of the training and {validation} % of the validation examples.": (
        "训练样本答对 {train}%，验证样本答对 {validation}%。"
    ),
    "Let it run: the best model so far is kept whatever comes.": "让它继续：无论如何，迄今最好的模型都会保留。",
    "Overfitting: it learns the examples by heart": "过拟合：它在死记硬背样本",
    "It is right in {train} % of the training examples, but only in {validation} % of the validation examples, where"
    " the loss has risen from {best} to {loss}.": (
        "训练样本答对 {train}%，但验证样本只答对 {validation}%，其损失已从 {best} 升到 {loss}。"
    ),
    "The best model so far is kept. Try fewer epochs, more examples, LoRA, or a lower learning rate.": (
        "迄今最好的模型已保留。可以试试更少的轮数、更多的样本、LoRA 或更低的学习率。"
    ),
    "Not learning: no better than always guessing the commonest class": "没有学到：不比总猜最常见的类别更好",
    "It is right in {validation} % of the validation examples; always guessing the commonest class is right in"
    " {majority} %.": "验证样本答对 {validation}%；总猜最常见的类别就能答对 {majority}%。",
    "Try more epochs, a learning rate three times higher or lower, and look whether the labels can be told from the"
    " examples at all.": "可以试试更多的轮数、高或低三倍的学习率，并看看从样本本身能否判断出标签。",
    "The learning rate is too high": "学习率过高",
    "The training loss has grown to {loss}.": "训练损失已升到 {loss}。",
    "Try a learning rate ten times lower, or a longer warm-up.": "可以试试低十倍的学习率，或更长的预热。",
}

_TROUBLES = {
    "{model} reads texts; for pictures choose a picture model.": "{model} 处理文本；图片请选择图片模型。",
    "{model} sees pictures; for texts choose a text model.": "{model} 处理图片；文本请选择文本模型。",
    "LoRA, adversarial training and the masked-word warm-up are for texts only.": (
        "LoRA、对抗训练和掩码预热只适用于文本。"
    ),
    "{model} has nothing learnt to freeze; choose Full.": "{model} 没有可冻结的已学内容；请选择全量微调。",
    "Adversarial training needs a backbone that learns; choose Full or LoRA.": (
        "对抗训练需要可学习的主干；请选择全量微调或 LoRA。"
    ),
    "Batch size and Max length are too large together: their product may be at most {most}.": (
        "批大小与最大长度合起来过大：两者之积最多 {most}。"
    ),
    "Choose your own file first.": "请先选择您自己的文件。",
    "Only texts can be explained word by word.": "只有文本才能逐词解释。",
    "This run has no trained model; let it learn for a few seconds longer.": ("这次训练还没有模型；请让它再学几秒。"),
    "The run to continue has left no examples; choose another one.": ("要继续的训练没有留下样本；请选择另一次训练。"),
    "The run to continue has no trained model; choose another one.": ("要继续的训练没有留下模型；请选择另一次训练。"),
    "The run to continue has the model {model}; choose that one.": ("要继续的训练用的是 {model}；请选择同一个模型。"),
    "At step {step} the loss was not a number any more: the training has diverged. Lower the learning rate and start"
    " again; the best model until then is kept.": (
        "第 {step} 步时损失已不是数值：训练发散了。请降低学习率重新开始；此前最好的模型已保留。"
    ),
    "The disk refused to keep the run: {reason}. Make room and start again; what was kept before stays.": (
        "磁盘无法保存训练：{reason}。请腾出空间后重新开始；此前保存的内容还在。"
    ),
}

FINETUNING_ENGINE_CHINESE = {**_KNOBS, **_RECIPES, **_MODELS, **_COURSE, **_DIAGNOSIS, **_TROUBLES}
