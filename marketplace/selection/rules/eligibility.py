"""May this firm stand in this need, at this instant: every answer names its rule and its fact.

Asked at entry, at closing and at award. All rules are always answered, so that a firm sees at
once everything that stands in its way, and each stored check is complete.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from marketplace.selection.rules.wording import N_, NOTHING, Sentence

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNGRADED = "ungraded"

_GRADES = ("D", "C", "B", "A")
# Qualification grades from high to low; the documents of each trade use one of these ladders.
_LADDERS = (
    ("综合", "甲级", "乙级", "丙级", "丁级"),
    ("特级", "一级", "二级", "三级", "四级"),
)


@dataclass(frozen=True, slots=True)
class Qualification:
    """A certificate on the register. `valid_until` is its last valid day; None: no end date.

    `verified` is the outcome of the department's check, `grade` is "" where there are no grades.
    """

    kind: str
    grade: str
    valid_from: date | None
    valid_until: date | None
    verified: bool


@dataclass(frozen=True, slots=True)
class QualificationDemand:
    """A certificate an item asks for: its kind and the lowest grade that will do ("": any).

    ``grades`` lists the kind's grades from best to least as the item list states them; without
    them the common ladders of the trades are used.
    """

    kind: str
    minimum_grade: str = ""
    grades: tuple[str, ...] = ()

    def reached_by(self, held: str) -> bool:
        """Whether a certificate's grade is the demanded one or a better one."""
        if self.minimum_grade in self.grades:
            return held in self.grades[: self.grades.index(self.minimum_grade) + 1]
        return grade_reaches(held, self.minimum_grade)


@dataclass(frozen=True, slots=True)
class Bar:
    """A suspension, a blacklisting or a D in force; `until` is the first instant without it."""

    title: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Recusal:
    """A firm barred from one need by its owner, with the published reason."""

    organisation: str
    reason: str


@dataclass(frozen=True, slots=True)
class FirmFacts:
    """What the registers say of a firm at the instant of the check.

    `grade` is the one the need fixes (that of its publication day, or of a later listing day);
    `bars` are those in force now, which never wait for the next day.
    """

    organisation: str
    listed: bool
    listing_state: str
    grade: str
    items: frozenset[str]
    qualifications: Sequence[Qualification] = ()
    practitioners: Sequence[str] = ()
    bars: Sequence[Bar] = ()
    paused: bool = False
    running_contracts: int = 0
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class ItemDemand:
    """The certificates a further item of a package asks for; ``item`` is its code."""

    item: str
    qualifications: Sequence[QualificationDemand]
    any_qualification: bool


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a need asks for, and the edition's values that its rules take.

    `minimum_grade` is the need's own ("" for none); `government_minimum` and
    `ungraded_counts_as` are the edition's for government-invested needs. `qualifications` are
    the main item's, `further` those of the others in a package: all of them are to be met.
    """

    items: Sequence[str]
    government_invested: bool
    government_minimum: str
    ungraded_counts_as: str
    minimum_grade: str = ""
    qualifications: Sequence[QualificationDemand] = ()
    any_qualification: bool = False
    further: Sequence[ItemDemand] = ()
    practitioners: Sequence[tuple[str, int]] = ()
    recusals: Sequence[Recusal] = ()


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The answer of one rule: the fact it looked at and, when refused, how to mend it."""

    rule: str
    ok: bool
    fact: Sentence
    mend: Sentence = NOTHING


def check(facts: FirmFacts, requirement: Requirement, instant: datetime) -> list[RuleResult]:
    """Return the answers of all rules, in the order the page shows them (RULES 6 and 7).

    A rule answers once; missing qualifications are answered one by one.

    `instant` is aware; certificates run by days of Asia/Shanghai.
    """
    if instant.tzinfo is None:
        raise ValueError("eligibility is asked at an aware instant")
    results: list[RuleResult] = []
    for rule in _RULES:
        answer = rule(facts, requirement, instant)
        results.extend(answer if isinstance(answer, list) else [answer])
    return results


def eligible(results: Sequence[RuleResult]) -> bool:
    """Return whether no rule refused."""
    return all(result.ok for result in results)


def _listed(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    return RuleResult(
        "listed",
        facts.listed,
        Sentence(N_("入驻状态：%(state)s"), {"state": facts.listing_state}),
        NOTHING if facts.listed else Sentence(N_("完成入驻并上架后再报名")),
    )


def _bars(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    in_force = [bar for bar in facts.bars if bar.until is None or instant < bar.until]
    if not in_force:
        return RuleResult("bar", True, Sentence(N_("无暂停或终止服务措施")))
    longest = max(in_force, key=lambda bar: (bar.until is None, bar.until or instant))
    titles = "、".join(sorted({bar.title for bar in in_force}))
    if longest.until is None:
        return RuleResult(
            "bar",
            False,
            Sentence(N_("正在执行：%(bars)s"), {"bars": titles}),
            Sentence(N_("措施解除或信用修复后方可报名")),
        )
    return RuleResult(
        "bar",
        False,
        Sentence(N_("正在执行：%(bars)s"), {"bars": titles}),
        Sentence(
            N_("措施至 %(until)s 止，期满或信用修复后方可报名"),
            {"until": _minute(longest.until)},
        ),
    )


def _grade(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    floor = requirement.minimum_grade
    if requirement.government_invested:
        floor = _higher(floor, requirement.government_minimum)
    ok = _reaches(facts.grade, floor, requirement)
    shown = N_("未评级") if facts.grade == UNGRADED else facts.grade
    fact = Sentence(N_("信用等级：%(grade)s"), {"grade": shown})
    if ok:
        return RuleResult("grade", True, fact)
    # the edition's floor for government money is not the owner's choice: say whose it is
    mend = N_("本需求要求信用等级 %(floor)s 级及以上")
    if requirement.government_invested and floor != requirement.minimum_grade:
        mend = N_("政府投资项目要求信用等级 %(floor)s 级及以上")
    return RuleResult("grade", False, fact, Sentence(mend, {"floor": floor}))


def _reaches(grade: str, floor: str, requirement: Requirement) -> bool:
    if not floor:
        return True
    if grade != UNGRADED:
        return _GRADES.index(grade) >= _GRADES.index(floor)
    if requirement.minimum_grade == "A":
        return False
    if not requirement.government_invested:
        return True
    return _GRADES.index(requirement.ungraded_counts_as) >= _GRADES.index(floor)


def _higher(one: str, other: str) -> str:
    return max((one, other), key=lambda grade: _GRADES.index(grade) if grade else -1)


def _recusal(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    for recusal in requirement.recusals:
        if recusal.organisation == facts.organisation:
            return RuleResult(
                "recusal",
                False,
                Sentence(N_("本需求回避本机构：%(reason)s"), {"reason": recusal.reason}),
                Sentence(N_("认为回避理由不成立的，可在报名截止前提出异议")),
            )
    return RuleResult("recusal", True, Sentence(N_("不在回避名单")))


def _offering(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    missing = [item for item in requirement.items if item not in facts.items]
    if not missing:
        return RuleResult("offering", True, Sentence(N_("已承接所需服务事项")))
    return RuleResult(
        "offering",
        False,
        Sentence(N_("未承接服务事项：%(items)s"), {"items": "、".join(missing)}),
        Sentence(N_("在“承接服务事项”中提交该事项的价格与时限承诺")),
    )


def _qualifications(
    facts: FirmFacts, requirement: Requirement, instant: datetime
) -> list[RuleResult]:
    groups = [
        ItemDemand("", requirement.qualifications, requirement.any_qualification),
        *requirement.further,
    ]
    if not any(each.qualifications for each in groups):
        return [RuleResult("qualification", True, Sentence(N_("本事项不要求资质")))]
    unmet = [answer for each in groups for answer in _unmet(each, facts.qualifications, instant)]
    return unmet or [RuleResult("qualification", True, Sentence(N_("所需资质齐全有效")))]


def _unmet(asked: ItemDemand, held: Sequence[Qualification], instant: datetime) -> list[RuleResult]:
    """What is missing of the certificates of one item; all of them, where any one would do."""
    demands = asked.qualifications
    unmet = [demand for demand in demands if not _met(demand, held, instant)]
    if not unmet or (asked.any_qualification and len(unmet) < len(demands)):
        return []
    if asked.item:
        mend = (
            N_("“%(items)s”要求资质：补充所列任意一项有效资质，经主管部门核验后再报名")
            if asked.any_qualification
            else N_("“%(items)s”要求资质：补充或更新该项资质，经主管部门核验后再报名")
        )
    else:
        mend = (
            N_("补充所列任意一项有效资质，经主管部门核验后再报名")
            if asked.any_qualification
            else N_("补充或更新该项资质，经主管部门核验后再报名")
        )
    told = Sentence(mend, {"items": asked.item} if asked.item else {})
    return [
        RuleResult("qualification", False, _why_unmet(demand, held, instant), told)
        for demand in unmet
    ]


def _met(demand: QualificationDemand, held: Sequence[Qualification], instant: datetime) -> bool:
    return any(
        one.kind == demand.kind
        and one.verified
        and demand.reached_by(one.grade)
        and in_force(one, instant)
        for one in held
    )


def _why_unmet(
    demand: QualificationDemand, held: Sequence[Qualification], instant: datetime
) -> Sentence:
    name = f"{demand.kind} {demand.minimum_grade}".rstrip()
    same = [one for one in held if one.kind == demand.kind]
    if not same:
        return Sentence(N_("资质“%(name)s”未登记"), {"name": name})
    high = [one for one in same if demand.reached_by(one.grade)]
    if not high:
        return Sentence(
            N_("资质“%(name)s”等级不足，登记为%(held)s"),
            {"name": name, "held": same[0].grade or "-"},
        )
    if not any(in_force(one, instant) for one in high):
        return Sentence(
            N_("资质“%(name)s”不在有效期，有效期至 %(end)s"), {"name": name, "end": _latest(high)}
        )
    return Sentence(N_("资质“%(name)s”尚未核验"), {"name": name})


def _latest(held: Sequence[Qualification]) -> str:
    ends = [one.valid_until for one in held if one.valid_until is not None]
    return f"{max(ends):%Y-%m-%d}" if ends else "-"


def in_force(qualification: Qualification, instant: datetime) -> bool:
    """Return whether a certificate is valid at the instant: its last day counts whole."""
    day = instant.astimezone(SHANGHAI).date()
    begun = qualification.valid_from is None or qualification.valid_from <= day
    return begun and (qualification.valid_until is None or day <= qualification.valid_until)


def grade_reaches(held: str, demanded: str) -> bool:
    """Return whether a certificate's grade is the demanded one or above it on the same ladder."""
    if not demanded or held == demanded:
        return True
    for ladder in _LADDERS:
        if held in ladder and demanded in ladder:
            return ladder.index(held) <= ladder.index(demanded)
    return False


def _practitioners(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    held = Counter(facts.practitioners)
    short = [(kind, count) for kind, count in requirement.practitioners if held[kind] < count]
    if not short:
        return RuleResult("practitioner", True, Sentence(N_("执业人员满足要求")))
    told = "、".join(f"{kind} {held[kind]}/{count}" for kind, count in short)
    return RuleResult(
        "practitioner",
        False,
        Sentence(N_("执业人员不足：%(short)s"), {"short": told}),
        Sentence(N_("登记足够的执业人员，经核验后再报名")),
    )


def _pause(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    if facts.paused:
        return RuleResult(
            "pause",
            False,
            Sentence(N_("本机构已暂停接单")),
            Sentence(N_("在机构设置中恢复接单")),
        )
    return RuleResult("pause", True, Sentence(N_("正常接单")))


def _capacity(facts: FirmFacts, requirement: Requirement, instant: datetime) -> RuleResult:
    if facts.capacity is None:
        return RuleResult("capacity", True, Sentence(N_("未设承接上限")))
    fact = Sentence(
        N_("在办合同 %(running)s 份，承接上限 %(capacity)s 份"),
        {"running": facts.running_contracts, "capacity": facts.capacity},
    )
    if facts.running_contracts < facts.capacity:
        return RuleResult("capacity", True, fact)
    return RuleResult(
        "capacity", False, fact, Sentence(N_("办结在办合同，或在机构设置中调高承接上限"))
    )


def _minute(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


_Rule = Callable[[FirmFacts, Requirement, datetime], RuleResult | list[RuleResult]]

_RULES: tuple[_Rule, ...] = (
    _listed,
    _bars,
    _recusal,
    _offering,
    _qualifications,
    _practitioners,
    _grade,
    _pause,
    _capacity,
)
