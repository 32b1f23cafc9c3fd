-- What was pulled outside the off-hours, counted before each call: a first load, and what a gap makes necessary.

create table control.policy_onboarding (
  practice_id integer primary key,
  began_at timestamptz not null
);
comment on table control.policy_onboarding is 'When a practice began to be loaded; its allowance ends some days later, and never begins again';
select control.share('control.policy_onboarding', 'select, insert');

create table control.policy_allowance (
  practice_id integer not null,
  kind text not null check (kind in ('onboarding', 'gap')),
  day date not null,
  calls integer not null,
  primary key (practice_id, kind, day)
);
comment on table control.policy_allowance is 'Large calls made outside the off-hours, per UTC day';
select control.share('control.policy_allowance');
