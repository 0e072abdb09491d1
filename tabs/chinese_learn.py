"""The Chinese of the Learn fold-out's own words; its texts are in assets/learn. See tabs/chinese.py."""

from __future__ import annotations

LEARN_CHINESE = {
    "Learn: ideas, formulas and papers": "学习：原理、公式与论文",
}
