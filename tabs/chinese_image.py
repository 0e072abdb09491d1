"""The Chinese of the Image generation tab; see tabs/chinese.py."""

from __future__ import annotations

_TAB = {
    "Image generation": "图像生成",
    "Say what you would like to see and press **Generate**: the picture comes out of the noise step by step, within a"
    " few seconds. The bundled model draws emoji; larger ones are fetched on first use.": (
        "写下您想看到的画面并点击 **生成**：图像会在几秒内从噪声中一步步浮现。"
        "自带的模型擅长画表情符号；更大的模型在首次使用时下载。"
    ),
    "What the picture should show, in English": "想要的画面（请用英文）",
    "Generate": "生成",
    "Download PNG": "下载 PNG",
    "All as ZIP": "全部打包 ZIP",
    "Start from it": "以它为起点",
    "Repaint a part": "重画局部",
    "Use its settings": "套用它的设置",
    "Start from this": "从这里开始",
    "Paint over a part": "涂抹要重画的部分",
    "Upload a picture": "上传图片",
    "Open an exported generator (ZIP)": "打开导出的生成器（ZIP）",
    "{note} {parameters} million parameters, {memory} GB of memory, licence: {licence}.": (
        "{note}参数量 {parameters} 百万，占用内存 {memory} GB，许可证：{licence}。"
    ),
}

_STAGE = {
    "Your pictures appear here.": "您的图像会出现在这里。",
    "Step {step} of {total}": "第 {step} 步，共 {total} 步",
    "Stopped": "已停止",
    "Seed {seed}": "种子 {seed}",
    "X/Y grid, seed {seed}": "X/Y 网格，种子 {seed}",
    "A walk of {count} pictures from seed {seed}": "从种子 {seed} 出发的漫步，共 {count} 张",
    "{what} · {seconds} s · {model}": "{what} · {seconds} 秒 · {model}",
    "Make pictures of the prompt (Ctrl+Enter)": "按提示词生成图像（Ctrl+Enter）",
    "End the computation (Esc)": "结束计算（Esc）",
    "Nothing is being made now": "现在没有正在生成的图像",
    "Make a picture first, or choose one in the gallery": "请先生成一张图像，或在图库中选一张",
    "Download this picture, with its settings inside": "下载这张图像，文件中含有它的设置",
    "Download all pictures shown here in one ZIP file": "把这里显示的所有图像打包成一个 ZIP 文件下载",
    "Let a new picture start from this one": "以这张图像为起点生成新的图像",
    "Choose a part of this picture to be made anew": "选择这张图像中要重画的部分",
    "Put the settings of this picture into the form": "把这张图像的设置填入表单",
}

_PANELS = {
    "Gallery": "图库",
    "Nothing yet. What you make is kept here for a day, for you alone.": (
        "还没有图像。您生成的图像会在这里保留一天，只有您能看到。"
    ),
    "The whole gallery as ZIP": "整个图库打包 ZIP",
    "Empty the gallery": "清空图库",
    "Yes, delete all pictures": "是的，删除所有图像",
    "X/Y grid": "X/Y 网格",
    "One picture for each pair of values, all from one seed, so that you see what a setting does. The other settings"
    " are those of the form.": (
        "每一对取值生成一张图像，全部使用同一个种子，便于看清某项设置的作用。其余设置取自表单。"
    ),
    "Across": "横轴",
    "Down": "纵轴",
    "Values": "取值",
    "Separated by commas; texts by |": "用逗号分隔；文字用 | 分隔",
    "Make the grid": "生成网格",
    "Walk": "漫步",
    "The picture of the form turns step by step into that of another prompt, another seed or both.": (
        "表单所描述的图像会一步步变成另一个提示词、另一个种子或两者的图像。"
    ),
    "Walk to prompt": "漫步到提示词",
    "Empty: the prompt stays.": "留空：提示词不变。",
    "-1: the seed stays.": "-1：种子不变。",
    "Pictures": "图像数",
    "Format": "格式",
    "Settings from a picture": "从图片读取设置",
    "Drop a picture here to get its settings back": "把图片拖到这里，找回它的设置",
    "The settings are in the form; press Generate.": "设置已填入表单，点击“生成”即可。",
    "The picture that it started from is not in the file: choose it again.": "作为起点的图片不在文件中，请重新选择。",
    "Its model {name} is not here, so the settings are for another.": (
        "这里没有它的模型 {name}，设置已改用另一个模型。"
    ),
}

_TROUBLES = {
    "This picture is not kept any more. Make it again, or choose another.": (
        "这张图像已不再保留。请重新生成，或另选一张。"
    ),
    "There are no pictures yet. Make one first.": "还没有图像。请先生成一张。",
    "No picture was made. Try again.": "没有生成图像，请重试。",
    "The format must be one of {known}.": "格式必须是 {known} 之一。",
}

IMAGE_CHINESE: dict[str, str] = {**_TAB, **_STAGE, **_PANELS, **_TROUBLES}
