"""The Chinese of links that carry settings."""

LINKS_CHINESE: dict[str, str] = {
    "Copy link to these settings": "复制这些设置的链接",
    "Link copied.": "已复制链接。",
    "The browser did not allow copying. The link is in the address bar, and here:": (
        "浏览器不允许复制。链接已在地址栏中，也在这里："
    ),
    "The link's {field} was ignored: {reason}": "链接中的 {field} 已忽略：{reason}",
    "there is no such setting.": "没有这项设置。",
    "it is there more than once.": "它出现了不止一次。",
    "and {count} more": "还有 {count} 项",
    "The link's settings were ignored: {reason}": "链接中的设置已忽略：{reason}",
    "The link's settings were ignored: it is longer than {most} characters.": (
        "链接中的设置已忽略：它超过了 {most} 个字符。"
    ),
    "The link's settings were ignored: there is no such tab here.": "链接中的设置已忽略：这里没有这个标签页。",
    "The link does not say which tab it is for, so this was ignored: {names}": (
        "链接没有说明属于哪个标签页，因此已忽略：{names}"
    ),
    "This is not in the link, since it is too long: {fields}": "以下内容太长，没有放进链接：{fields}",
    "{field} is something that only you have here, so no link can carry it; choose another.": (
        "“{field}”选的是只有您才有的内容，无法放进链接；请另选一个。"
    ),
}
