"""What the events of one meter, one customer and one span add up to, as SQL beside a row `w` that names them.

`w` has meter, customer_id, since and until. Used beside a lateral join: each row is one descent into the covering
index, however many events other customers and other months have.
"""

from __future__ import annotations

from core.usage.model import MeterTerms

Kind = tuple[str, str | None]

COUNTED = (
    "from usage_events e where e.meter = w.meter and e.customer_id = w.customer_id and e.state = 'counted' "
    "and e.at >= w.since and e.at < w.until"
)
_LATEST = "e.at desc, e.event_id desc, e.source desc"


def kind_of(terms: MeterTerms | None) -> Kind:
    """Sums need no windows; a count is a sum, since each of its events weighs one."""
    if terms is None or terms.aggregation in ("sum", "count"):
        return "sum", None
    return terms.aggregation, terms.window


def aggregate(kind: Kind) -> str:
    """A query with the one column `value`; no row, or NULL, where nothing was used."""
    window = f"date_trunc('{kind[1]}', e.at, 'UTC')"
    match kind:
        case "max", None:
            return f"select max(e.value) as value {COUNTED}"
        case "max", _:
            tops = f"select max(e.value) as top {COUNTED} group by {window}"
            return f"select sum(top) as value from ({tops}) each_window"
        case "last", None:
            return f"select e.value {COUNTED} order by {_LATEST} limit 1"
        case "last", _:
            lasts = f"select distinct on ({window}) e.value {COUNTED} order by {window}, {_LATEST}"
            return f"select sum(value) as value from ({lasts}) each_window"
        case _:
            return f"select sum(e.value) as value {COUNTED}"
