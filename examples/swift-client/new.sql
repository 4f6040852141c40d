create table orders (
    order_id integer primary key,
    store_id text not null,
    status text not null,
    total integer,
    created_at integer not null,
    version integer not null
);
