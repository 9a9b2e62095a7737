"""The demo's organisations and accounts. Every name is invented; check digits are valid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from marketplace.accounts import actions, credit_code, queries
from marketplace.accounts.models import Organisation, OrganisationKind, User
from marketplace.accounts.passwords import hashed
from marketplace.accounts.permissions import Role
from marketplace.foundation.actor import Actor
from marketplace.foundation.db import db

MAKER = Actor(user_id=None, name="演示数据", roles=frozenset({"demo"}))
CITY = "379900"
COUNTY = "379921"
DISTRICT = "379902"
# who has its messages mailed too: enough to fill the folder of demo mails
MAILED = frozenset({"mingyuan", "shipin"})


@dataclass(frozen=True)
class FirmSketch:
    """An invented firm: what it is called, who stands for it, what it sells."""

    login: str
    name: str
    legal_representative: str
    agent: str
    items: tuple[str, ...]
    days: int
    discount: str  # the part taken off the basic price
    kind: OrganisationKind = OrganisationKind.COMPANY
    area: str = DISTRICT
    city: str = CITY  # whose register it is on
    skill: str = "good"  # how well it works: excellent, good, middling, poor
    profession: str = "注册咨询工程师"
    expires_in: int | None = None  # days from today to the end of its certificates
    address_of: int | None = None  # the place in the demo of the firm it shares an address with
    phone_of: int | None = None  # and of the one whose agent's telephone it uses


FIRMS: tuple[FirmSketch, ...] = (
    FirmSketch(
        "mingyuan", "青河明远环境咨询有限公司", "周明远", "林晓舟", ("hpwj", "stbc"), 20, "0.10"
    ),
    FirmSketch("lanjing", "青河蓝景生态科技有限公司", "许岚", "何静", ("hpwj", "stbc"), 19, "0.08"),
    FirmSketch(
        "qingshan", "鲁中青杉环保工程有限公司", "邵青杉", "唐可", ("hpwj", "stbc"), 18, "0.12"
    ),
    FirmSketch(
        "hengjian", "恒建工程管理咨询有限公司", "高恒", "薛建", ("jsjl", "zbdl"), 30, "0.15"
    ),
    FirmSketch("zhongxin", "众信建设监理有限公司", "罗众", "白欣", ("jsjl", "zbdl"), 30, "0.10"),
    FirmSketch("taihe", "泰禾项目管理有限公司", "秦禾", "冯泰", ("jsjl", "zbdl"), 28, "0.12"),
    FirmSketch("jingwei", "经纬测绘规划有限公司", "孟经纬", "尹图", ("chhy",), 8, "0.10"),
    FirmSketch("tianhe", "天禾空间信息有限公司", "崔天禾", "侯原", ("chhy",), 9, "0.08"),
    FirmSketch("fangyuan", "方圆地理信息有限公司", "段方圆", "龚野", ("chhy",), 10, "0.05"),
    FirmSketch("anping", "安衡安全评价有限公司", "曹安", "石衡", ("aqpj",), 25, "0.10"),
    FirmSketch(
        "huaan",
        "华岸安全技术服务有限公司",
        "姜华",
        "贺岸",
        ("aqpj", "hpwj"),
        24,
        "0.06",
        address_of=9,
    ),
    FirmSketch(
        "shuncheng", "顺呈招标代理有限公司", "陆顺", "程诚", ("zbdl",), 20, "0.20", phone_of=9
    ),
)


@dataclass(frozen=True)
class OwnerSketch:
    """An invented owner and the people who act for it."""

    login: str
    name: str
    kind: OrganisationKind
    area: str
    editor: str
    approver: str | None = None


OWNERS: tuple[OwnerSketch, ...] = (
    OwnerSketch("jiaotong", "安平县交通运输局", OrganisationKind.AGENCY, COUNTY, "田路", "柳建国"),
    OwnerSketch(
        "yiyuan", "青河市第九人民医院", OrganisationKind.PUBLIC_INSTITUTION, CITY, "苏倩", "梁平"
    ),
    OwnerSketch("chengtou", "青河新城建设投资有限公司", OrganisationKind.COMPANY, CITY, "戴成"),
    OwnerSketch("shipin", "青河麦浪食品有限公司", OrganisationKind.COMPANY, DISTRICT, "杜麦"),
    OwnerSketch(
        "hewan",
        "安平县柳林镇河湾村村民委员会",
        OrganisationKind.VILLAGE_COMMITTEE,
        COUNTY,
        "马小满",
    ),
    OwnerSketch("zhao", "赵启明", OrganisationKind.NATURAL_PERSON, DISTRICT, "赵启明"),
)

# login, name, role, office code (None: the bureau)
OFFICERS: tuple[tuple[str, str, Role, str | None], ...] = (
    ("jingban", "宋筱", Role.BUREAU_OPERATOR, None),
    ("jingban2", "卢岩", Role.BUREAU_OPERATOR, None),
    ("shenpi", "郑允", Role.BUREAU_APPROVER, None),
    ("shenpi2", "苏慎行", Role.BUREAU_APPROVER, None),
    ("zhujian", "吕栋", Role.DEPARTMENT_OFFICER, "zjj"),
    ("huanbao", "夏清", Role.DEPARTMENT_OFFICER, "sthj"),
    ("ziran", "祁川", Role.DEPARTMENT_OFFICER, "zrzy"),
    ("shuili", "江浩", Role.DEPARTMENT_OFFICER, "slj"),
    ("fagai", "欧阳策", Role.DEPARTMENT_OFFICER, "fgw"),
    ("yingji", "凌守", Role.DEPARTMENT_OFFICER, "yjj"),
    ("jiandu", "翟正", Role.SUPERVISOR, "sjdz"),
    ("jijian", "廉洁", Role.AUDITOR, "jwjg"),
    ("xitong", "网维安", Role.SYSTEM_ADMIN, None),
    ("anquan", "严守密", Role.SECURITY_ADMIN, None),
)

# the county's bureau: it reads the lottery for the county's draws and looks after its matters
COUNTY_OFFICERS: tuple[tuple[str, str, Role, str | None], ...] = (
    ("ap-jingban", "麦青禾", Role.BUREAU_OPERATOR, None),
    ("ap-shenpi", "岑安", Role.BUREAU_APPROVER, None),
)


@dataclass(frozen=True)
class Person:
    """An account and where it belongs."""

    user_id: int
    organisation_id: int

    @cached_property
    def actor(self) -> Actor:
        """The person acting, with the roles held: nobody's change while the demo is made."""
        return queries.actor_for(
            db.session.get_one(User, self.user_id),
            db.session.get_one(Organisation, self.organisation_id),
        )


@dataclass(frozen=True)
class Desk:
    """The people of a bureau: who checks and proposes, who looks after, who decide."""

    operator: str
    colleague: str
    approver: str
    second_approver: str


DESKS = {
    CITY: Desk("jingban", "jingban2", "shenpi", "shenpi2"),
    COUNTY: Desk("ap-jingban", "ap-jingban", "ap-shenpi", "ap-shenpi"),
    "379800": Desk("wc-jingban", "wc-jingban2", "wc-shenpi", "wc-shenpi2"),
}


@dataclass(frozen=True)
class Cast:
    """Everybody, by login. ``approvers`` are the second persons of owners that need two.

    The sketches say what the firms and owners are like; a firm's number is its place among them.
    """

    firms: dict[str, Person]
    owners: dict[str, Person]
    approvers: dict[str, Person]
    officers: dict[str, Person]
    firm_sketches: dict[str, FirmSketch]
    owner_sketches: dict[str, OwnerSketch]

    def number_of(self, login: str) -> int:
        """A firm's place in the demo, from 1."""
        return list(self.firm_sketches).index(login) + 1

    def desk(self, city: str, place: str) -> Person:
        """Who holds a place (``operator``, ``colleague``, ``approver``, ``second_approver``)."""
        return self.officers[getattr(DESKS[city], place)]

    def firm_of(self, organisation_id: int) -> str:
        """The login of a firm by its organisation."""
        return next(
            login
            for login, person in self.firms.items()
            if person.organisation_id == organisation_id
        )


def make_cast(
    password: str,
    now: datetime,
    more_firms: Sequence[FirmSketch] = (),
    more_owners: Sequence[OwnerSketch] = (),
    more_officers: Sequence[tuple[str, str, str, Role, str | None]] = (),
) -> Cast:
    """Create every organisation and account of the demo, all with one published password."""
    shared = hashed(password)

    def account(login: str, name: str, place: Organisation, *roles: Role) -> Person:
        user = actions.create_user(
            login, name, shared, place, roles, MAKER, now, email=f"{login}@demo.invalid"
        )
        return Person(user.id, place.id)

    sketches = (*FIRMS, *more_firms)
    firms = {
        sketch.login: account(
            sketch.login, sketch.agent, _firm(number, sketch, now), Role.FIRM_ADMIN
        )
        for number, sketch in enumerate(sketches, start=1)
    }
    owners: dict[str, Person] = {}
    approvers: dict[str, Person] = {}
    for number, owner in enumerate((*OWNERS, *more_owners), start=1):
        place = _owner(number, owner, now)
        both = (Role.OWNER_EDITOR, Role.OWNER_APPROVER)
        if owner.approver is None:
            owners[owner.login] = approvers[owner.login] = account(
                owner.login, owner.editor, place, *both
            )
        else:
            owners[owner.login] = account(owner.login, owner.editor, place, both[0])
            approvers[owner.login] = account(f"{owner.login}-sp", owner.approver, place, both[1])
    officers = {
        login: account(
            login, name, queries.department(city, office) if office else queries.bureau(city), role
        )
        for city, login, name, role, office in (
            *((CITY, *officer) for officer in OFFICERS),
            *((COUNTY, *officer) for officer in COUNTY_OFFICERS),
            *more_officers,
        )
    }
    return Cast(
        firms,
        owners,
        approvers,
        officers,
        {sketch.login: sketch for sketch in sketches},
        {owner.login: owner for owner in (*OWNERS, *more_owners)},
    )


def _firm(number: int, sketch: FirmSketch, now: datetime) -> Organisation:
    here = sketch.city == CITY
    return actions.create_organisation(
        name=sketch.name,
        kind=sketch.kind,
        credit_code=credit_code.complete(f"91{sketch.area}MA3DEM{number:03d}"),
        jurisdiction_code=sketch.area,
        legal_representative=sketch.legal_representative,
        address=f"{'青河市东城区演示大街' if here else '望川市演示大道'} "
        f"{(sketch.address_of or number) * 8} 号",
        phone=f"{'0399' if here else '0398'}-5560{number:03d}",
        email=f"{sketch.login}@demo.invalid" if sketch.login in MAILED else None,
        is_demo=True,
        actor=MAKER,
        now=now,
    )


def _owner(number: int, sketch: OwnerSketch, now: datetime) -> Organisation:
    leading = {
        OrganisationKind.AGENCY: "11",
        OrganisationKind.PUBLIC_INSTITUTION: "12",
        OrganisationKind.VILLAGE_COMMITTEE: "54",
    }.get(sketch.kind, "91")
    here = sketch.area.startswith("3799")
    return actions.create_organisation(
        name=sketch.name,
        kind=sketch.kind,
        credit_code=credit_code.complete(f"{leading}{sketch.area}MA3HAM{number:03d}"),
        jurisdiction_code=sketch.area,
        legal_representative=sketch.approver or sketch.editor,
        address=f"{'青河市' if here else '望川市'}演示路 {number * 6} 号",
        phone=f"{'0399' if here else '0398'}-5570{number:03d}",
        email=f"{sketch.login}@demo.invalid" if sketch.login in MAILED else None,
        is_demo=True,
        actor=MAKER,
        now=now,
    )
