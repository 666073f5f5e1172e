"""Pure: the signature of what is sent, by which a receiver knows that it is ours and not an old one sent again.

The scheme is Stripe's (https://docs.stripe.com/webhooks#verify-manually): `t=<unix seconds>,v1=<hex>`, the latter the
HMAC-SHA-256 of `<unix seconds>.<body>` under the webhook's secret. After a rotation there is a second `v1`, by the old
secret, for a while: a receiver takes either.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import timedelta

HEADER = "X-Dormouse-Signature"
BOTH_FOR = timedelta(hours=24)
"""After a rotation."""


def sign(secrets: Iterable[str], body: bytes, at: int) -> str:
    """`at`: unix seconds."""
    signed = f"{at}.".encode() + body
    return ",".join([f"t={at}", *(f"v1={hmac.digest(each.encode(), signed, 'sha256').hex()}" for each in secrets)])
