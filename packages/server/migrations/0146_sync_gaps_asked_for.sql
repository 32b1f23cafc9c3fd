-- A gap that somebody had asked for, as after a backup was restored, was told as one for which it was too late.
alter table aegis.gap
  drop constraint gap_cause_check,
  add constraint gap_cause_check check (cause in
    ('retention-passed', 'replay-too-long', 'subscription-lost', 'foreign-consumer', 'unreadable', 'asked-for')) not valid;
