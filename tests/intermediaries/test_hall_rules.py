"""The rules of the hall by themselves: fair criteria, exact means, ties, terms in a row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest

from marketplace.commands.editions import EDITIONS
from marketplace.foundation import policy
from marketplace.intermediaries.hall.fairness import unfair_word
from marketplace.intermediaries.hall.rules import (
    Candidate,
    Criterion,
    HallPolicy,
    draw_seed,
    end_of,
    far_off,
    last_day,
    mean_of,
    ranked,
    terms_in_a_row,
)
from marketplace.ratings.rules.entries import Grade

AT = datetime(2026, 3, 2, tzinfo=UTC)
PLACES = (
    "青河市（演示）",
    "东城区（演示）",
    "山东省",
    "单县",
    "平安区",
    "高新区",
    "开发区",
    "青河经济开发区",
    "安平县（演示）",
    "建设街道",
)


def _candidate(
    key: str, total: int | None, grade: Grade = Grade.B, score: int | None = None
) -> Candidate:
    return Candidate(key, total, grade, score, AT)


@pytest.mark.parametrize(
    ("name", "looked_at", "word"),
    [
        ("本地业绩", "近三年业绩", "本地"),
        ("业绩", "在青河市完成的同类项目", "青河市"),
        ("业绩", "青河项目经验", "青河"),
        ("机构实力", "在我市设有分支机构", "分支机构"),
        ("注册情况", "注册地在东城的加分", "注册地"),
        ("机构性质", "国有企业加分", "国有"),
        ("经验", "熟悉山东情况", "山东"),
        ("经验", "熟悉单县情况", "单县"),
        ("业绩", "在东城完成的同类成果", "东城"),
        ("业绩", "平安区内完成的同类成果", "平安区"),
        ("机构", "平安注册的机构加分", "平安"),
        ("机构", "安平境内设点", "安平"),
        ("机构", "高新区企业优先", "高新区"),
        ("机构", "安平企业优先", "安平"),
        ("业绩", "承担过我市项目", "我市"),
        ("机构", "本市企业优先", "本市"),
        ("业绩", "本行政区域内的业绩", "本行政区"),
        ("业绩", "区域内企业加分", "区域内"),
        ("机构", "注册在我市的加分", "注册在"),
    ],
)
def test_a_criterion_may_not_ask_where_a_firm_is_from(name: str, looked_at: str, word: str) -> None:
    assert unfair_word(Criterion(name, looked_at, 10), PLACES) == word


@pytest.mark.parametrize(
    "looked_at",
    [
        "窗口人员配备、受理流程、简单事项即办",
        "保障工程平安、人员安全的措施",
        "高新技术企业成果转化、软件开发经验",
        "市政建设项目、在建设期内的现场服务",
        "安平稳定的服务保障",
        "清单县级事项的办理流程",
        "符合我国有关技术标准，资质全国有效",
        "成本市场化测算、样本区间的确定",
        "基本地质资料的收集，野外地形测量能力",
        "本地块情况的说明",
        "适当地调整人员，无差异地提供服务",
        "资料异地备份，金属地下管线探测",
        "窗口区域内的秩序维护",
        "执业人员注册在有效期内",
    ],
)
def test_a_criterion_about_the_service_is_fair(looked_at: str) -> None:
    assert unfair_word(Criterion("服务方案", looked_at, 40), PLACES) is None


def test_the_order_is_mean_then_grade_then_reputation_then_the_draw() -> None:
    found = ranked(
        "call",
        [
            _candidate("low", 2399, Grade.A, 9900),
            _candidate("b-better", 2400, Grade.B, 8000),
            _candidate("a", 2400, Grade.A, 7000),
            _candidate("b-worse", 2400, Grade.B, 7999),
            _candidate("none", 2400, Grade.B, None),
            _candidate("unrated", 2400, Grade.UNGRADED, None),
        ],
    )
    assert [each.key for each in found] == ["a", "b-better", "b-worse", "none", "unrated", "low"]
    assert [each.place for each in found] == [1, 2, 3, 4, 5, 6]
    assert not any(each.drawn for each in found)
    # 10/3 is no trouble
    assert mean_of(2399, 3) == Fraction(2399, 30)


def test_equals_are_drawn_by_a_digest_everybody_can_make() -> None:
    alike = [_candidate(key, 2400) for key in ("x1", "x2", "x3")]
    found = ranked("call", alike)
    assert all(each.drawn for each in found)
    stamp = AT.isoformat(timespec="microseconds")
    seed = "\n".join(["call", *(f"{key} {stamp} 2400" for key in ("x1", "x2", "x3"))])
    assert draw_seed("call", reversed(alike)) == seed
    by_hand = sorted(("x1", "x2", "x3"), key=lambda key: sha256(f"{seed}\n{key}".encode()).digest())
    assert [each.key for each in found] == by_hand
    assert ranked("call", list(reversed(alike))) == found


def test_without_marks_grade_and_reputation_alone_decide() -> None:
    found = ranked(
        "call",
        [
            _candidate("c", None, Grade.C, 7400),
            _candidate("b", None, Grade.B, 8000),
            _candidate("a", None, Grade.A, 9100),
        ],
    )
    assert [each.key for each in found] == ["a", "b", "c"]


def test_a_total_far_from_the_mean_is_to_be_explained() -> None:
    assert far_off({1: 840, 2: 870, 3: 470}, 20) == {3}
    assert far_off({1: 840, 2: 870, 3: 640}, 20) == set()
    assert far_off({1: 600, 2: 1000}, 20) == {1, 2}, "exactly the spread asks"
    assert far_off({1: 100}, 20) == set()


def test_a_term_ends_at_the_midnight_after_its_last_day() -> None:
    assert last_day(date(2026, 3, 18), 12) == date(2027, 3, 17)
    assert last_day(date(2026, 1, 31), 1) == date(2026, 2, 27)
    assert end_of(date(2027, 3, 17)) == datetime(2027, 3, 17, 16, 0, tzinfo=UTC)


def test_terms_count_in_a_row_until_a_rest() -> None:
    terms = [
        (date(2024, 3, 1), date(2025, 2, 28)),
        (date(2025, 3, 1), date(2026, 2, 28)),
    ]
    assert terms_in_a_row(terms, date(2026, 3, 2), 6) == (2, date(2026, 9, 1))
    assert terms_in_a_row(terms, date(2026, 8, 31), 6)[0] == 2
    assert terms_in_a_row(terms, date(2026, 9, 1), 6) == (0, None), "rested"
    parted = [terms[0], (date(2025, 10, 1), date(2026, 2, 28))]
    assert terms_in_a_row(parted, date(2026, 3, 2), 6)[0] == 1


def _files() -> list[Path]:
    return sorted((EDITIONS / "policies").glob("*/hall-*.toml"))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("least_judges = 3", "least_judges = 2", "values.least_judges"),
        ("term_months = 12", "term_months = 0", "values.term_months"),
        ("rest_months = 6", "rest_months = 6\nlocal_firms = 5", "values.local_firms"),
        ("conclusion =", "remark =", "review"),
    ],
)
def test_no_hall_without_its_numbers_and_its_review(before: str, after: str, words: str) -> None:
    assert len(_files()) >= 6
    for path in _files():
        text = path.read_text("utf-8")
        policy.parse(path.name, text, [HallPolicy])
        with pytest.raises(policy.PolicyError, match=words):
            policy.parse(path.name, text.replace(before, after), [HallPolicy])
