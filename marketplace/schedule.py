"""Every periodic job on one page: what, how often, which queue.

A job is a function without arguments that does what is due and returns how much it did. It may
run twice or late without harm: what is due stands in the database, not in the broker.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """``function`` is ``module:name``; ``seconds`` how often the clock asks; ``queue`` who works.

    ``watches`` are the tables whose ``next_check_at`` can give it something to do; a job that
    also finds work no such column tells of ``seeks``. What a ``daily`` one finds comes with a new
    day, or by what people do: whoever moves the clock need not ask it at every hour he stops.
    """

    name: str
    function: str
    seconds: int
    queue: str = "deadlines"
    watches: frozenset[str] = frozenset()
    seeks: bool = False
    daily: bool = False

    def resolve(self) -> Callable[[], int]:
        """The function itself."""
        module, name = self.function.split(":")
        found: Callable[[], int] = getattr(importlib.import_module(module), name)
        return found


def _watching(*tables: str) -> frozenset[str]:
    return frozenset(tables)


JOBS: tuple[Job, ...] = (
    Job(
        "投诉办理期限",
        "marketplace.supervision.complaints.tasks:advance_due",
        60,
        watches=_watching("selection_complaints"),
    ),
    Job(
        "到期公示与异议",
        "marketplace.notices.tasks:advance_due",
        15,
        watches=_watching("public_notices", "objections"),
    ),
    Job(
        "公布期满的服务事项清单",
        "marketplace.catalogue.revising.tasks:advance_due",
        15,
        watches=_watching("list_drafts"),
    ),
    Job(
        "清单外索要的说明期限",
        "marketplace.catalogue.demands.tasks:advance_due",
        15,
        watches=_watching("offlist_demands"),
    ),
    Job(
        "入驻审查时限",
        "marketplace.intermediaries.tasks:advance_due",
        15,
        watches=_watching("firms", "qualifications", "professional_checks", "departures"),
    ),
    Job(
        "办结退出",
        "marketplace.supervision.leaving.tasks:complete_due",
        15,
        seeks=True,
    ),
    Job(
        "无有效资质的机构",
        "marketplace.intermediaries.leaving.tasks:keep_lapses",
        600,
        seeks=True,
        daily=True,
    ),
    Job(
        "关联核查",
        "marketplace.intermediaries.likeness.tasks:advance_due",
        15,
        watches=_watching("likeness_features", "likeness_matches"),
    ),
    Job(
        "补记比对信息",
        "marketplace.intermediaries.likeness.tasks:keep_lacking",
        600,
        seeks=True,
    ),
    Job(
        "随原名称的 D 级",
        "marketplace.intermediaries.likeness.tasks:end_grades",
        600,
        seeks=True,
        daily=True,
    ),
    Job(
        "大厅窗口征集与任期",
        "marketplace.intermediaries.hall.tasks:advance_due",
        15,
        watches=_watching("hall_calls", "hall_seats"),
    ),
    Job(
        "失去条件的大厅席位",
        "marketplace.intermediaries.hall.tasks:end_lost",
        15,
        seeks=True,
    ),
    Job(
        "机构档案时限",
        "marketplace.intermediaries.file.tasks:advance_due",
        15,
        watches=_watching(
            "practitioners",
            "practitioner_transfers",
            "firm_agents",
            "firm_rechecks",
            "firm_self_checks",
        ),
    ),
    Job(
        "开始年度自查",
        "marketplace.intermediaries.file.tasks:open_self_checks",
        600,
        seeks=True,
        daily=True,
    ),
    Job(
        "报名截止、选取与中选确认",
        "marketplace.selection.tasks:advance_due",
        5,
        watches=_watching("needs", "talks"),
        seeks=True,
    ),
    Job(
        "下单与小额快选答复",
        "marketplace.orders.tasks:advance_due",
        5,
        watches=_watching("orders"),
    ),
    Job(
        "合同与成果时限",
        "marketplace.contracts.tasks:advance_due",
        15,
        watches=_watching("contracts", "deliverables"),
        seeks=True,
    ),
    Job(
        "评价窗口",
        "marketplace.evaluations.tasks:advance_due",
        30,
        watches=_watching("evaluation_windows", "department_windows", "assessor_appointments"),
        seeks=True,
    ),
    Job(
        "行业主管部门年度得分",
        "marketplace.evaluations.bundled.tasks:settle_due",
        3600,
        seeks=True,
        daily=True,
    ),
    Job(
        "夜间评价核查提示",
        "marketplace.evaluations.screens.tasks:screen_due",
        600,
        seeks=True,
        daily=True,
    ),
    Job(
        "定期选取核查提示",
        "marketplace.supervision.collusion.tasks:look_due",
        600,
        seeks=True,
        daily=True,
    ),
    Job(
        "抽取满分评价回访",
        "marketplace.evaluations.callbacks.tasks:draw_due",
        600,
        seeks=True,
        daily=True,
    ),
    Job(
        "处罚与案件时限",
        "marketplace.sanctions.tasks:advance_due",
        15,
        watches=_watching("cards", "sanction_cases", "blacklistings"),
    ),
    Job(
        "信用等级重算",
        "marketplace.ratings.tasks:advance_due",
        60,
        watches=_watching("rating_subjects", "grade_proposals"),
    ),
    Job("D 级生效的后果", "marketplace.supervision.tasks:strike_off_due", 15, seeks=True),
    Job(
        "列出重点监管合同检查",
        "marketplace.supervision.inspections.tasks:open_due",
        60,
        seeks=True,
    ),
    Job("公布台账摘要", "marketplace.supervision.tasks:publish_head", 60, seeks=True),
    Job("办理时限登记", "marketplace.supervision.tasks:follow_clocks", 20, seeks=True),
    Job(
        "红黄灯与提醒",
        "marketplace.supervision.tasks:advance_due",
        20,
        watches=_watching("running_clocks"),
    ),
    Job(
        "账号、授权与重设密码",
        "marketplace.accounts.tasks:advance_due",
        10,
        watches=_watching("password_resets", "authorisations"),
    ),
    Job(
        "读取上传的收费目录清单",
        "marketplace.fees.lists.tasks:read_uploads",
        1,
        "messages",
        watches=_watching("fee_list_imports"),
    ),
    Job(
        "生成已公布清单的文件",
        "marketplace.fees.lists.tasks:keep_files",
        15,
        "messages",
        seeks=True,
    ),
    Job(
        "告知机构新公布的收费目录清单",
        "marketplace.intermediaries.list_news:tell_of_lists",
        15,
        "messages",
        watches=_watching("list_tellings"),
        seeks=True,
    ),
    Job(
        "核对上传的实际收费",
        "marketplace.fees.charges.tasks:judge_uploads",
        1,
        "messages",
        watches=_watching("charge_uploads"),
    ),
    Job(
        "读取和承接原名录",
        "marketplace.intermediaries.bulk.tasks:work_on_imports",
        1,
        "messages",
        watches=_watching("register_imports"),
    ),
    Job(
        "试算信用等级评定规则",
        "marketplace.supervision.trials.tasks:run_trials",
        2,
        "messages",
        watches=_watching("rating_trials"),
    ),
    Job(
        "信件投递",
        "marketplace.notifications.tasks:deliver_letters_due",
        10,
        "messages",
        watches=_watching("letters"),
    ),
    Job(
        "消息投递",
        "marketplace.notifications.tasks:deliver_due",
        10,
        "messages",
        watches=_watching("deliveries"),
    ),
)
# what the worker alone runs: nothing of the business waits for it, so that whoever moves the clock
# of a test or a demo does not check every night that passes
WATCHES: tuple[Job, ...] = (
    Job("夜间检查", "marketplace.supervision.checks.tasks:run_checks", 20, "messages", seeks=True),
    Job("异常事件登记", "marketplace.supervision.checks.tasks:watch", 60, "messages", seeks=True),
)
QUEUES = ("deadlines", "messages")


def run_due(rounds: int = 40) -> int:
    """Do everything that is due, again and again until nothing is; returns how much was done.

    What one job does can make another due at once. Raises RuntimeError when it does not settle.
    """
    total = 0
    for _ in range(rounds):
        done = run_once(JOBS)
        if not done:
            return total
        total += done
    raise RuntimeError("the due work does not settle")


def run_once(jobs: Iterable[Job]) -> int:
    """Let these jobs do what is due, one after the other; returns how much was done."""
    return sum(job.resolve()() for job in jobs)


def jobs_for(tables: Iterable[str]) -> list[Job]:
    """The jobs that watch one of the tables; a table nobody watches asks them all."""
    asked = frozenset(tables)
    watched = frozenset().union(*(job.watches for job in JOBS))
    if asked - watched:
        return list(JOBS)
    return [job for job in JOBS if job.watches & asked]
