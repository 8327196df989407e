"""OAuth 2.0 client credentials: a signed assertion against a bearer token of 60 minutes."""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.emulators.netsuite.store import Store

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LIFE = 3600
LEEWAY = 60  # how far a client's clock may be ahead
ACCOUNT = "TSTDRV2031577"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Denied(Exception):
    """The token endpoint's refusal: an OAuth error code and a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Login:
    """The registered certificates (one RSA, one EC), and the tokens given out. Both outlive a restart."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._records = store.records
        self._now = now
        self.client_id = self._once("client id", lambda: secrets.token_hex(32))
        self._rsa = self._once("rsa key", lambda: _pem(rsa.generate_private_key(65537, 3072)))
        self._ec = self._once("ec key", lambda: _pem(ec.generate_private_key(ec.SECP256R1())))
        self._public = {"rsa": self._once("rsa public", lambda: _public_pem(self._rsa))}
        self._public["ec"] = self._once("ec public", lambda: _public_pem(self._ec))
        self._rsa_id = self._once("rsa certificate", lambda: secrets.token_urlsafe(32))
        self._ec_id = self._once("ec certificate", lambda: secrets.token_urlsafe(32))

    def _once(self, name: str, make: Callable[[], str]) -> str:
        found = self._records.setting(name)
        if found is None:
            found = make()
            self._records.set_setting(name, found)
        return found

    def credentials(self) -> dict[str, str]:
        """What a client needs. The private key belongs to certificate_id (PS256); an EC pair (ES256) comes along."""
        return {
            "account": ACCOUNT,
            "client_id": self.client_id,
            "certificate_id": self._rsa_id,
            "private_key": self._rsa,
            "algorithm": "PS256",
            "token_path": TOKEN_PATH,
            "ec_certificate_id": self._ec_id,
            "ec_private_key": self._ec,
        }

    def token(self, form: str, address: str) -> str:
        """A bearer token for a form whose assertion is right for this token address; raises Denied."""
        fields = {name: values[0] for name, values in parse_qs(form).items()}
        if fields.get("grant_type") != "client_credentials":
            raise Denied("unsupported_grant_type", "The grant_type must be client_credentials.")
        if fields.get("client_assertion_type") != ASSERTION:
            raise Denied("invalid_request", "The client_assertion_type is missing or unknown.")
        self._check(fields.get("client_assertion", ""), address)
        token = secrets.token_urlsafe(48)
        expires = int(self._now().timestamp()) + LIFE
        self._records.change("INSERT INTO token (token, expires) VALUES (?, ?)", (token, expires))
        return token

    def _check(self, assertion: str, address: str) -> None:
        try:
            head = jwt.get_unverified_header(assertion)
            algorithm = str(head.get("alg"))
            key = {self._rsa_id: "rsa", self._ec_id: "ec"}.get(str(head.get("kid")))
            if algorithm not in ALGORITHMS or key is None:
                raise Denied("invalid_client", "The algorithm or the certificate of the assertion is not accepted.")
            # Times are checked below, against the sandbox's clock.
            options: Any = {"require": ["iss", "aud", "iat", "exp", "scope"], "verify_exp": False, "verify_iat": False}
            claims = jwt.decode(assertion, self._public[key], [algorithm], options, audience=address)
        except (jwt.PyJWTError, TypeError) as problem:
            raise Denied("invalid_grant", f"The assertion is not valid: {problem}") from problem
        self._check_claims(claims)

    def _check_claims(self, claims: dict[str, Any]) -> None:
        if claims["iss"] != self.client_id:
            raise Denied("invalid_client", "The issuer is not a known client.")
        scope = claims["scope"]
        scopes = scope if isinstance(scope, list) else str(scope).replace(",", " ").split()
        if "rest_webservices" not in scopes:
            raise Denied("invalid_scope", "The scope rest_webservices is needed.")
        issued, expires, now = int(claims["iat"]), int(claims["exp"]), self._now().timestamp()
        if expires - issued >= LIFE:
            raise Denied("invalid_grant", "The assertion must expire less than 60 minutes after it was issued.")
        if now >= expires or issued > now + LEEWAY:
            raise Denied("invalid_grant", "The assertion has expired or is not valid yet.")

    def is_valid(self, authorization: str | None) -> bool:
        """Whether an Authorization header carries a token that was given out and has not expired."""
        method, _, token = (authorization or "").partition(" ")
        found = self._records.query("SELECT expires FROM token WHERE token = ?", (token,))
        return method.lower() == "bearer" and bool(found) and self._now().timestamp() < int(found[0][0])

    def forget_tokens(self) -> None:
        self._records.change("DELETE FROM token")


def _pem(key: PrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _public_pem(private: str) -> str:
    """Kept beside the private key: reading that one checks its primes, which is slow."""
    key = serialization.load_pem_private_key(private.encode(), None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode()
