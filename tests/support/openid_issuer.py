"""An OpenID Connect issuer on this machine, made of the server part of Authlib.

It checks the client, the redirect URI, PKCE and the code as any issuer does. `user` is who is
logged in there; `claims` replaces claims of the ID token, `is_brief` leaves most of them to
/userinfo, and `is_denied` declines every login.
"""

import time
from threading import Thread
from types import SimpleNamespace
from typing import Any, Self

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.models import AuthorizationCodeMixin
from flask import Flask, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "site", "a secret of the client"
CALLBACK = "/auth/openid/callback"


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """The site, as the issuer knows it."""

    client_id = CLIENT_ID
    client_metadata: dict[str, Any] = {}  # noqa: RUF012 - Authlib reads it

    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin, SimpleNamespace):  # type: ignore[misc]  # Authlib has no types
    """An authorization code, and what it was requested with."""

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str:
        return str(self.nonce)

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Issuer:
    """A running issuer; `url` is its URL."""

    def __init__(self, site_url: str) -> None:
        self.client = Client(site_url + CALLBACK)
        self.codes: dict[str, Code] = {}
        self.key = self.published_key = new_key()
        self.reset()
        self.app = Flask(__name__)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.authorization = AuthorizationServer(
            self.app, query_client=self.find_client, save_token=self.save_token
        )
        extensions = [CodeChallenge(required=True), self._openid()]
        self.authorization.register_grant(self._grant(), extensions)
        self._add_routes()

    def reset(self) -> None:
        """Log in Ann, whose address is verified, and sign what is true with the right key."""
        self.user = {"sub": "1234", "email": "ann@example.com", "email_verified": True}
        self.claims: dict[str, Any] = {}
        self.is_denied, self.is_brief = False, False
        self.key = self.published_key
        self.access_tokens: set[str] = set()

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def find_client(self, client_id: str) -> Client | None:
        return self.client if client_id == CLIENT_ID else None

    def logged_in(self) -> SimpleNamespace:
        """Return the user who is logged in, as Authlib wants it."""
        return SimpleNamespace(id=self.user["sub"])

    def save_token(self, token: dict[str, Any], _request: Any) -> None:
        self.access_tokens.add(token["access_token"])

    def _grant(self) -> type[AuthorizationCodeGrant]:
        codes, user = self.codes, self.logged_in

        class Grant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib has no types
            TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

            def save_authorization_code(self, code: str, request: Any) -> None:
                data = request.payload.data
                challenge = data["code_challenge"], data["code_challenge_method"]
                codes[code] = Code(
                    redirect_uri=request.payload.redirect_uri,
                    scope=request.payload.scope,
                    nonce=data["nonce"],
                    code_challenge=challenge[0],
                    code_challenge_method=challenge[1],
                )

            def query_authorization_code(self, code: str, client: Any) -> Code | None:
                return codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                for code in [key for key, row in codes.items() if row is authorization_code]:
                    del codes[code]

            def authenticate_user(self, authorization_code: Code) -> Any:
                return user()

        return Grant

    def _openid(self) -> OpenIDCode:
        issuer = self

        class IDToken(OpenIDCode):  # type: ignore[misc]  # Authlib has no types
            def exists_nonce(self, nonce: str, request: Any) -> bool:
                return any(code.nonce == nonce for code in issuer.codes.values())

            def resolve_client_private_key(self, client: Any) -> KeySet:
                return KeySet([issuer.key])

            def get_client_claims(self, client: Any) -> dict[str, Any]:
                return {"iss": issuer.url, "aud": [CLIENT_ID]}

            def generate_user_info(self, user: Any, scope: str) -> dict[str, Any]:
                user = {"sub": issuer.user["sub"]} if issuer.is_brief else issuer.user
                return {**user, **issuer.claims}

        return IDToken(require_nonce=True)

    def _add_routes(self) -> None:
        site = self.app

        @site.get("/.well-known/openid-configuration")
        def configuration() -> Any:
            return jsonify(self.metadata())

        @site.get("/keys")
        def keys() -> Any:
            return jsonify(KeySet([self.published_key]).as_dict(private=False))

        @site.post("/token")
        def token() -> Any:
            return self.authorization.create_token_response()

        @site.get("/userinfo")
        def userinfo() -> Any:
            token = request.authorization and request.authorization.token
            return jsonify(self.user) if token in self.access_tokens else ("", 401)

        @site.get("/authorize")
        def authorize() -> Any:
            user = None if self.is_denied else self.logged_in()
            grant = self.authorization.get_consent_grant(end_user=user)
            return self.authorization.create_authorization_response(request, user, grant)

    def metadata(self) -> dict[str, Any]:
        """Return the configuration that clients read."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }


def new_key(key_id: str = "1") -> RSAKey:
    """Return a new key."""
    return RSAKey.generate_key(2048, {"kid": key_id, "use": "sig", "alg": "RS256"})
