"""The firms, owners and officers that join the demo in its year. Every name is invented."""

from __future__ import annotations

from marketplace.accounts.models import OrganisationKind
from marketplace.accounts.permissions import Role

from .people import CITY, COUNTY, DISTRICT, FirmSketch, OwnerSketch
from .trades import TRADES

SECOND_CITY = "379800"

# login, name, legal representative, agent, trade; the sign after it says how well it works:
# * excellent, + good, - middling, ! poor
_HERE = """
yanxi      青河砚溪环境技术有限公司       黎砚秋 沈溪   环保*
chenghe    澄禾生态环境咨询有限公司       祝澄   谷禾   环保+
qiyun      栖云环境检测有限公司           卫栖梧 邬云   环测+
langgai    青河朗陔环保服务有限公司           阮陔   戚朗   环保-
shuihe     青河沐禾水利设计有限公司       申沐   潘禾   水利*
yuanliu    青河源流水保工程咨询有限公司       米源   古流川 水利+
tingquan   听泉水务咨询有限公司           柯泉   巫听雨 水利+
jingfeng   景枫建设监理有限公司           景怀枫 路枫   监理+
guanlan    青河观澜工程监理有限公司           纪观澜 舒岸   监理-
zhongheng  青河中衡佑工程管理有限公司         向衡   岑佑   监理+
hongzhun   鸿准招标咨询有限公司           鲍准   闵鸿   咨询*
zhiheng    青河知衡投资咨询有限公司           温知   卞衡   咨询+
mingjuan   明隽工程咨询有限公司           邢隽   苗明   咨询+
boyan      博砚项目咨询有限公司           屠砚   项博   咨询~
yunxiu     云岫测绘科技有限公司           滕岫   缪云   测绘*
pingye     青河平野地理信息有限公司           狄平   晏野   测绘+
qingwu     青梧勘测有限公司               楚梧   伊青   测绘+
zhishui    止水安全科技有限公司           傅止   成水清 安全+
anran      青河安然评价技术服务有限公司       单安   凤然   安全+
jianmu     建木建筑设计有限公司           农建   席木   设计*
xuzhu      叙筑工程设计有限公司           耿叙   丁筑   设计+
panshi     青河磐石岩土勘察有限公司           石磐   洪岩   设计+
zhengjian  青河正鉴工程检测有限公司           宗正   辛鉴   检测+
lice       立测建筑科技有限公司           乔立   樊测   检测-
xiaoyan    霄岩消防技术服务有限公司       霍霄   燕岩   消防+
juehe      珏和房地产土地评估有限公司     蒙珏   薄和   评估+
hengjia    青河恒嘉资产评估有限公司           隗恒   佟嘉   评估+
qiji       齐稽会计师事务所（普通合伙）   臧稽   古齐   会计+
chengshen  青河承慎会计师事务所（普通合伙）   晋承   容慎   会计*
kunyu      坤舆地质工程有限公司           郁坤   相舆   地质+
daohe      青河道合交通咨询有限公司           符道   蔺合   交通+
kangjian   康鉴职业卫生技术有限公司       匡康   逄鉴   卫生+
shouzang   守藏档案服务有限公司           耿守   乜藏   档案+
xinzhi     新芷环境监测有限公司           楚芷   颜新   环测+
linyuan    林原生态规划有限公司           阙林   裘原   林草+
"""
_THERE = """
wc-canglan 望川沧澜环境科技有限公司       凌沧   梅澜   环保*
wc-heting  望川鹤汀环境咨询有限公司           冷鹤   于汀   环保+
wc-ruyi    望川如砥水利咨询有限公司       楼砥   车如   水利+
wc-changlu 望川长路建设监理有限公司           常路   解长青 监理+
wc-tuojin  望川拓进工程管理有限公司           盛拓   边进   监理-
wc-minghe  望川明禾招标代理有限公司       巩禾   明远山 咨询+
wc-suoyin  望川索引投资咨询有限公司           娄索   殷引   咨询*
wc-chizhi  望川尺之测绘有限公司               戈尺   韦之   测绘+
wc-yuntu   望川云图测绘有限公司           纪云   游图   测绘+
wc-anlan   望川安澜安全技术有限公司           步安   扈澜   安全+
wc-mingtai 望川明台工程设计有限公司           万台   芮明   设计+
wc-jiance  望川精测检测有限公司           储精   胥测   检测+
wc-zhengxin 望川正信合会计师事务所（普通合伙） 全正言   都信   会计+
wc-hengtu  望川恒土评估有限公司               桑恒   巴土   评估+
"""
_SKILL = {"*": "excellent", "+": "good", "-": "middling", "~": "poor"}
_PARTNERSHIP = "普通合伙"


def _firms(table: str, city: str, area: str) -> tuple[FirmSketch, ...]:
    made = []
    for place, line in enumerate(table.strip().splitlines()):
        login, name, legal, agent, trade = line.split()
        kind = TRADES[trade[:-1]]
        made.append(
            FirmSketch(
                login,
                name,
                legal,
                agent,
                kind.items if place % 3 else kind.items[: max(2, len(kind.items) - 1)],
                kind.days - place % 3,
                ("0.10", "0.05", "0.12", "0.08")[place % 4],
                OrganisationKind.PARTNERSHIP if _PARTNERSHIP in name else OrganisationKind.COMPANY,
                area=area,
                city=city,
                skill=_SKILL[trade[-1]],
                profession=kind.profession,
                expires_in=(24, 51)[place % 2] if place % 9 == 4 else None,
            )
        )
    return tuple(made)


MORE_FIRMS = _firms(_HERE, CITY, DISTRICT) + _firms(_THERE, SECOND_CITY, SECOND_CITY)

_A, _P = OrganisationKind.AGENCY, OrganisationKind.PUBLIC_INSTITUTION
_C, _V = OrganisationKind.COMPANY, OrganisationKind.VILLAGE_COMMITTEE
_N = OrganisationKind.NATURAL_PERSON
MORE_OWNERS: tuple[OwnerSketch, ...] = (
    OwnerSketch("jiaoyu", "青河市教育局", _A, CITY, "毕春禾", "尚文"),
    OwnerSketch("shizheng", "青河市市政工程管理处", _P, CITY, "乐平川", "佘正"),
    OwnerSketch("shuiwu", "青河清源水务有限公司", _C, CITY, "康源"),
    OwnerSketch("gongjiao", "青河通达公共交通有限公司", _C, CITY, "来达"),
    OwnerSketch("jixie", "青河砺行机械制造有限公司", _C, DISTRICT, "关砺"),
    OwnerSketch("wuliu", "东城启程物流有限公司", _C, DISTRICT, "乌启程"),
    OwnerSketch("yaoye", "青河杏林药业有限公司", _C, DISTRICT, "荀杏"),
    OwnerSketch("taoyuan", "东城区桃园街道办事处", _A, DISTRICT, "郝桃", "卓越洲"),
    OwnerSketch("nongye", "安平县农业农村局", _A, COUNTY, "农晓耕", "仲丰"),
    OwnerSketch("weisheng", "安平县柳林镇卫生院", _P, COUNTY, "蒲安", "岳康宁"),
    OwnerSketch("anzhong", "安平县第二中学", _P, COUNTY, "盖书", "谈笑语"),
    OwnerSketch("guangfu", "安平向阳新能源有限公司", _C, COUNTY, "向朝阳"),
    OwnerSketch("xishan", "安平县石桥镇西山村村民委员会", _V, COUNTY, "曲桥"),
    OwnerSketch("qian", "钱守拙", _N, CITY, "钱守拙"),
    OwnerSketch("wc-jianshe", "望川市城市建设投资有限公司", _C, SECOND_CITY, "应川"),
    OwnerSketch("wc-jiaoti", "望川市教育和体育局", _A, SECOND_CITY, "蓝乔", "居平"),
    OwnerSketch("wc-yiyuan", "望川市中医院", _P, SECOND_CITY, "茅本草", "柏仁"),
    OwnerSketch("wc-fangzhi", "望川锦程纺织有限公司", _C, SECOND_CITY, "索锦程"),
    OwnerSketch("wc-yuchang", "望川市云溪镇渔场村村民委员会", _V, SECOND_CITY, "喻长水"),
)

# city, login, name, role, office code (None: the bureau)
MORE_OFFICERS: tuple[tuple[str, str, str, Role, str | None], ...] = (
    (CITY, "jiaoguan", "路通", Role.DEPARTMENT_OFFICER, "jtj"),
    (CITY, "weijian", "安笙", Role.DEPARTMENT_OFFICER, "wjw"),
    (CITY, "caizheng", "钟算", Role.DEPARTMENT_OFFICER, "czj"),
    (CITY, "dangan", "宗卷", Role.DEPARTMENT_OFFICER, "daj"),
    (CITY, "xiaofang", "焦望", Role.DEPARTMENT_OFFICER, "xfzd"),
    (SECOND_CITY, "wc-jingban", "明晓岚", Role.BUREAU_OPERATOR, None),
    (SECOND_CITY, "wc-jingban2", "司南", Role.BUREAU_OPERATOR, None),
    (SECOND_CITY, "wc-shenpi", "端木青", Role.BUREAU_APPROVER, None),
    (SECOND_CITY, "wc-shenpi2", "澹台晴", Role.BUREAU_APPROVER, None),
    (SECOND_CITY, "wc-zhujian", "梁栋之", Role.DEPARTMENT_OFFICER, "zjj"),
    (SECOND_CITY, "wc-huanbao", "水澄", Role.DEPARTMENT_OFFICER, "sthj"),
    (SECOND_CITY, "wc-jijian", "严明达", Role.AUDITOR, "jwjg"),
)
