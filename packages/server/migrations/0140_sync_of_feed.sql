-- What a feed only named waited behind all feeds: beside a practice whose feeds took every call it was not asked for at all.
alter table aegis.refetch add column of_feed boolean not null default false;
comment on column aegis.refetch.of_feed is
  'A feed has told of it, and not a list or a check alone: it is asked for as urgently as feeds are read.';
