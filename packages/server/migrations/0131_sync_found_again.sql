-- Which wishes say that nothing of their kind is found is asked whenever something is, past a hundred thousand that do not.

create index refetch_nothing_found on aegis.refetch (practice_id, feed) where nothing_found;
