"""What Snowflake checks in a key-pair token: RS256 by hand (RFC 8017 §8.2.2), claims, fingerprint."""
import base64
import hashlib
import json
import subprocess

# DER of the digest's description (RFC 8017 §9.2, note 1)
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class Refused(Exception):
    """Why a token is not taken."""


def decode(part):
    """base64url without padding, nothing else."""
    if "=" in part or "+" in part or "/" in part:
        raise Refused("not base64url")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read_der(data, at=0):
    """One element: its tag, its content, where the next one begins."""
    tag, length, at = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7f
        length, at = int.from_bytes(data[at:at + size], "big"), at + size
    return tag, data[at:at + length], at + length


class PublicKey:
    """RSA, from the DER of a SubjectPublicKeyInfo."""

    def __init__(self, der):
        self.fingerprint = "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()
        outer = read_der(der)[1]
        bits = read_der(outer, read_der(outer)[2])[1]
        numbers = read_der(bits[1:])[1]
        _, modulus, at = read_der(numbers)
        self.modulus = int.from_bytes(modulus, "big")
        self.exponent = int.from_bytes(read_der(numbers, at)[1], "big")

    @classmethod
    def of(cls, pem, passphrase=None):
        """The public half of a private key file, by the openssl program."""
        words = ["openssl", "pkey", "-in", str(pem), "-pubout", "-outform", "DER"]
        if passphrase is not None:
            words += ["-passin", "pass:" + passphrase]
        return cls(subprocess.run(words, check=True, capture_output=True).stdout)

    def verifies(self, message, signature):
        size = (self.modulus.bit_length() + 7) // 8
        if len(signature) != size:
            return False
        found = pow(int.from_bytes(signature, "big"), self.exponent, self.modulus)
        end = SHA256_INFO + hashlib.sha256(message).digest()
        wanted = b"\0\1" + b"\xff" * (size - len(end) - 3) + b"\0" + end
        return found.to_bytes(size, "big") == wanted


def check(token, keys, account, user, now):
    """Raises Refused unless the token is one of this user's at this time."""
    parts = token.split(".")
    if len(parts) != 3:
        raise Refused("not three parts")
    header, claims = (json.loads(decode(part)) for part in parts[:2])
    if header != {"alg": "RS256", "typ": "JWT"}:
        raise Refused(f"header {header}")
    subject = f"{account}.{user}".upper()
    if claims["sub"] != subject:
        raise Refused(f"sub {claims['sub']}")
    key = next((key for key in keys if claims["iss"] == f"{subject}.{key.fingerprint}"), None)
    if key is None:
        raise Refused(f"iss {claims['iss']}")
    if not key.verifies(".".join(parts[:2]).encode(), decode(parts[2])):
        raise Refused("signature")
    if not 0 < claims["exp"] - claims["iat"] <= 3600:
        raise Refused("longer than an hour")
    if not claims["iat"] - 60 <= now < claims["exp"]:
        raise Refused(f"iat {claims['iat']}, exp {claims['exp']}, now {now}")
