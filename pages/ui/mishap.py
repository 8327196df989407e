"""What a person sees when a page fails: a sentence, never a traceback."""

from __future__ import annotations

import streamlit as st
import structlog

from core.kit.errors import Refused
from core.kit.ids import new_id
from core.runtime import StoreUnreachable
from pages.ui.plain import plain

_log = structlog.get_logger()


def show_mishap(problem: BaseException) -> bool:
    """Always shows its own words; what is not a refusal goes to the log under a reference that people can quote."""
    match problem:
        case Refused():
            st.warning(plain(problem.sentence), icon=":material/info:")
        case StoreUnreachable():
            st.error("The store cannot be reached at the moment. Try again in a minute.", icon=":material/cloud_off:")
        case _:
            reference = new_id().hex[-8:].upper()
            _log.error("page failed", reference=reference, exc_info=problem)
            st.error(
                f"Something went wrong on our side; nothing was changed. It is in the log under {reference}.",
                icon=":material/error:",
            )
    return True
