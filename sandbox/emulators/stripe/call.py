"""One call of the API, as handlers see it, and the handlers that many objects share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .lists import list_page
from .shapes import Doc
from .store import Store, merge_metadata


@dataclass(frozen=True)
class Call:
    """Checked parameters and the ids in the address."""

    store: Store
    params: Doc
    ids: dict[str, str]
    path: str

    @property
    def id(self) -> str:
        return self.ids["id"]

    def given(self, *names: str) -> Doc:
        """Those of these parameters that were sent; an empty text unsets, so it becomes null."""
        return {n: None if self.params[n] == "" else self.params[n] for n in names if n in self.params}

    def metadata(self, old: Any = None) -> Doc:
        return merge_metadata(old, self.params.get("metadata"))


Handler = Callable[[Call], Doc | str]


def retrieve(kind: str) -> Handler:
    return lambda call: call.store.need(kind, call.id)


def listing(kind: str, **fixed: str) -> Handler:
    """A list; `fixed` maps a filter to the id of the address that it takes, for lists below an object."""

    def handle(call: Call) -> str:
        return list_page(call.store, kind, call.params, call.path, {f: call.ids[name] for f, name in fixed.items()})

    return handle


def update(kind: str, event: str | None, *names: str) -> Handler:
    """Set plain fields and metadata."""

    def handle(call: Call) -> Doc:
        doc = call.store.need(kind, call.id)
        doc.update(call.given(*names))
        doc["metadata"] = call.metadata(doc.get("metadata"))
        if "updated" in doc:
            doc["updated"] = call.store.now()
        return call.store.put(doc, event)

    return handle


def delete(kind: str, event: str | None) -> Handler:
    return lambda call: call.store.remove(call.store.need(kind, call.id), event)
