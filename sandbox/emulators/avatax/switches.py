"""Behaviour of AvaTax that its documentation leaves open, set by POST /_sandbox/switches on this emulator."""

from dataclasses import dataclass

from sandbox.switches import Switches


@dataclass
class AvaTaxSwitches(Switches):
    force_timeout_seconds: int = 30  # how long `$include=ForceTimeout` keeps a caller waiting
    force_timeout_commits: float = 0.5  # how often the work was done although the answer is an error
    create_replaces_uncommitted: bool = True  # plain `create` on a code that is not committed; else it is refused
    retry_after: bool = True  # whether 429 says when to come back
    nexus: str = "CA,CO,FL,IL,MA,NY,PA,TX,WA"  # states in which the company collects
