from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from core.kit.errors import Forbidden, Refused
from core.runtime import Runtime
from core.workflow.actors import Actor, Role
from core.workflow.sandbox_switches import CALM, PRESETS, Pace, apply_preset, look, set_faults, set_pace, sign_contract
from sandbox.faults import DEFAULTS, Control, Faults, Guarded
from sandbox.server import Serving
from sandbox.tls import Certificates

ADA = Actor("Ada", Role.ADMINISTRATOR)
NAMES = ("stripe", "salesforce", "netsuite")


@pytest.fixture
def faults() -> dict[str, Faults]:
    control = Control()
    return {name: Faults(control=control) for name in NAMES}


@pytest.fixture
def bench(runtime: Runtime, faults: dict[str, Faults], tmp_path: Path) -> Iterator[Runtime]:
    """The admin endpoints of three systems, Salesforce's over TLS, as the sandbox announces them."""
    certificates = Certificates(tmp_path / "tls")
    served: dict[str, Serving] = {}
    for name in NAMES:
        app = Guarded(name, [], faults[name], lambda kind: PlainTextResponse(kind, 503), dict)
        served[name] = Serving(app, 0, certificates if name == "salesforce" else None)
        served[name].start()
    lines = [{"system": name, "address": served[name].address} for name in NAMES]
    lines[1]["ca_file"] = str(certificates.authority)
    where = tmp_path / "systems.json"
    where.write_text(json.dumps(lines))
    yield replace(runtime, settings=runtime.settings.model_copy(update={"sandbox_systems": where}))
    for each in served.values():
        each.stop()


def test_the_switches_are_those_of_the_sandbox() -> None:
    assert CALM == DEFAULTS
    assert all(set(settings) <= set(CALM) for preset in PRESETS.values() for settings in preset.systems.values())


def test_a_system_is_switched_and_seen_switched(bench: Runtime, faults: dict[str, Faults]) -> None:
    assert [each.is_calm for each in look(bench).systems] == [True, True, True]
    set_faults(bench, ADA, "salesforce", {"latency_ms": 250, "rate_500": 0.5})
    assert (faults["salesforce"].latency_ms, faults["salesforce"].rate_500, faults["stripe"].latency_ms) == (
        250,
        0.5,
        0,
    )
    assert [each.is_calm for each in look(bench).systems] == [True, False, True]


def test_an_outage_does_not_shut_out_the_switches(bench: Runtime, faults: dict[str, Faults]) -> None:
    apply_preset(bench, ADA, "erp_outage")
    assert faults["netsuite"].outage
    apply_preset(bench, ADA, "calm")
    assert not faults["netsuite"].outage


def test_a_preset_calms_the_systems_it_does_not_name(bench: Runtime, faults: dict[str, Faults]) -> None:
    set_faults(bench, ADA, "stripe", {"outage": True})
    apply_preset(bench, ADA, "erp_outage")
    assert not faults["stripe"].outage


def test_the_company_lives_at_the_pace_that_was_set(bench: Runtime, faults: dict[str, Faults]) -> None:
    set_pace(bench, ADA, Pace(120, True))
    control = faults["netsuite"].control
    assert (control.events_per_minute, control.paused) == (120, True)
    assert look(bench).pace == Pace(120, True)


def test_a_contract_is_signed_on_demand_where_there_is_a_company(bench: Runtime, faults: dict[str, Faults]) -> None:
    with pytest.raises(Refused, match="no company that could sign"):
        sign_contract(bench, ADA)
    faults["stripe"].control.sign = lambda: "contract 00080001 of Amber Tiles Ltd"
    assert sign_contract(bench, ADA) == "contract 00080001 of Amber Tiles Ltd"
    with pytest.raises(Forbidden):
        sign_contract(bench, replace(ADA, role=Role.ANALYST))


def test_only_an_administrator_moves_the_switches(bench: Runtime, faults: dict[str, Faults]) -> None:
    chen = Actor("Chen", Role.CONTROLLER)
    with pytest.raises(Forbidden, match="roles"):
        set_faults(bench, chen, "stripe", {"outage": True})
    with pytest.raises(Forbidden, match="roles"):
        apply_preset(bench, chen, "erp_outage")
    assert not faults["stripe"].outage and not faults["netsuite"].outage


def test_a_setting_that_is_none_is_refused_in_words(bench: Runtime) -> None:
    with pytest.raises(Refused, match="does not know this setting"):
        set_faults(bench, ADA, "stripe", {"latency_ms": -5})
    with pytest.raises(Refused, match="no such system"):
        set_faults(bench, ADA, "sap", {"outage": True})


def test_a_sandbox_that_is_absent_or_silent_is_a_sentence(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no sandbox"):
        look(runtime)
    where = tmp_path / "systems.json"
    there = replace(runtime, settings=runtime.settings.model_copy(update={"sandbox_systems": where}))
    with pytest.raises(Refused, match="not running"):
        look(there)
    where.write_text(json.dumps([{"system": "netsuite", "address": "http://127.0.0.1:9"}]))
    assert [each.answers for each in look(there).systems] == [False]
    with pytest.raises(Refused, match="NetSuite does not answer"):
        set_faults(there, ADA, "netsuite", {"outage": True})
