-- Ciphertext does not compress.
alter table aegis.inbox_page alter column sealed set storage external;
