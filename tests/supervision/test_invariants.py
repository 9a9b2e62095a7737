"""The invariants hold in the demo, and each of them tells when it is broken."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Connection, text

from marketplace.foundation.db import db
from marketplace.supervision import invariants
from tests.tampering import unguard

# code: what is loosened first (a table's guards, an index, a check), then what is done by hand
# an assessor's marks as if the owner of a contract had been appointed; by whom, and posted as what
ASSESSED = (
    "INSERT INTO assessor_appointments (public_id, organisation_id, kind, jurisdiction_code, "
    "item_codes, starts_on, ends_on, basis, proposed_by, proposed_at, confirmed_by, confirmed_at, "
    "edition_id, status, status_since) SELECT 'x', v.rater_organisation_id, 'social', "
    "c.jurisdiction_code, '[]', c.starts_on, c.ends_on, '文件', 1, w.opened_at, 2, w.opened_at, "
    "w.edition_id, 'in_force', w.opened_at FROM evaluations v JOIN evaluation_windows w ON w.id = "
    "v.window_id JOIN contracts c ON c.id = w.contract_id WHERE v.rating_entry_id IS NOT NULL "
    "AND v.direction = 'owner_to_firm' ORDER BY v.id LIMIT 1; "
    "INSERT INTO evaluations (public_id, window_id, direction, appointment_id, "
    "rater_organisation_id, about_organisation_id, given_at, revise_until, rating_entry_id) SELECT "
    "'x', v.window_id, 'assessor_to_firm', p.id, {rater}, v.about_organisation_id, v.given_at, "
    "v.revise_until, {entry} FROM evaluations v JOIN "
    "assessor_appointments p ON p.public_id = 'x' WHERE v.rating_entry_id IS NOT NULL AND "
    "v.direction = 'owner_to_firm' ORDER BY v.id LIMIT 1"
)

# the first entry of the rating ledger reversed, from some day on
REVERSED = (
    "INSERT INTO rating_ledger (subject_id, kind, jurisdiction_code, takes_effect_on, recorded_at, "
    "edition_id, evidence_type, evidence_id, reverses_id, digest) SELECT subject_id, 'reversal', "
    "jurisdiction_code, {day}, recorded_at, edition_id, evidence_type, evidence_id, id, 'x' "
    "FROM rating_ledger ORDER BY id LIMIT 1"
)

BREAKS: dict[str, tuple[tuple[str, ...], str]] = {
    "F01": ((), "UPDATE search_entries SET names = 'x' WHERE kind = 'firm'"),
    "I01": (
        ("index uq_awards_live",),
        "UPDATE awards SET status = 'proposed', need_id = (SELECT need_id FROM awards "
        "WHERE status = 'accepted' ORDER BY id LIMIT 1)",
    ),
    "I02a": ((), "UPDATE needs SET status = 'awarded' WHERE status = 'published'"),
    "I02b": ((), "UPDATE contracts SET firm_id = owner_id"),
    "I03": (
        ("guard eligibility_checks",),
        "UPDATE eligibility_checks SET ok = (1 = 2) WHERE stage = 'award'",
    ),
    "I03b": (
        ("guard eligibility_checks",),
        "UPDATE eligibility_checks SET grade_record_id = 10000000",
    ),
    "I03c": (
        ("guard eligibility_checks",),
        "UPDATE eligibility_checks SET ok = (1 = 2) WHERE stage = 'closing'",
    ),
    "I04": (
        (),
        "UPDATE blacklistings SET all_items = (1 = 1), organisation_id = (SELECT organisation_id "
        "FROM awards WHERE status = 'accepted' ORDER BY id LIMIT 1), jurisdiction_code = (SELECT "
        "n.jurisdiction_code FROM awards a JOIN needs n ON n.id = a.need_id WHERE a.status = "
        "'accepted' ORDER BY a.id LIMIT 1), from_at = (SELECT min(published_at) FROM needs)",
    ),
    "I04b": (
        (),
        "UPDATE blacklistings SET all_items = (1 = 1), organisation_id = (SELECT organisation_id "
        "FROM entries WHERE status = 'listed' ORDER BY id LIMIT 1), jurisdiction_code = (SELECT "
        "n.jurisdiction_code FROM entries e JOIN needs n ON n.id = e.need_id WHERE e.status = "
        "'listed' ORDER BY e.id LIMIT 1), from_at = (SELECT min(published_at) FROM needs)",
    ),
    "I05": (
        (),
        "UPDATE blacklistings SET all_items = (1 = 1), organisation_id = (SELECT organisation_id "
        "FROM entries WHERE status = 'standing' ORDER BY id LIMIT 1), jurisdiction_code = (SELECT "
        "n.jurisdiction_code FROM entries e JOIN needs n ON n.id = e.need_id WHERE e.status = "
        "'standing' ORDER BY e.id LIMIT 1)",
    ),
    "I06": (
        (),
        "UPDATE selection_rounds SET proof = replace(proof, '1', '2') WHERE proof IS NOT NULL",
    ),
    "I07b": ((), "UPDATE selection_rounds SET attempt = 2 WHERE status = 'decided'"),
    "I08a": (
        (),
        "UPDATE selection_rounds SET opened_at = closed_at, closed_at = opened_at "
        "WHERE closed_at IS NOT NULL",
    ),
    "I08b": ((), "UPDATE awards SET place = place + 1"),
    "I09": ((), "UPDATE selection_rounds SET commitment = list_sha256 WHERE proof IS NOT NULL"),
    "I10": ((), "UPDATE selection_rounds SET unsealed_at = NULL"),
    "I10b": (
        (),
        "UPDATE selection_rounds SET unsealed_at = opened_at WHERE unsealed_at IS NOT NULL",
    ),
    "I10c": ((), "UPDATE entries SET sealed_sha256 = contribution WHERE sealed IS NOT NULL"),
    "I10d": ((), "UPDATE selection_rounds SET two_keys = (1 = 1) WHERE unsealed_at IS NOT NULL"),
    "I10e": ((), "UPDATE panel_judges SET place = place + 20"),
    "I10f": ((), "UPDATE panels SET done_at = NULL, status = 'marking' WHERE status = 'done'"),
    "I11": (
        ("check ceremony_numbers",),
        "UPDATE selection_rounds SET commit_ends_at = opened_at; "
        "INSERT INTO ceremony_numbers (round_id, participant, organisation_id, commitment, sealed, "
        "committed_at, opened) SELECT r.id, 'x', n.owner_id, 'x', 'x', r.opened_at, 1 = 2 "
        "FROM selection_rounds r JOIN needs n ON n.id = r.need_id WHERE r.status = 'open'",
    ),
    "I13a": (
        (),
        "INSERT INTO need_corrections (public_id, need_id, status, status_since, changes, "
        '"values", reason, two_person, proposer_id, approver_id, published_at, deadline_before, '
        "deadline_after) SELECT 'x', id, 'published', published_at, '[]', '{}', '更正', 1 = 2, "
        "proposer_id, proposer_id, published_at, entry_deadline, published_at FROM needs "
        "WHERE status = 'completed' ORDER BY id LIMIT 1",
    ),
    "I13b": (
        (),
        "INSERT INTO need_corrections (public_id, need_id, status, status_since, changes, "
        '"values", reason, two_person, proposer_id, approver_id, published_at, deadline_before, '
        "deadline_after) SELECT 'x', id, 'published', published_at, '[]', '{}', '更正', 1 = 2, "
        "proposer_id, proposer_id, published_at, entry_deadline, choice_at FROM needs "
        "WHERE status = 'completed' ORDER BY id LIMIT 1; UPDATE needs SET entry_deadline = "
        "published_at WHERE status = 'completed'",
    ),
    "I14": ((), "UPDATE contracts SET price_check_id = NULL WHERE signed_at IS NOT NULL"),
    "I14b": ((), "UPDATE needs SET items_count = items_count + 1"),
    "I14c": ((), "UPDATE need_parts SET budget = budget + 100"),
    "I15b": ((), "UPDATE needs SET days_wanted = 1"),
    "I21c": (
        ("guard evaluation_versions",),
        """UPDATE evaluation_versions SET marks = '{"quality": 5}'""",
    ),
    "I23": (
        ("unique organisations",),
        "UPDATE organisations SET credit_code = (SELECT o.credit_code FROM organisations o "
        "JOIN firms f ON f.organisation_id = o.id ORDER BY f.id LIMIT 1)",
    ),
    "I23b": (
        (),
        "UPDATE firms SET status = 'listed', listed_at = (SELECT max(at) FROM audit_ledger) WHERE "
        "id IN (SELECT firm_id FROM likeness_matches WHERE decided_at IS NULL)",
    ),
    "I23c": ((), "DELETE FROM likeness_features WHERE kind = 'address'"),
    "I24": ((), "UPDATE firms SET legal_digest = 'x'"),
    "I27": ((), "UPDATE needs SET next_check_at = published_at WHERE status = 'published'"),
    "I28b": (
        (),
        "INSERT INTO web_sessions (public_id, token_digest, user_id, organisation_id, created_at, "
        "last_seen_at, expires_at) SELECT 'x', 'x', user_id, organisation_id, since, "
        "(SELECT max(at) FROM audit_ledger), since FROM memberships ORDER BY id LIMIT 1",
    ),
    "I30": ((), "UPDATE needs SET scope = '请致电 13800138000' WHERE status = 'published'"),
    "I31": ((), "UPDATE stored_files SET sha256 = 'x'"),
    "I32": (
        ("guard audit_ledger",),
        "UPDATE audit_ledger SET at = (SELECT max(at) FROM audit_ledger) WHERE seq = 9",
    ),
    "I33": ((), "UPDATE public_notices SET published_at = (SELECT min(at) FROM audit_ledger)"),
    "R03": (
        ("guard rating_ledger",),
        "UPDATE rating_ledger SET takes_effect_on = (SELECT min(takes_effect_on) FROM "
        "rating_ledger)",
    ),
    "R04": (
        ("check grade_proposals",),
        "UPDATE grade_proposals SET status = 'in_force', confirmed_by = NULL",
    ),
    "R05": ((), "UPDATE awards SET status = 'declined' WHERE status = 'accepted'"),
    "R06": (
        (),
        REVERSED.format(day="takes_effect_on") + "; " + REVERSED.format(day="'2040-01-01'"),
    ),
    "S01": (("check sanction_cases",), "UPDATE sanction_cases SET status = 'heard'"),
    "S02": (
        (),
        "UPDATE blacklistings SET all_items = (1 = 1), from_at = (SELECT max(at) FROM "
        "audit_ledger), organisation_id = (SELECT firm_id FROM contracts WHERE status = 'active' "
        "ORDER BY id LIMIT 1), jurisdiction_code = (SELECT jurisdiction_code FROM contracts "
        "WHERE status = 'active' ORDER BY id LIMIT 1)",
    ),
    "S03": (("check cards",), "UPDATE cards SET correct_by = NULL"),
    "A01": (
        (),
        ASSESSED.format(rater="v.rater_organisation_id + 1", entry="v.rating_entry_id"),
    ),
    "A02": ((), ASSESSED.format(rater="v.rater_organisation_id", entry="v.rating_entry_id")),
    "A03": ((), ASSESSED.format(rater="v.rater_organisation_id", entry="NULL")),
    "H01": (
        ("index uq_hall_seats_window",),
        "UPDATE hall_seats SET window_id = (SELECT min(window_id) FROM hall_seats)",
    ),
    "H02": (
        ("index uq_hall_seats_firm",),
        "UPDATE hall_seats SET firm_id = (SELECT min(firm_id) FROM hall_seats)",
    ),
    "H03": ((), "UPDATE hall_seats SET last_day = '2020-01-01'"),
    "H04": ((), "UPDATE hall_calls SET seats = 1"),
    "H05": ((), "UPDATE hall_applications SET place = 0 WHERE status = 'reserve'"),
    "H06": (
        ("guard hall_sheets",),
        "UPDATE hall_sheets SET given_at = (SELECT min(published_at) FROM hall_calls)",
    ),
    "K01": (
        ("check contract_inspections",),
        "INSERT INTO contract_inspections (public_id, contract_id, organisation_id, "
        "jurisdiction_code, grade, grade_since, opened_at, due_at, edition_id, status, "
        "status_since) SELECT 'x', id, owner_id, jurisdiction_code, 'C', starts_on, signed_at, "
        "due_at, edition_id, 'due', signed_at FROM contracts WHERE status = 'active' "
        "ORDER BY id LIMIT 1",
    ),
    "K02": (
        ("guard grade_records", "check grade_records"),
        "UPDATE rating_subjects SET grade = 'C'; UPDATE grade_records SET grade = 'C', "
        "since = from_day; DELETE FROM contract_inspections",
    ),
    "I07": ((), "UPDATE selection_rounds SET attempt = attempt + 1"),
    "I12": ((), "UPDATE selection_rounds SET closed_at = opened_at WHERE closed_at IS NOT NULL"),
    "I15": (("check contracts",), "UPDATE contracts SET award_price = award_price + 1"),
    "I16": ((), "UPDATE rating_subjects SET hundredths = 1 WHERE hundredths IS NOT NULL"),
    "I16b": (
        (),
        "INSERT INTO department_years (public_id, department_id, year, ends_on, settled_on, "
        "settled_at, edition_id, least_firms, contracts, late, versions, returned, silent, "
        "evidence, hundredths, digest) SELECT 'x', o.id, 2024, '2024-12-31', '2025-01-01', "
        "n.published_at, p.id, 5, 9, 9, 0, 0, 0, '{}', 10000, 'x' FROM organisations o, "
        "policy_editions p, needs n WHERE o.function = 'department' AND p.section = 'evaluation' "
        "AND n.published_at IS NOT NULL ORDER BY o.id, p.id, n.id LIMIT 1",
    ),
    "I17": (("guard audit_ledger",), "UPDATE audit_ledger SET roles = 'x' WHERE seq = 9"),
    "I18": (("guard grade_records",), "SELECT 1"),
    "I19": (
        ("guard rating_ledger",),
        "UPDATE rating_ledger SET edition_id = "
        "(SELECT min(id) FROM policy_editions WHERE section <> 'rating')",
    ),
    "I19b": (("guard rating_ledger",), "UPDATE rating_ledger SET evidence_id = 10000000"),
    "I20a": (
        (),
        "UPDATE evaluations SET rater_organisation_id = about_organisation_id, "
        "about_organisation_id = rater_organisation_id",
    ),
    "I20b": (
        ("unique evaluations", "index uq_evaluations_side"),
        "UPDATE evaluations SET direction = 'owner_to_firm'",
    ),
    "I20c": (
        ("unique evaluations", "index uq_evaluations_side"),
        "UPDATE evaluation_windows SET ends_at = (SELECT max(at) FROM audit_ledger); "
        "UPDATE evaluations SET window_id = (SELECT min(id) FROM evaluation_windows)",
    ),
    "I20d": (
        ("guard evaluation_versions",),
        "UPDATE evaluation_versions SET given_at = (SELECT max(at) FROM audit_ledger)",
    ),
    "I20e": (
        ("check department_years",),
        "INSERT INTO department_years (public_id, department_id, year, ends_on, settled_on, "
        "settled_at, edition_id, least_firms, firms, marks, mark_total, contracts, late, versions, "
        "returned, silent, evidence, hundredths, digest) SELECT 'x', o.id, 2024, '2024-12-31', "
        "'2025-01-01', n.published_at, p.id, 5, 1, 1, 9, 0, 0, 0, 0, 0, '{}', 6000, 'x' "
        "FROM organisations o, policy_editions p, needs n WHERE o.function = 'department' AND "
        "p.section = 'evaluation' AND n.published_at IS NOT NULL ORDER BY o.id, p.id, n.id LIMIT 1",
    ),
    "I20f": (
        (),
        "INSERT INTO service_ratings (public_id, kind, subject_id, round, organisation_id, "
        "jurisdiction_code, decided_by, decided_at, grade, reason, edition_id, given_at) SELECT "
        "'x', 'appeal', 9, 0, n.owner_id, n.jurisdiction_code, 9, n.published_at, 'bad', '等候过久', "
        "p.id, n.published_at FROM needs n, policy_editions p WHERE p.section = 'evaluation' AND "
        "n.published_at IS NOT NULL ORDER BY n.id, p.id LIMIT 1",
    ),
    "I21a": (
        ("guard audit_ledger",),
        "UPDATE audit_ledger SET subject_id = '10000000' WHERE action = 'evaluation.given'",
    ),
    "I21b": (("check evaluation_windows",), "UPDATE evaluation_windows SET status = 'open'"),
    "I21d": (
        ("check evaluation_reviews",),
        "INSERT INTO evaluation_reviews (public_id, evaluation_id, cause, jurisdiction_code, "
        "grounds, opened_at, due_at, edition_id, proposed_by, decided_by, decision_reason, "
        "reversal_entry_id, status, status_since) SELECT 'x', v.id, 'dispute', c.jurisdiction_code, "
        "'与事实不符', w.opened_at, w.ends_at, w.edition_id, 1, 2, '经核查不实', v.rating_entry_id, "
        "'excluded', w.opened_at FROM evaluations v JOIN evaluation_windows w ON w.id = "
        "v.window_id JOIN contracts c ON c.id = w.contract_id WHERE v.rating_entry_id IS NOT NULL "
        "ORDER BY v.id LIMIT 1",
    ),
    "I22a": (("check cards",), "UPDATE cards SET decided_by = 1, proposed_by = 1"),
    "I22b": (
        ("guard rating_ledger", "check grade_proposals"),
        "UPDATE rating_ledger SET recorded_by = 1; "
        "UPDATE grade_proposals SET confirmed_by = 1, proposed_by = NULL, triggers = '[1, 2, 3]'",
    ),
    "I25": ((), "UPDATE needs SET status = 'draft' WHERE status = 'completed'"),
    "I26": (("check entries",), "UPDATE entries SET price = -1"),
    "I28": (
        (),
        "INSERT INTO web_sessions (public_id, token_digest, user_id, organisation_id, created_at, "
        "last_seen_at, expires_at) SELECT 'x', 'x', user_id, organisation_id, since, since, since "
        "FROM memberships ORDER BY id LIMIT 1; UPDATE users SET disabled_at = created_at",
    ),
    "I29": (
        ("check authorisations", "check memberships"),
        "INSERT INTO authorisations (public_id, owner_id, agent_name, document_number, "
        "document_id, may_prepare, may_evaluate, may_object, starts_on, ends_on, granted_by, "
        "granted_at, revoked_at) SELECT 'x', organisation_id, '代办', '委托书', (SELECT min(id) FROM "
        "stored_files), 1 = 1, 1 = 1, 1 = 1, CAST('2026-01-01' AS date), CAST('2027-01-01' AS date), user_id, since, since "
        "FROM memberships ORDER BY id LIMIT 1; "
        "UPDATE memberships SET authorisation_id = (SELECT min(id) FROM authorisations)",
    ),
    "R01": (
        ("guard rating_ledger",),
        "UPDATE rating_ledger SET subject_id = (SELECT max(id) FROM rating_subjects) "
        "WHERE step = 'confirmed'",
    ),
    "R02": (
        ("index uq_grade_proposals_open",),
        "INSERT INTO grade_proposals (public_id, subject_id, entry_id, grade, reason, "
        "evaluated_on, triggers, status, status_since) SELECT 'x', subject_id, (SELECT max(id) "
        "FROM rating_ledger WHERE id NOT IN (SELECT entry_id FROM grade_proposals)), grade, "
        "reason, evaluated_on, triggers, status, status_since FROM grade_proposals "
        "ORDER BY id LIMIT 1; UPDATE grade_proposals SET status = 'proposed'",
    ),
}


def _loosen(connection: Connection, what: str) -> None:
    """Take away what the database itself holds against a break."""
    kind, _space, name = what.partition(" ")
    sqlite = connection.dialect.name == "sqlite"
    if kind == "guard":
        unguard(connection, name)
    elif kind == "index":
        connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
    elif sqlite and kind == "unique":
        # a table's own constraint cannot be dropped: a copy has none
        for statement in (
            "PRAGMA defer_foreign_keys = ON",
            f"CREATE TABLE bare AS SELECT * FROM {name}",
            f"DROP TABLE {name}",
            f"ALTER TABLE bare RENAME TO {name}",
        ):
            connection.exec_driver_sql(statement)
    elif not sqlite:
        checks = connection.scalars(
            text(
                "SELECT conname FROM pg_constraint WHERE contype = :kind "
                "AND conrelid = CAST(:name AS regclass)"
            ),
            {"name": name, "kind": kind[0]},
        ).all()
        for check in checks:
            connection.execute(text(f'ALTER TABLE {name} DROP CONSTRAINT "{check}"'))


def _told(code: str) -> list[str]:
    db.session.expire_all()
    return list(map(str, invariants.broken({code})))


def test_the_invariants_hold_and_each_tells_when_it_is_broken(demo_app: Flask) -> None:
    assert set(BREAKS) == set(invariants.STATEMENTS) | set(invariants.CHECKS)
    with demo_app.app_context():
        assert list(map(str, invariants.broken())) == []
        blind = []
        for code, (loosened, statements) in BREAKS.items():
            connection = db.session.connection()
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            for what in loosened:
                _loosen(connection, what)
            for statement in statements.split("; "):
                connection.execute(text(statement))
            if not _told(code):
                blind.append(code)
            db.session.rollback()
        assert blind == []
        assert list(map(str, invariants.broken())) == []
