-- When a consuming read was about to be made, by athenahealth's clock: the window to be read again is of its time, and our
-- clock may be set between the read and the repetition.

alter table aegis.feed_intent add column upstream_at timestamptz;
comment on column aegis.feed_intent.upstream_at is
  'The earliest that athenahealth''s clock can have shown then, as far as its answers told. Null: none had told yet.';
