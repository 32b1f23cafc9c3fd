-- What a chart lacks counts as deleted by a second look at the same charts: the first may have been at those of some departments only.
alter table aegis.refetch add column missed_charts text;
comment on column aegis.refetch.missed_charts is
  'A digest of the departments whose charts were asked when something was missing in them. Null: it is not known.';
