"""What the checks of a night say: every line they can write has its words."""

from __future__ import annotations

import re

from flask import Flask

from marketplace.supervision import invariants
from marketplace.supervision.checks import wording

DAY = "2026-03-02"


def test_every_invariant_has_its_words(app: Flask) -> None:
    assert set(wording._HOLDS) == {*invariants.STATEMENTS, *invariants.CHECKS}
    with app.test_request_context():
        told = wording.in_words(
            "I21c marks are those committed when given, and posted as given: evaluations 7"
        )
    assert told == "不变规则 I21c（评分与提交时的承诺一致，并如实计入）不成立：评价第 7 号"


def test_lines_of_the_ledger_and_of_grades_are_chinese_sentences(app: Flask) -> None:
    said = {
        "9: the content does not match its digest": "台账第 9 条：内容与摘要不符",
        "3: rows 4 to 8 are missing": "台账第 3 条：缺少第 4 条至第 8 条",
        f"5: no head is published for {DAY} and later": f"台账第 5 条：自 {DAY} 起没有公布台账摘要",
        "organisation 4 379900 2026-03-02: grade_records 5: stored B 80.00 since 2026-03-01, replayed ungraded 61.00": (
            "单位 4（名录 379900）2026-03-02 等级记录与复算不符：保存的是 B 级 80.00（自 2026-03-01 起），复算为 未评级 61.00"
        ),
        "organisation 0 -: rating_ledger 3 is gone: stored nothing, replayed audited": (
            "信用记录 3 缺失"
        ),
    }
    with app.test_request_context():
        for line, words in said.items():
            told = wording.in_words(line)
            assert told == words
            assert not re.search("[a-z]{4,}", told)
