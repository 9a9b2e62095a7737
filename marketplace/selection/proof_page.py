"""The strip of a result's page: how a round comes to its order, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from marketplace.foundation import clock
from marketplace.foundation.showing import show_date, show_datetime
from marketplace.projects.models import Need

from . import queries
from .judging import queries as panels
from .methods.public_value import LOTTERIES
from .models import SelectionRound
from .sealing import opening


@dataclass(frozen=True)
class ProofStep:
    """One step: its title and, where known, instant, value and what it rests on."""

    title: str
    at: datetime | None = None
    value: str | None = None
    note: str | None = None
    state: str = "done"


def proof_steps(need: Need, running: SelectionRound) -> list[ProofStep]:
    """The steps of a round: commitment, list, public value, order; waiting ones included."""
    closed = running.closed_at is not None
    listed = ProofStep(
        _("报名截止，名单固定"),
        running.closed_at,
        running.list_sha256,
        None if closed else _("%(at)s 截止", at=show_datetime(need.entry_deadline)),
        "done" if closed else "waiting",
    )
    if need.is_sealed:
        return [_committed(running), listed, *_sealed_steps(need, running)]
    if not queries.uses_draw(need):
        return [listed]
    drawn = running.drawn_at is not None
    return [
        _committed(running),
        listed,
        ProofStep(
            _("公开值"),
            None,
            running.public_value or None,
            _source(need, running),
            "done" if drawn else "waiting",
        ),
        ProofStep(
            _("计算次序"),
            running.drawn_at,
            None,
            _("由密值、名单、公开值唯一确定") if drawn else None,
            "done" if drawn else "waiting",
        ),
    ]


def _committed(running: SelectionRound) -> ProofStep:
    return ProofStep(
        _("公布承诺"),
        running.opened_at,
        running.commitment,
        _("密值此时已定，截止后公开；任何人可核对其摘要"),
    )


def _sealed_steps(need: Need, running: SelectionRound) -> list[ProofStep]:
    opened, settled = running.unsealed_at is not None, running.ranking is not None
    steps = _judging_steps(need, running)
    judged = bool(steps)
    steps += [
        ProofStep(
            _("统一开启报价"),
            running.unsealed_at,
            None,
            None if opened or judged else _("%(at)s 开启", at=show_datetime(need.choice_at)),
            "done" if opened else "waiting",
        )
    ]
    if running.lottery_day is not None and _waits_for_equals(running, judged):
        steps.append(
            ProofStep(
                _("并列机构抽取次序"),
                None,
                None,
                _source(need, running),
                "done" if settled else "waiting",
            )
        )
    steps.append(
        ProofStep(
            _("排定次序"),
            None,
            None,
            (
                _("由评分和开启的报价按公布的标准唯一确定")
                if judged
                else _("由开启的报价按公布的规则唯一确定")
            )
            if settled
            else None,
            "done" if settled else "waiting",
        )
    )
    return steps


def _waits_for_equals(running: SelectionRound, judged: bool) -> bool:
    """Whether the round's lottery is for equals: a best-value need's first one draws its judges."""
    if not judged:
        return True
    equals = running.ranking is None or bool(opening.tie_draws(running))
    return running.unsealed_at is not None and equals


def _judging_steps(need: Need, running: SelectionRound) -> list[ProofStep]:
    panel = panels.panel_of(running) if need.is_weighed else None
    if panel is None:
        return []
    drawn, over = panel.drawn_at is not None, panel.done_at is not None
    return [
        ProofStep(
            _("候选专家名单固定"),
            panel.frozen_at,
            panel.list_sha256,
            None,
            "done" if panel.frozen_at else "waiting",
        ),
        ProofStep(
            _("抽取评审专家"),
            panel.drawn_at,
            None,
            None if drawn else _source(need, running),
            "done" if drawn else "waiting",
        ),
        ProofStep(_("评审专家隐名评分"), panel.done_at, None, None, "done" if over else "waiting"),
    ]


def _source(need: Need, running: SelectionRound) -> str:
    _edition_id, values = queries.edition_of(need, clock.local_day(running.opened_at))
    if queries.uses_ceremony(need):
        if running.drawn_at is not None and not running.public_value:
            return _("改期后仍无管理机构以外的人参加，公开值为空，次序仅由密值与名单决定")
        if running.commit_ends_at is None:
            return _("现场公开抽取：名单固定后提交承诺，随后公布数字")
        return _("现场公开抽取，承诺提交至 %(at)s", at=show_datetime(running.commit_ends_at))
    game = running.lottery_game or values.lottery_game
    day = running.lottery_day
    if day is None and need.entry_deadline is not None:
        day = queries.lottery_day(values, need.entry_deadline)
    return _("%(game)s %(day)s 开奖的一期", game=LOTTERIES[game].title, day=show_date(day))
