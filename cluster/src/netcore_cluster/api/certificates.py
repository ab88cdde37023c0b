"""A certificate authority for one data directory, and the certificates that it signs.

Runs as a program of its own: the library behind it takes 15 MB and a sixth of a second that the
API server has better uses for.

    python -m netcore_cluster.api.certificates FOLDER NAME...
"""

import ipaddress
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from netcore_cluster.api.identity import ADMIN, MASTERS
from netcore_cluster.api.pki import Pki

AUTHORITY_VALIDITY = timedelta(days=3650)
VALIDITY = timedelta(days=365)
_SKEW = timedelta(minutes=5)


def make(pki: Pki, names: Sequence[str]) -> None:
    """Makes the authority if there is none, then the server's and administrator's certificates.

    Args:
        pki: where the files go.
        names: host names and addresses of the server.
    """
    pki.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if pki.authority.exists() and pki.authority_key.exists():
        authority = x509.load_pem_x509_certificate(pki.authority.read_bytes())
        key = load_pem_private_key(pki.authority_key.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SystemExit(f"{pki.authority_key} is no elliptic-curve key")
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        authority = _authority(key)
        _write(pki.authority_key, _pem(key))
        _write(pki.authority, authority.public_bytes(Encoding.PEM))
    server = _signed(
        authority,
        key,
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "netcore-apiserver")]),
        ExtendedKeyUsageOID.SERVER_AUTH,
        [_general_name(name) for name in names],
    )
    _store(server, pki.server, pki.server_key)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MASTERS),
            x509.NameAttribute(NameOID.COMMON_NAME, ADMIN.name),
        ]
    )
    admin = _signed(authority, key, subject, ExtendedKeyUsageOID.CLIENT_AUTH, [])
    _store(admin, pki.admin, pki.admin_key)


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "netcore-ca")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + AUTHORITY_VALIDITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _signed(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    purpose: x509.ObjectIdentifier,
    names: list[x509.GeneralName],
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(issuer, critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority_key, hashes.SHA256()), key


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _store(
    signed: tuple[x509.Certificate, ec.EllipticCurvePrivateKey], path: Path, key_path: Path
) -> None:
    certificate, key = signed
    _write(key_path, _pem(key))
    _write(path, certificate.public_bytes(Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes) -> None:
    """Writes a file that only its owner reads, whole or not at all."""
    temporary = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)


if __name__ == "__main__":
    make(Pki(Path(sys.argv[1])), sys.argv[2:])
