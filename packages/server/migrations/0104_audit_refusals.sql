-- Refused requests are in the audit log: why, and from where.
alter table audit.entry
  add column code text check (code !~ '[^a-z.-]' and length(code) between 3 and 80),
  add column peer text check (peer in ('socket', 'loopback', 'private', 'public'));
comment on column audit.entry.code is 'Of what was refused: the error code that says why';
comment on column audit.entry.peer is 'Of a refused request: from which part of the network it came';
comment on column audit.entry.record_count is
  'Records read or written; of refusals, how many the entry stands for: the first of a kind, or those of the minute before';
