"""What the demo's owners ask for: invented projects, places and amounts."""

from __future__ import annotations

from marketplace.projects.models import DrawSource, InvestmentKind

from .needs import NeedSketch

Row = tuple[NeedSketch, tuple[str, ...], str | None]

WORKS = {"variant": "works", "award_amount": "2000", "unit": "万元", "scope": "full"}
SUPERVISION = {
    "construction": "1000",
    "unit": "万元",
    "specialty": "building_municipal",
    "complexity": "II",
    "altitude": "upto_2000",
}

# each row: the need, who enters, who is picked (None: a draw decides)
PAST: tuple[Row, ...] = (
    (
        NeedSketch(
            "shipin",
            "hpwj",
            "麦浪食品二期扩建项目环境影响报告表编制",
            "编制环境影响报告表，配合评审并修改至批复",
            "东城区食品工业园 3 号",
            "48000",
            20,
        ),
        ("mingyuan", "lanjing", "qingshan"),
        "mingyuan",
    ),
    (
        NeedSketch(
            "chengtou",
            "stbc",
            "新城北路改造项目水土保持方案编制",
            "编制水土保持方案报告书并通过审查",
            "东城区新城北路",
            "90000",
            20,
            InvestmentKind.STATE_FIRM,
        ),
        ("mingyuan", "qingshan"),
        "mingyuan",
    ),
    (
        NeedSketch(
            "hewan",
            "stbc",
            "河湾村蓄水塘整治项目水土保持方案编制",
            "编制水土保持方案报告表",
            "安平县柳林镇河湾村",
            "30000",
            15,
            InvestmentKind.VILLAGE,
        ),
        ("mingyuan", "lanjing", "qingshan"),
        "mingyuan",
    ),
    (
        NeedSketch(
            "chengtou",
            "jsjl",
            "新城文体中心项目施工监理",
            "施工阶段及保修阶段监理",
            "东城区文体路 8 号",
            "300000",
            300,
            InvestmentKind.STATE_FIRM,
            inputs=SUPERVISION,
        ),
        ("hengjian", "taihe"),
        "hengjian",
    ),
    (
        NeedSketch(
            "shipin",
            "zbdl",
            "麦浪食品二期厂房项目施工招标代理",
            "施工招标全过程代理",
            "东城区食品工业园 3 号",
            "80000",
            40,
            inputs=WORKS,
        ),
        ("hengjian", "zhongxin"),
        "hengjian",
    ),
    (
        NeedSketch(
            "yiyuan",
            "jsjl",
            "第九人民医院门诊楼修缮项目施工监理",
            "施工阶段监理",
            "青河市康宁路 19 号",
            "290000",
            200,
            InvestmentKind.GOVERNMENT,
            DrawSource.LOTTERY,
            inputs=SUPERVISION,
        ),
        ("hengjian", "zhongxin", "taihe"),
        None,
    ),
    (
        NeedSketch(
            "zhao",
            "chhy",
            "自建仓储用房项目多测合一测绘",
            "放线、竣工测绘",
            "东城区桃园街",
            "20000",
            8,
            InvestmentKind.NATURAL_PERSON,
        ),
        ("jingwei", "tianhe", "fangyuan"),
        "jingwei",
    ),
    (
        NeedSketch(
            "jiaotong",
            "aqpj",
            "安平县养护中心油库项目安全现状评价",
            "编制安全现状评价报告",
            "安平县城关镇",
            "60000",
            20,
            InvestmentKind.GOVERNMENT,
        ),
        ("anping",),
        "anping",
    ),
)


EARLY: tuple[Row, ...] = (
    (
        NeedSketch(
            "chengtou",
            "hpwj",
            "新城污水提升泵站项目环境影响报告表编制",
            "编制环境影响报告表",
            "东城区滨河路",
            "88000",
            25,
            InvestmentKind.STATE_FIRM,
        ),
        ("mingyuan", "qingshan"),
        "qingshan",
    ),
    (
        NeedSketch(
            "shipin",
            "aqpj",
            "麦浪食品冷库项目安全预评价",
            "编制安全预评价报告",
            "东城区食品工业园 5 号",
            "45000",
            25,
        ),
        ("anping",),
        "anping",
    ),
    (
        NeedSketch(
            "hewan",
            "chhy",
            "河湾村养老服务点项目测绘",
            "放线、竣工测绘",
            "安平县柳林镇河湾村",
            "18000",
            8,
            InvestmentKind.VILLAGE,
        ),
        ("jingwei", "tianhe"),
        "tianhe",
    ),
    (
        NeedSketch(
            "jiaotong",
            "zbdl",
            "县道 216 线大修项目施工招标代理",
            "施工招标全过程代理",
            "安平县县道 216 线",
            "98000",
            40,
            InvestmentKind.GOVERNMENT,
            DrawSource.LOTTERY,
            inputs=WORKS,
        ),
        ("hengjian", "zhongxin", "taihe"),
        None,
    ),
)

# the first is withdrawn, the second finds nobody and is posted again
LATE: tuple[Row, ...] = (
    (
        NeedSketch(
            "zhao",
            "hpwj",
            "家庭农场养殖项目环境影响登记",
            "填报环境影响登记资料",
            "东城区桃园街",
            "8000",
            10,
            InvestmentKind.NATURAL_PERSON,
        ),
        (),
        None,
    ),
    (
        NeedSketch(
            "hewan",
            "aqpj",
            "河湾村冷链点项目安全评价",
            "编制安全评价报告",
            "安平县柳林镇河湾村",
            "26000",
            20,
            InvestmentKind.VILLAGE,
        ),
        (),
        None,
    ),
    (
        NeedSketch(
            "chengtou",
            "stbc",
            "新城东湖公园项目水土保持方案编制",
            "编制水土保持方案报告书",
            "东城区东湖片区",
            "120000",
            18,
            InvestmentKind.STATE_FIRM,
        ),
        ("mingyuan", "lanjing", "qingshan"),
        "lanjing",
    ),
    (
        NeedSketch(
            "yiyuan",
            "hpwj",
            "第九人民医院医疗废物暂存间项目环境影响报告表编制",
            "编制环境影响报告表",
            "青河市康宁路 19 号",
            "52000",
            20,
            InvestmentKind.GOVERNMENT,
            DrawSource.LOTTERY,
        ),
        ("mingyuan", "lanjing", "qingshan"),
        None,
    ),
)

OPEN: tuple[Row, ...] = (
    (
        NeedSketch(
            "chengtou",
            "jsjl",
            "新城二小扩建项目施工监理",
            "施工阶段及保修阶段监理",
            "东城区学府路",
            "300000",
            260,
            InvestmentKind.STATE_FIRM,
            DrawSource.LOTTERY,
            entry_days=6,
            inputs=SUPERVISION,
        ),
        ("hengjian", "taihe"),
        None,
    ),
    (
        NeedSketch(
            "yiyuan",
            "jsjl",
            "第九人民医院住院部改造项目施工监理",
            "施工阶段监理",
            "青河市康宁路 19 号",
            "295000",
            240,
            InvestmentKind.GOVERNMENT,
            DrawSource.CEREMONY,
            entry_days=7,
            inputs=SUPERVISION,
        ),
        ("taihe",),
        None,
    ),
    (
        NeedSketch(
            "shipin",
            "chhy",
            "麦浪食品二期厂房项目多测合一测绘",
            "放线、竣工、不动产测绘",
            "东城区食品工业园 3 号",
            "36000",
            9,
            InvestmentKind.ENTERPRISE,
            entry_days=5,
        ),
        ("jingwei", "tianhe"),
        "jingwei",
    ),
    (
        NeedSketch(
            "jiaotong",
            "stbc",
            "县道 216 线大修项目水土保持方案编制",
            "编制水土保持方案报告书",
            "安平县县道 216 线",
            "95000",
            18,
            InvestmentKind.GOVERNMENT,
            entry_days=8,
        ),
        ("mingyuan",),
        "mingyuan",
    ),
)

SUBMITTED = NeedSketch(
    "yiyuan",
    "aqpj",
    "第九人民医院液氧站项目安全评价",
    "编制安全评价报告",
    "青河市康宁路 19 号",
    "58000",
    25,
    InvestmentKind.GOVERNMENT,
)
DRAFTED = NeedSketch(
    "chengtou",
    "zbdl",
    "新城北路绿化项目施工招标代理",
    "施工招标全过程代理",
    "东城区新城北路",
    "76000",
    40,
    InvestmentKind.STATE_FIRM,
    inputs=WORKS,
)
