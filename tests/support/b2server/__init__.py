"""A Backblaze B2 on loopback: the native API, version 4, as b2sdk 2.13 calls it, with failures on request.

    with B2Server() as server:
        server.account.add_bucket("worlds")
        key = server.account.add_key(bucket="worlds", prefix="p/")
        api.authorize_account(key.id, key.secret, realm=server.url)
        server.faults.add(Fault("b2_upload_file", status=429, retry_after="1"))

What it does is Backblaze's API documentation (backblaze.com/apidocs, "Introduction to the B2 Native API",
"Application Key Capabilities", "Native API Error Handling and Status Codes", "Integration Checklist"), where b2sdk
depends on it:

- A token from b2_authorize_account lasts 24 h and carries its key's capabilities, bucket and name prefix. A missing
  capability, a name or prefix outside the key's, or a wrong key is 401 `unauthorized`; an old token is 401
  `expired_auth_token`, an unknown one 401 `bad_auth_token`. An expired key is 401 `unauthorized` at authorize_account.
- A prefix is compared as text: a key for `srv1` may write `srv10/x`.
- Every upload is a new version of its name; nothing is overwritten. b2_hide_file adds a version of action `hide`;
  it needs writeFiles only, as overwriting does. b2_list_file_names shows the newest version of names that are not
  hidden; b2_list_file_versions shows all, by name, newest first. Deleting a version needs deleteFiles.
- b2_upload_file checks `X-Bz-Content-Sha1` (also `hex_digits_at_end`), the token's bucket and the key's prefix.
- Downloads take one `Range`, and a token from b2_get_download_authorization in the header or in the query.
- Every error is `{"status", "code", "message"}`.

- Large files: start, parts of at least 5 MB, finish, cancel; their SHA-1 is `none`.

Left out, because Dormouse has no use for it: copies of parts, File Lock, replication, notifications, S3, version 3.
Lifecycle rules run when a test says so (`Account.run_lifecycle`); at Backblaze they run once a day.

`account.py` is the state and its rules, `api.py` the operations, `server.py` HTTP, `faults.py` what goes wrong.
"""

from __future__ import annotations

from b2server.account import Account, Bucket, Key, Refusal, Version
from b2server.faults import Fault, Faults, cap_reached
from b2server.server import B2Server, Seen

__all__ = ["Account", "B2Server", "Bucket", "Fault", "Faults", "Key", "Refusal", "Seen", "Version", "cap_reached"]
