"""Public questions about a need: who may ask, until when, and that nobody learns who did."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.permissions import Role
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from marketplace.selection.asking.models import NeedQuestion
from marketplace.selection.asking.rules import holds_personal_data, names_somebody
from tests.factories import accounts, selection
from tests.selection.scenes import Advance, SignIn, key

ASKED = "报告书是否包含弃渣场的选址论证？"
ANSWERED = "包含，弃渣场按两处考虑，位置见附件一。"


def test_a_question_and_its_answer_from_either_side(
    app: Flask, sign_in_as: SignIn, advance: Advance
) -> None:
    with app.app_context(), transaction():
        asker, entrant, other = selection.firms(3)
        owner = accounts.owner()
        need = selection.open_need(owner, entry_working_days=3)
        selection.enter(need, entrant)
        page = f"/needs/{need.public_id}/questions"
        name, code = asker.organisation.name, asker.organisation.credit_code or ""
        officers = [
            accounts.officer(role).user
            for role in (Role.BUREAU_OPERATOR, Role.BUREAU_APPROVER, Role.DEPARTMENT_OFFICER)
        ]
        auditor = accounts.officer(Role.AUDITOR).user
        need_page = f"/needs/{need.public_id}"
    firm, editor = sign_in_as(asker.user), sign_in_as(owner.user)
    assert 'name="question"' in firm.get(page).get_data(as_text=True)
    for wrong, why in (
        ("", "请填写问题"),
        ("短", "请控制在 5 到 500 个字以内"),
        ("长" * 501, "请控制在 5 到 500 个字以内"),
        (f"我公司{name}能否报名？", "请删去本机构的名称和代码"),
        ("可以联系 13812345678 说明吗？", "请删去手机号码"),
    ):
        refused = firm.post(f"{page}/new", data={"question": wrong})
        assert refused.status_code == 422
        said = refused.get_data(as_text=True)
        assert why in said
        assert wrong in said  # nothing typed is lost
    assert editor.post(f"{page}/new", data={"question": ASKED}).status_code == 403
    assert firm.post(f"{page}/new", data={"question": ASKED}).status_code == 303
    assert "（本机构提出，他人看不到）" in firm.get(page).get_data(as_text=True)

    todo = editor.get("/workspace").get_data(as_text=True)
    assert "答复公开提问" in todo
    with app.app_context():
        row = db.session.scalars(select(NeedQuestion)).one()
        answer_page = f"/owner/questions/{row.public_id}"
        told = db.session.scalars(select(Message).where(Message.subject.like("收到提问%"))).one()
        assert told.organisation_id == key(owner)
    assert sign_in_as(other.user).get(answer_page).status_code == 403
    assert ASKED in editor.get(answer_page).get_data(as_text=True)
    assert editor.post(answer_page, data={"answer": "好"}).status_code == 422
    assert editor.post(answer_page, data={"answer": ANSWERED}).status_code == 303
    assert editor.post(answer_page, data={"answer": "改一改这个答复"}).status_code == 409
    assert "答复公开提问" not in editor.get("/workspace").get_data(as_text=True)

    with app.app_context():
        told_too = db.session.scalars(
            select(Message.organisation_id).where(Message.subject.like("提问已答复%"))
        ).all()
        # whoever asked and whoever entered, nobody else
        assert sorted(told_too) == sorted([key(asker), key(entrant)])
        about = select(Message).where(Message.subject.like("%提问%"))
        for message in db.session.scalars(about):
            if message.organisation_id != key(asker):
                assert name not in message.subject + message.body
    readers = [app.test_client(), editor, sign_in_as(other.user), *map(sign_in_as, officers)]
    for reader in readers:
        for address in (page, need_page, "/workspace", "/messages", answer_page):
            said = reader.get(address).get_data(as_text=True)
            assert name not in said
            assert code not in said
            if address in (page, need_page):
                assert ASKED in said
                assert ANSWERED in said
                assert "本机构提出" not in said

    # an auditor learns it on a reason, and that is kept
    audit = sign_in_as(auditor)
    shown = audit.get(page).get_data(as_text=True)
    assert name not in shown
    link = re.search(r'href="(/personal/[^"]*question[^"]*)"', shown) or re.search(
        r'href="([^"]*question/[^"]*asker[^"]*)"', shown
    )
    assert link is not None
    opened = link[1].replace("&amp;", "&")
    assert sign_in_as(officers[0]).get(opened).status_code == 404
    assert audit.post(opened, data={"reason": "核查提问是否串通"}).status_code == 303
    assert name in audit.get(page).get_data(as_text=True)

    # one working day before entries close it is over, by the database's clock
    advance(timedelta(days=2, hours=8, minutes=1))
    late = firm.post(f"{page}/new", data={"question": "还能再问一个问题吗？"})
    assert late.status_code == 409
    assert "提问已于" in late.get_data(as_text=True)


def test_only_a_firm_that_could_enter_asks_and_not_without_end(
    app: Flask, sign_in_as: SignIn
) -> None:
    with app.app_context(), transaction():
        (asker,) = selection.firms(1)
        (foreign,) = selection.firms(1, "hpwj")
        need = selection.open_need(entry_working_days=3)
        page = f"/needs/{need.public_id}/questions"
    outsider = sign_in_as(foreign.user)
    assert "可以报名的机构才能提问" in outsider.get(page).get_data(as_text=True)
    refused = outsider.post(f"{page}/new", data={"question": ASKED})
    assert refused.status_code == 403
    assert ASKED in refused.get_data(as_text=True) or "承接" in refused.get_data(as_text=True)
    firm = sign_in_as(asker.user)
    for number in range(5):
        sent = firm.post(f"{page}/new", data={"question": f"第 {number} 个问题如何理解？"})
        assert sent.status_code == 303
    sixth = firm.post(f"{page}/new", data={"question": ASKED})
    assert sixth.status_code == 409
    assert "最多提 5 个问题" in sixth.get_data(as_text=True)
    with app.app_context():
        assert len(db.session.scalars(select(NeedQuestion)).all()) == 5
    half = update(NeedQuestion).values(answered_at=NeedQuestion.asked_at)
    with app.app_context(), transaction(), pytest.raises(IntegrityError):
        db.session.execute(half)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("青河明远环境咨询的报价", True),
        ("青河 明远（环境）咨询有限公司", True),
        ("明远山庄项目", False),
        ("青河市的环境咨询", False),
    ],
)
def test_a_firm_is_known_by_its_name_without_its_ending(text: str, told: bool) -> None:
    assert names_somebody(text, ["青河明远环境咨询有限公司", ""]) is told


def test_personal_data_is_found_among_other_numbers() -> None:
    assert holds_personal_data("请致电13812345678")
    assert holds_personal_data("证号 11010519491231002X 是否需要")
    assert holds_personal_data("发到 a.b@c.cn")
    assert not holds_personal_data("面积 13812345678901 平方米、2024-379921-77-01-123456")
