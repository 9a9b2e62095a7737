-- What must hold at all times: each statement returns the rows for which it does not.
-- `-- CODE: what must hold`, then one statement that runs unchanged on SQLite and PostgreSQL;
-- {local_day} stands for the Shanghai day an entry r was recorded on.

-- I01: at most one award of a need is live
SELECT need_id FROM awards WHERE status IN ('proposed', 'announced', 'offered', 'accepted') GROUP
BY need_id HAVING count(*) > 1;

-- I02a: a need that is awarded has an award that stands
SELECT n.id FROM needs n WHERE n.status IN ('awarded', 'contracted', 'completed') AND NOT EXISTS
(SELECT 1 FROM awards a WHERE a.need_id = n.id AND a.status IN ('announced', 'offered', 'accepted'));

-- I02b: a running contract is that of an accepted award, with its firm and need
SELECT c.id FROM contracts c JOIN awards a ON a.id = c.award_id WHERE a.organisation_id <>
c.firm_id OR a.need_id <> c.need_id OR (c.status IN ('active', 'delivered', 'completed') AND
a.status <> 'accepted');

-- I07: the attempts of a need are numbered from 1 without a hole
SELECT need_id FROM selection_rounds GROUP BY need_id HAVING min(attempt) <> 1 OR max(attempt) <>
count(*);

-- I12: no entry was received after its round had closed
SELECT e.id FROM entries e JOIN selection_rounds r ON r.id = e.round_id WHERE e.received_at >=
r.closed_at;

-- I15: a contract's price is its award's, or that of an agreed change
SELECT c.id FROM contracts c JOIN awards a ON a.id = c.award_id WHERE c.award_price <> a.price OR
(c.price <> c.award_price AND NOT EXISTS (SELECT 1 FROM contract_amendments m WHERE m.contract_id
= c.id AND m.status = 'agreed'));

-- I19: an entry of the rating ledger rests on a rating edition that was in force
SELECT r.id FROM rating_ledger r JOIN policy_editions e ON e.id = r.edition_id WHERE e.section <>
'rating' OR e.effective_from > {local_day};

-- I20a: only the parties of an ended contract evaluate it, each the other
SELECT v.id FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id JOIN contracts c ON
c.id = w.contract_id WHERE c.status NOT IN ('completed', 'terminated') OR NOT ((v.direction =
'owner_to_firm' AND v.rater_organisation_id = c.owner_id AND v.about_organisation_id = c.firm_id)
OR (v.direction = 'firm_to_owner' AND v.rater_organisation_id = c.firm_id AND
v.about_organisation_id = c.owner_id));

-- I20b: a contract is evaluated once in each direction
SELECT w.contract_id FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id JOIN
contracts c ON c.id = w.contract_id GROUP BY w.contract_id, v.direction HAVING count(*) > 1;

-- I21a: an evaluation that was given still exists
SELECT a.subject_id FROM audit_ledger a WHERE a.subject_type = 'evaluations' AND a.action =
'evaluation.given' AND NOT EXISTS (SELECT 1 FROM evaluations v WHERE v.id = CAST(a.subject_id AS
INTEGER));

-- I21b: a revealed evaluation counts, one not revealed does not
SELECT v.id FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id JOIN contracts c ON
c.id = w.contract_id WHERE (w.status = 'revealed') <> (v.rating_entry_id IS NOT NULL);

-- I22a: nobody approved what he proposed himself
SELECT 'awards ' || id FROM awards WHERE approved_by = proposed_by AND NOT acts_alone UNION ALL
SELECT 'grade_proposals ' || id FROM grade_proposals WHERE confirmed_by = proposed_by UNION ALL
SELECT 'draw_annulments ' || id FROM draw_annulments WHERE approved_by = proposed_by UNION ALL
SELECT 'sanction_cases ' || id FROM sanction_cases WHERE decided_by IN (proposed_by, reported_by)
UNION ALL SELECT 'cards ' || id FROM cards WHERE decided_by = proposed_by;

-- I26: money is never negative
SELECT 'contracts ' || id FROM contracts WHERE price < 0 OR award_price < 0 UNION ALL SELECT
'awards ' || id FROM awards WHERE price < 0 UNION ALL SELECT 'entries ' || id FROM entries WHERE
price < 0;

-- I28: nobody whose account is disabled is signed in
SELECT s.id FROM web_sessions s JOIN users u ON u.id = s.user_id WHERE s.ended_at IS NULL AND
u.disabled_at IS NOT NULL;

-- I29: no role outlives the authorisation that gave it
SELECT m.id FROM memberships m JOIN authorisations a ON a.id = m.authorisation_id WHERE m.until IS
NULL AND a.revoked_at IS NOT NULL;

-- R01: an entry of the rating ledger reverses or decides on one of the same subject
SELECT r.id FROM rating_ledger r JOIN rating_ledger o ON o.id IN (r.reverses_id,
r.proposal_entry_id) WHERE o.subject_id <> r.subject_id;

-- R02: at most one proposal of a subject is open
SELECT subject_id FROM grade_proposals WHERE status IN ('proposed', 'published', 'objected') GROUP
BY subject_id HAVING count(*) > 1;
