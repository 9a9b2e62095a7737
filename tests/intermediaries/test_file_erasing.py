"""Old personal values of the history of files are erased by an approver; digests stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.audit import AuditRow, verify
from marketplace.foundation.db import db
from marketplace.intermediaries.file.actions import erasing
from marketplace.intermediaries.file.actions.histories import keep_history
from marketplace.intermediaries.file.models import (
    FieldChange,
    FieldValue,
    FirmAgent,
    HistoryErasure,
)
from marketplace.intermediaries.models import Firm
from tests.factories import accounts as people
from tests.factories import intermediaries as firms
from tests.factories.filing import SignIn, made, read, send

PAGE = "/supervision/register/erasure"
WHY = {"reason": "保存期满，按保存期限清理"}


def test_what_is_past_its_retention_is_erased_for_good(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    def cast() -> list[Any]:
        party = firms.listed()
        _change(party, "agent", "欧阳旧经办", "上官新经办")
        _change(party, "address", "旧址 1 号", "新址 2 号")
        return [
            party,
            *(people.officer(role) for role in (Role.BUREAU_APPROVER, Role.BUREAU_OPERATOR)),
            people.officer(Role.BUREAU_APPROVER, city="379800"),
        ]

    party, approver, operator, elsewhere = made(app, cast)
    assert "没有保存期满的个人信息" in read(sign_in_as(approver.user), PAGE)
    assert "没有保存期满" in send(sign_in_as(approver.user), PAGE, 409, **WHY)
    with app.app_context():
        years = erasing.kept_years()
    advance(timedelta(days=366 * years))
    made(app, lambda: _change(party, "agent", "上官新经办", "慕容今经办"))
    read(sign_in_as(operator.user), PAGE, 403)
    assert "没有保存期满的个人信息" in read(sign_in_as(elsewhere.user), PAGE)

    officer = sign_in_as(approver.user)
    assert "经办人" in read(officer, PAGE)
    send(officer, PAGE, 422, reason="清理")
    send(officer, PAGE, **WHY)
    page = read(officer, PAGE)
    assert "没有保存期满的个人信息" in page
    assert WHY["reason"] in page
    with app.app_context():
        left = {
            (change.field, value.before if value else None, bool(change.before_digest))
            for change, value in db.session.execute(
                select(FieldChange, FieldValue).outerjoin(
                    FieldValue, FieldValue.change_id == FieldChange.id
                )
            ).all()
        }
        assert ("agent", None, True) in left, "the digest stays"
        assert ("agent", "上官新经办", True) in left, "what is not past its retention stays"
        assert ("address", "旧址 1 号", True) in left, "nobody's personal data"
        row = db.session.scalars(select(HistoryErasure)).one()
        assert (row.count, row.user_id) == (1, approver.user.id)
        told = db.session.scalars(
            select(AuditRow).where(AuditRow.action == "history_erasures.erased")
        ).one()
        assert "欧阳" not in str(told.facts)
        assert not list(verify())
        assert db.session.scalar(select(func.count()).select_from(FieldChange)) == 3
    history = f"/supervision/applications/{party.firm.public_id}/history"
    assert "内容已删除" in read(officer, history)


def test_an_authority_that_ended_long_ago_goes_with_its_paper(
    app: Flask, sign_in_as: SignIn, advance: Callable[[timedelta], None]
) -> None:
    def cast() -> list[Any]:
        return [firms.listed(), people.officer(Role.BUREAU_APPROVER)]

    party, approver = made(app, cast)
    firm = sign_in_as(party.user)
    for name, number in (("欧阳旧经办", "授权 1 号"), ("上官新经办", "授权 2 号")):
        with app.app_context():
            today = clock.today()
        send(
            firm,
            "/firm/agents",
            name=name,
            phone="13900001111",
            scope=["file"],
            account="",
            document_number=number,
            starts_on=today.isoformat(),
            ends_on=(today + timedelta(days=300)).isoformat(),
            paper="document",
        )
        advance(timedelta(days=40))
    with app.app_context():
        years = erasing.kept_years()
    advance(timedelta(days=366 * years - 30))
    page = read(sign_in_as(approver.user), PAGE)
    assert "已终止的经办人授权（姓名、电话、授权书）" in page
    send(sign_in_as(approver.user), PAGE, **WHY)
    advance(timedelta(minutes=1))
    with app.app_context():
        first, second = db.session.scalars(select(FirmAgent).order_by(FirmAgent.id)).all()
        assert (first.name, first.phone, first.is_erased) == ("", "", True)
        assert first.document.erased_at is not None
        assert second.name == "上官新经办", "ended later, not past its retention"
        assert second.document.erased_at is None
        row = db.session.scalars(select(HistoryErasure)).one()
        assert row.authorities == 1
        assert not list(verify())
        paper = first.document.public_id
    firm = sign_in_as(party.user)
    assert firm.get(f"/firm-files/{paper}").status_code == 404
    shown = read(firm, "/firm/agents")
    assert "授权 1 号" in shown
    assert "内容已删除" in shown
    assert paper not in shown
    assert "没有保存期满的个人信息" in read(sign_in_as(approver.user), PAGE)


def _change(party: Any, field: str, before: str, after: str) -> None:
    firm = db.session.get_one(Firm, party.firm.id)
    keep_history(firm, field, before, after, party.actor, clock.now())
