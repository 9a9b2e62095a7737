"""New objects stored at once are as those the session stores."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError

from marketplace.foundation import clock, epoch
from marketplace.foundation.db import db, new_public_id
from marketplace.foundation.policy import PolicyEdition
from marketplace.foundation.storing import store
from marketplace.foundation.transactions import transaction
from marketplace.notifications.models import Message
from tests.factories import accounts

_COUNT = select(func.count()).select_from(Message)


def _note(organisation_id: int, key: str = "") -> Message:
    return Message(
        organisation_id=organisation_id,
        subject="通知",
        body="内容",
        link="/",
        key=key or new_public_id(),
        created_at=clock.now(),
    )


def _store_and_fail(instance: Message) -> None:
    with transaction():
        store(instance)
        raise RuntimeError("on purpose")


def test_it_is_as_one_added(app: Flask) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm()
        for at_once in (False, True, True, True):
            note = _note(firm.organisation.id)
            if at_once:
                store(note)
                assert note not in db.session.new
                assert note not in db.session.dirty
            else:
                db.session.add(note)
                db.session.flush()
            assert db.session.get(Message, note.id) is note
            names = [attribute.key for attribute in inspect(Message).column_attrs]
            kept = {name: getattr(note, name) for name in names}
            db.session.refresh(note)
            assert kept == {name: getattr(note, name) for name in names}
        note.subject = "改过的通知"
        db.session.flush()
        asked = select(Message.subject).order_by(Message.id.desc()).limit(1)
        assert db.session.scalar(asked) == "改过的通知"


def test_a_rollback_makes_the_session_forget_it(app: Flask) -> None:
    with app.app_context():
        with transaction():
            organisation_id = accounts.firm().organisation.id
            for _ in range(2):  # prepared at its second use
                store(_note(organisation_id))
        gone = _note(organisation_id)
        with pytest.raises(RuntimeError, match="on purpose"):
            _store_and_fail(gone)
        assert gone not in db.session
        assert inspect(gone).transient
        with transaction():
            assert db.session.scalar(_COUNT) == 2
            again = _note(organisation_id)
            store(again)
            assert db.session.get(Message, again.id) is again
        assert db.session.scalar(_COUNT) == 3


def test_a_savepoint_taken_back_makes_the_session_forget_it(app: Flask) -> None:
    with app.app_context(), transaction():
        organisation_id = accounts.firm().organisation.id
        kept = _note(organisation_id, "once")
        store(kept)
        store(_note(organisation_id))
        inner = db.session.begin_nested()
        gone = _note(organisation_id)
        store(gone)
        gone_id = gone.id
        inner.rollback()
        assert gone not in db.session
        assert db.session.get(Message, gone_id) is None
        twin = _note(organisation_id, "once")
        with pytest.raises(IntegrityError), db.session.begin_nested():
            store(twin)
        assert twin not in db.session
        assert kept in db.session
        assert db.session.scalar(_COUNT) == 2
        kept.subject = "改过的通知"
        db.session.flush()
        assert (
            db.session.scalar(select(Message.subject).where(Message.id == kept.id)) == "改过的通知"
        )


def test_what_waits_in_the_session_goes_the_usual_way(app: Flask) -> None:
    with app.app_context(), transaction():
        organisation_id = accounts.firm().organisation.id
        store(_note(organisation_id))
        waiting = _note(organisation_id)
        db.session.add(waiting)
        store(waiting)
        assert waiting.id is not None
        assert db.session.scalar(_COUNT) == 2


def test_an_object_somebody_listens_to_goes_the_usual_way(app: Flask) -> None:
    with app.app_context(), transaction():
        office = accounts.firm().organisation.jurisdiction_code
        before = epoch.present().editions
        for turn in range(2):
            edition = PolicyEdition(
                jurisdiction=office,
                section=f"trial{turn}",
                effective_from=date(2030, 1, 1),
                title="试行",
                legal_basis="试行",
                review={},
                content={},
                source="",
                sha256="0" * 64,
                published_at=clock.now(),
            )
            store(edition)
            assert edition.id is not None
    with app.app_context():
        assert epoch.present().editions > before
