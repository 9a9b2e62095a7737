"""Terms and clocks of a contract. (RULES section 8)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from annotated_types import Ge, Le, MinLen

WorkingDays = Annotated[int, Ge(1), Le(60)]


@dataclass(frozen=True)
class ContractsPolicy:
    """Numbers of RULES section 8.

    ``confirm_working_days``: for the other side to confirm a draft. ``accept_working_days``: for
    the owner to accept or return; reminders go out after so many of them
    (``accept_reminders_after``); ``silence_accepts`` says whether silence then counts as
    acceptance, with ``silence_basis`` for its legal ground. ``payment_days``: natural days after
    acceptance for agencies and public institutions, ``payment_days_others`` for everybody else.
    ``start_within_days``: natural days within which a contract starts. ``decision_working_days``: for an owner to decide about a contract whose firm was sanctioned.
    """

    SECTION: ClassVar[str] = "contracts"
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    confirm_working_days: WorkingDays
    accept_working_days: WorkingDays
    accept_reminders_after: Annotated[tuple[WorkingDays, ...], MinLen(1)]
    silence_accepts: bool
    silence_basis: str
    payment_days: Annotated[int, Ge(1), Le(180)]
    payment_days_others: Annotated[int, Ge(1), Le(180)]
    start_within_days: Annotated[int, Ge(0), Le(365)]
    decision_working_days: WorkingDays

    def __post_init__(self) -> None:
        """Refuse an edition whose parts contradict each other."""
        reminders = list(self.accept_reminders_after)
        if reminders != sorted(set(reminders)) or reminders[-1] >= self.accept_working_days:
            raise ValueError("accept_reminders_after: must rise and stay below the limit")
        if self.silence_accepts and not self.silence_basis:
            raise ValueError("silence_basis: needed where silence counts as acceptance")


@dataclass(frozen=True)
class ContractTerms:
    """What may be agreed beside the award and the standard text. Days are Shanghai days."""

    starts_on: date
    ends_on: date
    extra: str = ""


def paused_until(due: datetime, submitted: datetime, returned: datetime) -> datetime:
    """The new due instant after the owner held a delivery: its waiting never counts.

    What the firm had left (or was late by) when it delivered is what it has when the owner
    returns the delivery.
    """
    return due + max(returned - submitted, timedelta(0))


def terms_text(terms: Terms) -> str:
    """The standard text of a contract, in Chinese, from its terms."""
    lines = [
        f"合同编号：{terms.number}",
        f"委托方（甲方）：{terms.owner}",
        f"受托方（乙方）：{terms.firm}",
        f"依据 {terms.need_number} 的选取结果，双方就“{terms.item}”服务订立本合同。",
        f"一、服务内容：{terms.scope}",
        f"二、服务地点：{terms.place}",
        f"三、服务成果：{terms.result}",
        f"四、合同价款：{terms.price_capitals}（¥{terms.price:,.2f}），含税，为选取结果确定的价款。"
        f"{_shares(terms.shares)}",
        f"五、履行期限：{_day(terms.starts_on)}至{_day(terms.ends_on)}。"
        "甲方审核成果占用的时间不计入乙方履行期限。",
        f"六、验收：甲方在收到成果之日起 {terms.accept_working_days} 个工作日内验收或者书面说明"
        "理由退回。",
        f"七、付款：验收通过之日起 {terms.payment_days} 日内付清。",
        "八、变更：价款、期限的变更须双方确认，价款变更另行核验。",
        "九、终止：一方严重违约或者双方协商一致的，可以终止合同并写明原因。",
    ]
    if terms.extra:
        lines.append(f"十、补充约定：{terms.extra}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Terms:
    """What the standard text is filled with. ``price`` in yuan, days are Shanghai days;
    ``shares`` are the items of a package with what each has of the price."""

    number: str
    need_number: str
    owner: str
    firm: str
    item: str
    scope: str
    place: str
    result: str
    price: Decimal
    price_capitals: str
    starts_on: date
    ends_on: date
    accept_working_days: int
    payment_days: int
    extra: str
    shares: Sequence[tuple[str, Decimal]] = ()


def _shares(shares: Sequence[tuple[str, Decimal]]) -> str:
    """What every item of a package has of the price; nothing for a contract of one item."""
    if not shares:
        return ""
    told = "；".join(f"{item} ¥{price:,.2f}" for item, price in shares)
    return f"其中（按公告的各项预算比例划分）：{told}。"


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
