-- A replay that was given up because it was too long was told as one for which it was too late.
alter table aegis.gap
  drop constraint gap_cause_check,
  add constraint gap_cause_check check (cause in
    ('retention-passed', 'replay-too-long', 'subscription-lost', 'foreign-consumer', 'unreadable')) not valid;
