"""The Chinese of what the Fine-tuning tab says about data; see tabs/chinese.py."""

from __future__ import annotations

_CARDS = {
    "10,070 snippets of film reviews, for or against. The label is the sign of the mean rating that at least 15 people"
    " gave each, from −4 to 4; the 533 nearer to zero than 0.5 are neutral and left out.": (
        "10,070 条英文影评短句，褒或贬。每条由至少 15 人打分（−4 到 4），标签是平均分的正负号；"
        "平均分在 ±0.5 以内的 533 条视为中性，不收录。"
    ),
    "300 things that customers write to a shop, 25 of each of twelve kinds, written for this app.": (
        "300 条英文的顾客留言，共十二类，每类 25 条，专为本应用编写。"
    ),
    "180 things that customers write to a shop in Chinese, 15 of each of twelve kinds, written for this app.": (
        "180 条中文的顾客留言，共十二类，每类 15 条，专为本应用编写。"
    ),
}

_FILES = {
    "{file} is too large; at most {most} MB.": "{file} 太大；最多 {most} MB。",
    "{file} is not a text file; choose a CSV, TSV or JSONL file. A spreadsheet can be saved as CSV.": (
        "{file} 不是文本文件；请选择 CSV、TSV 或 JSONL 文件。电子表格可以另存为 CSV。"
    ),
    "{file} is empty.": "{file} 是空的。",
    "{file} has a header but no rows.": "{file} 只有表头，没有数据。",
    "{file} has more than {most} rows; upload a part of it that has every label.": (
        "{file} 超过 {most} 行；请上传其中含有全部标签的一部分。"
    ),
    "{file} has more than {most} columns.": "{file} 超过 {most} 列。",
    "{file} has only one column; it needs texts and labels, separated by commas, semicolons, tabs or |.": (
        "{file} 只有一列；需要文本和标签两列，用逗号、分号、制表符或 | 分隔。"
    ),
    "Most rows of {file} do not have {count} cells as the first one has, such as line {line}; check the separators and"
    " quotes.": "{file} 的第一行有 {count} 个单元格，但多数行不是，例如第 {line} 行；请检查分隔符和引号。",
    "The cell in line {line}, column {column} has more than {most} characters; shorten it, or close a quote that was"
    " left open.": "第 {line} 行 {column} 列的单元格超过 {most} 个字符；请缩短，或补上漏掉的引号。",
    "Line {line} has more than {most} characters.": "第 {line} 行超过 {most} 个字符。",
    "Line {line} is not a JSON object; each line must hold one, with fields such as text and label.": (
        "第 {line} 行不是 JSON 对象；每行都应是一个对象，含有文本和标签等字段。"
    ),
    "Line {line}: the field {column} holds a list or an object; only texts and numbers are allowed.": (
        "第 {line} 行的字段 {column} 是列表或对象；只允许文本和数字。"
    ),
}

_LABELS = {
    "The table has no column {column}; it has {known}.": "表中没有 {column} 这一列；现有的列是 {known}。",
    "The text and the label must be in two different columns.": "文本和标签必须是不同的两列。",
    "The column {column} is empty in every row.": "{column} 这一列全是空的。",
    "The column {column} has {count} different values in {rows} rows, so it looks like a text; choose one with at most"
    " {most} labels.": (
        "{column} 这一列在 {rows} 行里有 {count} 个不同的值，更像文本；请选择标签不超过 {most} 种的列。"
    ),
    "The column {column} has a label of more than {most} characters; choose a column with short labels.": (
        "{column} 这一列有超过 {most} 个字符的标签；请选择标签较短的列。"
    ),
    "The column {column} has only one label, {label}; at least two are needed.": (
        "{column} 这一列只有一种标签（{label}）；至少需要两种。"
    ),
    "Only {rows} different labelled examples are left; at least {least} are needed.": (
        "去掉空白和重复后只剩 {rows} 条带标签的样本；至少需要 {least} 条。"
    ),
    "All examples that can be used have the label {label}.": "可用的样本全都属于标签 {label}。",
    "The label {label} has only {count} example that can be used; give it at least {least}, or leave it out.": (
        "标签 {label} 只有 {count} 条可用的样本；请补到至少 {least} 条，或去掉这个标签。"
    ),
    "With {classes} classes, use at least {least} rows.": "有 {classes} 个类别时，至少要用 {least} 行。",
    "There is no bundled dataset called {name}; there are {known}.": (
        "没有名为 {name} 的内置数据集；可用的有 {known}。"
    ),
    "Choose one ZIP file, with a folder of pictures for each class.": (
        "请选择一个 ZIP 文件，其中每个类别有一个图片文件夹。"
    ),
    "Put the pictures of each class into a folder of its own inside the ZIP: 2 to 100 folders.": (
        "请把每个类别的图片放进 ZIP 里各自的文件夹：2 到 100 个文件夹。"
    ),
}

FINETUNING_DATA_CHINESE: dict[str, str] = {**_CARDS, **_FILES, **_LABELS}
