"""The Chinese of what the image engine says: models, settings, notes and troubles; see tabs/chinese.py."""

from __future__ import annotations

_MODELS = {
    "Emoji, 64 px (bundled)": "表情符号，64 像素（自带）",
    "A generator that you trained: it knows no words, only seeds and classes.": (
        "您自己训练的生成器：不懂文字，只认种子和类别。"
    ),
    "Ships with the app and draws on any computer within seconds; emoji and simple combinations only.": (
        "随应用附带，任何电脑上几秒即可出图；只会画表情符号和简单的组合。"
    ),
    "MIT; trained on Noto Emoji (Apache-2.0) and Twemoji (CC BY 4.0)": (
        "MIT；训练图片为 Noto Emoji（Apache-2.0）和 Twemoji（CC BY 4.0）"
    ),
    "One to four steps: the fastest; photographs and paintings of 512 px from English prompts.": (
        "一到四步，速度最快；用英文提示词生成 512 像素的照片和绘画。"
    ),
    "Four steps: paintings and fantasy of 512 to 768 px from English prompts.": (
        "四步；用英文提示词生成 512 到 768 像素的绘画和奇幻画面。"
    ),
    "One to four steps: better pictures of 512 px, on a GPU with 10 GB.": (
        "一到四步；512 像素，画质更好，需要 10 GB 显存的 GPU。"
    ),
    "Eight steps: very good pictures of 1024 px from English and Chinese prompts, on a GPU with 16 GB.": (
        "八步；中英文提示词均可，1024 像素，画质很好，需要 16 GB 显存的 GPU。"
    ),
    "Four steps: very good pictures of 1024 px from English prompts, on a GPU with 16 GB.": (
        "四步；用英文提示词生成 1024 像素的图像，画质很好，需要 16 GB 显存的 GPU。"
    ),
    "The classic of 2022: slower, with Guidance scale and Negative prompt; English prompts.": (
        "2022 年的经典：较慢，支持引导强度和反向提示词；使用英文提示词。"
    ),
}

_KNOBS = {
    "Which model draws.": "由哪个模型来画。",
    "Task": "任务",
    "What the picture starts from.": "图像从什么开始。",
    "Text to image": "文生图",
    "Image to image": "图生图",
    "Inpainting": "局部重绘",
    "Prompt": "提示词",
    "What the picture should show.": "画面中应该有什么。",
    "Negative prompt": "反向提示词",
    "What the picture should not show.": "画面中不该有什么。",
    "Style": "风格",
    "Whose emoji the bundled model draws like.": "自带模型模仿谁的表情符号。",
    "How many steps lead from noise to the picture; more take longer.": "从噪声到图像走多少步；步数越多越慢。",
    "Guidance scale": "引导强度",
    "How closely the picture follows the prompt; 1 is without guidance.": "图像贴合提示词的程度；1 表示不引导。",
    "How many pictures, each from the next seed.": "一次生成几张，种子依次加一。",
    "Strength": "重绘强度",
    "How far the uploaded picture may change: a little near 0, entirely at 1.": (
        "上传的图片可以改变多少：接近 0 时略有变化，1 时完全重画。"
    ),
    "Sampler": "采样器",
    "How the steps are taken.": "每一步怎么走。",
    "The model's own": "模型自带",
    "Width": "宽度",
    "Height": "高度",
    "In pixels.": "单位为像素。",
    "Of a generator trained with classes; -1 is all in turn.": "适用于按类别训练的生成器；-1 表示各类轮流。",
}

_NOTES = {
    "Stopping after this step": "这一步完成后停止",
    "Walking in {frames} steps": "分 {frames} 步漫步",
    "The model's own filter has blackened a picture.": "模型自带的过滤器涂黑了一张图像。",
    "Its model {name} is not offered here; another one is chosen.": "这里没有它的模型 {name}，已改用另一个。",
    "The picture is another program's, so it will not come out the same. Taken over: {taken}.": (
        "这张图片出自别的程序，因此不会得到完全相同的结果。已采用：{taken}。"
    ),
    "Left out, since {model} cannot do it: {refused}.": "{model} 不支持、因此略去：{refused}。",
    "{before}, {next}": "{before}、{next}",
}

_TROUBLES = {
    "Write a prompt first: a few words that say what the picture should show.": (
        "请先写提示词：用几个词说明画面中应该有什么。"
    ),
    "{model} does not offer {field} = {value}; it offers {known}.": (
        "{model} 不支持 {field} = {value}；可选的有 {known}。"
    ),
    "{field} must be from {low} to {high} and a multiple of {multiple} for {model}; it is {value}.": (
        "{model} 的{field}必须在 {low} 到 {high} 之间，且为 {multiple} 的倍数；现在是 {value}。"
    ),
    "{field} must be {low} for {model}; it is {value}.": "{model} 的{field}必须是 {low}；现在是 {value}。",
    "Width, Height, Batch size and Steps are too large together; lower one.": (
        "宽度、高度、批量和步数合在一起太大；请减小其中一项。"
    ),
    "Choose or draw a picture to start from first.": "请先选择或画一张作为起点的图片。",
    "Paint over the part of the picture that is to be drawn anew.": "请涂抹图片中要重画的部分。",
    "The mask must have the size of the picture.": "蒙版必须与图片一样大。",
    "The device ran out of memory. Make fewer or smaller pictures, or choose a smaller model.": (
        "设备内存不足。请减少图像的数量或尺寸，或选择更小的模型。"
    ),
    "The bundled model is missing from this copy of the program; fetch it again.": (
        "这份程序缺少自带的模型；请重新获取程序。"
    ),
    "The bundled model's files are damaged; fetch the program again.": "自带模型的文件已损坏；请重新获取程序。",
    "This generator is not here any more: train it again, or open its exported file.": (
        "这个生成器已不在这里：请重新训练，或打开它的导出文件。"
    ),
    "Only the names of emoji and the example prompts can be drawn now: other words need {model}. {reason}": (
        "现在只能画表情符号的名称和示例提示词：其他文字需要 {model}。{reason}"
    ),
    "Models of the hub need the library diffusers; install it with: pip install diffusers": (
        "使用 Hugging Face 上的模型需要 diffusers 库；请运行：pip install diffusers"
    ),
    "{model} refuses these settings: {reason}": "{model} 不接受这些设置：{reason}",
    "A grid can vary only these: {known}.": "网格只能改变这些设置：{known}。",
    "A grid may have 1 to {most} pictures.": "网格可以有 1 到 {most} 张图像。",
    "Choose two different settings for the two axes.": "请为两个轴选择两项不同的设置。",
    "Write at least one value for {field}.": "请至少为{field}写一个值。",
    "A walk may have {least} to {most} frames.": "漫步可以有 {least} 到 {most} 帧。",
    "Choose where to walk to: another prompt, another seed, or both.": (
        "请选择漫步的终点：另一个提示词、另一个种子，或两者都选。"
    ),
    "{model} cannot walk; the bundled model can, and so can your own generators.": (
        "{model} 不支持漫步；自带的模型和您自己的生成器可以。"
    ),
    "{model} knows no words: choose another seed to walk to.": "{model} 不懂文字：请选择另一个种子作为终点。",
    "{file} tells no settings: no image generator made it, or they were removed.": (
        "{file} 不含任何设置：它不是由图像生成程序制作的，或者设置已被删除。"
    ),
    "The settings in {file} are too long to be read.": "{file} 中的设置太长，无法读取。",
    "The settings in {file} cannot be used: {reason}": "{file} 中的设置无法使用：{reason}",
    "they are damaged.": "已损坏。",
    "The picture's settings are not in a form that this program knows.": "图片中的设置不是本程序认识的格式。",
    "{file} is no PNG picture; settings are kept in PNG files only.": (
        "{file} 不是 PNG 图片；只有 PNG 文件才保存设置。"
    ),
}

IMAGE_ENGINE_CHINESE: dict[str, str] = {**_MODELS, **_KNOBS, **_NOTES, **_TROUBLES}
