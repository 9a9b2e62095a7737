"""Two writings of one thing have one normal form, which has itself for its normal form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.intermediaries.likeness.rules import (
    normal_address,
    normal_certificate,
    normal_name,
    normal_phone,
    normal_phones,
)

WRITTEN = st.text(
    alphabet="山东省德州市区县路一二十百第号栋楼幢座单元层室房0123456789-－—#＃（）() AＢb转+86中国辖场X*/",
    max_size=40,
) | st.text(max_size=30)


@settings(max_examples=300, deadline=None)
@given(WRITTEN)
def test_a_normal_form_is_its_own(text: str) -> None:
    for normal in (normal_address, normal_phone, normal_certificate, normal_name):
        assert normal(normal(text)) == normal(text)


ONE = "德城区创业路12号3栋501室"


@pytest.mark.parametrize(
    "variant",
    [
        "山东省德州市德城区创业路12号3栋501室",
        "德州市德城区创业路１２号３栋５０１",
        "德城区创业路12-3-501",
        "德城区创业路12号3幢501",
        "德城区创业路12号（3号楼）501室",
        "德城区创业路12#3#501",
        "德城区 创业路 12号 3号楼 501房",
        "德城区创业路十二号三号楼501",
        "德城區創業路12號3棟501室",
        "中国山东省德州市德城区创业路12—3—501",
    ],
)
def test_spellings_of_one_address_are_one(variant: str) -> None:
    assert normal_address(variant) == normal_address(ONE)


def test_other_addresses_stay_others() -> None:
    others = [
        "德城区创业路12号3栋502室",
        "德城区创业路12号4栋501室",
        "德城区创业路13号3栋501室",
        "陵城区创业路12号3栋501室",
        "德城区创业大街12号3栋501室",
    ]
    assert len({normal_address(each) for each in [ONE, *others]}) == 6
    assert normal_address("3-1") == ""


@pytest.mark.parametrize(
    "variant",
    [
        "13800138000",
        "+86 138-0013-8000",
        "86 13800138000",
        "0086-138 0013 8000",
        "１３８００１３８０００",
    ],
)
def test_spellings_of_one_mobile_number_are_one(variant: str) -> None:
    assert normal_phone(variant) == "13800138000"


@pytest.mark.parametrize(
    "variant",
    ["0534-2345678", "(0534)2345678", "+86 534 2345678", "0534-2345678转801", "0534-2345678-801"],
)
def test_spellings_of_one_office_number_are_one(variant: str) -> None:
    assert normal_phone(variant) == "05342345678"


def test_a_field_may_hold_several_numbers_or_none() -> None:
    assert normal_phones("0534-2345678、13800138000") == ("05342345678", "13800138000")
    assert normal_phones("无") == ()
    assert normal_phone("12345") == ""


def test_certificates_and_names() -> None:
    assert normal_certificate("鲁 A-2024 001 号") == normal_certificate("第鲁a2024001号")
    assert normal_certificate("12") == ""
    assert normal_name("阿·里 木") == normal_name("阿•里木")
