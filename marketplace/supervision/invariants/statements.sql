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

-- I03: a chosen firm stood in the list of its round and met every rule when it was decided
SELECT a.id FROM awards a JOIN entries e ON e.id = a.entry_id WHERE a.status IN ('announced',
'offered', 'accepted') AND (e.organisation_id <> a.organisation_id OR e.round_id <> a.round_id OR
e.status <> 'listed' OR NOT EXISTS (SELECT 1 FROM eligibility_checks k WHERE k.entry_id = e.id AND
k.stage = 'award' AND k.at = a.decided_at) OR EXISTS (SELECT 1 FROM eligibility_checks k WHERE
k.entry_id = e.id AND k.stage = 'award' AND k.at = a.decided_at AND NOT k.ok AND k.rule NOT IN
('pause', 'capacity')));

-- I03b: an answer about eligibility names the grade of the record it rests on
SELECT k.id FROM eligibility_checks k LEFT JOIN grade_records g ON g.id = k.grade_record_id WHERE
k.grade_record_id IS NOT NULL AND (g.id IS NULL OR g.grade <> k.grade);

-- I03c: whoever entered a frozen list of an open call met every rule at closing
SELECT e.id FROM entries e JOIN needs n ON n.id = e.need_id WHERE e.status = 'listed' AND n.channel =
'open' AND (NOT EXISTS (SELECT 1 FROM eligibility_checks k WHERE k.entry_id = e.id AND k.stage =
'closing') OR EXISTS (SELECT 1 FROM eligibility_checks k WHERE k.entry_id = e.id AND k.stage =
'closing' AND NOT k.ok AND k.at = (SELECT max(m.at) FROM eligibility_checks m WHERE m.entry_id = e.id
AND m.stage = 'closing')));

-- I04: nobody was awarded, or accepted an award, while barred
WITH RECURSIVE above (code, over) AS (SELECT code, code FROM jurisdictions UNION ALL SELECT b.code,
j.parent_code FROM above b JOIN jurisdictions j ON j.code = b.over WHERE j.parent_code IS NOT NULL)
SELECT a.id FROM awards a JOIN needs n ON n.id = a.need_id JOIN above o ON o.code =
n.jurisdiction_code JOIN blacklistings b ON b.jurisdiction_code = o.over AND b.organisation_id =
a.organisation_id WHERE ((b.from_at <= a.decided_at AND b.until_at > a.decided_at) OR (b.from_at <=
a.accepted_at AND b.until_at > a.accepted_at)) AND (b.all_items OR EXISTS (SELECT 1 FROM
sanction_case_items i WHERE i.case_id = b.case_id AND i.item_code = n.item_code)) AND NOT EXISTS
(SELECT 1 FROM status_changes s WHERE s.subject_type = 'blacklistings' AND s.subject_id = b.id AND
s.to_status <> 'in_force' AND s.at <= a.decided_at) UNION ALL SELECT a.id FROM awards a JOIN needs n
ON n.id = a.need_id JOIN above o ON o.code = n.jurisdiction_code JOIN cards c ON c.jurisdiction_code
= o.over AND c.organisation_id = a.organisation_id WHERE c.colour = 'red' AND c.decided_at <=
a.decided_at AND c.until_at > a.decided_at AND NOT EXISTS (SELECT 1 FROM status_changes s WHERE
s.subject_type = 'cards' AND s.subject_id = c.id AND s.from_status = 'suspended' AND s.at <=
a.decided_at);

-- I04b: nobody entered a frozen list while blacklisted
WITH RECURSIVE above (code, over) AS (SELECT code, code FROM jurisdictions UNION ALL SELECT b.code,
j.parent_code FROM above b JOIN jurisdictions j ON j.code = b.over WHERE j.parent_code IS NOT NULL)
SELECT e.id FROM entries e JOIN status_changes l ON l.subject_type = 'entries' AND l.subject_id = e.id
AND l.to_status = 'listed' JOIN needs n ON n.id = e.need_id JOIN above o ON o.code =
n.jurisdiction_code JOIN blacklistings b ON b.jurisdiction_code = o.over AND b.organisation_id =
e.organisation_id WHERE b.from_at <= l.at AND b.until_at > l.at AND (b.all_items OR EXISTS (SELECT 1
FROM sanction_case_items i WHERE i.case_id = b.case_id AND i.item_code = n.item_code)) AND NOT EXISTS
(SELECT 1 FROM status_changes s WHERE s.subject_type = 'blacklistings' AND s.subject_id = b.id AND
s.to_status <> 'in_force' AND s.at <= l.at);

-- I05: a firm blacklisted for an item stands in no open list for it
WITH RECURSIVE above (code, over) AS (SELECT code, code FROM jurisdictions UNION ALL SELECT b.code,
j.parent_code FROM above b JOIN jurisdictions j ON j.code = b.over WHERE j.parent_code IS NOT NULL)
SELECT e.id FROM entries e JOIN needs n ON n.id = e.need_id JOIN above o ON o.code =
n.jurisdiction_code JOIN blacklistings b ON b.jurisdiction_code = o.over AND b.organisation_id =
e.organisation_id WHERE e.status = 'standing' AND b.status = 'in_force' AND e.received_at <
b.until_at AND (b.all_items OR EXISTS (SELECT 1 FROM sanction_case_items i WHERE i.case_id =
b.case_id AND i.item_code = n.item_code));

-- I07: the attempts of a need are numbered from 1 without a hole
SELECT need_id FROM selection_rounds GROUP BY need_id HAVING min(attempt) <> 1 OR max(attempt) <>
count(*);

-- I07b: a draw was repeated only after two officers annulled it for a reason
SELECT r.id FROM selection_rounds r WHERE r.attempt > 1 AND NOT EXISTS (SELECT 1 FROM
selection_rounds b JOIN draw_annulments d ON d.round_id = b.id WHERE b.need_id = r.need_id AND
b.attempt = r.attempt - 1 AND b.status = 'annulled' AND d.approved_by <> d.proposed_by AND
length(d.reason) >= 20);

-- I10: a sealed price stands in clear only once its round was opened, then all of the list do
SELECT e.id FROM entries e JOIN selection_rounds r ON r.id = e.round_id WHERE e.sealed IS NOT NULL
AND ((r.unsealed_at IS NULL AND e.price IS NOT NULL) OR (r.unsealed_at IS NOT NULL AND e.status =
'listed' AND e.price IS NULL) OR (e.status IN ('standing', 'replaced', 'void') AND e.price IS NOT
NULL));

-- I10b: sealed quotes are opened no earlier than the hour named at publication
SELECT r.id FROM selection_rounds r JOIN needs n ON n.id = r.need_id WHERE r.unsealed_at IS NOT NULL
AND (n.choice_at IS NULL OR r.unsealed_at < n.choice_at);

-- I10d: a key held by three was opened by two who handed in between the hour and the opening
SELECT r.id FROM selection_rounds r JOIN needs n ON n.id = r.need_id WHERE r.two_keys
AND r.unsealed_at IS NOT NULL AND (SELECT count(*) FROM key_shares s WHERE s.round_id = r.id
AND s.handed_at >= n.choice_at AND s.handed_at <= r.unsealed_at) < 2;

-- I11: numbers of a ceremony were committed before its phase ended and shown after it
SELECT c.id FROM ceremony_numbers c JOIN selection_rounds r ON r.id = c.round_id WHERE
c.committed_at >= r.commit_ends_at OR c.revealed_at < r.commit_ends_at;

-- I12: no entry was received after its round had closed; an order is taken and closed at once
SELECT e.id FROM entries e JOIN selection_rounds r ON r.id = e.round_id JOIN needs n ON n.id =
e.need_id WHERE e.received_at > r.closed_at OR (e.received_at = r.closed_at AND n.channel =
'open');

-- I13a: a correction moves a deadline that has not passed, and only later, by two persons
SELECT id FROM need_corrections WHERE status = 'published' AND (deadline_after IS NULL OR
deadline_after < deadline_before OR published_at >= deadline_before OR reason = '' OR approver_id IS
NULL OR (two_person AND approver_id = proposer_id));

-- I13b: the deadline of a need is never earlier than its corrections said
SELECT c.id FROM need_corrections c JOIN needs n ON n.id = c.need_id WHERE c.status = 'published' AND
n.entry_deadline < c.deadline_after;

-- I14: a signed contract rests on a price check of the same price and item that let it pass (of a
-- package: of its main item's share, see I14c)
SELECT c.id FROM contracts c JOIN needs n ON n.id = c.need_id LEFT JOIN price_checks p ON p.id =
c.price_check_id WHERE c.signed_at IS NOT NULL AND (p.id IS NULL OR (n.items_count = 1 AND p.price <>
c.price) OR p.item_code <> n.item_code OR p.stops OR p.refused OR (p.binding AND p.verdict <> 'above' AND p.price >
p.ceiling));

-- I14b: a package's further items are counted, other than the main one, and leave it a share
SELECT n.id FROM needs n LEFT JOIN (SELECT need_id, count(*) AS many, sum(budget) AS shares FROM
need_parts GROUP BY need_id) p ON p.need_id = n.id WHERE n.items_count <> 1 + coalesce(p.many, 0) OR
n.budget <= coalesce(p.shares, 0) OR EXISTS (SELECT 1 FROM need_parts o WHERE o.need_id = n.id AND
o.item_code = n.item_code);

-- I15: a contract's price is its award's, or that of an agreed change
SELECT c.id FROM contracts c JOIN awards a ON a.id = c.award_id WHERE c.award_price <> a.price OR
(c.price <> c.award_price AND NOT EXISTS (SELECT 1 FROM contract_amendments m WHERE m.contract_id
= c.id AND m.status = 'agreed'));

-- I19: an entry of the rating ledger rests on a rating edition that was in force
SELECT r.id FROM rating_ledger r JOIN policy_editions e ON e.id = r.edition_id WHERE e.section <>
'rating' OR e.effective_from > {local_day};

-- I20a: only the parties of an ended contract evaluate it, each the other (assessors: A01, A02)
SELECT v.id FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id JOIN contracts c ON
c.id = w.contract_id WHERE c.status NOT IN ('completed', 'terminated') OR NOT (v.appointment_id IS
NOT NULL OR (v.direction = 'owner_to_firm' AND v.rater_organisation_id = c.owner_id AND v.about_organisation_id = c.firm_id)
OR (v.direction = 'firm_to_owner' AND v.rater_organisation_id = c.firm_id AND
v.about_organisation_id = c.owner_id) OR EXISTS (SELECT 1 FROM department_windows d WHERE
d.contract_id = c.id AND ((v.direction = 'department_to_firm' AND v.rater_organisation_id =
d.department_id AND v.about_organisation_id = c.firm_id) OR (v.direction = 'firm_to_department' AND
v.rater_organisation_id = c.firm_id AND v.about_organisation_id = d.department_id))));

-- I20b: a contract is evaluated once in each direction, by each assessor once
SELECT w.contract_id FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id GROUP BY
w.contract_id, v.direction, CASE WHEN v.direction = 'assessor_to_firm' THEN v.rater_organisation_id
END HAVING count(*) > 1;

-- I20c: marks are revealed when both sides gave them or the time is over, never earlier
SELECT w.id FROM evaluation_windows w WHERE w.revealed_at < w.ends_at AND (SELECT count(*) FROM
evaluations v WHERE v.window_id = w.id AND v.direction IN ('owner_to_firm', 'firm_to_owner')) < 2
UNION ALL SELECT d.id FROM department_windows d WHERE d.revealed_at < d.ends_at AND (SELECT count(*)
FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id WHERE w.contract_id =
d.contract_id AND v.direction IN ('department_to_firm', 'firm_to_department')) < 2;

-- I20d: marks were given, and revised, while their window was open
SELECT x.id FROM evaluation_versions x JOIN evaluations v ON v.id = x.evaluation_id JOIN
evaluation_windows w ON w.id = v.window_id LEFT JOIN department_windows d ON d.contract_id =
w.contract_id AND v.direction IN ('department_to_firm', 'firm_to_department') WHERE x.given_at <
w.opened_at OR x.given_at >= w.ends_at OR x.given_at > CASE WHEN d.id IS NULL THEN w.revealed_at
ELSE d.revealed_at END;

-- I20e: a department is scored for a year that has ended, with marks of as many firms as it takes
SELECT y.id FROM department_years y WHERE y.settled_on <= y.ends_on OR y.firms < y.least_firms OR
y.marks < y.firms;

-- I20f: a bad rating of the bureau is called back, by another than who handled the matter
SELECT r.id FROM service_ratings r LEFT JOIN service_follow_ups f ON f.rating_id = r.id WHERE
(r.grade IN ('bad', 'very_bad')) <> (f.id IS NOT NULL) OR f.answered_by = r.decided_by OR
f.answered_by = r.handled_by;

-- I21a: an evaluation that was given still exists
SELECT a.subject_id FROM audit_ledger a WHERE a.subject_type = 'evaluations' AND a.action =
'evaluation.given' AND NOT EXISTS (SELECT 1 FROM evaluations v WHERE v.id = CAST(a.subject_id AS
INTEGER));

-- I21b: a revealed evaluation counts, one not revealed does not
SELECT v.id FROM evaluations v JOIN evaluation_windows w ON w.id = v.window_id JOIN contracts c ON
c.id = w.contract_id LEFT JOIN department_windows d ON d.contract_id = c.id WHERE (CASE WHEN
v.direction IN ('owner_to_firm', 'firm_to_owner', 'assessor_to_firm') THEN w.status = 'revealed' ELSE v.direction =
'department_to_firm' AND coalesce(d.status, '') = 'revealed' END) <> (v.rating_entry_id IS NOT
NULL);

-- I21d: an excluded evaluation is reversed by an entry, decided by another than who proposed it
SELECT x.id FROM evaluation_reviews x JOIN evaluations v ON v.id = x.evaluation_id WHERE x.status =
'excluded' AND (x.decided_by IS NULL OR x.decided_by = x.proposed_by OR NOT EXISTS (SELECT 1 FROM
rating_ledger r WHERE r.id = x.reversal_entry_id AND r.reverses_id = v.rating_entry_id));

-- I22a: nobody approved what he proposed himself
SELECT 'awards ' || id FROM awards WHERE approved_by = proposed_by AND NOT acts_alone UNION ALL
SELECT 'grade_proposals ' || id FROM grade_proposals WHERE confirmed_by = proposed_by UNION ALL
SELECT 'draw_annulments ' || id FROM draw_annulments WHERE approved_by = proposed_by UNION ALL
SELECT 'sanction_cases ' || id FROM sanction_cases WHERE decided_by IN (proposed_by, reported_by)
UNION ALL SELECT 'cards ' || id FROM cards WHERE decided_by = proposed_by UNION ALL SELECT
'evaluation_reviews ' || id FROM evaluation_reviews WHERE decided_by = proposed_by;

-- I23: a register knows a credit code once
SELECT o.credit_code FROM firms f JOIN organisations o ON o.id = f.organisation_id WHERE f.status IN
('submitted', 'checked', 'listed', 'questioned', 'leaving') AND o.credit_code IS NOT NULL GROUP BY
o.credit_code, f.register_code HAVING count(*) > 1;

-- I23b: no firm is listed while it is not decided whom it is tied to
SELECT m.id FROM likeness_matches m JOIN firms f ON f.id = m.firm_id WHERE f.status IN ('listed',
'questioned') AND m.decided_at IS NULL AND m.opened_at < f.listed_at;

-- I24: no two firms related by the register stand in one frozen list
SELECT a.id FROM entries a JOIN entries b ON b.round_id = a.round_id AND b.id > a.id JOIN
selection_rounds r ON r.id = a.round_id JOIN shareholders s ON s.firm_id = a.firm_id JOIN
shareholders t ON t.firm_id = b.firm_id AND t.identity_digest = s.identity_digest WHERE a.status =
'listed' AND b.status = 'listed' AND s.registered_at <= r.closed_at AND t.registered_at <=
r.closed_at AND (s.ended_at IS NULL OR s.ended_at > r.closed_at) AND (t.ended_at IS NULL OR
t.ended_at > r.closed_at) UNION ALL SELECT a.id FROM entries a JOIN entries b ON b.round_id =
a.round_id AND b.id > a.id JOIN selection_rounds r ON r.id = a.round_id JOIN firms f ON f.id =
a.firm_id JOIN firms g ON g.id = b.firm_id AND g.legal_digest = f.legal_digest WHERE a.status =
'listed' AND b.status = 'listed' AND NOT EXISTS (SELECT 1 FROM audit_ledger l WHERE l.action =
'firm.saved' AND l.subject_type = 'firms' AND l.at > r.closed_at AND l.subject_id IN (CAST(f.id AS
VARCHAR), CAST(g.id AS VARCHAR)));

-- I26: money is never negative
SELECT 'contracts ' || id FROM contracts WHERE price < 0 OR award_price < 0 UNION ALL SELECT
'awards ' || id FROM awards WHERE price < 0 UNION ALL SELECT 'entries ' || id FROM entries WHERE
price < 0;

-- I28: nobody whose account is disabled is signed in
SELECT s.id FROM web_sessions s JOIN users u ON u.id = s.user_id WHERE s.ended_at IS NULL AND
u.disabled_at IS NOT NULL;

-- I28b: nobody was seen in a session that was over
SELECT id FROM web_sessions WHERE last_seen_at > expires_at OR last_seen_at > ended_at;

-- I29: no role outlives the authorisation that gave it
SELECT m.id FROM memberships m JOIN authorisations a ON a.id = m.authorisation_id WHERE m.until IS
NULL AND a.revoked_at IS NOT NULL;

-- I32: times never run backwards along the audit ledger
SELECT b.seq FROM audit_ledger a JOIN audit_ledger b ON b.seq = a.seq + 1 WHERE b.at < a.at;

-- R01: an entry of the rating ledger reverses or decides on one of the same subject
SELECT r.id FROM rating_ledger r JOIN rating_ledger o ON o.id IN (r.reverses_id,
r.proposal_entry_id) WHERE o.subject_id <> r.subject_id;

-- R02: at most one proposal of a subject is open
SELECT subject_id FROM grade_proposals WHERE status IN ('proposed', 'published', 'objected') GROUP
BY subject_id HAVING count(*) > 1;

-- R03: a fact takes effect on a later day than the one it was recorded on
SELECT r.id FROM rating_ledger r WHERE r.kind NOT IN ('reversal', 'decision') AND
r.takes_effect_on <= {local_day};

-- R04: a grade that was published or is in force was confirmed in the ledger
SELECT p.id FROM grade_proposals p WHERE p.status IN ('published', 'in_force') AND (p.confirmed_by IS
NULL OR NOT EXISTS (SELECT 1 FROM rating_ledger r WHERE r.proposal_entry_id = p.entry_id AND r.step =
'confirmed'));

-- R05: what has an effect on a grade was posted: cards, given-up awards, vetoes
SELECT 'cards ' || c.id FROM cards c WHERE c.colour IS NOT NULL AND NOT EXISTS (SELECT 1 FROM
rating_ledger r WHERE r.evidence_type = 'cards' AND r.evidence_id = c.id AND r.kind = 'conduct')
UNION ALL SELECT 'awards ' || a.id FROM awards a WHERE a.status IN ('declined', 'lapsed') AND NOT
EXISTS (SELECT 1 FROM rating_ledger r WHERE r.evidence_type = 'awards' AND r.evidence_id = a.id AND
r.conduct = 'abandoned_award') UNION ALL SELECT 'sanction_cases ' || k.id FROM sanction_cases k WHERE
k.status = 'decided' AND k.cause IN ('false_materials', 'lending_qualifications', 'collusion',
'bribery', 'dishonesty_list') AND NOT EXISTS (SELECT 1 FROM rating_ledger r WHERE r.evidence_type =
'sanction_cases' AND r.evidence_id = k.id AND r.kind = 'veto');

-- R06: what was reversed is reversed again from an earlier day only
SELECT b.id FROM rating_ledger a JOIN rating_ledger b ON b.reverses_id = a.reverses_id AND b.id > a.id
WHERE b.takes_effect_on >= a.takes_effect_on;

-- S01: a blacklisting rests on a decided case about the same firm and ends within 36 months
SELECT b.id FROM blacklistings b JOIN sanction_cases k ON k.id = b.case_id WHERE k.status <> 'decided'
OR k.organisation_id <> b.organisation_id OR k.stated_at IS NULL AND k.proposed_at <
k.statement_due_at OR k.months NOT BETWEEN 1 AND 36;

-- S02: who is blacklisted for an item has no running contract its owner was not asked about
WITH RECURSIVE above (code, over) AS (SELECT code, code FROM jurisdictions UNION ALL SELECT b.code,
j.parent_code FROM above b JOIN jurisdictions j ON j.code = b.over WHERE j.parent_code IS NOT NULL)
SELECT c.id FROM contracts c JOIN needs n ON n.id = c.need_id JOIN above o ON o.code =
c.jurisdiction_code JOIN blacklistings b ON b.jurisdiction_code = o.over AND b.organisation_id =
c.firm_id WHERE b.status = 'in_force' AND (b.all_items OR EXISTS (SELECT 1 FROM sanction_case_items i
WHERE i.case_id = b.case_id AND i.item_code = n.item_code)) AND c.status IN ('drafted', 'active', 'delivered') AND c.signed_at < b.from_at AND
c.flagged_at IS NULL;

-- S03: a red card has an end, a yellow one a period for correction, both were given by an officer
SELECT id FROM cards WHERE (colour = 'red' AND until_at IS NULL) OR (colour = 'yellow' AND correct_by
IS NULL) OR (colour IS NOT NULL AND decided_at IS NULL) OR (decided_by IS NULL AND follows_id IS NULL
AND colour IS NOT NULL);

-- K01: the inspection of a contract is about its firm, rests on a sanctions edition, came after it was due
SELECT i.id FROM contract_inspections i JOIN contracts c ON c.id = i.contract_id JOIN
policy_editions e ON e.id = i.edition_id WHERE i.organisation_id <> c.firm_id OR e.section <>
'sanctions' OR i.done_at < i.opened_at OR c.signed_at > i.opened_at;

-- A01: an assessor marked under an appointment of its own, confirmed by another officer, in its term
SELECT m.id FROM evaluations m JOIN assessor_appointments p ON p.id = m.appointment_id WHERE
p.organisation_id <> m.rater_organisation_id OR p.confirmed_at IS NULL OR p.confirmed_by =
p.proposed_by OR m.given_at < p.confirmed_at OR EXISTS (SELECT 1 FROM status_changes s WHERE
s.subject_type = 'assessor_appointments' AND s.subject_id = p.id AND s.to_status IN ('withdrawn',
'ended') AND s.at < m.given_at);

-- A02: an assessor marks the firm of an ended contract, is no party to it and did not stand aside
SELECT m.id FROM evaluations m JOIN evaluation_windows w ON w.id = m.window_id JOIN contracts c ON
c.id = w.contract_id WHERE m.appointment_id IS NOT NULL AND (m.about_organisation_id <> c.firm_id OR
m.rater_organisation_id IN (c.owner_id, c.firm_id) OR c.status NOT IN ('completed', 'terminated') OR
EXISTS (SELECT 1 FROM assessor_recusals r WHERE r.window_id = m.window_id AND r.organisation_id =
m.rater_organisation_id));

-- A03: an assessor's marks were given while the window was open and count once it is revealed
SELECT m.id FROM evaluations m JOIN evaluation_windows w ON w.id = m.window_id WHERE m.appointment_id
IS NOT NULL AND ((w.status = 'revealed') <> (m.rating_entry_id IS NOT NULL) OR EXISTS (SELECT 1 FROM
evaluation_versions v WHERE v.evaluation_id = m.id AND (v.given_at < w.opened_at OR v.given_at >=
w.ends_at OR v.given_at > w.revealed_at)));

-- H01: a window of the hall has one live seat at most
SELECT window_id FROM hall_seats WHERE ended_at IS NULL GROUP BY window_id HAVING count(*) > 1;

-- H02: a firm has one live seat on a register at most
SELECT firm_id FROM hall_seats WHERE ended_at IS NULL GROUP BY firm_id HAVING count(*) > 1;

-- H03: a seat rests on a call whose result stands, on the firm's own application that was chosen or
-- in reserve, at a window of that hall and within its term
SELECT s.id FROM hall_seats s JOIN hall_calls c ON c.id = s.call_id JOIN hall_applications a ON a.id =
s.application_id JOIN hall_windows w ON w.id = s.window_id WHERE c.status <> 'awarded' OR a.call_id <>
c.id OR a.firm_id <> s.firm_id OR a.status <> 'seated' OR w.register_code <> c.register_code OR
s.from_at < c.awarded_at OR s.last_day <> c.term_ends_on;

-- H04: a settled call has no more live seats than it was for
SELECT c.id FROM hall_calls c JOIN hall_seats s ON s.call_id = c.id AND s.ended_at IS NULL GROUP BY
c.id, c.seats HAVING count(*) > c.seats;

-- H05: nobody sits whom an earlier place, still in line, should have come before
SELECT s.id FROM hall_seats s JOIN hall_applications a ON a.id = s.application_id JOIN
hall_applications b ON b.call_id = a.call_id AND b.place < a.place WHERE b.status IN ('chosen',
'reserve') AND NOT EXISTS (SELECT 1 FROM hall_seats o WHERE o.firm_id = b.firm_id AND o.from_at <=
s.from_at AND (o.ended_at IS NULL OR o.ended_at >= s.from_at));

-- H06: judges mark between the closing of applications and the ranking, one sheet for each, never
-- their own organisation's
SELECT h.id FROM hall_sheets h JOIN hall_judges j ON j.id = h.judge_id JOIN hall_applications a ON
a.id = h.application_id JOIN hall_calls c ON c.id = j.call_id WHERE a.call_id <> c.id OR h.given_at <
c.apply_by OR h.given_at > c.ranked_at OR a.organisation_id = j.organisation_id;
