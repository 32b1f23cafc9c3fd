-- A feed that was subscribed, in part or for other departments, when ours was refused, and went on to be, was never read.

alter table aegis.feed_state add column subscription_refused boolean not null default false;
comment on column aegis.feed_state.subscription_refused is
  'Whether ours was not accepted, though a subscription was there: whose it is, and for what, is not known.';
