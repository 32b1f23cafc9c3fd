-- Who was merged into a patient is asked for each patient that is read by id.
create index alias_of_survivor on aegis.alias (practice_id, kind, survivor_key);
