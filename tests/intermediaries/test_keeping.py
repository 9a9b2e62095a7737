"""An application that keeps itself while it is written, and never one window over another."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db
from marketplace.intermediaries.models import Firm
from tests.factories import intermediaries as firms
from tests.intermediaries.test_pages import made, read, subject

SignIn = Callable[..., FlaskClient]
FIELDS = "/firm/application/fields"


def version(text: str) -> str:
    """What a page or an answer says the window now shows."""
    found = re.findall(r'name="version" value="([^"]+)"', text)
    assert len(found) == 1
    return str(found[0])


def kept(app: Flask, name: str) -> Any:
    with app.app_context():
        return getattr(db.session.scalars(select(Firm)).one(), name)


def kept_times(app: Flask) -> int:
    with app.app_context():
        rows = db.session.scalars(select(AuditRow).where(AuditRow.action == "firm.field_kept"))
        return len(rows.all())


def test_a_field_keeps_itself_once_and_another_window_is_not_overwritten(
    app: Flask, sign_in_as: SignIn
) -> None:
    firm = sign_in_as(made(app, firms.drafted).user)
    one = version(read(firm, "/firm/application"))
    other = one

    def keep(name: str, value: str, mark: str) -> Any:
        return firm.post(f"{FIELDS}/{name}", data={name: value, "version": mark})

    answer = keep("agent_name", "周经办", one)
    assert answer.status_code == 200
    assert re.search(r"已自动保存 \d\d:\d\d", answer.text)
    assert kept(app, "agent_name") == "周经办"
    one = version(answer.text)
    # the same again changes nothing and is not recorded twice
    assert keep("agent_name", "周经办", one).status_code == 200
    assert kept_times(app) == 1
    # a second window still shows what was there before: another field is kept, the same is not
    assert keep("introduction", "成立于\r\n2009 年", other).status_code == 200
    # the first one, which never saw that, does not overwrite it either
    assert keep("introduction", "成立于 2010 年", one).status_code == 409
    clash = keep("agent_name", "吴经办", other)
    assert clash.status_code == 409
    assert "周经办" in clash.text
    assert "吴经办" in clash.text
    assert kept(app, "agent_name") == "周经办"
    # it was shown both, and means its own
    shown = re.findall(r'data-keep-mine="agent_name" data-version="([^"]+)"', clash.text)
    assert keep("agent_name", "吴经办", shown[0]).status_code == 200
    assert kept(app, "agent_name") == "吴经办"
    # the window that lost hears of it at the button, with both, and keeps what was typed
    form = subject(agent_name="周经办", agent_phone="0399-1110000", version=one)
    late = firm.post("/firm/application", data=form)
    assert late.status_code == 409
    assert "另一窗口同时改过的栏目" in late.text
    assert "吴经办" in late.text
    assert 'value="0399-1110000"' in late.text
    assert kept(app, "agent_phone") != "0399-1110000"
    again = subject(agent_name="周经办", agent_phone="0399-1110000", version=version(late.text))
    assert firm.post("/firm/application", data=again).status_code == 303
    assert (kept(app, "agent_name"), kept(app, "agent_phone")) == ("周经办", "0399-1110000")


@pytest.mark.parametrize(
    ("name", "data", "status", "words"),
    [
        ("agent_name", {"agent_name": ""}, 422, "请填写此项"),
        ("agent_name", {"agent_name": "长" * 61}, 422, "60 个字"),
        ("agent_name", {"agent_name": "甲", "agent_phone": "1"}, 422, "不认识的字段"),
        ("agent_phone", {"agent_phone": "\u202e1"}, 422, "控制字符"),
        ("introduction", {"introduction": "长" * 2001}, 422, "2000 个字"),
        # identity numbers and files are kept with the button alone
        ("legal_identity", {"legal_identity": "1"}, 404, ""),
        ("status", {"status": "listed"}, 404, ""),
    ],
)
def test_what_cannot_be_kept_is_said_and_the_rest_stays(
    app: Flask, sign_in_as: SignIn, name: str, data: dict[str, str], status: int, words: str
) -> None:
    firm = sign_in_as(made(app, firms.drafted).user)
    answer = firm.post(f"{FIELDS}/{name}", data=data)
    assert answer.status_code == status
    assert words in answer.text
    assert kept_times(app) == 0


def test_only_an_application_that_lies_with_the_firm_keeps_itself(
    app: Flask, sign_in_as: SignIn
) -> None:
    sent = made(app, firms.submitted)
    answer = sign_in_as(sent.user).post(f"{FIELDS}/agent_name", data={"agent_name": "甲"})
    assert answer.status_code == 409
    assert "待形式审查" in answer.text
    with app.test_client() as stranger:
        assert stranger.post(f"{FIELDS}/agent_name", data={"agent_name": "甲"}).status_code == 401
