-- Single sign-on: whom a provider means by a subject. A person is one to each provider.

create table staff_identities (
    issuer text not null,
    subject text not null,
    staff_id uuid not null references staff,
    linked_at timestamptz not null,
    primary key (issuer, subject),
    unique (issuer, staff_id)
);
grant select, insert on staff_identities to perennial_worker;
