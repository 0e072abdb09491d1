"""The Chinese of every sentence that a person reads; the key is the English as it stands in the code."""

from __future__ import annotations

CHINESE: dict[str, str] = {
    "Start": "开始",
}
