-- For aegis.checks_of: each look at the status read all verdicts of 90 days, millions at thousands of practices, to find the last ones.
create index reconciliation_judged on aegis.reconciliation
  (practice_id, feed, task, judged_at desc, unexplained desc, run_id desc) where judged_at is not null;
