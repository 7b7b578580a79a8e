-- What a role may credit is whole points as people read them, whatever the decimals of a wallet. A day is counted in
-- millionths of a point, so that what one person gives of several wallets adds up; the bound of a day therefore is a
-- million million at most. What a person has credited today is taken for whole points. The types stay as they are:
-- row-level security, which would hide the rows from an UPDATE, does not count for a change of type.

alter table staff_credits
    alter column credited type bigint using least(credited, 1000000000000) * 1000000,
    alter column most type bigint using least(most, 1000000000000) * 1000000;
alter table roles
    alter column credit_per_day type bigint using least(credit_per_day, 1000000000000);
