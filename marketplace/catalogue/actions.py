"""Publishing an edition of the item list."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from marketplace.foundation import audit
from marketplace.foundation.actor import Actor
from marketplace.foundation.crypto import sha256_hex
from marketplace.foundation.db import db

from .models import CatalogueEdition, Commissioner, DaysKind, PriceForm, ServiceItem, Stage
from .rules.items import Item, ItemList
from .rules.writing import plain


class ListRefused(ValueError):
    """An item list that may not be used: the message names file, key and reason."""


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[ItemList]:
    return TypeAdapter(ItemList)


def read_list(name: str, text: str) -> ItemList:
    """An item list from TOML, whole or not at all; raises ListRefused."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ListRefused(f"{name}:整份文件：不是有效的 TOML:{error}") from error
    try:
        return _adapter().validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ListRefused(f"{name}：{key}：{first['msg']}") from error


def load_edition(path: Path, actor: Actor, now: datetime) -> CatalogueEdition:
    """Publish the item list in ``path``. The same file again changes nothing; another text for
    the same jurisdiction and day is refused (ListRefused), since an edition is never edited."""
    text = path.read_text(encoding="utf-8")
    told = read_list(path.name, text)
    sha256 = sha256_hex(text.encode())
    existing = db.session.scalar(
        select(CatalogueEdition).where(
            CatalogueEdition.jurisdiction_code == told.jurisdiction,
            CatalogueEdition.effective_from == told.effective_from,
        )
    )
    if existing is not None:
        if existing.sha256 == sha256:
            return existing
        raise ListRefused(
            f"{path.name}:effective_from:{told.effective_from} 的清单已发布，不能修改，只能另发新版"
        )
    return store_edition(told, text, actor, now)


def store_edition(told: ItemList, text: str, actor: Actor, now: datetime) -> CatalogueEdition:
    """Publish a list as an edition of its own; ``text`` is the file it is kept as."""
    sha256 = sha256_hex(text.encode())
    edition = CatalogueEdition(
        jurisdiction_code=told.jurisdiction,
        effective_from=told.effective_from,
        title=told.title,
        document=told.document,
        source=text,
        synonyms={code: list(words) for code, words in told.synonyms.items()},
        sha256=sha256,
        published_at=now,
    )
    db.session.add(edition)
    db.session.flush()
    for position, item in enumerate(told.items, start=1):
        db.session.add(_row(edition, position, item))
    db.session.flush()
    audit.record("catalogue.published", actor, edition, now, sha256=sha256, items=len(told.items))
    return edition


def _row(edition: CatalogueEdition, position: int, item: Item) -> ServiceItem:
    return ServiceItem(
        edition_id=edition.id,
        position=position,
        code=item.code,
        name=item.name,
        category=item.category,
        department_code=item.department_code,
        department_name=item.department_name,
        summary=item.summary,
        approval_items=list(item.approval_items),
        legal_basis=list(item.legal_basis),
        statutory_days=item.statutory_days,
        statutory_days_kind=DaysKind(item.statutory_days_kind),
        price_form=PriceForm(item.price_form),
        result=item.result,
        commissioned_by=Commissioner(item.commissioned_by),
        regional_assessment=item.regional_assessment,
        on_list=item.on_list,
        materials=[asdict(material) for material in item.materials],
        qualifications=[
            {**asdict(requirement), "grades": list(requirement.grades)}
            for requirement in item.qualifications
        ],
        qualification_rule=item.qualification_rule,
        effective_from=edition.effective_from,
        effective_until=item.effective_until,
        stage=None if item.guide is None else Stage(item.guide.stage),
        guide_content=None if item.guide is None else plain(item.guide),
        parts=list(item.parts),
    )
