"""The report of an audit: the sample, its working papers, findings and answers, as a workbook."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from marketplace.accounts.models import Organisation
from marketplace.foundation.clock import SHANGHAI
from marketplace.foundation.db import db
from marketplace.foundation.languages import for_storing
from marketplace.foundation.lifecycle import StatusChange
from marketplace.foundation.spreadsheets import Column, Sheet, workbook

from ..models import AuditSample
from ..queries import people
from . import queries
from .models import AuditFinding

PAPERS = (
    Column(key="position", title="序号", kind="number", width=8),
    Column(key="title", title="抽查对象", width=36),
    Column(key="label", title="项目", width=24),
    Column(key="stored", title="存档", width=40),
    Column(key="replayed", title="复算", width=40),
    Column(key="verdict", title="比对", width=10),
    Column(key="note", title="核查意见", width=48),
    Column(key="noted_by", title="核查人", width=12),
)
FINDINGS = (
    Column(key="number", title="问题编号", kind="number", width=10),
    Column(key="item", title="抽查对象", width=36),
    Column(key="kind", title="问题类型", width=20),
    Column(key="severity", title="严重程度", width=10),
    Column(key="text", title="问题描述", width=60),
    Column(key="evidence", title="证据", width=36),
    Column(key="entry", title="涉及的信用记录编号", kind="number", width=14),
    Column(key="raised", title="登记", width=24),
    Column(key="status", title="状态", width=14),
    Column(key="answer", title="答复", width=60),
    Column(key="answered", title="答复人", width=24),
    Column(key="judgement", title="审核说明", width=48),
    Column(key="closed", title="办结", width=24),
)
DRAW = (
    Column(key="place", title="次序", kind="number", width=8),
    Column(key="reference", title="抽取结果", width=48),
)


def workbook_of(sample: AuditSample) -> bytes:
    """The report as a workbook, in Chinese whoever asks."""
    found = queries.of_sample(sample)
    with for_storing():
        return workbook([_papers(sample, found), _findings(sample, found), _draw(sample)])


def people_of(sample: AuditSample, found: list[AuditFinding]) -> dict[int, str]:
    """The names of everybody who worked on a sample, its findings and their answers."""
    keys = {sample.drawn_by, sample.signed_by, *(item.noted_by for item in sample.items)}
    for each in found:
        keys |= {each.raised_by, each.answered_by, each.closed_by}
    return people(keys)


def office_of(sample: AuditSample) -> str:
    """The name of the office that drew the sample."""
    drew = select(StatusChange.organisation_id).where(
        StatusChange.subject_type == sample.__tablename__,
        StatusChange.subject_id == sample.id,
        StatusChange.from_status.is_(None),
    )
    name = select(Organisation.name).where(Organisation.id.in_(drew))
    return db.session.scalar(name) or ""


def _papers(sample: AuditSample, found: list[AuditFinding]) -> Sheet:
    names = people_of(sample, found)
    wrong = sum(bool(item.differences) for item in sample.items)
    head = [
        ("抽查编号", f"第 {sample.number} 号"),
        ("审计单位", office_of(sample)),
        ("抽查对象", str(sample.kind.title)),
        ("抽取", f"{names.get(sample.drawn_by, '')} {_moment(sample.drawn_at)}"),
        ("结果", f"{sample.size} 件中 {wrong} 件有差异，登记问题 {len(found)} 个"),
        ("核查结论", sample.conclusion or "—"),
        ("复核签认", _signed(sample, names)),
    ]
    rows = [
        {
            "position": item.position,
            "title": item.title,
            "label": label,
            "stored": stored,
            "replayed": again,
            "verdict": "一致" if stored == again else "不一致",
            "note": item.note or "",
            "noted_by": names.get(item.noted_by or 0, ""),
        }
        for item in sample.items
        for label, stored, again in item.rows
    ]
    return Sheet(name="核查底稿", title="审计抽查报告", head=head, columns=PAPERS, rows=rows)


def _signed(sample: AuditSample, names: dict[int, str]) -> str:
    if sample.signed_by is None or sample.signed_at is None:
        return str(sample.status.title)
    note = f"，{sample.sign_note}" if sample.sign_note else ""
    return f"{names.get(sample.signed_by, '')} {_moment(sample.signed_at)}{note}"


def _findings(sample: AuditSample, found: list[AuditFinding]) -> Sheet:
    names = people_of(sample, found)

    def who(key: int | None, at: Any) -> str:
        return "" if key is None or at is None else f"{names.get(key, '')} {_moment(at)}"

    rows = [
        {
            "number": each.number,
            "item": each.item.title,
            "kind": str(each.kind.title),
            "severity": str(each.severity.title),
            "text": each.text,
            "evidence": each.evidence,
            "entry": each.entry_number,
            "raised": who(each.raised_by, each.raised_at),
            "status": str(each.status.title),
            "answer": each.answer or "",
            "answered": who(each.answered_by, each.answered_at),
            "judgement": each.judgement or "",
            "closed": who(each.closed_by, each.closed_at),
        }
        for each in found
    ]
    return Sheet(name="问题与答复", columns=FINDINGS, rows=rows)


def _draw(sample: AuditSample) -> Sheet:
    head = [
        ("清单摘要", sample.population_sha256),
        ("对象总数", str(len(sample.population))),
        ("台账序号", str(sample.head_seq)),
        ("前一日台账摘要", sample.head),
        ("种子", sample.seed),
    ]
    rows = [{"place": item.position, "reference": item.reference} for item in sample.items]
    return Sheet(name="抽取的由来", head=head, columns=DRAW, rows=rows)


def _moment(at: Any) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
