"""The token endpoint and the sessions behind it. OAuth errors are objects, unlike all others of the vendor."""

import base64
import binascii
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.emulators.salesforce.org import Org
from sandbox.emulators.salesforce.refusals import Refusal

ORG_ID = "00D5e000000QtncEAC"
USER_ID = "0055e000001IntgAAG"
DOMAIN = "halden.my"
USERNAME = "integration@halden.example"
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ["https://login.salesforce.com", "https://test.salesforce.com", f"https://{DOMAIN}.salesforce.com"]
_LONGEST_ASSERTION_SECONDS = 300


class OauthRefusal(Exception):
    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


class Sessions:
    """The connected app's secrets, made once and kept with the rows, and the tokens given out for them."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._records = org.store.records
        self.consumer_key = self._kept("oauth.key", lambda: "3MVG9" + secrets.token_urlsafe(40))
        self.consumer_secret = self._kept("oauth.secret", lambda: secrets.token_hex(32).upper())
        self.private_key = self._kept("oauth.private", _new_private_key)

    def _kept(self, name: str, make: Any) -> str:
        value = self._records.setting(name)
        if value is None:
            value = make()
            self._records.set_setting(name, value)
        return str(value)

    def register(self, public_key: str) -> None:
        """Trust this public key (PEM) for JWT bearer assertions, besides the one made at the start."""
        known = json.loads(self._records.setting("oauth.public") or "[]")
        self._records.set_setting("oauth.public", json.dumps([*known, public_key]))

    def token(self, form: Mapping[str, str], authorization: str) -> str:
        """The token for a request to the token endpoint, or OauthRefusal."""
        match form.get("grant_type"):
            case "client_credentials":
                self._check_client(form, authorization)
            case grant if grant == _JWT_BEARER:
                self._check_assertion(form.get("assertion", ""))
            case _:
                raise OauthRefusal("unsupported_grant_type", "grant type not supported")
        return self._open()

    def check(self, authorization: str) -> None:
        """Refuse a data request whose bearer is unknown, unused for too long or declared expired by a fault."""
        scheme, _, token = authorization.partition(" ")
        if not token or scheme.lower() not in ("bearer", "oauth"):
            raise Refusal(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        now = self._org.store.now_ms()
        used = self._records.query("SELECT used FROM token WHERE value = ?", (token,))
        oldest = now - self._org.switches.session_seconds * 1000
        if not used or used[0][0] < oldest or self._org.faults.token_expired:
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if now - used[0][0] >= 60_000:
            self._records.change("UPDATE token SET used = ? WHERE value = ?", (now, token))

    def _open(self) -> str:
        """A new token. If the fault declared all older ones expired, it has had its effect now."""
        if self._org.faults.token_expired:
            self._records.change("DELETE FROM token")
            self._org.faults.token_expired = False
        token = f"{ORG_ID[:15]}!AQ{secrets.token_urlsafe(60)}"
        values = (token, self._org.store.now_ms())
        self._records.change("INSERT INTO token (value, used) VALUES (?, ?)", values)
        return token

    def _check_client(self, form: Mapping[str, str], authorization: str) -> None:
        key, secret = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        if key != self.consumer_key:
            raise OauthRefusal("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(secret.encode(), self.consumer_secret.encode()):
            raise OauthRefusal("invalid_client", "invalid client credentials")
        if not self._org.switches.run_as_user:
            raise OauthRefusal("invalid_grant", "no client credentials user enabled")

    def _check_assertion(self, assertion: str) -> None:
        claims = self._claims(assertion)
        if claims.get("iss") != self.consumer_key:
            raise OauthRefusal("invalid_client_id", "client identifier invalid")
        if claims.get("sub") != USERNAME:
            raise OauthRefusal("invalid_grant", "user hasn't approved this consumer")
        if claims.get("aud") not in _AUDIENCES:
            raise OauthRefusal("invalid_grant", "audience is invalid")
        # The client signs by the real clock, whatever day it is in the sandbox.
        left = float(claims.get("exp", 0)) - time.time()
        if not 0 < left <= _LONGEST_ASSERTION_SECONDS:
            raise OauthRefusal("invalid_grant", "expired authorization code")

    def _claims(self, assertion: str) -> dict[str, Any]:
        """The claims of an assertion that one of the registered keys has signed."""
        options = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_sub": False}
        for key in [_public_key(self.private_key), *json.loads(self._records.setting("oauth.public") or "[]")]:
            try:
                return jwt.decode(assertion, key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
            except jwt.InvalidTokenError:
                continue
        raise OauthRefusal("invalid_grant", "invalid assertion")

    async def answer(self, request: Request) -> Response:
        """POST /services/oauth2/token."""
        form = {name: str(value) for name, value in (await request.form()).items()}
        try:
            token = await run_in_threadpool(self.token, form, request.headers.get("authorization", ""))
        except OauthRefusal as refusal:
            return JSONResponse(refusal.body, 400)
        issued = str(round(time.time() * 1000))
        base = f"{request.url.scheme}://{request.url.netloc}"
        identity = f"https://login.salesforce.com/id/{ORG_ID}/{USER_ID}"
        signed = hmac.digest(self.consumer_secret.encode(), f"{identity}{issued}".encode(), "sha256")
        return JSONResponse(
            {
                "access_token": token,
                "signature": base64.b64encode(signed).decode(),
                "scope": "api",
                "instance_url": base,
                "id": identity,
                "token_type": "Bearer",
                "issued_at": issued,
            }
        )


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise OauthRefusal("invalid_client", "invalid client credentials") from problem
    return key, secret


def _new_private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()


def _public_key(private_key: str) -> str:
    key = serialization.load_pem_private_key(private_key.encode(), None).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
