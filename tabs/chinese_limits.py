"""The Chinese of what visitors are told about limits."""

LIMITS_CHINESE: dict[str, str] = {
    "Width x Height x Steps x Batch size may be at most {limit} here; it is {work}.": (
        "这里“宽 × 高 × 步数 × 批量”最多为 {limit}；现在是 {work}。"
    ),
    "{field} may be at most {limit} here.": "这里“{field}”最多为 {limit}。",
    "{name} must be a number; it is {text}.": "{name} 必须是数字；现在是 {text}。",
    "That was a lot at once: at most {most} requests a minute. Try again in {seconds} s.": (
        "请求太频繁：每分钟最多 {most} 次。请在 {seconds} 秒后再试。"
    ),
    "Waiting for a GPU": "正在等待 GPU",
    "ZeroGPU, the shared GPU of this Space, says: {reason}": "这个 Space 的共享 GPU（ZeroGPU）提示：{reason}",
    "You have {count} trainings that have not ended, as many as one visitor may have here."
    " Stop one first, or let it finish.": (
        "您有 {count} 个训练还没有结束，已达到每位访客的上限。请先停止一个，或等它完成。"
    ),
}
