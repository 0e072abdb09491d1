"""The Chinese of what is said about runs that wait, are interrupted, are resumed or are followed."""

RUNS_CHINESE: dict[str, str] = {
    "There is no file {file}.": "没有文件 {file}。",
    "Fine-tuning runs in one process; start it without torchrun.": "微调只在一个进程中运行；请不要用 torchrun 启动。",
    "Choose a file first.": "请先选择一个文件。",
    "The owner's key must be a text of at most {most} characters.": "所有者密钥必须是不超过 {most} 个字符的文本。",
    "{action} could not read what it was given. It takes {inputs}; a file must be uploaded first.": (
        "{action} 无法读取所给的内容。它接受 {inputs}；文件须先上传。"
    ),
    "starts in about {n} s": "约 {n} 秒后开始",
    "starts in about {n} min": "约 {n} 分钟后开始",
    "starts in about {n} h": "约 {n} 小时后开始",
    "The program ended in the middle of this run. Resume goes on from what was last saved.": (
        "程序在这次训练途中结束了。点击“继续”，将从上次保存处接着训练。"
    ),
    "It has computed for as long as a run may here, so it was stopped; everything is kept.": (
        "这次训练已达到这里允许的计算时长，因此被停止；成果全部保留。"
    ),
    "Nothing new for a minute: the program that trains has ended, or its folder is out of reach.": (
        "已有一分钟没有新消息：负责训练的程序已结束，或无法访问它的文件夹。"
    ),
    "This run can only be looked at.": "这次训练只能观看。",
    "Another program is at work on this run.": "另一个程序正在处理这次训练。",
    "The run can't be kept on disk: {reason}.": "训练无法保存到磁盘：{reason}。",
    "The folder for runs, {folder}, can't be used: {reason}.": "存放训练的文件夹 {folder} 无法使用：{reason}。",
    "What was saved of this run is damaged; start a new one.": "这次训练保存的内容已损坏；请重新开始一次。",
    "This run began with {count} pictures, and now there are {now}: the same dataset cannot be had.": (
        "这次训练开始时有 {count} 张图片，现在有 {now} 张：无法取得同一个数据集。"
    ),
    "Batch size must be a multiple of {count}, the number of processes.": "批量必须是进程数 {count} 的倍数。",
    "There is a run in {folder} already; give --resume to go on with it.": (
        "{folder} 中已有一次训练；加上 --resume 即可接着训练。"
    ),
    "There is no run to go on with; --folder must name its folder.": (
        "没有可以接着训练的内容；--folder 必须指向它的文件夹。"
    ),
    "A resumed run keeps its settings; give none.": "接着训练时沿用原来的设置；请不要再给出设置。",
    "The run in {folder} is of another engine.": "{folder} 中的训练属于另一种引擎。",
}
