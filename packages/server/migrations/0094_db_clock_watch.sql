-- What the clock showed last, so that a clock that was set back is noticed, also where no process ran then.

create table control.clock_watch (
  only_row boolean primary key default true check (only_row),
  seen_at timestamptz not null,
  set_back_at timestamptz,
  set_back_ms double precision
);
comment on table control.clock_watch is 'The latest that aegis.now() was seen to show, and when it was last found to have been set back, by how much at least.';
insert into control.clock_watch (seen_at) values ('-infinity');
select control.share('control.clock_watch', 'select, update');
