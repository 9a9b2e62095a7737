"""Make marketplace/accounts/data/common_words.txt.gz: what no password may consist of.

The words come from the frequency lists of the Python package zxcvbn 4.5.0 (MIT, © 2016 Daniel
Wolf; the lists are those of dropbox/zxcvbn, MIT, © 2012-2016 Dan Wheeler and Dropbox): leaked
passwords, English words, film subtitles, given names and surnames. To them are added, made here,
Chinese personal names in pinyin, years and dates of birth without separators, and walks over the
keyboard. One word a line, lower case, sorted, without twins.

    pip install --target /tmp/lists zxcvbn==4.5.0
    PYTHONPATH=/tmp/lists python scripts/make_blocklist.py
"""

from __future__ import annotations

import gzip
import io
from itertools import product
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

TARGET = Path(__file__).parents[1] / "marketplace" / "accounts" / "data" / "common_words.txt.gz"
SURNAMES = [
    "wang",
    "li",
    "zhang",
    "liu",
    "chen",
    "yang",
    "huang",
    "zhao",
    "wu",
    "zhou",
    "xu",
    "sun",
    "ma",
    "zhu",
    "hu",
    "guo",
    "he",
    "lin",
    "gao",
    "luo",
    "zheng",
    "liang",
    "xie",
    "song",
    "tang",
    "deng",
    "han",
    "feng",
    "cao",
    "peng",
    "zeng",
    "xiao",
    "tian",
    "dong",
    "pan",
    "yuan",
    "cai",
    "jiang",
    "yu",
    "du",
    "ye",
    "cheng",
    "wei",
    "su",
    "lu",
    "ding",
    "ren",
    "shen",
    "yao",
    "lv",
]
GIVEN = [
    "wei",
    "fang",
    "na",
    "min",
    "jing",
    "qiang",
    "lei",
    "yang",
    "yan",
    "jie",
    "juan",
    "tao",
    "ming",
    "chao",
    "xia",
    "ping",
    "gang",
    "fei",
    "bo",
    "hua",
    "hui",
    "jun",
    "li",
    "ling",
    "mei",
    "ning",
    "peng",
    "qing",
    "rong",
    "shan",
    "ting",
    "wen",
    "xin",
    "xue",
    "yi",
    "ying",
    "yong",
    "yun",
    "zhen",
    "zhi",
    "hao",
    "jia",
    "kai",
    "liang",
    "long",
    "lin",
    "yuan",
    "yue",
    "chen",
    "cheng",
    "dan",
    "dong",
    "feng",
    "guang",
    "hong",
    "jian",
    "xiaoming",
    "xiaohong",
    "zhiqiang",
    "jianguo",
    "jianjun",
    "weimin",
    "xiuying",
    "guiying",
    "haiyan",
    "wenjie",
    "jiahao",
    "zihan",
    "yuxuan",
    "haoran",
]
TAILS = ["123", "1234", "12345", "123456", "520", "521", "666", "888", "168", "2000", "2008"]
WALKS = [
    "1qaz2wsx3edc",
    "1qaz2wsx",
    "2wsx3edc",
    "qazwsxedc",
    "qazwsx",
    "zaq12wsx",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234qwer",
    "qwer1234",
    "qweasdzxc",
    "qweasd",
    "asdzxc",
    "q1w2e3r4",
    "q1w2e3r4t5",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "a1b2c3d4",
    "abcd1234",
    "woaini",
    "woaini520",
    "woaini1314",
    "5201314",
    "1314520",
    "aini520",
    "zhongguo",
    "gongwuyuan",
    "xingzheng",
    "shenpi",
    "zhongjie",
    "chaoshi",
    "zhengfu",
    "zhengwu",
    "fuwu",
    "zhongxin",
    "guanli",
    "guanliyuan",
    "xitong",
    "mima",
    "denglu",
    "shandong",
    "jinan",
    "qingdao",
    "weifang",
    "shouguang",
    "qinghe",
    "beijing",
    "shanghai",
    "anping",
]


def words() -> set[str]:
    """Every word, lower case; single letters and pairs would forbid too much."""
    found = {word for words in FREQUENCY_LISTS.values() for word in words}
    found |= {"".join(pair) for pair in product(SURNAMES, GIVEN)}
    found |= {f"{year}" for year in range(1940, 2041)}
    found |= {f"{month:02d}{day:02d}" for month in range(1, 13) for day in range(1, 32)}
    found |= {
        letter * count
        for letter in "0123456789abcdefghijklmnopqrstuvwxyz"
        for count in range(3, 21)
    }
    found |= {f"{year}{month:02d}" for year in range(1960, 2011) for month in range(1, 13)}
    found |= {
        f"{name}{tail}"
        for name, tail in product((*SURNAMES, *GIVEN, "zhangsan", "lisi", "wangwu"), TAILS)
    }
    found |= set(WALKS)
    return {word.casefold() for word in found if len(word) >= 3}


def main() -> None:
    """Write the list; the same bytes each time."""
    listed = sorted(words())
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=9) as file:
        file.write("\n".join(listed).encode())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(buffer.getvalue())
    print(f"{len(listed)} words, {len(buffer.getvalue())} bytes")


if __name__ == "__main__":
    main()
