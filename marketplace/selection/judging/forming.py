"""The panel comes together: planned at publication, its candidates frozen at closing, drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, clock, crypto, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.calendar import working_calendar
from marketplace.foundation.db import db
from marketplace.foundation.errors import Invalid
from marketplace.notifications.actions import send_letter
from marketplace.projects import queries as projects
from marketplace.projects.models import Need
from marketplace.projects.weighing.actions import edition_on
from marketplace.projects.weighing.rules import panel_size

from .. import drawing
from .. import queries as selection
from ..experts import queries as pool
from ..experts.models import Expert
from ..methods import draw_proof
from ..methods.draw_proof import ExcludedEntry, ListedEntrant, ProofInput, instant_text
from ..methods.random_draw import (
    Entrant,
    commitment,
    draw_secret,
    list_bytes,
    list_hash,
    receipt_bytes,
)
from ..models import SelectionRound
from ..rules.experts import on_duty, recusal
from . import plans, queries
from .models import JudgeStatus, Panel, PanelJudge, PanelStatus


def draw_id(need: Need) -> str:
    """What the draw of a need's judges goes by: a number of its own, so a secret of its own."""
    return f"{need.number}-judges"


def secret_of(need: Need, attempt: int) -> str:
    """The secret of the judges' draw, derived from the site's key whenever it is asked for."""
    master = crypto.derive_secret(drawing.SECRET_PURPOSE, "1")
    return draw_secret(master, draw_id(need), attempt)


def plan_panel(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> Panel:
    """Open the panel with its round: trade, size, the key of the plans, the draw's commitment.

    Raises Invalid where the pool has too few experts of the trade to draw from.
    """
    day = clock.local_day(now)
    edition = edition_on(need.jurisdiction_code, day)
    trade = pool.trade_of(need.item_code, need.jurisdiction_code, day)
    there = len(_fit(need, trade, now, {need.owner_id})[0])
    if there < edition.values.pool_least:
        raise Invalid(
            _(
                "评审专家库中可抽取的“%(trade)s”专家只有 %(count)d 人，不足 %(least)d 人，"
                "请改用其他选取方式",
                trade=trade,
                count=there,
                least=edition.values.pool_least,
            ),
            rule="panel.pool",
        )
    panel = Panel(
        round_id=running.id,
        edition_id=edition.id,
        trade=trade,
        size=panel_size(edition.values, need.budget),
        plan_key=plans.new_key(running),
        commitment=commitment(secret_of(need, running.attempt)),
    )
    lifecycle.begin(panel, PanelStatus.PLANNED, actor, now)
    audit.record(
        "panels.committed", actor, panel, now, commitment=panel.commitment, size=panel.size
    )
    return panel


def _fit(
    need: Need, trade: str, since: datetime, parties: set[int]
) -> tuple[list[Expert], list[tuple[Expert, str]]]:
    """Who can be drawn, and who stands aside with the reason: in the pool before ``since``."""
    register, day = accounts.register_of(need.jurisdiction_code), clock.today()
    fit, aside = [], []
    for expert in pool.admitted(register, trade):
        late = expert.admitted_at is None or expert.admitted_at >= since
        if late or not on_duty(expert.available, expert.away_until, day):
            continue
        why = recusal(pool.ties_of(expert), parties)
        if why is None:
            fit.append(expert)
        else:
            aside.append((expert, why))
    return fit, aside


def freeze(need: Need, running: SelectionRound, actor: Actor, now: datetime) -> None:
    """At closing: open the plans, fix who the judges are drawn among, publish the list's hash.

    Whoever has to do with somebody who entered, with the owner or with a firm the owner recused is
    not drawn.
    """
    panel = queries.panel_of(running)
    assert panel is not None
    listed = selection.listed(running)
    entered = [*listed, *selection.void(running)]
    parties = {each.organisation_id for each in entered}
    plans.open_all(panel, need, listed, actor, now)
    recused = {each.organisation_id for each in projects.recused(need.id)}
    fit, aside = _fit(need, panel.trade, running.opened_at, {need.owner_id, *parties, *recused})
    panel.frozen_at = now
    panel.excluded = [{"number": each.number, "reason": why} for each, why in aside]
    entrants = _entrants(need, running, [each.number for each in fit])
    panel.list_text = list_bytes(entrants).decode() if entrants else ""
    panel.list_sha256 = list_hash(entrants) if entrants else crypto.sha256_hex(b"")
    lifecycle.move(
        panel,
        PanelStatus.DRAWING,
        actor,
        now,
        list_sha256=panel.list_sha256,
        candidates=len(fit),
        recused=len(aside),
    )


def candidates(panel: Panel) -> list[str]:
    """The numbers of those the judges are drawn among, in the order of the list."""
    return [line.split("\t")[0] for line in (panel.list_text or "").splitlines()]


def _entrants(need: Need, running: SelectionRound, numbers: Sequence[str]) -> list[Entrant]:
    # derived from the secret: until that is public nobody tells from the list's hash who is on it
    secret = secret_of(need, running.attempt)
    return [
        Entrant(number, crypto.sha256_hex(f"zjcs-judge/1\n{secret}\n{number}\n".encode()))
        for number in numbers
    ]


def draw(panel: Panel, need: Need, running: SelectionRound, actor: Actor, now: datetime) -> bool:
    """Draw the judges once the lottery's value is known; False while it is not."""
    known = drawing.public_value_of(need, running)
    if known is None:
        return False
    value, known_at = known
    assert panel.frozen_at is not None
    at, name = instant_text(running.opened_at), draw_id(need)
    entrants = _entrants(need, running, candidates(panel))
    given = ProofInput(
        about=need.title,
        dates={
            "published": instant_text(running.opened_at),
            "closed": instant_text(panel.frozen_at),
            "value": instant_text(max(known_at, panel.frozen_at)),
            "drawn": instant_text(now),
        },
        entrants=[
            ListedEntrant(
                each,
                each.credit_code,
                at,
                crypto.sign(receipt_bytes(name, running.attempt, each, at)),
            )
            for each in entrants
        ],
        excluded=[
            ExcludedEntry(each["number"], each["number"], each["reason"])
            for each in panel.excluded or ()
        ],
        public_value=value,
        receipt_key=crypto.signing_public_key(),
    )
    drawn, proof = draw_proof.build(name, running.attempt, secret_of(need, running.attempt), given)
    if drawn.list_hash != panel.list_sha256 or drawn.commitment != panel.commitment:
        raise RuntimeError(f"panel {panel.id}: list or commitment differ from what was published")
    panel.drawn_at, panel.proof = now, proof.decode()
    audit.record(
        "panels.drawn", actor, panel, now, seed=drawn.seed, proof_sha256=crypto.sha256_hex(proof)
    )
    lifecycle.move(panel, PanelStatus.MARKING, actor, now)
    return True


def order(panel: Panel) -> list[str]:
    """The numbers of the candidates as they were drawn; empty before that."""
    drawn: list[str] = json.loads(panel.proof)["order"] if panel.proof else []
    return drawn


def call_next(panel: Panel, need: Need, actor: Actor, now: datetime) -> PanelJudge | None:
    """Call the next of the drawn order; None when there is nobody left.

    Somebody who left the pool since, or came to have to do with a party, is passed over.
    """
    called = {each.expert.number for each in queries.judges(panel)}
    answer_days = queries.values_of(panel).answer_working_days
    for place, number in enumerate(order(panel), 1):
        if number in called:
            continue
        expert = db.session.query(Expert).filter_by(number=number).one()
        judge = PanelJudge(
            panel_id=panel.id,
            expert_id=expert.id,
            user_id=expert.user_id,
            organisation_id=expert.organisation_id,
            place=place,
            called_at=now,
            answer_by=working_calendar().deadline(now, answer_days),
        )
        lifecycle.begin(judge, JudgeStatus.CALLED, actor, now)
        why = _unfit_now(need, expert)
        if why is not None:
            judge.reason = why
            lifecycle.move(judge, JudgeStatus.DECLINED, actor, now, reason=why)
            called.add(number)
            continue
        if expert.user.email:
            send_letter(
                expert.user.email,
                "抽取您为评审专家，请答复",
                f"请在 {clock.written(judge.answer_by)} 前答复是否参加评审。评审内容请登录后查看，"
                "评审结束前请勿向他人透露。",
                f"/judging/{judge.public_id}",
                f"panel_judge:{judge.id}:called",
                now,
            )
        return judge
    return None


def _unfit_now(need: Need, expert: Expert) -> str | None:
    if expert.status.value != "admitted" or expert.user.disabled_at is not None:
        return "抽取后已不在库"
    parties = {each.organisation_id for each in selection.listed(selection.live_round(need))}
    return recusal(pool.ties_of(expert), {need.owner_id, *parties})
