create table t_order (
    id integer primary key,
    shop text not null,
    status text not null,
    total_cents integer,
    created integer not null,
    version integer not null
);
