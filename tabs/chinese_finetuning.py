"""The Chinese of the Fine-tuning tab; see tabs/chinese.py."""

from __future__ import annotations

_TAB = {
    "Fine-tuning": "微调",
    "Press **Start**: a small language model learns on this machine to tell good film reviews from bad ones; that"
    " takes about two minutes on two CPU cores, and once a download of 83 MB. Or bring your own texts or"
    " pictures.": (
        "点击 **开始**：一个小型语言模型在这台机器上学习分辨影评的好坏，在两个 CPU 核上约两分钟，首次需下载 83 MB。"
        "也可以使用您自己的文本或图片。"
    ),
    "Results": "结果",
    "Try it": "试一试",
    "Keep going": "继续学习",
    "Loss": "损失",
    "Accuracy": "准确率",
    "MLM loss": "掩码语言模型损失",
    "Guessing hidden words: loss": "猜被遮住的词：损失",
    "training rows": "训练样本",
    "validation rows": "验证样本",
}

_DATA = {
    "Your texts with labels: CSV, TSV or JSONL": "您的带标签文本：CSV、TSV 或 JSONL",
    "Your pictures: a ZIP with one folder a class": "您的图片：一个 ZIP，每个类别一个文件夹",
    "found by itself": "自动识别",
    "{encoding}, {rows} rows": "{encoding}，{rows} 行",
    "text from {text}, label from {label}": "文本取自 {text}，标签取自 {label}",
    "{count} rows with another number of cells left out, the first in line {line}": (
        "有 {count} 行的单元格数不同，未采用，第一处在第 {line} 行"
    ),
    "{count} rows with characters that could not be read": "{count} 行含有无法读取的字符",
    "{train} to learn from, {validation} to watch, {test} to test": (
        "训练 {train} 条，验证 {validation} 条，测试 {test} 条"
    ),
    "Left out:": "未采用：",
    "{count} empty": "{count} 条空白",
    "{count} duplicates": "{count} 条重复",
    "{count} with two labels": "{count} 条有两种标签",
    "{count} broken: {names}": "{count} 个损坏：{names}",
    "These labels differ only in case: {labels}": "这些标签只有大小写不同：{labels}",
    "and {count} more classes": "另有 {count} 个类别",
    "Always guessing the commonest class is right in {share}.": "总是猜最常见的类别，正确率为 {share}。",
    "Label": "标签",
    "Text": "文本",
    "A ZIP whose folders are the classes, with at least two pictures each:": (
        "一个 ZIP，其中每个文件夹是一个类别，每类至少两张图片："
    ),
    "A table with a row for each text and its label, such as:": "一张表，每行是一条文本及其标签，例如：",
}

_RESULTS = {
    "Here will stand how many test rows the classifier gets right before and after training, which classes it takes"
    " for which, and its most confident mistakes.": (
        "这里将显示：训练前后分类器答对多少测试样本，它把哪些类别弄混，以及它最有把握的错误。"
    ),
    "Accuracy on rows never trained on": "在从未训练过的样本上的准确率",
    "Before training": "训练前",
    "After training": "训练后",
    "The old test rows before": "旧测试样本（之前）",
    "The old test rows after": "旧测试样本（之后）",
    "Training comes next; then the same rows are asked again.": "接下来开始训练，之后用同样的样本再测一次。",
    "Of {total} test rows, {right} are right.": "{total} 条测试样本中答对 {right} 条。",
    "Of the same {total} test rows, {fixed} became right and {broken} became wrong.": (
        "同样的 {total} 条测试样本中，{fixed} 条由错变对，{broken} 条由对变错。"
    ),
    "On the old test rows nothing was forgotten.": "在旧测试样本上没有遗忘。",
    "On the old test rows it lost {points} points: that much was forgotten. More replay forgets less.": (
        "在旧测试样本上下降了 {points} 个百分点，这就是遗忘。回放越多，遗忘越少。"
    ),
    "Confusion matrix": "混淆矩阵",
    "Confusion matrix before training": "训练前的混淆矩阵",
    "Rows are the true classes, columns what the classifier says. Press a cell to read its rows.": (
        "行是真实类别，列是分类器的判断。点击格子可查看其中的样本。"
    ),
    "{count} rows of {truth} taken for {predicted}": "{count} 条{truth}被判为{predicted}",
    "Classification report": "分类报告",
    "Precision": "精确率",
    "Recall": "召回率",
    "Mean of the classes": "各类平均",
    "Most confident mistakes": "最有把握的错误",
    "Fixed by training": "训练后改对",
    "Broken by training": "训练后改错",
    "None.": "没有。",
    "and {count} more": "另有 {count} 条",
    "a row that only its owner may read": "只有所有者可以查看的样本",
}

_TRY = {
    "A text to classify": "要分类的文本",
    "Draw a picture, or upload one": "画一张图片，或上传一张",
    "One of the test rows": "取一条测试样本",
    "Many texts at once": "一次分类多条文本",
    "A table with texts: CSV, TSV or JSONL": "含文本的表格：CSV、TSV 或 JSONL",
    "Classify all rows": "分类所有行",
    "The table with two columns more: predicted and probability": "多了两列（predicted 和 probability）的表格",
    "Draw or upload a picture.": "请画或上传一张图片。",
    "Type a text.": "请输入文本。",
    "Which words mattered (gradient × input)": "哪些词起了作用（梯度 × 输入）",
    "speaks for": "支持",
    "speaks against it": "反对",
}

_KEEP = {
    "Teach a finished classifier more: new rows, or new classes. It is measured on its **old** test rows before and"
    " after, so that you see what it forgets; **Replay** mixes old rows in, which helps it remember.": (
        "让训练好的分类器继续学习新的样本或新的类别。前后都会在 **旧** 测试样本上测量，遗忘了多少一目了然；"
        "**回放** 会混入旧样本，帮助它记住。"
    ),
    "New examples: a table like the first, or a ZIP of pictures": "新样本：与原来类似的表格，或图片 ZIP",
    "Go on from this run": "在这次训练的基础上继续",
    "The **model** is a ZIP with safetensors, tokenizer, labels and a model card; plain transformers load it as below."
    " The **script** repeats this run anywhere.": (
        "**模型** 是一个 ZIP，含 safetensors、分词器、标签和模型卡，用 transformers 按下面的代码即可加载。"
        "**脚本** 可以在任何地方重复这次训练。"
    ),
    "Script": "脚本",
    "Scores as CSV": "成绩 CSV",
    "Scores as JSON": "成绩 JSON",
    "How to load it": "加载方法",
}

_TROUBLES = {
    "This is an example. Press Start, and the classifier will be yours.": "这是一个示例。点击“开始”，分类器就是您的。",
    "Only the person who started this run can use its classifier; you are watching it.": (
        "只有开始这次训练的人才能使用它的分类器；您正在观看。"
    ),
    "The classifier can be used once the run has ended, or has been stopped.": "训练结束或停止之后才能使用分类器。",
    "This run ended before it had learnt anything; start a new one.": "这次训练还没学到东西就结束了；请重新开始。",
    "This run has no results yet; they come when it ends.": "这次训练还没有结果；结束时才会有。",
    "This classifier sees pictures, not texts.": "这个分类器看图片，不读文本。",
    "This classifier reads texts, not pictures.": "这个分类器读文本，不看图片。",
    "Give a list of texts.": "请提供文本列表。",
    "At most {most} texts can be classified at once.": "一次最多分类 {most} 条文本。",
    "A text may have at most {most} characters.": "一条文本最多 {most} 个字符。",
    "The pictures of this run are not there any more.": "这次训练的图片已不存在。",
}

_LABELS = {
    "negative": "负面",
    "positive": "正面",
    "cancel order": "取消订单",
    "change address": "修改地址",
    "damaged item": "商品损坏",
    "discount code": "优惠码",
    "payment problem": "支付问题",
    "product availability": "库存查询",
    "refund status": "退款进度",
    "reset password": "重置密码",
    "return item": "退货",
    "shipping cost": "运费",
    "talk to a person": "人工客服",
    "track order": "查询物流",
}

FINETUNING_CHINESE = {**_TAB, **_DATA, **_RESULTS, **_TRY, **_KEEP, **_TROUBLES, **_LABELS}
