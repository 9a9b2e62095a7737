"""How the firms of the demo's year come onto the register, and some of them off it."""

from __future__ import annotations

from collections.abc import Iterator

from . import firms
from .agenda import AFTER_CLOSING, Days, Story
from .neighbours import MORE_FIRMS, SECOND_CITY
from .people import CITY, Cast

# firms of the first city that stand at a step of admission of their own
LATER = (
    "kunyu",
    "daohe",
    "shouzang",
    "kangjian",
    "qingwu",
    "linyuan",
    "xuzhu",
    "xinzhi",
    "yuanliu",
)
# stands on the registers of both cities, with a grade of its own on each
ON_BOTH = "chengshen"


def arrivals(cast: Cast, days: Days, first: int) -> Iterator[Story]:
    """Every firm that joins in the year, from ``first`` working days before its end."""
    here = [sketch.login for sketch in MORE_FIRMS if sketch.city == CITY]
    opening = [login for login in here if login not in LATER]
    for place, login in enumerate(opening):
        yield _admission(cast, days, first - 4 - place // 5, login)
    yield _admission(cast, days, 96, "kunyu")
    yield _refused(cast, days, 70, "daohe")
    yield _questioned(cast, days, 40, "shouzang", "dangan", keep=False)
    yield _questioned(cast, days, 5, "kangjian", "weijian", keep=None)
    for login in ("xuzhu", "xinzhi", "yuanliu"):
        yield _admission(cast, days, 3, login)
    yield _checked(cast, days, 2, "qingwu")
    yield _overdue(cast, days, 4, "linyuan")
    *there, leaving, latest, drafting = (
        sketch.login for sketch in MORE_FIRMS if sketch.city == SECOND_CITY
    )
    for place, login in enumerate(there):
        yield _open_admission(cast, days, first - 6 - place // 3, login)
    yield _open_admission(cast, days, first - 12, ON_BOTH, SECOND_CITY)
    yield _left(cast, days, 180, leaving)
    yield _leaving(cast, days)
    yield _open_admission(cast, days, 1, latest)
    yield _drafted(cast, days, 1, drafting)


def _admission(cast: Cast, days: Days, before: int, login: str) -> Story:
    """Sent, checked the next day, listed the day after; the departments answer in time."""
    yield days.at(before)
    firm_id = firms.apply(cast, login)
    yield days.at(before - 1)
    if cast.number_of(login) % 6 == 0 and before > 9:
        firms.return_once(cast, firm_id, "资质证书影像缺页，请补传全部页")
        yield days.at(before - 3)
        firms.send_again(cast, login, firm_id)
        yield days.at(before - 4)
        before -= 3
    firms.check(cast, firm_id)
    yield days.at(before - 2)
    firms.admit(cast, firm_id)
    if before >= 5:
        yield days.at(before - 5)
        firms.departments_answer(cast)


def _open_admission(
    cast: Cast, days: Days, before: int, login: str, register: str | None = None
) -> Story:
    """Listed at once on its commitment; the certificates are compared the next day."""
    yield days.at(before)
    firm_id = firms.apply(cast, login, register)
    yield days.at(before - 1)
    firms.verify_papers(cast, firm_id)
    if before >= 3:
        yield days.at(before - 3)
        firms.departments_answer(cast)


def _refused(cast: Cast, days: Days, before: int, login: str) -> Story:
    yield days.at(before)
    firms.import_tied(cast, (login, "linyuan"))
    firm_id = firms.apply(cast, login)
    yield days.at(before - 1)
    firms.propose_refusal(cast, firm_id)
    yield days.at(before - 2)
    firms.refuse(cast, firm_id)


def _questioned(
    cast: Cast, days: Days, before: int, login: str, office: str, keep: bool | None
) -> Story:
    yield days.at(before)
    firm_id = firms.apply(cast, login)
    yield days.at(before - 1)
    firms.check(cast, firm_id)
    firms.admit(cast, firm_id)
    yield days.at(before - 3)
    firms.department_objects(
        cast, office, firm_id, "所报专业技术人员社保缴纳单位与申请机构不一致，请核实"
    )
    if keep is None:
        return
    yield days.at(before - 6)
    firms.resolve(cast, firm_id, keep, "经核实专业技术人员为挂靠，不符合入驻条件，移出名录")


def _checked(cast: Cast, days: Days, before: int, login: str) -> Story:
    yield days.at(before)
    firm_id = firms.apply(cast, login)
    yield days.at(before - 1)
    firms.check(cast, firm_id)


def _overdue(cast: Cast, days: Days, before: int, login: str) -> Story:
    yield days.at(before)
    firms.apply(cast, login)


def _left(cast: Cast, days: Days, before: int, login: str) -> Story:
    yield days.at(before)
    firm_id = firms.apply(cast, login)
    yield days.at(40)
    firms.leave(cast, login, firm_id)


def _drafted(cast: Cast, days: Days, before: int, login: str) -> Story:
    yield days.at(before)
    firms.prepare(cast, login)


def _leaving(cast: Cast, days: Days) -> Story:
    """A firm that finishes what it has begun before it has left: off the lists by now."""
    yield days.at(0, AFTER_CLOSING)
    # of those with one contract running and nothing left to sign, the one who came last
    for login in reversed([sketch.login for sketch in MORE_FIRMS if sketch.city == CITY]):
        firm_id = firms.finishing(cast, login)
        if firm_id is not None:
            firms.leave(cast, login, firm_id)
            return
