"""邹城 through its pages: the joint inspection alone makes the grade; marks are kept and shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.accounts.models import User
from marketplace.evaluations.rules import Direction
from marketplace.foundation.db import db
from marketplace.ratings.models import EntryKind, RatingEntry
from tests.factories import contracts
from tests.places import ZOUCHENG, Stage, open_marketplace

DAY = timedelta(days=1)


def test_marks_are_collected_and_shown_and_the_inspection_alone_grades(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sign_in_as: Callable[..., FlaskClient],
    advance: Callable[[timedelta], None],
) -> None:
    open_marketplace(app, ZOUCHENG, tmp_path, monkeypatch)
    stage = Stage(app, sign_in_as, advance)
    deal = contracts.completed(app, advance)
    name, code, page = stage.make(
        lambda: (
            deal.party().organisation.name,
            deal.party().organisation.credit_code,
            f"/firms/{deal.party().organisation.public_id}",
        )
    )
    editor, firm = stage.make(lambda: (db.session.get_one(User, deal.editor_id), deal.party().user))
    evaluation = stage.make(lambda: f"/contracts/{deal.contract.public_id}/evaluation")

    # both sides mark, the worst there is; the marks are revealed, posted and shown
    low = dict.fromkeys(Direction.OWNER_TO_FIRM.parts, "1")
    sent = stage.at(editor).post(evaluation, data={**low, "reason": "成果多次退改，态度敷衍"})
    assert sent.status_code == 303
    kind = dict.fromkeys(Direction.FIRM_TO_OWNER.parts, "5")
    assert stage.at(firm).post(evaluation, data=kind).status_code == 303
    advance(2 * DAY)
    shown = stage.anybody(page)
    assert "成果多次退改，态度敷衍" in shown
    assert "未评级" in shown

    def marks() -> int:
        query = select(RatingEntry).where(RatingEntry.kind == EntryKind.MARK)
        return len(db.session.scalars(query).all())

    assert stage.read(marks) == 2
    why = stage.anybody(f"{page}/rating")
    assert "本辖区的等级只由检查评定" in why
    assert "15 个月内没有检查的机构没有等级" in why
    assert "1000" not in why

    # the yearly joint inspection, recorded by an officer, is the score
    stage.inspect(code, "82.50")
    advance(2 * DAY)
    why = stage.anybody(f"{page}/rating")
    assert "B 级" in stage.anybody(page)
    assert "<strong>82.50</strong>" in why
    assert why.count("按本辖区规则不占比") == 2 * 2, "the owners' part and the departments', twice"
    assert "这部分评价照常收集和公开，不计入得分" in why
    assert "占比 100.00%" in why
    assert name in why

    # the next year's counts instead of it, and ends after its fifteen months without a grade
    stage.inspect(code, "66.00")
    advance(2 * DAY)
    assert "<strong>66.00</strong>" in stage.anybody(f"{page}/rating")
    assert "C 级" in stage.anybody(page)
    advance(timedelta(days=460))
    assert "15 个月内没有检查的机构没有等级" in stage.anybody(f"{page}/rating")
    assert "未评级" in stage.anybody(page)
