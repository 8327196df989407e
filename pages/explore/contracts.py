"""Explore › Contracts: everything sold, who bills it and when next; a row opens the contract."""

from __future__ import annotations

from typing import Literal, cast

import streamlit as st

from core.reporting.contracts import ContractFilters, list_contracts
from core.reporting.customers import facets
from core.reporting.overview import legal_entities
from core.workflow.actors import Actor
from pages.ui import access, filters
from pages.ui.act import show_flash
from pages.ui.explore_contracts import BILLERS, contract_grid
from pages.ui.links import go
from pages.ui.runtime import runtime
from pages.ui.tables import cursor, pager

_PAGER = "page"
_SHOW = {"active": "Active", "all": "All", "draft": "Draft", "expired": "Expired"}
_SORTS = {
    "-starts_on": "Newest",
    "starts_on": "Oldest",
    "ends_on": "Ending first",
    "-ends_on": "Ending last",
    "number": "Number",
}


def _filters(person: Actor) -> ContractFilters:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = filters.search("Customer or contract", "q", placeholder="Name, number")
        show = filters.one_of("Show", _SHOW, "show")
        stopped = filters.toggle("Cannot be billed", "stopped", help="Those whose terms do not allow it")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        billed_by = filters.choice("Billed by", BILLERS, "by")
        entity = filters.choice("Entity", legal_entities(runtime(), person), "entity")
        currency = filters.choice("Currency", facets(runtime(), person).currencies, "currency")
        sort = filters.choice("Order", _SORTS, "sort", everything=_SORTS["-starts_on"]) or "-starts_on"
    return ContractFilters(
        status=None if show == "all" else show,
        billed_by=billed_by,
        entity=entity,
        currency=currency,
        is_stopped_only=stopped,
        search=search,
        sort=cast(Literal["starts_on", "ends_on", "number"], sort.lstrip("-")),
        is_descending=sort.startswith("-"),
    )


person = access.require()
show_flash()
st.title("Contracts")
chosen = _filters(person)
page = list_contracts(runtime(), person, chosen, cursor(_PAGER, chosen))
opened = contract_grid(page.rows)
pager(page.info, _PAGER, "contract")
if opened:
    go("contract", {"id": str(opened)})
