"""An audit by sample: drawn verifiably, replayed, noted, concluded, signed off by another."""

from __future__ import annotations

from datetime import datetime, time

from flask_babel import gettext as _
from sqlalchemy import func, select

from marketplace.accounts import queries as accounts
from marketplace.foundation import audit, calendar, clock, lifecycle
from marketplace.foundation.actor import Actor
from marketplace.foundation.audit import AuditRow
from marketplace.foundation.db import db, lock
from marketplace.foundation.errors import Conflict, Invalid, Missing, Refused

from . import replays
from .findings import queries as findings
from .models import AuditSample, SampleItem, SampleKind, SampleStatus
from .rules import draw_sample, population_sha256, sample_seed

LARGEST = 50


def take_sample(kind: SampleKind, size: int, actor: Actor, now: datetime) -> AuditSample:
    """Draw ``size`` of everything of a kind in the office's area and replay each at once.

    Raises Invalid naming the field, Missing for somebody without an office.
    """
    if actor.jurisdiction is None or actor.user_id is None:
        raise Missing("no office")
    if not 1 <= size <= LARGEST:
        raise Invalid(_("抽查件数为 1 至 %(most)s", most=LARGEST), field="size", rule="sample.size")
    references = replays.population(kind, accounts.below(actor.jurisdiction))
    if not references:
        raise Invalid(_("辖区内没有可抽查的对象"), field="kind", rule="sample.population")
    number = (db.session.scalar(select(func.max(AuditSample.number))) or 0) + 1
    seq, head = _published_head(now)
    digest = population_sha256(references)
    seed = sample_seed(number, kind.value, digest, seq, head)
    sample = AuditSample(
        number=number,
        kind=kind,
        jurisdiction_code=actor.jurisdiction,
        size=min(size, len(references)),
        population=references,
        population_sha256=digest,
        head_seq=seq,
        head=head,
        seed=seed,
        drawn_by=actor.user_id,
        drawn_at=now,
        replayed_at=now,
    )
    lifecycle.begin(sample, SampleStatus.DRAWN, actor, now)
    for position, reference in enumerate(draw_sample(references, sample.size, seed), start=1):
        again = replays.replay(kind, reference)
        db.session.add(
            SampleItem(
                sample_id=sample.id,
                position=position,
                reference=reference,
                title=again.title[:200],
                link=again.link,
                rows=again.rows,
                differences=again.differences,
            )
        )
    db.session.flush()
    audit.record(
        "audit_sample.drawn",
        actor,
        sample,
        now,
        number=number,
        population=digest,
        head_seq=seq,
        seed=seed,
        size=sample.size,
    )
    return sample


def note_item(sample: AuditSample, position: int, note: str, actor: Actor, now: datetime) -> None:
    """Write a note beside one drawn thing, while the sample is being worked on."""
    lock(sample)
    now = max(now, clock.now())
    if sample.status is not SampleStatus.DRAWN:
        raise Conflict(_("抽查已提交复核，不能再修改意见"), rule="sample.state")
    item = db.session.scalar(
        select(SampleItem).where(SampleItem.sample_id == sample.id, SampleItem.position == position)
    )
    if item is None:
        raise Missing(f"item {position}")
    item.note = _written(note, "note")
    item.noted_by = actor.user_id
    item.noted_at = now
    audit.record("audit_sample.noted", actor, sample, now, position=position)


def submit_sample(sample: AuditSample, conclusion: str, actor: Actor, now: datetime) -> None:
    """Hand a sample to another for signing; every difference must have a note or a finding."""
    lock(sample)
    now = max(now, clock.now())
    found = {finding.item_id for finding in findings.of_sample(sample)}
    open_items = [
        item.position
        for item in sample.items
        if item.differences and not item.note and item.id not in found
    ]
    if open_items:
        raise Invalid(
            _("第 %(numbers)s 件有差异，请先写明核查意见", numbers="、".join(map(str, open_items))),
            field="conclusion",
            rule="sample.notes",
        )
    sample.conclusion = _written(conclusion, "conclusion")
    lifecycle.move(sample, SampleStatus.SUBMITTED, actor, now)


def sign_sample(sample: AuditSample, agree: bool, note: str, actor: Actor, now: datetime) -> None:
    """Sign a sample off, or send it back with what is missing. Never by who drew or noted."""
    lock(sample)
    now = max(now, clock.now())
    if actor.user_id is None or actor.user_id in workers(sample):
        raise Refused(_("抽取或者核查的人不能签认，请由其他人员复核"), rule="two_people")
    sample.sign_note = note.strip() or None
    if not agree:
        sample.sign_note = _written(note, "note")
        lifecycle.move(sample, SampleStatus.DRAWN, actor, now, reason=sample.sign_note)
        return
    sample.signed_by = actor.user_id
    sample.signed_at = now
    lifecycle.move(sample, SampleStatus.SIGNED, actor, now, reason=sample.sign_note)


def workers(sample: AuditSample) -> set[int | None]:
    """Who drew a sample, wrote a note or raised a finding: they may not sign it."""
    raised = (finding.raised_by for finding in findings.of_sample(sample))
    return {sample.drawn_by, *(item.noted_by for item in sample.items), *raised}


def sample_for(actor: Actor, public_id: str) -> AuditSample:
    """A sample drawn in the actor's area; raises Missing."""
    found = db.session.scalar(select(AuditSample).where(AuditSample.public_id == public_id))
    if found is None or actor.jurisdiction is None:
        raise Missing(f"sample {public_id}")
    if actor.jurisdiction not in accounts.lineage(found.jurisdiction_code):
        raise Missing(f"sample {public_id}")
    return found


def _published_head(now: datetime) -> tuple[int, str]:
    """The ledger's head at the end of the day before, as the footer of every page shows it."""
    midnight = calendar.moment(clock.local_day(now), time(0))
    row = db.session.execute(
        select(AuditRow.seq, AuditRow.hash)
        .where(AuditRow.at < midnight)
        .order_by(AuditRow.seq.desc())
        .limit(1)
    ).first()
    return (row.seq, row.hash) if row else (0, audit.GENESIS)


def _written(text: str, field: str) -> str:
    cleaned = text.strip()
    if not 2 <= len(cleaned) <= 2000:
        raise Invalid(
            _("请填写 %(min)d 到 %(max)d 个字", min=2, max=2000), field=field, rule="text"
        )
    return cleaned
