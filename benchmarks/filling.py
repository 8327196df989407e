"""A ledger of any length, made inside the database: history grows with `invoices`, what is open stays the same."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.runtime import Runtime

OPEN = 5_000
_DAYS = 540
_PEOPLE = "(select id from users where role = 'approver' order by email limit 1)"

# Each statement is set-based; :n is the number of invoices, :open how many of the youngest are unpaid.
_STATEMENTS = (
    "insert into legal_entities values ('US','Halden Cloud Inc','US','USD'),('DE','Halden Cloud GmbH','DE','EUR'),"
    "('UK','Halden Cloud UK Ltd','GB','GBP')",
    "insert into fx_rates select c, current_date - d, r from (values ('EUR',1.08),('GBP',1.27)) v(c,r), "
    "generate_series(0,30) d",
    "insert into customers (id,number,name,entity,segment,currency,country,is_po_required,is_on_hold,revision,"
    "updated_at,owner) select md5('c'||i)::uuid, 'C-'||i, 'Customer '||i, (array['US','DE','UK'])[1+i%3], "
    "(array['Enterprise','Mid-market','Startup'])[1+i%3], (array['USD','EUR','GBP'])[1+i%3], "
    "(array['US','DE','GB'])[1+i%3], false, false, 1, now(), 'Owner '||(i%7) from generate_series(1,1200) i",
    "insert into documents (id,kind,source,source_ref,content_hash,number,entity,customer_id,customer_ref,"
    "customer_name,contract_number,currency,issue_date,due_date,subtotal_minor,discount_minor,tax_minor,total_minor,"
    "open_minor,settled_on,state,is_disputed,revision,recorded_at,released_at,posted_at) "
    "select md5('d'||i)::uuid,'invoice','stripe','in_'||i,'',  'HC-'||i, (array['US','DE','UK'])[1+c%3], "
    "md5('c'||c)::uuid, 'cus_'||c, 'Customer '||c, 'K-'||c, (array['USD','EUR','GBP'])[1+c%3], issued, issued+30, "
    "10000+i%5000,0,0,10000+i%5000, case when is_open then 10000+i%5000 else 0 end, "
    "case when is_open then null else least(issued+20+i%25, current_date) end, 'posted', is_open and i%40=0, 1, "
    "issued, issued, least(issued + i%50 * interval '1 hour', now()) from (select i, 1+i%1200 c, "
    "current_date - ((:n-i)*:days/:n)::int issued, i > :n-:open is_open from generate_series(1,:n) i) x",
    "insert into document_lines select id,1,'HC-CORE','Core seats',10,10,total_minor,0,0,issue_date,due_date "
    "from documents",
    "insert into applications (id,source,source_ref,kind,document_id,amount_minor,effective_on,recorded_at) "
    "select md5('a'||source_ref)::uuid,'stripe','ip_'||source_ref,'payment',id,total_minor,settled_on,settled_on "
    "from documents where open_minor = 0",
    "insert into transitions (id,subject,subject_id,old,new,at,actor) select md5('t'||source_ref)::uuid,'document',id,"
    "'released','posted',recorded_at,'job:deliver' from documents",
    "insert into deliveries (id,document_id,system,key,state,payload,attempts,next_at,enqueued_at,delivered_at,"
    "revision) select md5('v'||source_ref)::uuid,id,'netsuite',source_ref,"
    "case when source_ref like '%77' and open_minor<>0 then 'refused' else 'delivered' end,"
    "jsonb_build_object('number',number,'entity',entity),1,recorded_at,recorded_at,recorded_at,1 "
    "from documents",
    "insert into cases (id,key,code,type,cause,sentence,evidence,document_id,customer_id,entity,stake_minor,"
    "amount_minor,currency,queue,state,is_blocking,is_overdue,opened_at,due_at,closed_at,closed_by,revision) "
    "select md5('k'||source_ref)::uuid,'price.outdated:'||id,'price.outdated','pricing','c','A price differs.','{}',id,"
    "customer_id,entity,5000,total_minor,currency,'Billing',case when open_minor<>0 then 'open' else 'resolved' end,"
    "true,false,recorded_at,recorded_at+interval '2 days',case when open_minor<>0 then null else recorded_at end,"
    "'job:x',1 from documents where i_of(source_ref) % 10 = 3",
    "insert into approvals (id,document_id,round,step,reason,role,assignee_id,entity,amount_minor,state,requested_at,"
    f"due_at,revision) select md5('p'||source_ref)::uuid,id,1,1,'Amount','approver',{_PEOPLE},entity,total_minor,"
    "case when open_minor<>0 then 'waiting' else 'approved' end,recorded_at,recorded_at+interval '1 day',1 "
    "from documents where i_of(source_ref) % 20 = 7",
    "insert into disputes (id,source,source_ref,kind,document_id,customer_id,reason,currency,amount_minor,state,"
    "opened_at,revision) select md5('s'||source_ref)::uuid,'house',source_ref,'customer',id,customer_id,'Wrong price',"
    "currency,total_minor,case when is_disputed then 'open' else 'rejected' end,recorded_at,1 from documents "
    "where is_disputed or i_of(source_ref) % 200 = 9",
    "insert into audit (seq,at,actor,command,command_id,subject,sentence,detail,previous_hash,hash) select "
    "100000+i_of(source_ref),recorded_at,'job:deliver','RecordDelivery',id,'invoice:'||id,'Posted invoice '||number,"
    "'{}','','' from documents",
    "insert into inbox (id,source,kind,external_id,version,payload,state,received_at,handled_at,attempts) select "
    "md5('i'||source_ref)::uuid,'stripe','invoice',source_ref,'1','{}','handled',recorded_at,recorded_at,1 "
    "from documents",
)
_NUMBER_OF = (
    "create function pg_temp.i_of(ref text) returns bigint language sql immutable as $$select substr(ref,4)::bigint$$"
)


def fill(runtime: Runtime, invoices: int) -> None:
    """Fills an empty, migrated store and lets the planner know."""
    with runtime.transaction() as session:
        session.execute(text(_NUMBER_OF))
        for statement in _STATEMENTS:
            _run(session, statement.replace("i_of(", "pg_temp.i_of("), invoices)
    with runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def _run(session: Session, statement: str, invoices: int) -> None:
    numbers = {"n": invoices, "open": OPEN, "days": _DAYS}
    session.execute(text(statement), {name: value for name, value in numbers.items() if f":{name}" in statement})
