"""The demo's audits: one from the sample to the signature, one still being worked on."""

from __future__ import annotations

from marketplace.foundation import clock
from marketplace.foundation.db import db
from marketplace.foundation.transactions import transaction
from marketplace.supervision import sampling
from marketplace.supervision.findings import actions
from marketplace.supervision.findings.models import AuditFinding, FindingKind, FindingSeverity
from marketplace.supervision.models import AuditSample, SampleKind

from .agenda import Days, Story
from .people import CITY, Cast

AUDITOR, SECOND = "jijian", "jiandu"


def audits(cast: Cast, days: Days, before: int) -> Story:
    """A sample of grades with working papers, a finding answered and closed, signed by another;
    then a sample of contracts with a finding that waits for its answer."""
    auditor = cast.officers[AUDITOR].actor
    yield days.at(before)
    with transaction():
        now = clock.now()
        sample = sampling.take_sample(SampleKind.GRADES, 4, auditor, now)
        for item in sample.items[:3]:
            sampling.note_item(
                sample, item.position, "等级、得分与台账复算一致，依据齐全", auditor, now
            )
        finding = actions.raise_finding(
            sample,
            4 if sample.size >= 4 else sample.size,
            FindingKind.EVIDENCE,
            FindingSeverity.SLIGHT,
            "年度检查结果的签字页未随文书归档，得分复算无误",
            "年度检查文书归档目录第 4 页",
            None,
            auditor,
            now,
        )
        sample_id, finding_id = sample.id, finding.id
    yield days.at(before - 2)
    with transaction():
        actions.answer_finding(
            db.session.get_one(AuditFinding, finding_id),
            "签字页已于当日补入归档文书，并核对了同批其他文书，未见缺页",
            cast.desk(CITY, "operator").actor,
            clock.now(),
        )
    yield days.at(before - 3)
    with transaction():
        now = clock.now()
        found = db.session.get_one(AuditFinding, finding_id)
        actions.judge_answer(found, True, "已查看补归档的签字页，答复充分", auditor, now)
        sampling.submit_sample(
            db.session.get_one(AuditSample, sample_id),
            "所抽机构的等级和得分与台账复算一致；一份检查文书缺签字页，已补齐",
            auditor,
            now,
        )
    yield days.at(before - 4)
    with transaction():
        sampling.sign_sample(
            db.session.get_one(AuditSample, sample_id),
            True,
            "底稿完整，同意",
            cast.officers[SECOND].actor,
            clock.now(),
        )
    yield days.at(1)
    with transaction():
        now = clock.now()
        sample = sampling.take_sample(SampleKind.CONTRACTS, 3, auditor, now)
        actions.raise_finding(
            sample,
            1,
            FindingKind.PROCEDURE,
            FindingSeverity.ORDINARY,
            "合同变更未附双方协商记录",
            "合同变更页面",
            None,
            auditor,
            now,
        )
