"""Both ledgers: what anybody changed by hand is named, and the independent script agrees."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from config import ROOT
from marketplace.foundation import audit, clock, heads, tasks
from marketplace.foundation.audit import chain_hash
from marketplace.foundation.db import db
from marketplace.foundation.heads import LedgerHead
from marketplace.foundation.transactions import transaction
from marketplace.ratings import verifying
from marketplace.supervision import ledger_files
from marketplace.supervision.tasks import publish_head
from tests.factories import accounts, ratings
from tests.tampering import unguard

Advance = Callable[[timedelta], None]
DAY = timedelta(days=1)
SCRIPT = ROOT / "scripts" / "verify_ledger.py"


def _script(file: Path, *more: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(file), *more], capture_output=True, text=True
    )
    *found, last = done.stdout.splitlines()
    assert last == f"{len(found)} differences", done.stdout + done.stderr
    assert done.returncode == int(bool(found))
    return found


def _command() -> list[str]:
    """What `scripts/manage ledger verify` names, in this transaction."""
    db.session.expire_all()
    named = [("audit_ledger", each) for each in (*audit.verify(), *heads.verify())]
    named += [("rating_ledger", each) for each in verifying.findings()]
    return [f"{ledger} {each.seq}: {each.problem}" for ledger, each in named]


_NAMES = [column.name for column in audit.AuditRow.__table__.columns]
_RATING = [column.name for column in verifying.streaming.RatingEntry.__table__.columns]


def _copy(table: str, names: list[str], key: str, of: str, to: str, **new: str) -> str:
    new[key] = to
    values = ", ".join(new.get(name, name) for name in names)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} WHERE {key} = {of}"
    )


# what is done by hand: table, statement, what must be named. {r} is an entry of the rating
# ledger in the middle, {s} its audit row, {t} the last audit row
_BY_HAND = {
    "an audit row's fact": (
        "audit_ledger",
        """UPDATE audit_ledger SET facts = '{{"digest": "00", "kind": "mark"}}' WHERE seq = {s}""",
        "audit_ledger {s}: the content does not match its digest",
    ),
    "an audit row's actor": (
        "audit_ledger",
        "UPDATE audit_ledger SET actor_id = 77 WHERE seq = 5",
        "audit_ledger 5: the content does not match its digest",
    ),
    "an audit row's time": (
        "audit_ledger",
        "UPDATE audit_ledger SET at = (SELECT at FROM audit_ledger WHERE seq = {t}) WHERE seq = 7",
        "audit_ledger 7: the content does not match its digest",
    ),
    "an audit row's digest": (
        "audit_ledger",
        "UPDATE audit_ledger SET content_digest = previous WHERE seq = {s}",
        "audit_ledger {s}: the hash does not match",
    ),
    "an audit row's hash": (
        "audit_ledger",
        "UPDATE audit_ledger SET hash = previous WHERE seq = {s}",
        "audit_ledger {s}: the hash does not match",
    ),
    "the first audit row gone": (
        "audit_ledger",
        "DELETE FROM audit_ledger WHERE seq = 1",
        "audit_ledger 1: row 1 is missing",
    ),
    "an audit row moved far away": (
        "audit_ledger",
        "UPDATE audit_ledger SET seq = 2000000000 WHERE seq = {s}",
        "audit_ledger {s}: row {s} is missing",
    ),
    "the last rows gone": (
        "audit_ledger",
        "DELETE FROM audit_ledger WHERE seq IN ({t}, {t} - 1)",
        "audit_ledger {before}: rows {before} to {t} are missing at the end",
    ),
    "a rating entry moved far away": (
        "rating_ledger",
        "UPDATE rating_ledger SET id = 2000000000 WHERE id = {r}",
        "rating_ledger {r}: it is missing",
    ),
    "an audit row gone": (
        "audit_ledger",
        "DELETE FROM audit_ledger WHERE seq = {s}",
        "audit_ledger {s}: row {s} is missing",
    ),
    "the end cut off": (
        "audit_ledger",
        "DELETE FROM audit_ledger WHERE seq = {t}",
        "audit_ledger {t}: row {t} is missing at the end",
    ),
    "an audit row put at the end": (
        "audit_ledger",
        _copy("audit_ledger", _NAMES, "seq", "{t}", "{t} + 1", previous="hash"),
        "audit_ledger {next}: it stands after the recorded end",
    ),
    "a mark raised": (
        "rating_ledger",
        "UPDATE rating_ledger SET hundredths = 10000 WHERE id = {r}",
        "rating_ledger {r}: the content does not match its digest",
    ),
    "a rating entry gone": (
        "rating_ledger",
        "DELETE FROM rating_ledger WHERE id = {r}",
        "rating_ledger {r}: it is missing",
    ),
    "a rating entry added": (
        "rating_ledger",
        _copy("rating_ledger", _RATING, "id", "{r}", "999"),
        "rating_ledger 999: the audit ledger does not know it",
    ),
}


# what PostgreSQL's types refuse
_BY_HAND_UNTYPED = {
    "an audit row's time made a word": (
        "audit_ledger",
        "UPDATE audit_ledger SET at = 'gestern' WHERE seq = {s}",
        "audit_ledger {s}: it cannot be read",
    ),
    "an entry's day made a word": (
        "rating_ledger",
        "UPDATE rating_ledger SET takes_effect_on = 'gestern' WHERE id = {r}",
        "rating_ledger {r}: it cannot be read",
    ),
}


def test_whatever_is_changed_by_hand_is_named_by_the_command_and_by_the_script(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 4, 3)
    advance(3 * DAY)
    _published(app)
    file = tmp_path / "ledger.jsonl"
    with app.app_context():
        entry = db.session.scalars(
            select(verifying.streaming.RatingEntry.id).order_by(text("id"))
        ).all()[1]
        posted = select(audit.AuditRow.seq).where(
            audit.AuditRow.subject_type == "rating_ledger",
            audit.AuditRow.subject_id == str(entry),
        )
        last = audit.head()[0]
        place = {"r": entry, "s": db.session.scalars(posted).one(), "t": last}
        place |= {"next": last + 1, "before": last - 1}
        untyped = _BY_HAND_UNTYPED if db.engine.dialect.name == "sqlite" else {}
        file.write_text("".join(ledger_files.whole()), encoding="utf-8")
        assert _command() == _script(file) == []
        for what, (table, statement, named) in (_BY_HAND | untyped).items():
            unguard(db.session.connection(), table)
            done = db.session.execute(text(statement.format(**place)))
            assert done.rowcount == 1 + what.startswith("the last rows"), what  # type: ignore[attr-defined]
            found = _command()
            assert len(found) < 12, what
            assert named.format(**place) in found, (what, found)
            file.write_text("".join(ledger_files.whole()), encoding="utf-8")
            told = _script(file)
            # the file cannot say which entry an unreadable row was about
            told = [each for each in told if what not in untyped or each in found]
            assert sorted(told) == sorted(found), what
            db.session.rollback()
            db.session.expunge_all()
        assert _command() == []


def _published(app: Flask) -> None:
    with app.app_context():
        publish_head()


def test_a_ledger_written_anew_is_told_by_its_published_heads(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(2 * DAY)
    _published(app)
    file = tmp_path / "ledger.jsonl"
    with app.app_context():
        head = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day.desc())).first()
        assert head is not None
        assert head.day == clock.today() - DAY
        kept = f"{head.seq}:{head.hash}"
        unguard(db.session.connection(), "audit_ledger")
        # somebody who writes the whole chain anew, its end included, after changing one row
        previous, last = audit.GENESIS, ("", "")
        for row in db.session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.seq)):
            roles = "owner" if row.seq == 3 else row.roles
            digest = audit.digest({**row.content(), "roles": roles})
            chained = chain_hash(previous, digest)
            db.session.execute(
                text(
                    "UPDATE audit_ledger SET roles = :r, content_digest = :d, previous = :p,"
                    " hash = :h WHERE seq = :s"
                ),
                {"r": roles, "d": digest, "p": previous, "h": chained, "s": row.seq},
            )
            previous, last = chained, (str(row.seq), chained)
        db.session.execute(text("UPDATE audit_tail SET hash = :h"), {"h": last[1]})
        expected = f"audit_ledger {head.seq}: the row is not the head published for {head.day}"
        assert expected in _command()
        assert list(audit.verify()) == []
        file.write_text("".join(ledger_files.whole()), encoding="utf-8")
        found = _script(file, "--head", kept)
        assert expected in found
        assert f"audit_ledger {head.seq}: the row is not the head that you kept" in found
        db.session.rollback()


def test_a_head_is_published_once_a_day_signed_and_never_changes(
    app: Flask, advance: Advance
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(3 * DAY)
    _published(app)
    with app.app_context():
        found = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day)).all()
        days = [head.day for head in found]
        assert days == sorted(set(days))
        assert days[-1] == clock.today() - DAY
        before = heads.calendar.moment(clock.today(), heads.time(0))
        newest = db.session.scalars(
            select(audit.AuditRow.seq)
            .where(audit.AuditRow.at < before)
            .order_by(audit.AuditRow.seq.desc())
        ).first()
        assert found[-1].seq == newest
        assert heads.days_due(clock.now()) == []
        assert publish_head() == 0
        for table in ("UPDATE ledger_heads SET seq = 1", "DELETE FROM ledger_heads"):
            with pytest.raises(Exception, match="append-only"):
                db.session.execute(text(table))
            db.session.rollback()
        unguard(db.session.connection(), "ledger_heads")
        db.session.execute(
            text("UPDATE ledger_heads SET signature = :s WHERE day = :d"),
            {"s": "0" * 128, "d": found[-1].day.isoformat()},
        )
        assert any("not signed by this site" in each for each in _command())
        db.session.rollback()


def test_the_public_file_of_hashes_joins_two_heads(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(2 * DAY)
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(1 * DAY)
    _published(app)
    file = tmp_path / "hashes.jsonl"
    with app.app_context():
        last, before = db.session.scalars(
            select(LedgerHead).order_by(LedgerHead.day.desc()).limit(2)
        )
        lines = list(ledger_files.hashes(before, last))
        whole = list(ledger_files.hashes(None, last))
        first, end = before.seq, last.seq
    assert len(lines) == end - first + 1
    assert len(whole) == end + 1
    assert "content" not in "".join(whole)
    for good in (lines, whole):
        file.write_text("".join(good), encoding="utf-8")
        assert _script(file) == []
    file.write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    assert f"audit_ledger {first + 1}: row {first + 1} is missing" in _script(file)
    changed = json.loads(lines[1])
    changed["digest"] = "0" * 64
    file.write_text("".join([lines[0], json.dumps(changed) + "\n", *lines[2:]]), encoding="utf-8")
    assert f"audit_ledger {first + 1}: the hash does not match" in _script(file)


def test_a_kept_head_tells_wherever_a_forged_file_begins(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(2 * DAY)
    _published(app)
    file = tmp_path / "forged.jsonl"
    with app.app_context():
        last = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day.desc())).first()
        assert last is not None
        seq, row_hash = last.seq, last.hash
        first, *_rows = [json.loads(line) for line in ledger_files.hashes(None, last)]

    def forged(begins: int, before: str) -> None:
        rows, previous = [], before
        for number in range(begins + 1, seq + 4):
            digest = f"{number:064x}"
            previous = chain_hash(previous, digest)
            rows.append({"seq": number, "digest": digest, "hash": previous})
        head = {**first, "from": {"seq": begins, "hash": before}, "heads": []}
        head["to"] = {"seq": rows[-1]["seq"], "hash": previous}
        file.write_text("".join(json.dumps(row) + "\n" for row in (head, *rows)), "utf-8")

    kept = ("--head", f"{seq}:{row_hash}")
    forged(seq, "7" * 64)
    assert _script(file, *kept) == [f"audit_ledger {seq}: the row is not the head that you kept"]
    forged(seq, row_hash)
    assert _script(file, *kept) == []
    forged(seq + 1, "7" * 64)
    named = f"audit_ledger {seq}: the head that you kept lies before this file"
    assert _script(file, *kept) == [named]
    forged(0, "7" * 64)
    assert _script(file) == ["audit_ledger 0: before row 1 there are not 64 zeros"]


def test_a_file_of_rows_must_hold_every_row_with_its_own_content(
    app: Flask, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 2, 3)
    advance(2 * DAY)
    file = tmp_path / "rows.jsonl"
    with app.app_context():
        lines = [json.loads(line) for line in ledger_files.whole()]
    posted = next(i for i, row in enumerate(lines) if "rating.posted" in row.get("content", ""))
    seq = lines[posted]["seq"]
    entry = next(i for i, row in enumerate(lines) if "rating" in row)

    def found(*rows: dict[str, object]) -> list[str]:
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return _script(file)

    assert found(*lines) == []
    # the entry and the content of its audit row taken out, all hashes left as they are
    bare = {name: lines[posted][name] for name in ("seq", "previous", "digest", "hash")}
    without = [*lines[:posted], bare, *lines[posted + 1 : entry], *lines[entry + 1 :]]
    assert found(*without) == [f"audit_ledger {seq}: its content is not in the file"]
    other = {**lines[posted + 1], "seq": seq}
    mixed = found(*lines[:posted], other, *lines[posted + 1 :])
    assert f"audit_ledger {seq}: the content is that of row {seq + 1}" in mixed
    twice = found(*lines[: posted + 1], lines[posted - 1], *lines[posted + 1 :])
    assert twice == [f"audit_ledger {seq - 1}: it stands out of order"]
    unsaid = {**lines[0], "holds": "something"}
    assert found(unsaid, *lines[1:]) == ["the file holds neither hashes nor rows"]


def test_the_heads_and_the_hashes_are_open_to_everybody(
    app: Flask, client: FlaskClient, advance: Advance, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(3 * DAY)
    _published(app)
    with app.app_context():
        last, before = (
            (head.day.isoformat(), head.seq, head.hash)
            for head in db.session.scalars(
                select(LedgerHead).order_by(LedgerHead.day.desc()).limit(2)
            )
        )
    page = client.get("/data/ledger")
    assert page.status_code == 200
    assert last[2] in page.text
    assert client.get("/data").text.count('href="/data/ledger"') == 1
    file = tmp_path / "day.jsonl"
    for query in (f"to={last[0]}", f"from={before[0]}&to={last[0]}"):
        answer = client.get(f"/data/ledger/hashes?{query}")
        assert answer.status_code == 200
        assert f"ledger-{before[0]}-{last[0]}.jsonl" in answer.headers["Content-Disposition"]
        file.write_bytes(answer.data)
        assert _script(file, "--head", f"{last[1]}:{last[2]}") == []
    for query, status in (
        ("", 302),  # the bare address leads to the published heads
        ("to=gestern", 422),
        ("to=1999-01-01", 404),
        (f"from={last[0]}&to={last[0]}", 422),
        (f"from=x&to={last[0]}", 422),
    ):
        assert client.get(f"/data/ledger/hashes?{query}").status_code == status


def test_a_slow_reader_of_hashes_holds_no_connection(
    app: Flask, client: FlaskClient, advance: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context(), transaction():
        ratings.evaluated(accounts.firm().organisation, 1, 3)
    for _day in range(2):
        advance(1 * DAY)
        with app.app_context(), transaction():
            ratings.evaluated(accounts.firm().organisation, 1, 3)
    advance(1 * DAY)
    _published(app)
    monkeypatch.setattr(ledger_files, "_AT_ONCE", 2)
    with app.app_context():
        found = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day)).all()
        first, before, last = found[0].day, found[-2].day, found[-1].day
        rows = found[-1].seq - found[0].seq
        free = db.engine.pool.checkedout()  # type: ignore[attr-defined]
        db.session.rollback()
        lines = ledger_files.hashes(None, db.session.get_one(LedgerHead, last))
        for _line in range(4):
            next(lines)
            assert not db.session().in_transaction()
            assert db.engine.pool.checkedout() <= free  # type: ignore[attr-defined]
        assert len(list(lines)) > 2
    monkeypatch.setattr(ledger_files, "MOST_ROWS", 1)
    answer = client.get(f"/data/ledger/hashes?from={first}&to={last}")
    assert answer.status_code == 422
    assert f"所选日期之间有 {rows} 条，一个文件最多 1 条" in answer.text
    for query in (f"to={last}", f"from={before}&to={last}"):
        assert client.get(f"/data/ledger/hashes?{query}").status_code == 200


def test_what_is_posted_during_a_check_is_no_difference(
    app: Flask, advance: Advance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with app.app_context(), transaction():
        firm = accounts.firm().organisation
        ratings.evaluated(firm, 2, 3)
        firm_id = firm.id
    advance(2 * DAY)
    posted = []

    def post() -> None:
        with app.app_context(), transaction():
            ratings.evaluated(db.session.get_one(type(firm), firm_id), 1, 4)
        posted.append(1)

    def and_then_post(function: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any) -> Any:
            answer = function(*arguments)
            if not posted:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(post).result()
            return answer

        return asked

    streaming = verifying.streaming
    file = tmp_path / "ledger.jsonl"
    for place, name, command in (
        (audit, "head", ["ledger", "verify"]),
        (streaming, "held_numbers", ["ratings", "replay", "--all", "--processes", "1"]),
        (streaming, "held_numbers", ["invariants"]),
        (ledger_files, "signing_public_key", ["ledger", "export", str(file)]),
    ):
        posted.clear()
        with monkeypatch.context() as patched:
            patched.setattr(place, name, and_then_post(getattr(place, name)))
            done = app.test_cli_runner().invoke(args=command)
        assert posted, command
        assert done.exit_code == 0, done.output
    assert _script(file) == []


def _heads_of(app: Flask) -> list[tuple[date, int, str]]:
    with app.app_context():
        found = db.session.scalars(select(LedgerHead).order_by(LedgerHead.day)).all()
        return [(head.day, head.seq, head.hash) for head in found]


def _by_hand(app: Flask, table: str, statement: str, **values: Any) -> None:
    with app.app_context(), db.engine.connect() as connection:
        unguard(connection, table)
        assert connection.execute(text(statement), values).rowcount
        connection.commit()


def _found(app: Flask) -> list[str]:
    with app.app_context():
        return [f"{each.seq} {each.problem}" for each in heads.verify()]


@pytest.fixture
def four_days(app: Flask, advance: Advance) -> list[tuple[date, int, str]]:
    """The heads of some days, published; an entry was posted on each."""
    for _day in range(4):
        with app.app_context(), transaction():
            ratings.evaluated(accounts.firm().organisation, 1, 3)
        advance(1 * DAY)
    _published(app)
    published = _heads_of(app)
    assert len(published) >= 4
    assert _found(app) == []
    return published


def _tomorrow(app: Flask) -> None:
    """The next day, without what becomes due on the way."""
    with app.app_context(), transaction():
        clock.set_to(clock.now() + DAY)


def test_nothing_is_signed_on_a_ledger_written_anew(
    app: Flask, four_days: list[tuple[date, int, str]]
) -> None:
    _day, seq, row_hash = four_days[-2]
    _by_hand(app, "audit_ledger", "UPDATE audit_ledger SET hash = previous WHERE seq = :s", s=seq)
    _tomorrow(app)
    with app.app_context():
        assert publish_head() == 0
        assert [each.work for each in tasks.failures(clock.now())] == ["ledger_heads"]
    assert _heads_of(app) == four_days
    _by_hand(
        app, "audit_ledger", "UPDATE audit_ledger SET hash = :h WHERE seq = :s", h=row_hash, s=seq
    )
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(minutes=2))
    _published(app)
    assert _heads_of(app)[:-1] == four_days


def test_heads_taken_out_of_the_table_are_missed_by_the_file_beside_the_key(
    app: Flask, four_days: list[tuple[date, int, str]]
) -> None:
    gap, last = four_days[1], four_days[-1]
    _by_hand(app, "ledger_heads", "DELETE FROM ledger_heads WHERE day = :d", d=last[0].isoformat())
    missed = f"{last[1]} the head kept beside the signing key for {last[0]} is not in the table"
    assert _found(app) == [missed]
    _tomorrow(app)
    with app.app_context():
        assert publish_head() == 0
    assert _heads_of(app) == four_days[:-1]
    _by_hand(app, "ledger_heads", "DELETE FROM ledger_heads WHERE day = :d", d=gap[0].isoformat())
    missed_day = f"{four_days[2][1]} no head is published from {gap[0]} on before {four_days[2][0]}"
    assert missed_day in _found(app)
    for _day in range(3):
        _tomorrow(app)
    assert f"{four_days[-2][1]} no head is published for {last[0]} and later" in _found(app)


def test_days_are_published_one_by_one_from_the_head_before(
    app: Flask, four_days: list[tuple[date, int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    _by_hand(app, "ledger_heads", "DELETE FROM ledger_heads")
    signed: list[bytes] = []
    sign = heads.crypto.sign

    def fail_at_the_third(content: bytes) -> str:
        signed.append(content)
        if len(signed) == 3:
            raise OSError("no key")
        return sign(content)

    with app.app_context():
        heads.forget_kept()
        with monkeypatch.context() as patched:
            patched.setattr(heads.crypto, "sign", fail_at_the_third)
            assert publish_head() == 2
    # what was published before the day that failed has lasted, and no day is left out
    assert _heads_of(app) == four_days[:2]
    with app.app_context(), transaction():
        clock.set_to(clock.now() + timedelta(minutes=2))
    _published(app)
    assert _heads_of(app) == four_days
    with app.app_context():
        assert [head.day for head in heads.late()] == [
            day for day, _seq, _hash in four_days if day < clock.today() - 2 * DAY
        ]
