"""Narrowing the list of firms by window or online: as the seats are at this instant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.permissions import Role
from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.intermediaries.hall import actions, queries
from marketplace.intermediaries.hall.models import HallCall
from tests.factories import accounts, intermediaries, sanctions
from tests.factories import hall as halls
from tests.factories.notices import Somebody
from tests.portal.test_search import counts


def _listed(client: FlaskClient, address: str) -> list[str]:
    """The firms a page of the list holds, in order."""
    found = re.findall(
        r'<th scope="row">\s*<a href="/firms/[^"]+">([^<]+)</a>', client.get(address).text
    )
    return [name.strip() for name in found]


def test_window_and_online_narrow_by_who_sits_now(
    app: Flask, client: FlaskClient, advance: Callable[[timedelta], None]
) -> None:
    names = ("青河净源环境咨询有限公司", "青河碧水环境咨询有限公司", "青河蓝天环境咨询有限公司")
    with app.app_context(), transaction():
        firms = [intermediaries.listed(("hpwj",), name=name) for name in names]
        pages = [f"/firms/{firm.organisation.public_id}" for firm in firms]
        known = Somebody.of(firms[0])
        call = halls.published(seats=1)
        bench = halls.bench(call)
        key = call.id
        for firm in firms[:2]:
            halls.applied(call, firm)
    # nobody sits anywhere: there is nothing to choose
    assert counts(client.get("/firms").text, "where") == {}
    advance(timedelta(days=8, hours=8))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, key)
        for seat in bench:
            for each, application in enumerate(queries.to_mark(call)):
                halls.marked(seat, application, "50" if each == 0 else "40", "35")
    advance(timedelta(days=8))
    with app.app_context(), transaction():
        call = db.session.get_one(HallCall, key)
        operator = accounts.officer(Role.BUREAU_OPERATOR).actor
        taken = actions.fill_window(halls.window(7, operator), call, operator, clock.now())
        last_day = clock.written_day(taken.last_day)

    assert counts(client.get("/firms").text, "where") == {"window": 1, "online": 2}
    assert _listed(client, "/firms?where=window") == [names[0]]
    assert sorted(_listed(client, "/firms?where=online")) == sorted(names[1:])
    # together with words and other boxes; what is unknown narrows nothing
    assert _listed(client, "/firms?where=window&item=hpwj&q=净源") == [names[0]]
    assert _listed(client, "/firms?where=window&q=碧水") == []
    assert len(_listed(client, "/firms?where=elsewhere")) == 3
    assert "大厅窗口 7" in client.get("/firms?where=window").text
    assert "大厅窗口 7" in client.get(pages[0]).text
    assert "大厅窗口" not in client.get(pages[1]).text.split("服务方式")[1][:200]
    hall = client.get("/hall").text
    assert names[0] in hall
    assert last_day in hall
    assert names[1] not in hall

    # barred: off the list, and nobody is left at a window, the same second
    with app.app_context(), transaction():
        sanctions.blacklisted(known)
    assert counts(client.get("/firms").text, "where") == {}
    assert _listed(client, "/firms?where=window") == []
    assert sorted(_listed(client, "/firms?where=online")) == sorted(names[1:])
