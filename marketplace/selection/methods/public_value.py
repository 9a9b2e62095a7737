"""The public value of a draw: a lottery's numbers, or the numbers of a ceremony.

Each has one written form (docs/draw.md, step 4), because the same numbers written two ways would
give two seeds and let somebody choose between them.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace.selection.methods.random_draw import (
    DrawInputError,
    check_attempt,
    check_draw_id,
    check_hex,
)

NUMBER_LABEL = "zjcs-number/1\n"
CEREMONY_LABEL = "zjcs-ceremony/1\n"
BUREAU = "bureau"
OWNER = "owner"

_NUMBER = re.compile(r"[0-9]{24,78}")
_PARTICIPANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")


@dataclass(frozen=True, slots=True)
class NumberGroup:
    """Numbers of one drum: how many, from which range, and whether their order counts."""

    count: int
    low: int
    high: int
    ordered: bool

    @property
    def width(self) -> int:
        """Return how many digits each number is written with."""
        return len(str(self.high))


@dataclass(frozen=True, slots=True)
class Lottery:
    """A national lottery: code, Chinese name, digits of an issue's number, drums."""

    code: str
    title: str
    issue_digits: int
    groups: tuple[NumberGroup, ...]


LOTTERIES: dict[str, Lottery] = {
    lottery.code: lottery
    for lottery in (
        Lottery("kl8", "快乐8", 7, (NumberGroup(20, 1, 80, False),)),
        Lottery("ssq", "双色球", 7, (NumberGroup(6, 1, 33, False), NumberGroup(1, 1, 16, False))),
        Lottery(
            "dlt", "超级大乐透", 5, (NumberGroup(5, 1, 35, False), NumberGroup(2, 1, 12, False))
        ),
        Lottery("fc3d", "福彩3D", 7, (NumberGroup(3, 0, 9, True),)),
        Lottery("pl5", "排列5", 5, (NumberGroup(5, 0, 9, True),)),
    )
}


@dataclass(frozen=True, slots=True)
class CeremonyNumber:
    """One participant's number: 24 to 78 decimal digits, leading zeros kept."""

    participant: str
    number: str


def lottery_value(game: str, issue: str, numbers: Sequence[Sequence[int]]) -> str:
    """Return `lottery:game:issue:numbers`, the written form of a lottery's result.

    Numbers of a drum are zero-padded to the width of its highest number and joined by commas,
    ascending unless their order counts; drums are joined by `+`. Raises DrawInputError naming
    `game`, `issue` or `numbers`.
    """
    lottery = LOTTERIES.get(game)
    if lottery is None:
        raise DrawInputError("game", "未登记的彩票玩法")
    if not re.fullmatch(f"[0-9]{{{lottery.issue_digits}}}", issue):
        raise DrawInputError("issue", f"{lottery.title}期号应为 {lottery.issue_digits} 位数字")
    if len(numbers) != len(lottery.groups):
        raise DrawInputError("numbers", f"{lottery.title}应有 {len(lottery.groups)} 组号码")
    written = [
        _group(lottery, group, row) for group, row in zip(lottery.groups, numbers, strict=True)
    ]
    return f"lottery:{game}:{issue}:{'+'.join(written)}"


def _group(lottery: Lottery, group: NumberGroup, row: Sequence[int]) -> str:
    if len(row) != group.count or any(not group.low <= number <= group.high for number in row):
        raise DrawInputError(
            "numbers",
            f"{lottery.title}该组应有 {group.count} 个号码，每个在 {group.low} 至 {group.high} 之间",
        )
    if not group.ordered and len(set(row)) != len(row):
        raise DrawInputError("numbers", f"{lottery.title}同组号码不得重复")
    listed = row if group.ordered else sorted(row)
    return ",".join(f"{number:0{group.width}d}" for number in listed)


def number_commitment(draw_id: str, attempt: int, revealed: CeremonyNumber) -> str:
    """Return what a participant commits to before anybody reveals.

    SHA-256("zjcs-number/1" LF need LF attempt LF participant LF number LF): bound to the need and
    the participant, so that nobody can copy another's commitment and claim it as an own number.
    """
    _check_number(revealed)
    lines = (check_draw_id(draw_id), check_attempt(attempt), revealed.participant, revealed.number)
    text = NUMBER_LABEL + "".join(f"{line}\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def ceremony_value(numbers: Iterable[CeremonyNumber]) -> str:
    """Return `ceremony:` and the SHA-256 of all numbers, sorted by the bytes of their lines.

    The hashed text is "zjcs-ceremony/1" LF and one line `participant TAB number LF` each. Every
    committed number counts, revealed or opened from its sealed copy. Raises DrawInputError when
    a number is malformed, a participant stands twice, or nobody outside the bureau takes part.
    """
    chosen = list(numbers)
    for revealed in chosen:
        _check_number(revealed)
    if len({revealed.participant for revealed in chosen}) != len(chosen):
        raise DrawInputError("participant", "同一参与人只能提交一个数")
    if all(revealed.participant == BUREAU for revealed in chosen):
        raise DrawInputError("participant", "除管理机构外无人参与，不构成公开值")
    lines = sorted(f"{revealed.participant}\t{revealed.number}\n".encode() for revealed in chosen)
    digest = hashlib.sha256(CEREMONY_LABEL.encode() + b"".join(lines)).hexdigest()
    return f"ceremony:{check_hex('public_value', digest)}"


def _check_number(revealed: CeremonyNumber) -> None:
    if not _PARTICIPANT.fullmatch(revealed.participant):
        raise DrawInputError("participant", "参与人代号只含字母、数字和 -，至多 64 位")
    if not _NUMBER.fullmatch(revealed.number):
        raise DrawInputError("number", "应为 24 至 78 位十进制数字")
