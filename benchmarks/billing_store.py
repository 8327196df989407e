"""A store before its month-end: contracts with open schedules, invoices of the months before, and a month of usage.

Made inside the database. `n` contracts of three charges each (seats and a flat platform fee in advance, metered calls
in arrears), `events` usage events per contract in the month that has just ended.
"""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import text

from core.kit.clock import month_start, previous_month, utc_now
from core.runtime import Runtime

_ENTITY = "(array['US','DE','UK'])[1+i%3]"
_CURRENCY = "(array['USD','EUR','GBP'])[1+i%3]"
_COUNTRY = "(array['US','DE','GB'])[1+i%3]"
_TAX_ID = "(array[null,'DE811234565','GB980780684'])[1+i%3]"
# Net a month in minor units; a metered call costs 30.
_SEATS, _FEE = 20_000, 50_000

_STATEMENTS = (
    "insert into legal_entities (code,name,country,currency,region,address,tax_id,email,payment_instructions) values "
    "('US','Halden Cloud Inc','US','USD','DE','1 Main St, Dover',null,'ar@us.example','Wire to 1'),"
    "('DE','Halden Cloud GmbH','DE','EUR',null,'Ring 2, Berlin','DE136695976','ar@de.example','IBAN DE1'),"
    "('UK','Halden Cloud UK Ltd','GB','GBP',null,'3 High St, London','GB980780684','ar@uk.example','Sort 1')",
    "insert into fx_rates select c, :first - d, r from (values ('EUR',1.08),('GBP',1.27)) v(c,r), "
    "generate_series(0,120) d",
    "insert into connections (system,state,failures) values ('netsuite','connected',0),('mail','connected',0)",
    "insert into products values ('HC-CORE','Core seats'),('HC-PLAT','Platform fee'),('HC-API','API calls')",
    "insert into links (id,kind,our_id,system,external_id,seen_at) select md5('lp'||code)::uuid,'product',code,"
    "'netsuite','item'||code,now() from products",
    "insert into meters (code,name,unit,aggregation) values ('api_calls','API calls','call','sum')",
    "insert into customers (id,number,name,entity,segment,currency,country,address,email,tax_id,is_po_required,"
    "terms_days,is_on_hold,revision,updated_at,owner) select md5('c'||i)::uuid, 'C-'||i, 'Customer '||i, "
    f"{_ENTITY}, 'Mid-market', {_CURRENCY}, {_COUNTRY}, 'Street '||i||', Town', 'ap'||i||'@customer.example', "
    f"{_TAX_ID}, false, 30, false, 1, now(), 'Owner' from generate_series(1,:n) i",
    "insert into links (id,kind,our_id,system,external_id,seen_at) select md5('lc'||i)::uuid,'customer',"
    "md5('c'||i)::uuid::text,'salesforce','001'||i,now() from generate_series(1,:n) i",
    "insert into contracts (id,number,customer_id,status,starts_on,currency,terms_days,discount_percent,"
    "billing_frequency,billed_by,anchor_day,revision,updated_at) select md5('k'||i)::uuid, 'CT-'||i, "
    f"md5('c'||i)::uuid,'active',:begin,{_CURRENCY},30,0,'monthly','house',1,1,now() from generate_series(1,:n) i",
    "insert into contract_lines (id,contract_id,source_ref,product_code,quantity,unit_price,starts_on,root_ref,charge) "
    "select md5('l'||ref||i)::uuid, md5('k'||i)::uuid, ref||i, code, quantity, price, :begin, ref||i, charge::jsonb "
    "from generate_series(1,:n) i, (values ('s','HC-CORE',10,20.00,'{}'),"
    "('p','HC-PLAT',1,500.00,'{\"pricing\":\"flat\"}'),"
    '(\'u\',\'HC-API\',0,0.30,\'{"kind":"usage","meter":"api_calls"}\')) v(ref,code,quantity,price,charge)',
    "insert into schedule_items (id,contract_id,charge_key,kind,period_start,period_end,bill_on,state,currency,"
    "expected_minor,planned_at) select md5('i'||ref||i||m)::uuid, md5('k'||i)::uuid, ref||i, kind, "
    "(:first + make_interval(months => m + shift))::date, (:first + make_interval(months => m + shift + 1))::date, "
    f"(:first + make_interval(months => m))::date, 'open', {_CURRENCY}, net, now() "
    "from generate_series(1,:n) i, generate_series(0,2) m, "
    f"(values ('s','recurring',0,{_SEATS}),('p','recurring',0,{_FEE}),('u','usage',-1,null)) v(ref,kind,shift,net)",
    "insert into documents (id,kind,source,source_ref,content_hash,number,entity,customer_id,customer_name,contract_id,"
    "contract_number,currency,issue_date,due_date,period_start,period_end,subtotal_minor,discount_minor,tax_minor,"
    "total_minor,open_minor,settled_on,state,is_disputed,revision,recorded_at,released_at,posted_at) select "
    "md5('d'||i||m)::uuid,'invoice','house','CT-'||i||'-'||m,'','OLD-'||i||'-'||m,"
    f"{_ENTITY}, md5('c'||i)::uuid,'Customer '||i,md5('k'||i)::uuid,'CT-'||i,{_CURRENCY},day,day+30,day,"
    "(day + interval '1 month')::date,70000+30*:events,0,0,70000+30*:events,0,day+20,'posted',false,3,day,day,day "
    "from (select i, m, (:first - make_interval(months => m))::date as day "
    "from generate_series(1,:n) i, generate_series(1,3) m) x",
    "insert into document_lines (document_id,position,product_code,description,quantity,unit_price,amount_minor,"
    "discount_minor,tax_minor) select md5('d'||i||m)::uuid, position, code, code, quantity, price, amount, 0, 0 "
    "from generate_series(1,:n) i, generate_series(1,3) m, (values (1,'HC-CORE',10,20.00,20000),"
    "(2,'HC-PLAT',1,500.00,50000),(3,'HC-API',:events,0.30,30*:events)) v(position,code,quantity,price,amount)",
    "insert into usage_events (source,event_id,meter,subject,customer_id,value,at,received_at,state) select "
    "'bench', i||'-'||e, 'api_calls', '001'||i, md5('c'||i)::uuid, 1, "
    ":previous + make_interval(mins => e * 40000 / :events), now(), 'counted' "
    "from generate_series(1,:n) i, generate_series(1,:events) e",
)


def first_day() -> date:
    """The day that the run bills: the first of this month."""
    return month_start(utc_now().date())


def fill(runtime: Runtime, contracts: int, events: int) -> None:
    """Fills an empty, migrated store and lets the planner know."""
    first = first_day()
    previous = previous_month(first)
    begin = previous_month(previous_month(previous))
    values = {"n": contracts, "events": events, "first": first, "previous": previous, "begin": begin}
    with runtime.transaction() as session:
        session.execute(text("set local time zone 'UTC'"))
        for statement in _STATEMENTS:
            used = {name: values[name] for name in set(_NAMED.findall(statement))}
            session.execute(text(_typed(statement)), used)
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


_KINDS = {"first": "date", "previous": "date", "begin": "date", "events": "int", "n": "int"}
_NAMED = re.compile(r":(first|previous|begin|events|n)\b")


def _typed(statement: str) -> str:
    """Days as days, numbers as numbers: within expressions the server cannot know."""
    return _NAMED.sub(lambda found: f"cast(:{found[1]} as {_KINDS[found[1]]})", statement)
