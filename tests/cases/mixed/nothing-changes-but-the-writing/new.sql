create table T (
    ID int primary key,
    Name varchar(20) default 'x',
    at timestamptz default NOW(),
    n decimal check (n >= 0) default 0,
    flag bool default 'f'
);
create index on t (lower(name));
create or replace view v as select id, name from t where n in (1, 2);
