#!/usr/bin/env python3
"""Check the proof of a draw with nothing but this file and Python 3.10 or later (docs/draw.md).

    python3 verify_draw.py PROOF.json [--commitment HEX] [--list-sha256 HEX] [--public-value TEXT]

The three options compare the proof with what you noted yourself when the need was published,
when entries closed, and when the public value became known. Exit status 0: everything that was
checked holds; 1: it does not, or the file cannot be read. This program shares no code with the
marketplace and reads nothing but the file.
"""

import argparse
import hashlib
import hmac
import io
import itertools
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

TOP = [
    "about",
    "attempt",
    "commitment",
    "dates",
    "entrants",
    "excluded",
    "format",
    "list_sha256",
    "need",
    "order",
    "public_value",
    "receipt_key",
    "secret",
    "seed",
    "sha256",
]
HEX64 = re.compile("[0-9a-f]{64}")
INSTANT = re.compile(
    "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{3}Z"
)
PLAIN = re.compile("[^\\x00-\\x1f\\x7f\\ud800-\\udfff]{0,500}")

# game: digits of an issue's number, then per drum (how many, lowest, highest, order counts)
GAMES = {
    "kl8": (7, [(20, 1, 80, False)]),
    "ssq": (7, [(6, 1, 33, False), (1, 1, 16, False)]),
    "dlt": (5, [(5, 1, 35, False), (2, 1, 12, False)]),
    "fc3d": (7, [(3, 0, 9, True)]),
    "pl5": (5, [(5, 0, 9, True)]),
}

UNCHECKED = (
    "回执签名 (Ed25519) 未核验:请用网站的在线核验页 / receipts' Ed25519 signatures: the site's page does",
    "承诺是否在报名前公布:用 --commitment 与当时记下的值比对 / when the commitment was published",
    "名单是否即截止时公布的名单:用 --list-sha256 比对 / that this is the list published at closing",
    "公开值是否属实:请对照开奖公告或仪式记录 / that the public value is what the lottery really drew",
)


class Refused(Exception):
    """The proof does not hold; the text says where."""


def sha256(text: str | bytes) -> str:
    """Return the SHA-256 of a text or of bytes as 64 lower-case hexadecimal characters."""
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode("utf-8")).hexdigest()


def dump(value: Any) -> bytes:
    """Write a JSON value canonically: sorted keys, no spaces, UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


def need(condition: object, text: str) -> None:
    """Refuse with the text unless the condition holds."""
    if not condition:
        raise Refused(text)


def plain(value: Any, where: str) -> str:
    """Return a one-line text of at most 500 characters, else refuse."""
    need(
        isinstance(value, str) and PLAIN.fullmatch(value), f"{where}: 不是一行文字 / not plain text"
    )
    return value


def hex64(value: Any, where: str) -> str:
    """Return 64 lower-case hexadecimal characters, else refuse."""
    need(
        isinstance(value, str) and HEX64.fullmatch(value),
        f"{where}: 不是 64 位小写十六进制 / not hex",
    )
    return value


def instant(value: Any, where: str) -> str:
    """Return an instant written in UTC to the millisecond, else refuse."""
    need(
        isinstance(value, str) and INSTANT.fullmatch(value),
        f"{where}: 不是 UTC 时刻 / not an instant",
    )
    return value


def fields(value: Any, names: list[str], where: str) -> dict:
    """Return an object that has exactly these fields, else refuse."""
    need(isinstance(value, dict) and set(value) == set(names), f"{where}: 字段不符 / wrong fields")
    return value


def rows(value: Any, names: list[str], where: str) -> list[dict]:
    """Return a list of objects that have exactly these fields, else refuse."""
    need(isinstance(value, list), f"{where}: 不是列表 / not a list")
    for row in value:
        fields(row, names, where)
    return value


def read(data: bytes) -> dict:
    """Return the proof as an object: canonical bytes, known fields, right digest."""
    try:
        proof = json.loads(data.decode("utf-8"))
        written = dump(proof)
    except (ValueError, RecursionError) as error:
        raise Refused("不是规范的 JSON 文件 / not canonical JSON") from error
    need(written == data, "重新写出后字节不同 / written again, the bytes differ")
    fields(proof, TOP, "proof")
    need(proof["format"] == "zjcs-draw/1", "format: 不认识的版本 / unknown version")
    rest = dump({name: proof[name] for name in TOP if name != "sha256"})
    need(proof["sha256"] == sha256(rest), "sha256: 文件摘要不符 / digest differs")
    whole = rest[:-1] + b',"sha256":"' + sha256(rest).encode() + b'"}'
    need(whole == data, "sha256: 不是最后一个字段 / not the last field")
    return proof


def check_list(proof: dict) -> list[bytes]:
    """Return the frozen list as sorted lines; check entrants, exclusions and dates."""
    lines = []
    dates = fields(proof["dates"], ["closed", "drawn", "published", "value"], "dates")
    for name, value in dates.items():
        instant(value, f"dates.{name}")
    need(
        dates["published"] < dates["closed"] <= dates["value"] <= dates["drawn"],
        "dates: 先后不对 / out of order",
    )
    for row in rows(proof["entrants"], ["code", "contribution", "name", "receipt"], "entrants"):
        code = plain(row["code"], "code")
        need(re.fullmatch("[0-9A-Z]{18}", code), "code: 不是信用代码 / not a credit code")
        plain(row["name"], "name")
        receipt = fields(row["receipt"], ["at", "signature"], "receipt")
        at = instant(receipt["at"], "receipt.at")
        need(
            dates["published"] <= at < dates["closed"],
            f"{code}: 回执不在报名期内 / entered out of time",
        )
        signature = plain(receipt["signature"], "signature")
        need(re.fullmatch("[0-9a-f]{128}", signature), "signature: 不是签名 / not a signature")
        lines.append(f"{code}\t{hex64(row['contribution'], 'contribution')}\n".encode())
    codes = [line[:18] for line in lines]
    need(lines, "entrants: 名单为空 / empty list")
    need(lines == sorted(lines) and len(set(codes)) == len(codes), "entrants: 未排序或重复 / order")
    out = []
    for row in rows(proof["excluded"], ["code", "name", "reason"], "excluded"):
        out.append(plain(row["code"], "code"))
        plain(row["name"], "name")
        plain(row["reason"], "reason")
    need(out == sorted(set(out)), "excluded: 未排序或重复 / order")
    need(
        not {code.encode() for code in out} & set(codes), "excluded: 与名单重叠 / also in the list"
    )
    return lines


def lottery(value: Any) -> str:
    """Return the written form of a lottery's issue."""
    fields(value, ["game", "issue", "kind", "numbers", "source", "value"], "public_value")
    plain(value["source"], "source")
    game, issue = plain(value["game"], "game"), plain(value["issue"], "issue")
    need(game in GAMES, "game: 未登记的彩票 / unknown lottery")
    digits, drums = GAMES[game]
    need(re.fullmatch(f"[0-9]{{{digits}}}", issue), "issue: 期号不符 / wrong issue")
    numbers = value["numbers"]
    need(isinstance(numbers, list) and len(numbers) == len(drums), "numbers: 组数不符 / drums")
    groups = []
    for row, (count, low, high, ordered) in zip(numbers, drums, strict=True):
        need(isinstance(row, list) and len(row) == count, "numbers: 个数不符 / count")
        need(all(type(n) is int and low <= n <= high for n in row), "numbers: 超出范围 / range")
        need(ordered or len(set(row)) == count, "numbers: 重复 / repeated")
        listed = row if ordered else sorted(row)
        groups.append(",".join(str(n).rjust(len(str(high)), "0") for n in listed))
    return f"lottery:{game}:{issue}:{'+'.join(groups)}"


def ceremony(value: Any, need_number: str, attempt: int) -> str:
    """Return the written form of a ceremony's numbers, each checked against its commitment."""
    fields(value, ["kind", "numbers", "value"], "public_value")
    lines, people = [], []
    for row in rows(value["numbers"], ["by", "commitment", "how", "number"], "numbers"):
        by, number = plain(row["by"], "by"), plain(row["number"], "number")
        need(re.fullmatch("[0-9A-Za-z][0-9A-Za-z-]{0,63}", by), "by: 代号不符 / wrong name")
        need(re.fullmatch("[0-9]{24,78}", number), "number: 应为 24 至 78 位数字 / wrong length")
        need(row["how"] in ("revealed", "opened"), "how: 应为 revealed 或 opened / unknown word")
        made = sha256(f"zjcs-number/1\n{need_number}\n{attempt}\n{by}\n{number}\n")
        need(row["commitment"] == made, f"{by}: 数与承诺不符 / differs from its commitment")
        people.append(by)
        lines.append(f"{by}\t{number}\n".encode())
    need(people == sorted(set(people)), "numbers: 未排序或重复 / order")
    need(set(people) - {"bureau"}, "numbers: 除管理机构外无人参与 / nobody outside the bureau")
    return "ceremony:" + sha256(b"zjcs-ceremony/1\n" + b"".join(lines))


def public_value(value: Any, need_number: str, attempt: int) -> str:
    """Return the public value as its source makes it, and refuse if the proof says otherwise."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "lottery":
        made = lottery(value)
    elif kind == "ceremony":
        made = ceremony(value, need_number, attempt)
    elif kind == "none":
        fields(value, ["kind", "reason", "value"], "public_value")
        plain(value["reason"], "reason")
        made = ""
    else:
        raise Refused("public_value: 种类不明 / unknown kind")
    need(value["value"] == made, "public_value: 与来源不符 / differs from its source")
    return made


def blocks(seed: str) -> Iterator[int]:
    """Yield HMAC-SHA-256(seed, uint64 big-endian i) for i = 0, 1, … as 256-bit integers."""
    for i in itertools.count():
        yield int.from_bytes(hmac.digest(seed.encode(), i.to_bytes(8, "big"), "sha256"), "big")


def below(numbers: Iterator[int], bound: int) -> int:
    """Return the next number modulo the bound, passing over those that would favour the small."""
    while True:
        number = next(numbers)
        if number < 2**256 - 2**256 % bound:
            return number % bound


def order(codes: list[str], seed: str) -> list[str]:
    """Shuffle the sorted codes with the block stream of the seed."""
    codes, numbers = list(codes), blocks(seed)
    for last in range(len(codes) - 1, 0, -1):
        other = below(numbers, last + 1)
        codes[last], codes[other] = codes[other], codes[last]
    return codes


def verify(data: bytes) -> tuple[list[str], dict]:
    """Return what was checked, one line each, and the proof; raise Refused at the first fault."""
    proof = read(data)
    done = ["文件规范且摘要相符 / canonical file, digest matches"]
    number, attempt = plain(proof["need"], "need"), proof["attempt"]
    plain(proof["about"], "about")
    hex64(proof["receipt_key"], "receipt_key")
    shape = "([0-9A-Za-z][0-9A-Za-z._-]{0,63})(#tie-[1-9][0-9]{0,5})?"
    named = re.fullmatch(shape, number)
    if named is None:
        raise Refused("need: 编号不符 / wrong number")
    need(type(attempt) is int and 1 <= attempt <= 999_999, "attempt: 次数不符 / wrong attempt")
    secret = hex64(proof["secret"], "secret")
    need(
        proof["commitment"] == sha256("zjcs-commit/1\n" + secret),
        "commitment: 密值与承诺不符 / differs",
    )
    done.append("密值与公布的承诺相符 / the secret matches its commitment")
    lines = check_list(proof)
    listed = sha256(b"".join(lines))
    need(proof["list_sha256"] == listed, "list_sha256: 名单摘要不符 / list hash differs")
    done.append(f"名单 {len(lines)} 家与名单摘要相符 / {len(lines)} entrants match the list hash")
    value = public_value(proof["public_value"], named[1], attempt)
    done.append(
        f"公开值由其来源得出 / public value follows from its source: {value or '(空 / empty)'}"
    )
    seed = sha256(f"zjcs-seed/1\n{number}\n{attempt}\n{listed}\n{secret}\n{value}\n")
    need(proof["seed"] == seed, "seed: 种子不符 / seed differs")
    done.append("种子由需求、次数、名单、密值、公开值得出 / the seed follows from the five values")
    made = order([line[:18].decode() for line in lines], seed)
    need(proof["order"] == made, "order: 次序不符 / order differs")
    done.append(f"抽取次序相符,第一位 / the order matches; first is {made[0]}")
    return done, proof


def compare(proof: dict, options: argparse.Namespace, done: list[str]) -> None:
    """Compare the proof with the values the reader noted earlier."""
    noted = (
        ("commitment", options.commitment, proof["commitment"]),
        ("list_sha256", options.list_sha256, proof["list_sha256"]),
        ("public_value", options.public_value, proof["public_value"]["value"]),
    )
    for name, mine, theirs in noted:
        if mine is not None:
            need(mine == theirs, f"{name}: 与您记下的值不同 / differs from the value you noted")
            done.append(f"{name} 与您记下的值相同 / equals the value you noted")


def main(arguments: list[str] | None = None) -> int:
    """Check one proof file; print what was and was not checked; return 0 or 1."""
    parser = argparse.ArgumentParser(description="核验随机抽取证明 / check the proof of a draw")
    parser.add_argument("proof", help="证明文件 / proof file")
    parser.add_argument(
        "--commitment", help="公布需求时的承诺 / commitment published with the need"
    )
    parser.add_argument("--list-sha256", help="截止时的名单摘要 / list hash published at closing")
    parser.add_argument(
        "--public-value", help="公开值的书面形式 / written form of the public value"
    )
    options = parser.parse_args(arguments)
    try:
        with open(options.proof, "rb") as file:
            data = file.read()
        done, proof = verify(data)
        compare(proof, options, done)
    except OSError as error:
        print(f"不能读取 / cannot read: {error}")
        return 1
    except Refused as error:
        print(f"不成立 / REFUSED: {error}")
        return 1
    print(
        f"{proof['need']} · {proof['about']} · 第 {proof['attempt']} 次 / attempt {proof['attempt']}"
    )
    for line in done:
        print(f"  成立 / ok   {line}")
    for line in UNCHECKED:
        print(f"  未查 / not checked   {line}")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console without Chinese still answers
    sys.exit(main())
