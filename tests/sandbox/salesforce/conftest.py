from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from starlette.testclient import TestClient

from sandbox.emulators.salesforce import Emulator
from sandbox.faults import Faults
from sandbox.server import Serving
from sandbox.tls import Certificates
from tests.sandbox.salesforce.builders import Clock, signed_in


class ToLocal(HTTPAdapter):
    """Sends what is meant for Salesforce to a local address. The Host header stays, so the token reply names it too."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = urlsplit(address)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        wanted = urlsplit(str(request.url))
        request.headers["Host"] = wanted.netloc
        request.url = urlunsplit(wanted._replace(scheme=self._address.scheme, netloc=self._address.netloc))
        return super().send(request, *args, **kwargs)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def faults() -> Faults:
    return Faults(seed=1)


@pytest.fixture
def emulator(tmp_path: Path, clock: Clock, faults: Faults) -> Iterator[Emulator]:
    made = Emulator(tmp_path, clock, faults)
    yield made
    made.close()


@pytest.fixture
def client(emulator: Emulator) -> TestClient:
    return signed_in(emulator)


@pytest.fixture
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def address(emulator: Emulator, certificates: Certificates) -> Iterator[str]:
    serving = Serving(emulator.app, 0, certificates)
    serving.start()
    yield serving.address
    serving.stop()


@pytest.fixture
def session(address: str, certificates: Certificates) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False  # or REQUESTS_CA_BUNDLE would win against `verify`
        made.verify = str(certificates.authority)
        made.mount("https://halden.my.salesforce.com", ToLocal(address))
        yield made


@pytest.fixture
def sf(emulator: Emulator, session: requests.Session) -> Salesforce:
    given = emulator.credentials()
    return Salesforce(
        consumer_key=given["consumer_key"],
        consumer_secret=given["consumer_secret"],
        domain=given["domain"],
        version="66.0",
        session=session,
    )
