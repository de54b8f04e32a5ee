"""A passkey's device in Chromium: its own virtual authenticator. No test lives here."""

from tests.e2e.visitor import Visitor


class Device:
    """What a visitor's browser can make passkeys with, and how it behaves."""

    def __init__(self, visitor: Visitor, *, verifies: bool = True) -> None:
        self._tools = visitor.context.new_cdp_session(visitor.page)
        self._tools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        answer = self._tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = answer["authenticatorId"]

    def verify(self, *, verifies: bool) -> None:
        """Whether finger, face or PIN are right from now on."""
        self._tools.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self._id, "isUserVerified": verifies},
        )

    @property
    def passkeys(self) -> list[dict[str, object]]:
        """What it keeps, in the browser's own words."""
        answer = self._tools.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        found: list[dict[str, object]] = answer["credentials"]
        return found

    def put_back(self, passkey: dict[str, object]) -> None:
        """As a copy of the device would be: the same key, with the counter of then."""
        self._tools.send(
            "WebAuthn.removeCredential",
            {"authenticatorId": self._id, "credentialId": passkey["credentialId"]},
        )
        self._tools.send(
            "WebAuthn.addCredential", {"authenticatorId": self._id, "credential": passkey}
        )
