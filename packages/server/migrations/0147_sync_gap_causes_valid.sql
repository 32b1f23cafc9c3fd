-- What 0146 left open, without its lock.
alter table aegis.gap validate constraint gap_cause_check;
