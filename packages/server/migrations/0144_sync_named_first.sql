-- What a feed has named is asked for before what lists and checks want to know, of which a first load leaves tens of thousands.
create index refetch_of_feed on aegis.refetch (practice_id, feed, wanted_at, key) where of_feed;
