"""Where a scale of recency, frequency and monetary value would have to be cut today."""

from perennial.reports.report import Chart, Column, Kind, Report, sales

REPORT = Report(
    "rfm-scale",
    "Scale for RFM scores",
    "The bounds that cut the customers who bought between the two days into five equal parts: to be put into "
    "the section `rfm` of the program, where they stay until you change them.",
    (
        Column(
            "measure",
            "Measure",
            Kind.TEXT,
            "recency (days since the last order), frequency, monetary",
            values=("recency", "frequency", "monetary"),
        ),
        Column("bound", "Bound", Kind.COUNT, "the place of the bound, 1 to 4"),
        Column("value", "Value", Kind.NUMBER, "the least value that 20, 40, 60, 80 % do not pass"),
    ),
    f"""
with {sales()}, buyers as (
    select count(*) as frequency, sum(net)::bigint as monetary,
        floor(extract(epoch from :end::timestamptz - max(at)) / 86400)::bigint as recency
    from sales
    where who <> 'guest' and at >= (:starts::timestamptz[])[1]
    group by bucket, customer_id
), cut as (
    select percentile_disc(array[0.2, 0.4, 0.6, 0.8]) within group (order by recency) as recency,
        percentile_disc(array[0.2, 0.4, 0.6, 0.8]) within group (order by frequency) as frequency,
        percentile_disc(array[0.2, 0.4, 0.6, 0.8]) within group (order by monetary) as monetary
    from buyers
)
select measure, bound, value
from cut
cross join lateral (values ('recency', recency), ('frequency', frequency), ('monetary', monetary))
    as measured (measure, bounds)
cross join lateral unnest(bounds) with ordinality as bound (value, bound)
order by array_position(array['recency', 'frequency', 'monetary'], measure), bound
""",
    Chart.TABLE,
)
