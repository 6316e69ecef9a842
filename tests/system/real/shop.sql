-- SPDX-License-Identifier: Apache-2.0
-- A workload for sqlite's shell: tables, triggers, windows, common tables.
create table customer(id integer primary key, name text not null, city text);
create table purchase(id integer primary key, customer int references customer(id), day text, amount int check(amount > 0));
create table audit(what text, n int);
create trigger counted after insert on purchase begin
  update audit set n = n + 1 where what = 'purchase';
end;
insert into audit values('purchase', 0);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
insert into customer select i, 'customer ' || i, char(65 + i % 5) from n;
begin;
with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into purchase select i, 1 + (i * 7919) % 500, date('2024-01-01', '+' || (i % 365) || ' days'), 1 + (i * 31) % 997 from n;
commit;
.mode box
select * from audit;
select city, count(*), sum(amount), round(avg(amount), 3) from purchase join customer on customer.id = purchase.customer group by city order by 3 desc;
select day, total, sum(total) over (order by day rows 6 preceding) from (select day, sum(amount) as total from purchase group by day) limit 10;
select name, amount, rank() over (partition by city order by amount desc) as place from purchase join customer on customer.id = purchase.customer where purchase.id < 50 order by city, place, name;
.mode csv
select strftime('%m', day) as month, group_concat(distinct city) from (select * from purchase join customer on customer.id = customer order by city) group by month;
update purchase set amount = amount * 2 where day like '2024-06-%';
delete from purchase where customer in (select id from customer where city = 'A');
select count(*), sum(amount), min(day), max(day) from purchase;
create view busy as select customer, count(*) as n from purchase group by customer having n > 39;
select count(*) from busy;
select json_group_array(json_object('city', city, 'n', n)) from (select city, count(*) as n from customer group by city);
explain query plan select * from purchase where customer = 5 order by day;
create index by_customer on purchase(customer, day);
explain query plan select * from purchase where customer = 5 order by day;
insert or ignore into purchase values(1, 1, 'x', 5);
savepoint here;
delete from purchase;
rollback to here;
release here;
select count(*) from purchase;
pragma integrity_check;
vacuum;
select name, hex(substr(sql, 1, 8)) from sqlite_master order by name;
