"""Who may stand in a need: each rule refuses by name, with its fact and how to mend it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.selection.rules.eligibility import (
    Bar,
    FirmFacts,
    Qualification,
    QualificationDemand,
    Recusal,
    Requirement,
    RuleResult,
    check,
    eligible,
)

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
MIDNIGHT_AFTER_24 = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # 25 November 0:00 in Shanghai

CERTIFICATE = Qualification("测绘资质", "乙级", date(2024, 1, 1), date(2026, 11, 24), True)
FIRM = FirmFacts(
    organisation="F1",
    listed=True,
    listing_state="已上架",
    grade="B",
    items=frozenset({"survey", "eia"}),
    qualifications=(CERTIFICATE,),
    practitioners=("注册测绘师", "注册测绘师"),
    running_contracts=2,
    capacity=3,
)
NEED = Requirement(
    items=("survey",),
    government_invested=True,
    government_minimum="B",
    ungraded_counts_as="B",
    qualifications=(QualificationDemand("测绘资质", "乙级"),),
    practitioners=(("注册测绘师", 2),),
)
PRIVATE = replace(NEED, government_invested=False)


def refused(
    facts: FirmFacts, need: Requirement = NEED, instant: datetime = NOON
) -> list[RuleResult]:
    return [result for result in check(facts, need, instant) if not result.ok]


def test_a_fit_firm_passes_every_rule() -> None:
    results = check(FIRM, NEED, NOON)
    assert eligible(results)
    assert [result.rule for result in results] == [
        "listed",
        "bar",
        "recusal",
        "offering",
        "qualification",
        "practitioner",
        "grade",
        "pause",
        "capacity",
    ]
    assert all(str(result.fact) for result in results)


@pytest.mark.parametrize(
    ("rule", "fact", "mend", "change"),
    [
        ("listed", "审核中", "入驻", {"listed": False, "listing_state": "审核中"}),
        ("bar", "红牌暂停", "2026-12-24 12:00", {"bars": (Bar("红牌暂停", NOON + timedelta(30)),)}),
        ("bar", "终止服务", "信用修复", {"bars": (Bar("终止服务", None),)}),
        ("offering", "survey", "承接服务事项", {"items": frozenset({"eia"})}),
        ("qualification", "未登记", "核验", {"qualifications": ()}),
        ("practitioner", "注册测绘师 1/2", "执业人员", {"practitioners": ("注册测绘师",)}),
        ("grade", "C", "B 级及以上", {"grade": "C"}),
        ("pause", "暂停", "恢复", {"paused": True}),
        ("capacity", "3 份，承接上限 3 份", "上限", {"running_contracts": 3}),
    ],
)
def test_each_refusal_names_rule_fact_and_mending(
    rule: str, fact: str, mend: str, change: dict
) -> None:
    results = refused(replace(FIRM, **change))
    assert [result.rule for result in results] == [rule]
    assert fact in str(results[0].fact)
    assert mend in str(results[0].mend)


def test_every_refusal_is_told_at_once() -> None:
    facts = replace(FIRM, listed=False, grade="D", items=frozenset(), paused=True)
    assert {result.rule for result in refused(facts)} == {"listed", "grade", "offering", "pause"}


def test_recusal_gives_its_reason_and_binds_the_named_firm_only() -> None:
    need = replace(NEED, recusals=(Recusal("F1", "曾编制同一项目的可研报告"),))
    assert "可研报告" in str(refused(FIRM, need)[0].fact)
    assert refused(FIRM, need)[0].rule == "recusal"
    assert not refused(replace(FIRM, organisation="F2"), need)


@pytest.mark.parametrize(
    ("instant", "ok"),
    [
        (MIDNIGHT_AFTER_24 - timedelta(microseconds=1), True),
        (MIDNIGHT_AFTER_24, False),
        (datetime(2023, 12, 31, 15, 59, 59, tzinfo=UTC), False),
        (datetime(2023, 12, 31, 16, 0, tzinfo=UTC), True),
    ],
)
def test_a_certificate_runs_by_days_of_shanghai(instant: datetime, ok: bool) -> None:
    results = refused(FIRM, NEED, instant)
    assert (not results) is ok
    if not ok:
        assert "2026-11-24" in str(results[0].fact)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError):
        check(FIRM, NEED, datetime(2026, 11, 24))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("held", "demanded", "ok"),
    [
        ("甲级", "乙级", True),
        ("乙级", "乙级", True),
        ("丙级", "乙级", False),
        ("特级", "一级", True),
        ("二级", "一级", False),
        ("一级", "甲级", False),
        ("", "丙级", False),
        ("丁级", "", True),
        ("AAA", "AAA", True),
    ],
)
def test_grades_of_certificates_compare_on_one_ladder(held: str, demanded: str, ok: bool) -> None:
    facts = replace(FIRM, qualifications=(replace(CERTIFICATE, grade=held),))
    need = replace(NEED, qualifications=(QualificationDemand("测绘资质", demanded),))
    assert (not refused(facts, need)) is ok


def test_an_unverified_certificate_does_not_count() -> None:
    results = refused(replace(FIRM, qualifications=(replace(CERTIFICATE, verified=False),)))
    assert "尚未核验" in str(results[0].fact)


def test_all_of_asks_for_each_and_any_of_for_one() -> None:
    both = (QualificationDemand("测绘资质", "乙级"), QualificationDemand("地质勘查", "乙级"))
    all_of = refused(FIRM, replace(NEED, qualifications=both))
    assert [str(result.fact) for result in all_of] == ["资质“地质勘查 乙级”未登记"]
    assert not refused(FIRM, replace(NEED, qualifications=both, any_qualification=True))
    none = refused(
        replace(FIRM, qualifications=()),
        replace(NEED, qualifications=both, any_qualification=True),
    )
    assert len(none) == 2
    assert "任意一项" in str(none[0].mend)


def test_a_bar_ends_at_its_instant() -> None:
    facts = replace(FIRM, bars=(Bar("红牌暂停", NOON),))
    assert not refused(facts, NEED, NOON)
    assert refused(facts, NEED, NOON - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("need", "grades_that_pass"),
    [
        (NEED, {"A", "B", "ungraded"}),
        (replace(NEED, ungraded_counts_as="C"), {"A", "B"}),
        (replace(NEED, minimum_grade="C"), {"A", "B", "ungraded"}),
        (replace(NEED, minimum_grade="A"), {"A"}),
        (replace(NEED, minimum_grade="A", ungraded_counts_as="A"), {"A"}),
        (replace(NEED, government_minimum="C"), {"A", "B", "C", "ungraded"}),
        (PRIVATE, {"A", "B", "C", "D", "ungraded"}),
        (replace(PRIVATE, minimum_grade="B"), {"A", "B", "ungraded"}),
        (replace(PRIVATE, minimum_grade="A"), {"A"}),
    ],
)
def test_minimum_grade(need: Requirement, grades_that_pass: set[str]) -> None:
    """A D in force stops a firm as a bar, whatever the need's minimum: bars are asked apart."""
    passed = {
        grade
        for grade in ("A", "B", "C", "D", "ungraded")
        if not refused(replace(FIRM, grade=grade), need)
    }
    assert passed == grades_that_pass
