"""The Chinese of every sentence that a person reads; the key is the English as it stands in the code."""

from __future__ import annotations

from tabs.chinese_finetuning import FINETUNING_CHINESE
from tabs.chinese_finetuning_data import FINETUNING_DATA_CHINESE
from tabs.chinese_finetuning_engine import FINETUNING_ENGINE_CHINESE
from tabs.chinese_image import IMAGE_CHINESE
from tabs.chinese_image_engine import IMAGE_ENGINE_CHINESE
from tabs.chinese_learn import LEARN_CHINESE
from tabs.chinese_limits import LIMITS_CHINESE
from tabs.chinese_links import LINKS_CHINESE
from tabs.chinese_runs import RUNS_CHINESE
from tabs.chinese_text import TEXT_CHINESE

_PAGE = {
    "# AIGC Playground": "# AIGC 游乐场",
    "Live GAN training": "GAN 实时训练",
    "Press **Start**: a small GAN begins to learn these pictures on this machine, with no download. Shapes appear"
    " within half a minute; the whole run takes about ten minutes on two CPU cores. Close the page if you like: it"
    " goes on without it.": (
        "点击 **开始**：一个小型 GAN 就在这台机器上学习这些图片，无需下载。半分钟内即可看到形状，"
        "全程在两个 CPU 核上约十分钟。关掉网页也没关系，训练会继续。"
    ),
    "Start": "开始",
    "Pause": "暂停",
    "Resume": "继续",
    "Stop": "停止",
    "Copy watch link": "复制观看链接",
    "Recipe": "配方",
    "More settings": "更多设置",
    "Your pictures: several files, or one ZIP": "您的图片：多个文件，或一个 ZIP",
    "Explore": "探索",
    "Take home": "带走",
    "Open": "打开",
    "A run file (ZIP) that was saved here before; it replays without training": (
        "以前在这里保存的训练记录（ZIP）；无需训练即可重放"
    ),
    "Class": "类别",
    "All classes": "全部类别",
    "New samples": "生成新样本",
    "Walk to seed": "漫步到种子",
    "Latent walk": "潜空间漫步",
    "The training as an animation": "训练过程动画",
    "Made by the generator": "由生成器绘制",
    "The **run file** replays this run anywhere without training: settings, seed, curves, grids and weights."
    " The **generator** is a safetensors file with its settings as JSON.": (
        "**训练记录**包含设置、种子、曲线、样本图和权重，随处可重放，无需训练。"
        "**生成器**是 safetensors 文件，附 JSON 格式的设置。"
    ),
    "Run file": "训练记录",
    "Generator": "生成器",
    "Training as GIF": "训练动画 GIF",
    "Training as WebP": "训练动画 WebP",
    "Download": "下载",
    "The link is copied: whoever opens it can watch this run, and only watch.": (
        "链接已复制：打开它的人可以观看这次训练，但不能控制。"
    ),
}

_LIVE = {
    "Nothing running": "没有训练",
    "In line": "排队中",
    "Training": "训练中",
    "Starting…": "正在启动…",
    "Pausing…": "正在暂停…",
    "Paused": "已暂停",
    "Stopping…": "正在停止…",
    "Stopped, and kept": "已停止，成果已保留",
    "Finished": "已完成",
    "Failed": "失败",
    "Gone": "已不存在",
    "Interrupted": "已中断",
    "An example: a run that was trained before. Press Start for one of your own.": (
        "这是一个示例：以前完成的一次训练。点击“开始”进行您自己的训练。"
    ),
    "place {n}": "第 {n} 位",
    "step {step} of {total}": "第 {step} 步，共 {total} 步",
    "step {step}": "第 {step} 步",
    "step": "步",
    "{n} pictures": "{n} 张图片",
    "{n} steps/s": "{n} 步/秒",
    "about {n} s left": "约剩 {n} 秒",
    "about {n} min left": "约剩 {n} 分钟",
    "about {n} h left": "约剩 {n} 小时",
    "Progress": "进度",
    "Settings of this run": "本次训练的设置",
    "Generated, from the same noise each time": "生成结果（噪声固定）",
    "Real pictures": "真实图片",
    "Grid of generated pictures at step {step}": "第 {step} 步的生成图片",
    "Grid of real pictures": "真实图片",
    "History of the grid": "历史样本",
    "Replay": "重放",
    "Halt": "停下",
    "Newest": "最新",
    "Losses": "损失",
    "What D says: of real and of generated pictures": "D 的判断：真实图片与生成图片",
    "Fréchet distance: lower is closer to the real pictures": "Fréchet 距离：越低越接近真实图片",
    "Fréchet distance": "Fréchet 距离",
    "Classes among the generated pictures": "生成图片的类别分布",
    "The connection is cut. The run goes on; trying again…": "连接已断开。训练仍在继续，正在重试…",
    "There is no such run here any more.": "这里已经没有这次训练。",
    "Start a new run (Ctrl+Enter)": "开始新的训练（Ctrl+Enter）",
    "Your run has not ended yet: stop it first, or let it finish": "您的训练还没有结束：请先停止，或等它完成",
    "Halt the training; Resume goes on from here": "暂停训练；点击继续即可接着训练",
    "Go on with the training": "接着训练",
    "End the run and keep everything (Esc)": "结束训练并保留全部成果（Esc）",
    "Only the person who started this run can do that": "只有开始这次训练的人才能这样做",
    "No run is going on now": "现在没有训练",
    "The run is still in line": "训练还在排队",
    "Loading PyTorch": "正在加载 PyTorch",
    "Loading the pictures": "正在加载图片",
    "Downloading the whole dataset": "正在下载完整数据集",
    "Building the networks": "正在搭建网络",
    "{problem} The bundled pictures are used.": "{problem}改用自带的图片。",
}

_MEASURES = {
    "Fréchet distance in the {features} features of a small classifier of {dataset} that ships with this app"
    " ({accuracy} % right on held-out pictures); not comparable to published FID.": (
        "Fréchet 距离在本应用自带的 {dataset} 小分类器的 {features} 维特征中测量（该分类器在留出图片上的准确率为"
        " {accuracy}%）；不能与论文中的 FID 比较。"
    ),
}

_DIAGNOSIS = {
    "Diagnosis": "诊断",
    "Appears here in plain words once there is something to measure.": "有了测量结果后，会在这里用白话说明。",
    "Too early to tell": "现在下结论还太早",
    "At step {step} the networks have only begun.": "才到第 {step} 步，网络刚刚起步。",
    "Watch the grid: blobs come first, then shapes, then detail.": "请看样本图：先是色块，然后是形状，最后是细节。",
    "Healthy: both networks are learning": "健康：两个网络都在学习",
    "D tells real from generated in {sure} % of pairs, and the pictures have {diversity} % of the variety of"
    " the real ones.": "D 在 {sure}% 的配对中能分辨真假，生成图片的多样性是真实图片的 {diversity}%。",
    "Let it run: the Fréchet distance should go on falling, ever more slowly.": (
        "让它继续训练：Fréchet 距离应会继续下降，但越来越慢。"
    ),
    "Mode collapse: G repeats itself": "模式崩溃：G 在重复自己",
    "The pictures have only {diversity} % of the variety of the real ones.": (
        "生成图片的多样性只有真实图片的 {diversity}%。"
    ),
    "{variety} {missing} of {classes} classes hardly appear.": (
        "{variety}{classes} 个类别中有 {missing} 个几乎没有出现。"
    ),
    "G found a few pictures that fool D and draws little else. Try a lower learning rate for G, more D steps"
    " per G step, a larger latent size, or the relativistic objective.": (
        "G 找到了少数能骗过 D 的图片，就只画这些。可以试试：降低 G 的学习率、增加每步 G 对应的 D 步数、"
        "增大潜变量维数，或改用相对论式目标。"
    ),
    "The discriminator is too strong": "判别器太强",
    "D is right in {sure} % of pairs (D(x) = {real}, D(G(z)) = {fake}), and G's gradient has shrunk to"
    " {gradient} % of its largest: G is told that it is wrong, not how to do better.": (
        "D 在 {sure}% 的配对中判断正确（D(x) = {real}，D(G(z)) = {fake}），G 的梯度已缩小到最大值的 {gradient}%："
        "G 只知道自己错了，却不知道怎样改进。"
    ),
    "Try a lower learning rate for D, fewer D steps per G step, or an objective whose gradient does not"
    " vanish: non-saturating, or WGAN-GP.": (
        "可以试试：降低 D 的学习率、减少每步 G 对应的 D 步数，或改用梯度不会消失的目标：非饱和或 WGAN-GP。"
    ),
    "Diverging: the training runs away": "发散：训练失控了",
    "A loss has grown to {loss}.": "有一个损失涨到了 {loss}。",
    "The Fréchet distance is {worse} times its best.": "Fréchet 距离是最好成绩的 {worse} 倍。",
    "A loss is not a number any more.": "有一个损失已经不是数字（NaN）。",
    "Try learning rates ten times lower, a lower Beta1 (0 to 0.5), or a larger batch.": (
        "可以试试：把学习率降低十倍、降低 Beta1（0 到 0.5），或增大批量。"
    ),
    "At step {step} a loss was not a number any more: the training has diverged. Lower the learning rates and"
    " start again; the last good pictures and generator are kept.": (
        "第 {step} 步时有一个损失变成了 NaN：训练已经发散。请降低学习率后重新开始；最后完好的图片和生成器都已保留。"
    ),
}

_KNOBS = {
    "Dataset": "数据集",
    "The real pictures that G learns to imitate.": "G 学着模仿的真实图片。",
    "Emoji": "表情符号",
    "Your own pictures": "您自己的图片",
    "Architecture": "网络结构",
    "DCGAN draws with convolutions; the MLP of 2014 treats every pixel by itself.": (
        "DCGAN 用卷积作画；2014 年的 MLP 逐个像素处理。"
    ),
    "Objective": "训练目标",
    "What D and G compete for.": "D 与 G 竞争的目标。",
    "Non-saturating": "非饱和",
    "Least squares": "最小二乘",
    "Hinge": "合页",
    "Relativistic + R1 + R2": "相对论式 + R1 + R2",
    "Minimax, saturating": "极小极大（会饱和）",
    "Class-conditional": "按类别生成",
    "Both networks are told the class, so that you can ask for one.": "把类别告诉两个网络，之后就能指定类别。",
    "Whole dataset": "完整数据集",
    "Download all the pictures instead of using the bundled ones.": "下载全部图片，而不只用自带的部分。",
    "Image size": "图片尺寸",
    "Width and height of the pictures; larger is slower.": "图片的宽和高；越大越慢。",
    "Latent size": "潜变量维数",
    "How many random numbers G starts a picture from.": "G 画一张图所用的随机数个数。",
    "Features": "特征数",
    "Width of both networks; wider draws better and slower.": "两个网络的宽度；越宽画得越好，也越慢。",
    "Batch size": "批量",
    "Pictures of each kind that D compares in one step.": "每一步中 D 比较的真假图片各有多少张。",
    "Steps": "步数",
    "How often G is updated before the run ends.": "训练结束前 G 更新的次数。",
    "Learning rate of G": "G 的学习率",
    "How far each step moves G.": "每一步把 G 移动多远。",
    "Learning rate of D": "D 的学习率",
    "How far each step moves D.": "每一步把 D 移动多远。",
    "Momentum of Adam; GANs like less than the usual 0.9.": "Adam 的动量；GAN 宜小于通常的 0.9。",
    "D steps per G step": "每步 G 对应的 D 步数",
    "How often D learns for each time G does.": "G 每学一次，D 学几次。",
    "Gradient penalty": "梯度惩罚",
    "How strongly D's gradient is held back, 1 being usual; only for WGAN-GP and Relativistic.": (
        "约束 D 的梯度的力度，通常为 1；仅用于 WGAN-GP 和相对论式目标。"
    ),
    "Pictures come from a running average of G's weights, which is steadier; 0 switches it off.": (
        "用 G 权重的滑动平均来作画，更稳定；0 表示关闭。"
    ),
    "Seed": "种子",
    "-1 picks one at random; the one used is shown.": "-1 表示随机选取；实际使用的种子会显示出来。",
    "true or false": "真或假",
    "one of {choices}": "以下之一：{choices}",
    "a text of at most {length} characters": "不超过 {length} 个字符的文字",
    "a whole number from {low} to {high}": "{low} 到 {high} 的整数",
    "a number from {low} to {high}": "{low} 到 {high} 的数",
    "{field} must be {allowed}; it is {got}.": "{field}必须是{allowed}；现在是 {got}。",
}

_RECIPES = {
    "Fast and good": "又快又好",
    "Clothes that you can recognise within half a minute.": "半分钟内就能认出衣物。",
    "Steadier: R3GAN": "更稳：R3GAN",
    "The relativistic objective with both gradient penalties: slower, and hard to upset.": (
        "带双重梯度惩罚的相对论式目标：较慢，但很难失控。"
    ),
    "Digits by class": "按类别写数字",
    "G is told which digit to draw, so that you can ask for one.": "告诉 G 要写哪个数字，之后就能点名要。",
    "Emoji in colour": "彩色表情符号",
    "Small faces and things in colour.": "彩色的小脸和小物件。",
    "Break it: mode collapse": "弄坏它：模式崩溃",
    "D learns so slowly that G fools it with one or two pictures, and draws only those.": (
        "D 学得太慢，G 用一两张图片就能骗过它，于是只画这些。"
    ),
    "Break it: D too strong": "弄坏它：D 太强",
    "D is always right, so the gradient of G vanishes and it learns nothing.": (
        "D 总是对的，G 的梯度消失，什么也学不到。"
    ),
    "Break it: learning rate too high": "弄坏它：学习率太高",
    "Each step overshoots: the losses explode and the pictures are garbage.": (
        "每一步都走过头：损失爆炸，图片一塌糊涂。"
    ),
}

_CLASSES = {
    "MNIST digits": "MNIST 手写数字",
    "T-shirt": "T 恤",
    "Trouser": "裤子",
    "Pullover": "套头衫",
    "Dress": "连衣裙",
    "Coat": "外套",
    "Sandal": "凉鞋",
    "Shirt": "衬衫",
    "Sneaker": "运动鞋",
    "Bag": "包",
    "Ankle boot": "短靴",
    "Faces": "笑脸",
    "People": "人物",
    "Hands": "手势",
    "Animals": "动物",
    "Plants": "植物",
    "Food": "食物",
    "Vehicles": "交通工具",
    "Signs": "符号",
}

_TROUBLES = {
    "Batch size, Features, Image size and D steps per G step are too large together; lower one.": (
        "批量、特征数、图片尺寸和 D 步数合起来太大；请减小其中一项。"
    ),
    "With this Batch size, these Features and this Image size there may be at most {steps} steps.": (
        "在这样的批量、特征数和图片尺寸下，最多 {steps} 步。"
    ),
    "Choose either picture files or one ZIP file, not both.": "请选择图片文件或一个 ZIP，不要两者都选。",
    "Choose some pictures, or a ZIP file of pictures.": "请选择一些图片，或一个图片 ZIP。",
    "Choose your own pictures first: several files, or one ZIP.": "请先选择您自己的图片：多个文件，或一个 ZIP。",
    "The ZIP is too large; unpacked it may have {most} MB.": "ZIP 太大；解压后最多 {most} MB。",
    "The files are too large; together they may have {most} MB.": "文件太大；合计最多 {most} MB。",
    "The pictures are too large; together they may have {most} million pixels.": (
        "图片太大；合计最多 {most} 百万像素。"
    ),
    "The whole picture set could not be fetched ({reason}).": "无法下载完整数据集（{reason}）。",
    "The whole picture set is out of reach from here.": "从这里无法访问完整数据集。",
    "There is no larger version of this picture set.": "这个数据集没有更大的版本。",
    "{count} pictures are too few; choose at least {least}.": "{count} 张图片太少；请至少选择 {least} 张。",
    "{count} pictures are too many; choose at most {most}.": "{count} 张图片太多；请最多选择 {most} 张。",
    "{file} is damaged inside the ZIP.": "ZIP 中的 {file} 已损坏。",
    "{file} is damaged, or not a ZIP file.": "{file} 已损坏，或不是 ZIP 文件。",
    "{file} is encrypted; make the ZIP without a password.": "{file} 已加密；请制作不带密码的 ZIP。",
    "{file} is no PNG, JPEG, WebP, GIF or BMP picture.": "{file} 不是 PNG、JPEG、WebP、GIF 或 BMP 图片。",
    "{file} is not an allowed name inside a ZIP.": "{file} 不是 ZIP 中允许的文件名。",
    "{file} is packed in a rare way; make an ordinary ZIP.": "{file} 的压缩方式不常见；请制作普通的 ZIP。",
    "{file} is too large; at most {most} million pixels.": "{file} 太大；最多 {most} 百万像素。",
    "That did not work": "没有成功",
    "Something went wrong inside the program (reference {reference}).": "程序内部出错（编号 {reference}）。",
    "Something went wrong inside the program (reference {reference}). What was made is kept.": (
        "程序内部出错（编号 {reference}）。已有的成果都保留着。"
    ),
    "You have a run that has not ended. Stop it first, or let it finish.": (
        "您有一次训练还没有结束。请先停止，或等它完成。"
    ),
    "The line is full: {count} runs are waiting.": "队伍已满：有 {count} 次训练在等待。",
    "Only the person who started this run can do that; you are watching it.": (
        "只有开始这次训练的人才能这样做；您正在观看。"
    ),
    "Only a run that is going can be paused.": "只有进行中的训练才能暂停。",
    "Only a paused run can be resumed.": "只有暂停的训练才能继续。",
    "This run has ended already.": "这次训练已经结束。",
    "The action must be pause, resume or stop.": "操作必须是 pause、resume 或 stop。",
    "Paused for too long, so it was stopped; everything is kept.": "暂停太久，已自动停止；成果全部保留。",
    "This run file is of another tab.": "这份训练记录属于另一个标签页。",
    "This run has no generator yet; wait a few seconds.": "这次训练还没有生成器；请稍等几秒。",
    "This run has no pictures yet; wait a few seconds.": "这次训练还没有图片；请稍等几秒。",
    "These weights do not belong to a generator with these settings.": "这些权重与设置对应的生成器不符。",
    "Class must be from 0 to {last}, or -1 for all.": "类别必须在 0 到 {last} 之间，-1 表示全部。",
    "The settings must be a JSON object of names and values.": "设置必须是由名称和值组成的 JSON 对象。",
    "There is no setting called {name}; there are {known}.": "没有名为 {name} 的设置；可用的有 {known}。",
    "The file could not be saved: {reason}. The run is kept.": "文件无法保存：{reason}。训练仍然保留。",
    "The run file is larger than {limit} MB.": "训练记录超过 {limit} MB。",
    "This file is not {what} of the playground, or it is damaged.": "这个文件不是游乐场的{what}，或已损坏。",
    "a run file": "训练记录",
    "an exported generator": "导出的生成器",
}

CHINESE: dict[str, str] = {
    **_PAGE,
    **_LIVE,
    **_MEASURES,
    **_DIAGNOSIS,
    **_KNOBS,
    **_RECIPES,
    **_CLASSES,
    **_TROUBLES,
    **TEXT_CHINESE,
    **IMAGE_CHINESE,
    **IMAGE_ENGINE_CHINESE,
    **FINETUNING_CHINESE,
    **FINETUNING_DATA_CHINESE,
    **FINETUNING_ENGINE_CHINESE,
    **LIMITS_CHINESE,
    **RUNS_CHINESE,
    **LEARN_CHINESE,
    **LINKS_CHINESE,
}
