"""Every connector there is, as one table; and the configurations, from the sandbox or from the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from connectors import Connector, avatax, mail, netsuite, salesforce, stripe
from core.ports import Capabilities, Enclose, Misconfigured, Source


@dataclass(frozen=True, slots=True)
class Entry:
    """`build(config)` opens the connector; `from_sandbox(line)` makes its config from a line of systems.json."""

    capabilities: Capabilities
    config: type[BaseSettings]
    from_sandbox: Callable[[Mapping[str, Any]], BaseSettings]
    build: Callable[..., Connector]
    # Whether its `build` also takes what puts a document on paper.
    needs_enclosure: bool = False

    def open(self, config: BaseSettings, enclose: Enclose | None) -> Connector:
        options = {"enclose": enclose} if self.needs_enclosure else {}
        built = self.build(config, **options)
        return built if built.source is None else replace(built, reopen=partial(source_of, self.build, config))


def source_of(build: Callable[..., Connector], *arguments: Any) -> Source:
    """The source of the connector that `build` makes of `arguments`. Raises ValueError when it has none."""
    source = build(*arguments).source
    if source is None:
        raise ValueError(f"nothing can be read with {build.__module__}")
    return source


REGISTRY: dict[str, Entry] = {
    "salesforce": Entry(salesforce.CAPABILITIES, salesforce.Config, salesforce.Config.from_sandbox, salesforce.build),
    "stripe": Entry(stripe.CAPABILITIES, stripe.Config, stripe.Config.from_sandbox, stripe.build),
    "netsuite": Entry(netsuite.CAPABILITIES, netsuite.Config, netsuite.Config.from_sandbox, netsuite.build),
    "mail": Entry(mail.CAPABILITIES, mail.Config, mail.Config.from_sandbox, mail.build, needs_enclosure=True),
    "avatax": Entry(avatax.CAPABILITIES, avatax.Config, avatax.Config.from_sandbox, avatax.build),
}


def from_sandbox(systems: Iterable[Mapping[str, Any]], enclose: Enclose | None = None) -> dict[str, Connector]:
    """Connectors by name to the systems of a sandbox; systems that no connector is for are left out."""
    return {
        str(line["system"]): entry.open(entry.from_sandbox(line), enclose)
        for line in systems
        if (entry := REGISTRY.get(str(line["system"]))) is not None
    }


def from_environment(enclose: Enclose | None = None) -> dict[str, Connector]:
    """Connectors by name to the real systems whose variables are set (see each Config).

    A system without any variable is not used. Raises Misconfigured if only some of the needed ones are there.
    """
    found = {name: _configured(name, entry) for name, entry in REGISTRY.items()}
    return {name: REGISTRY[name].open(config, enclose) for name, config in found.items() if config is not None}


def _configured(name: str, entry: Entry) -> BaseSettings | None:
    try:
        return entry.config()
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_input=False)
        missing = [f"{name}_{error['loc'][0]}".upper() for error in errors if error["type"] == "missing"]
        if len(missing) == sum(field.is_required() for field in entry.config.model_fields.values()) == len(errors):
            return None
        wrong = [f"{name}_{error['loc'][0]}".upper() for error in errors if error["type"] != "missing"]
        parts = [f"{', '.join(missing)} not set"] if missing else []
        parts += [f"{', '.join(wrong)} not usable"] if wrong else []
        raise Misconfigured(
            f"{entry.capabilities.title} is not fully set up: {'; '.join(parts)}.", "settings"
        ) from None
