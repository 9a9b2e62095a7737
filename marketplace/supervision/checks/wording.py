"""What a check found, in the reader's language: the checks themselves say it to a terminal."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.ratings.models import GRADE_TITLES
from marketplace.ratings.rules.entries import Grade

from .. import invariants
from ..titles import subject_title

_DAY = r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
# what is wrong with a row of the audit ledger; the groups are filled in by number
_LEDGER: tuple[tuple[str, Any], ...] = (
    (r"row ([0-9]+) is missing", _l("缺少第 %(a)s 条")),
    (r"rows ([0-9]+) to ([0-9]+) are missing", _l("缺少第 %(a)s 条至第 %(b)s 条")),
    (r"row ([0-9]+) is missing at the end", _l("末尾缺少第 %(a)s 条")),
    (
        r"rows ([0-9]+) to ([0-9]+) are missing at the end",
        _l("末尾缺少第 %(a)s 条至第 %(b)s 条"),
    ),
    (r"it stands out of order", _l("序号错乱")),
    (r"it cannot be read", _l("无法读取")),
    (r"the content does not match its digest", _l("内容与摘要不符")),
    (r"the link to the row before is broken", _l("与上一条的衔接断开")),
    (r"the hash does not match", _l("链上摘要不符")),
    (r"its time is before that of the row before", _l("时间早于上一条")),
    (r"it stands after the recorded end", _l("在登记的末尾之后多出")),
    (
        r"rows ([0-9]+) to ([0-9]+) stand after the recorded end",
        _l("登记的末尾之后多出第 %(a)s 条至第 %(b)s 条"),
    ),
    (r"it is not the recorded end", _l("不是登记的末尾")),
    (
        rf"the head published for {_DAY} is not signed by this site",
        _l("%(a)s 公布的台账摘要不是本站签名"),
    ),
    (
        rf"no head is published from {_DAY} on before {_DAY}",
        _l("自 %(a)s 起至 %(b)s 前没有公布台账摘要"),
    ),
    (rf"no head is published for {_DAY} and later", _l("自 %(a)s 起没有公布台账摘要")),
    (rf"the row is not the head published for {_DAY}", _l("与 %(a)s 公布的台账摘要不符")),
    (
        r"the file (\S+) beside the signing key cannot be read",
        _l("签名密钥旁的文件 %(a)s 无法读取"),
    ),
    (
        rf"the head kept beside the signing key for {_DAY} is not in the table",
        _l("签名密钥旁保存的 %(a)s 台账摘要不在台账中"),
    ),
)
# what a replay calls whatever does not agree
_GRADES: tuple[tuple[str, Any], ...] = (
    (r"grade_records.*", _l("等级记录与复算不符")),
    (r"next_check_at", _l("下次评定时间晚于应评定日期")),
    (r"rating_subjects", _l("现行等级与最近一次评定不符")),
    (r"unreadable", _l("记录无法读取")),
    (r"rating_ledger ([0-9]+) altered", _l("信用记录 %(a)s 与本条摘要不符")),
    (r"rating_ledger ([0-9]+) audited twice", _l("信用记录 %(a)s 在审计台账中重复")),
    (r"rating_ledger ([0-9]+) not as audited", _l("信用记录 %(a)s 与审计台账不符")),
    (r"rating_ledger ([0-9]+) is gone", _l("信用记录 %(a)s 缺失")),
)
_HOLDS: dict[str, Any] = {
    "I01": _l("一项需求最多有一个有效的中选"),
    "I02a": _l("已中选的需求有成立的中选"),
    "I02b": _l("履行中的合同对应已接受的中选及其机构和需求"),
    "I03": _l("中选机构在本轮名单中，决定时符合全部条件"),
    "I03b": _l("资格审查写明所依据的等级记录"),
    "I03c": _l("进入公开报名名单的机构截止时符合全部条件"),
    "I04": _l("受限期间没有中选，也没有接受中选"),
    "I04b": _l("黑名单期间没有进入名单"),
    "I05": _l("列入黑名单的机构不在该事项的公开列表中"),
    "I06": _l("抽取可以重新算出，公开的核对程序结果相同"),
    "I07": _l("需求的选取轮次连续编号"),
    "I07b": _l("重新抽取须先由两名人员说明理由撤销"),
    "I08a": _l("抽取承诺在报名截止前公布"),
    "I08b": _l("冻结的名单即其报名，中选按抽取次序"),
    "I09": _l("公开的内容与事先的承诺一致"),
    "I10": _l("密封的报价到开启时才有明文，名单上的同时开启"),
    "I10b": _l("密封的报价不早于公布的时间开启"),
    "I10c": _l("开启的报价和方案即收到的，次序由其算出"),
    "I10d": _l("三方分管的密钥由到时交出份额的两方开启"),
    "I10e": _l("评审专家按可以重新算出的抽取次序参加"),
    "I10f": _l("评分齐全并说明偏离后才开启报价"),
    "I11": _l("仪式各方的数字先承诺、后公开"),
    "I12": _l("截止后没有收到报名；下单即受理"),
    "I13a": _l("更正只能由两名人员把未到的期限延后"),
    "I13b": _l("需求的期限不早于更正写明的期限"),
    "I14": _l("已签合同有同一价格和事项的校核通过"),
    "I14b": _l("打包采购的各项预算与总预算一致"),
    "I14c": _l("打包采购的价款按各项预算划分并逐项校核"),
    "I15": _l("合同价款即中选价款或者双方同意变更的价款"),
    "I15b": _l("合同结束日期不晚于公告写明的日期，变更除外"),
    "I16": _l("保存的等级与复算一致"),
    "I16b": _l("部门年度得分与复算一致"),
    "I17": _l("两本台账完整，与公布的一致"),
    "I18": _l("只可追加的表有防改措施"),
    "I19": _l("信用记录依据当时有效的评定规则"),
    "I19b": _l("信用记录有其依据"),
    "I20a": _l("只有已结束合同的双方互相评价"),
    "I20b": _l("每份合同每个方向只评价一次"),
    "I20c": _l("评价在双方提交或者期满后公开，不提前"),
    "I20d": _l("评价在期限内提交和修改"),
    "I20e": _l("部门只就已结束的年度计分，评价机构达到规定家数方计入"),
    "I20f": _l("不满意的办事评价均由未参与办理的人员回访"),
    "I21a": _l("已提交的评价仍然存在"),
    "I21b": _l("已公开的评价计入，未公开的不计入"),
    "I21c": _l("评分与提交时的承诺一致，并如实计入"),
    "I21d": _l("剔除的评价由建议人以外的人员决定并已冲正"),
    "I22a": _l("没有人审批本人提出的事项"),
    "I22b": _l("没有人确认因本人登记的记录产生的等级"),
    "I23": _l("名录中统一社会信用代码不重复"),
    "I23b": _l("名录中的机构没有入驻时未认定的关联核查"),
    "I23c": _l("比对信息与机构档案一致"),
    "I24": _l("同一名单中没有登记关联的两家机构"),
    "I25": _l("状态是其历史的最后一步，每步都是允许的变更"),
    "I26": _l("金额不为负数"),
    "I27": _l("到期事项在两分钟内办理"),
    "I28": _l("停用的账号没有登录"),
    "I28b": _l("已结束的会话没有再使用"),
    "I29": _l("角色不超过其授权的期限"),
    "I30": _l("个人号码没有以明文保存"),
    "I31": _l("保存的文件与存入时一致"),
    "I32": _l("审计台账的时间不倒退"),
    "I33": _l("公告写明事件发生的日期"),
    "A01": _l("评价人依据由另一人确认的聘任、在聘期内评价"),
    "A02": _l("评价人评价已结束合同的机构，不是合同一方，也没有申请回避"),
    "A03": _l("评价人的评价在窗口开放期间作出，公开后计入"),
    "F01": _l("公众搜索到的内容与登记一致"),
    "H01": _l("大厅每个窗口最多一家机构在席"),
    "H02": _l("同一名录中一家机构最多一个大厅席位"),
    "H03": _l("大厅席位依据已生效的征集结果和机构本身的申请，不超过任期"),
    "H04": _l("征集的在席机构不超过席位数"),
    "H05": _l("大厅席位按名次安排"),
    "H06": _l("评委在评审期间评分，不评本单位"),
    "K01": _l("合同检查针对其机构，依据惩戒规则，在应当检查之后进行"),
    "K02": _l("重点监管机构履行中的合同全部检查"),
    "R01": _l("信用记录的冲正和决定针对同一档案"),
    "R02": _l("同一档案最多有一项待定的等级建议"),
    "R03": _l("记录自登记的次日或者以后生效"),
    "R04": _l("公示或者生效的等级已在台账中确认"),
    "R05": _l("影响等级的事实已登记：红黄牌、放弃中选、一票否决"),
    "R06": _l("已冲正的信用记录只能自更早的日期再次冲正"),
    "S01": _l("黑名单依据同一机构的已决定案件，不超过 36 个月"),
    "S02": _l("列入黑名单的机构履行中的合同已征询业主"),
    "S03": _l("红牌有截止日期、黄牌有整改期限，均由工作人员出具"),
}
_VALUES: dict[str, Any] = {
    "-": "—",
    "nothing": _l("没有记录"),
    "audited": _l("已登记"),
    "two records of one day": _l("同日两条记录"),
    "one": _l("一条记录"),
}
_GRADE = re.compile(
    rf"organisation (?P<key>[0-9]+) (?P<register>\S+)(?: {_DAY})?: (?P<problem>.+?): "
    r"stored (?P<stored>.*), replayed (?P<replayed>.*)"
)
_ROW = re.compile(r"(?P<table>[a-z_]+) (?P<key>[0-9]+)(?P<more>: .+)?", re.DOTALL)


def in_words(finding: str) -> str:
    """One line of a check as a sentence; what is not known is shown as the check said it."""
    unable = re.fullmatch(r"([0-9]+): it cannot be checked: (.+)", finding, re.DOTALL)
    if unable is not None:
        return _("自第 %(a)s 处起无法检查：%(b)s", a=unable[1], b=unable[2])
    row = re.fullmatch(r"([0-9]+): (.+)", finding, re.DOTALL)
    if row is not None:
        return _("台账第 %(seq)s 条：%(problem)s", seq=row[1], problem=_said(_LEDGER, row[2]))
    grade = _GRADE.fullmatch(finding)
    if grade is not None:
        return _graded(grade)
    code, _space, rest = finding.partition(" ")
    if code in _HOLDS:
        return _(
            "不变规则 %(code)s（%(rule)s）不成立：%(row)s",
            code=code,
            rule=_HOLDS[code],
            row=_row(rest.removeprefix(f"{_must_hold(code)}: ")),
        )
    return finding


def problem_in_words(problem: str) -> str:
    """What a replay found not to agree."""
    return _said(_GRADES, problem)


def _graded(found: re.Match[str]) -> str:
    problem = problem_in_words(found["problem"])
    if found["key"] == "0":
        return problem
    return _(
        "单位 %(key)s（名录 %(register)s）%(day)s%(problem)s：保存的是 %(stored)s，复算为 %(replayed)s",
        key=found["key"],
        register=found["register"],
        day=f"{found[3]} " if found[3] else "",
        problem=problem,
        stored=_value(found["stored"]),
        replayed=_value(found["replayed"]),
    )


def _value(told: str) -> str:
    """A state as a replay writes it: a grade with its score, or what stands in its place."""
    known = _VALUES.get(told)
    if known is not None:
        return str(known)
    state = re.fullmatch(rf"(ungraded|[A-D]) (\S+)(?: since {_DAY})?", told)
    if state is None:
        return told
    words = f"{GRADE_TITLES[Grade(state[1])]} {state[2]}"
    return _("%(state)s（自 %(day)s 起）", state=words, day=state[3]) if state[3] else words


def _said(known: tuple[tuple[str, Any], ...], problem: str) -> str:
    for pattern, words in known:
        found = re.fullmatch(pattern, problem)
        if found is not None:
            return str(words) % dict(zip("ab", found.groups(), strict=False))
    return problem


def _row(text: str) -> str:
    found = _ROW.fullmatch(text)
    if found is None:
        return text
    named = _("%(what)s第 %(key)s 号", what=subject_title(found["table"]), key=found["key"])
    return named + (found["more"] or "")


def _must_hold(code: str) -> str:
    return (invariants.STATEMENTS.get(code) or invariants.CHECKS[code])[0]
