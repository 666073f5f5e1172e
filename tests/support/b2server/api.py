"""The operations of the native API that take and give JSON, by name. Each gets the account, the caller's token and the
request; each checks capability, bucket and prefix before it does anything."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from b2server.account import CAPABILITIES, Account, Bucket, Key, Large, Refusal, Version

SMALLEST_PART = 5_000_000
"""Bytes; the last part may be smaller."""

Request = Mapping[str, Any]
Answer = dict[str, Any]


def authorize(account: Account, key: Key, base: str) -> Answer:
    """b2_authorize_account: the only one that takes a key and not a token."""
    buckets = None
    if key.bucket_ids is not None:
        named = {bucket.id: bucket.name for bucket in account.buckets.values()}
        buckets = [{"id": each, "name": named.get(each)} for each in key.bucket_ids]
    return {
        "accountId": account.id,
        "authorizationToken": account.issue(key),
        "applicationKeyExpirationTimestamp": key.expires,
        "apiInfo": {
            "storageApi": {
                "apiUrl": base,
                "downloadUrl": base,
                "s3ApiUrl": base,
                "absoluteMinimumPartSize": SMALLEST_PART,
                "recommendedPartSize": 100_000_000,
                "allowed": {"buckets": buckets, "capabilities": sorted(key.capabilities), "namePrefix": key.prefix},
            }
        },
    }


def described(account: Account, bucket: Bucket, version: Version) -> Answer:
    """A version as uploads, hides and listings show it."""
    upload = version.action == "upload"
    return {
        "accountId": account.id,
        "action": version.action,
        "bucketId": bucket.id,
        "contentLength": len(version.data),
        "contentMd5": None,
        "contentSha1": version.sha1 if upload else None,
        "contentType": version.content_type if upload else "application/x-bz-hide-marker",
        "fileId": version.id,
        "fileInfo": version.info,
        "fileName": version.name,
        "fileRetention": {"isClientAuthorizedToRead": False, "value": None},
        "legalHold": {"isClientAuthorizedToRead": False, "value": None},
        "replicationStatus": None,
        "serverSideEncryption": bucket.encryption,
        "uploadTimestamp": version.at,
    }


def need(key: Key, capability: str, bucket: str | None = None, name: str | None = None) -> None:
    if not key.may(capability, bucket, name):
        raise Refusal(401, "unauthorized", "unauthorized")


def bucket_of(account: Account, request: Request) -> Bucket:
    bucket = account.buckets.get(str(request.get("bucketId")))
    if bucket is None:
        raise Refusal(400, "bad_bucket_id", f"Bucket {request.get('bucketId')} does not exist")
    return bucket


def list_buckets(account: Account, key: Key, request: Request, base: str) -> Answer:
    need(key, "listBuckets")
    wanted_id, wanted_name = request.get("bucketId"), request.get("bucketName")
    found = [
        bucket
        for bucket in account.buckets.values()
        if wanted_id in (None, bucket.id) and wanted_name in (None, bucket.name)
    ]
    if key.bucket_ids is not None and not (found and all(bucket.id in key.bucket_ids for bucket in found)):
        raise Refusal(401, "unauthorized", "unauthorized")
    return {"buckets": [_bucket(account, key, bucket) for bucket in found]}


def create_bucket(account: Account, key: Key, request: Request, base: str) -> Answer:
    need(key, "writeBuckets")
    bucket = account.add_bucket(request["bucketName"])
    bucket.kind = request["bucketType"]
    return _changed(bucket, account, key, request)


def update_bucket(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket = bucket_of(account, request)
    need(key, "writeBuckets", bucket.id)
    if request.get("ifRevisionIs") not in (None, bucket.revision):
        raise Refusal(409, "conflict", "ifRevisionIs does not match")
    bucket.revision += 1
    return _changed(bucket, account, key, request)


def get_upload_url(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket = bucket_of(account, request)
    need(key, "writeFiles", bucket.id)
    return {
        "bucketId": bucket.id,
        "uploadUrl": f"{base}/b2api/v4/b2_upload_file/{bucket.id}",
        "authorizationToken": account.issue(key, bucket=bucket.id),
    }


def list_file_names(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket, prefix, count = _listing(account, key, request)
    names = [
        name for name in bucket.names() if name.startswith(prefix) and name >= (request.get("startFileName") or "")
    ]
    page = [version for name in names[:count] if (version := bucket.visible(name))]
    return {
        "files": [described(account, bucket, version) for version in page],
        "nextFileName": names[count] if len(names) > count else None,
    }


def list_file_versions(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket, prefix, count = _listing(account, key, request)
    versions = [version for version in bucket.versions() if version.name.startswith(prefix)]
    start, after = request.get("startFileName") or "", request.get("startFileId")
    versions = versions[bisect_left([version.name for version in versions], start) :]
    if after:
        places = [place for place, version in enumerate(versions) if version.id == after]
        if not places:
            raise Refusal(400, "invalid_file_id", "Invalid startFileId")
        versions = versions[places[0] :]
    more = versions[count] if len(versions) > count else None
    return {
        "files": [described(account, bucket, version) for version in versions[:count]],
        "nextFileName": more.name if more else None,
        "nextFileId": more.id if more else None,
    }


def hide_file(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket, name = bucket_of(account, request), request["fileName"]
    need(key, "writeFiles", bucket.id, name)
    versions = bucket.files.get(name)
    if not versions:
        raise Refusal(400, "no_such_file", f"File not present: {name}")
    if versions[0].action == "hide":
        raise Refusal(400, "already_hidden", f"File already hidden: {name}")
    return described(account, bucket, account.store(bucket, name, "hide"))


def delete_file_version(account: Account, key: Key, request: Request, base: str) -> Answer:
    name = request["fileName"]
    found = account.find(request["fileId"])
    need(key, "deleteFiles", found[0].id if found else None, name)
    if found is None or found[1].name != name:
        raise Refusal(400, "file_not_present", f"File not present: {name}")
    bucket, version = found
    bucket.files[name].remove(version)
    if not bucket.files[name]:
        del bucket.files[name]
    return {"fileId": version.id, "fileName": name}


def get_file_info(account: Account, key: Key, request: Request, base: str) -> Answer:
    found = account.find(request["fileId"])
    if started := account.large.get(request["fileId"]):
        need(key, "readFiles", started.bucket, started.name)
        return _started(account, started)
    if found is None:
        need(key, "readFiles")
        raise Refusal(404, "not_found", "File not found")
    need(key, "readFiles", found[0].id, found[1].name)
    return described(account, *found)


def copy_file(account: Account, key: Key, request: Request, base: str) -> Answer:
    found, name = account.find(request["sourceFileId"]), request["fileName"]
    if found is None or found[1].action != "upload":
        raise Refusal(400, "file_not_present", "File not present")
    bucket, source = found
    need(key, "readFiles", bucket.id, source.name)
    need(key, "writeFiles", bucket.id, name)
    copied = account.store(bucket, name, data=source.data, content_type=source.content_type, info=source.info)
    return described(account, bucket, copied)


def start_large_file(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket, name = bucket_of(account, request), request["fileName"]
    need(key, "writeFiles", bucket.id, name)
    large = Large(account.new_id(bucket.id), bucket.id, name, request["contentType"], request.get("fileInfo") or {})
    account.large[large.id] = large
    return _started(account, large)


def get_upload_part_url(account: Account, key: Key, request: Request, base: str) -> Answer:
    large = _large(account, key, request)
    return {
        "fileId": large.id,
        "uploadUrl": f"{base}/b2api/v4/b2_upload_part/{large.id}",
        "authorizationToken": account.issue(key, bucket=large.bucket, large=large.id),
    }


def finish_large_file(account: Account, key: Key, request: Request, base: str) -> Answer:
    large, wanted = _large(account, key, request), request["partSha1Array"]
    if sorted(large.parts) != list(range(1, len(wanted) + 1)):
        raise Refusal(400, "missing_part", "a part is missing")
    parts = [large.parts[number] for number in sorted(large.parts)]
    if any(len(part) < SMALLEST_PART for part in parts[:-1]):
        raise Refusal(400, "bad_request", "all parts but the last must have at least 5 MB")
    if [hashlib.sha1(part, usedforsecurity=False).hexdigest() for part in parts] != wanted:
        raise Refusal(400, "part_sha1_mismatch", "a part's checksum differs")
    del account.large[large.id]
    bucket = account.buckets[large.bucket]
    version = account.store(
        bucket,
        large.name,
        data=b"".join(parts),
        id=large.id,
        sha1="none",
        content_type=large.content_type,
        info=large.info,
    )
    return described(account, bucket, version)


def cancel_large_file(account: Account, key: Key, request: Request, base: str) -> Answer:
    large = _large(account, key, request)
    del account.large[large.id]
    return {"accountId": account.id, "bucketId": large.bucket, "fileId": large.id, "fileName": large.name}


def get_download_authorization(account: Account, key: Key, request: Request, base: str) -> Answer:
    bucket, prefix, seconds = bucket_of(account, request), request["fileNamePrefix"], request["validDurationInSeconds"]
    need(key, "shareFiles", bucket.id, prefix)
    if not 1 <= seconds <= 604_800:
        raise Refusal(400, "bad_request", "validDurationInSeconds must be between 1 and 604800")
    return {
        "bucketId": bucket.id,
        "fileNamePrefix": prefix,
        "authorizationToken": account.issue(key, seconds, bucket.id, prefix),
    }


def create_key(account: Account, key: Key, request: Request, base: str) -> Answer:
    need(key, "writeKeys")
    name, ids = request["keyName"], request.get("bucketIds")
    if not 1 <= len(name) <= 100 or not all(c.isascii() and (c.isalnum() or c == "-") for c in name):
        raise Refusal(400, "bad_request", "keyName: letters, numbers and '-', at most 100 characters")
    for each in ids or ():
        bucket_of(account, {"bucketId": each})
    made = account.make_key(
        frozenset(request["capabilities"]),
        name,
        tuple(ids) if ids else None,
        request.get("namePrefix"),
        request.get("validDurationInSeconds"),
    )
    return {**_key(account, made), "applicationKey": made.secret}


def delete_key(account: Account, key: Key, request: Request, base: str) -> Answer:
    need(key, "deleteKeys")
    gone = account.keys.pop(request["applicationKeyId"], None)
    if gone is None:
        raise Refusal(400, "bad_request", "Application key does not exist")
    return _key(account, gone)


def list_keys(account: Account, key: Key, request: Request, base: str) -> Answer:
    need(key, "listKeys")
    count, start = request.get("maxKeyCount") or 100, request.get("startApplicationKeyId") or ""
    ids = [each for each in sorted(account.keys) if each >= start]
    return {
        "keys": [_key(account, account.keys[each]) for each in ids[:count]],
        "nextApplicationKeyId": ids[count] if len(ids) > count else None,
    }


OPERATIONS: Mapping[str, Callable[[Account, Key, Request, str], Answer]] = {
    f"b2_{function.__name__}": function
    for function in (
        list_buckets,
        create_bucket,
        update_bucket,
        get_upload_url,
        list_file_names,
        list_file_versions,
        hide_file,
        delete_file_version,
        get_file_info,
        copy_file,
        start_large_file,
        get_upload_part_url,
        finish_large_file,
        cancel_large_file,
        get_download_authorization,
        create_key,
        delete_key,
        list_keys,
    )
}


def _large(account: Account, key: Key, request: Request) -> Large:
    large = account.large.get(request["fileId"])
    if large is None:
        need(key, "writeFiles")
        raise Refusal(400, "bad_request", f"No active upload for: {request['fileId']}")
    need(key, "writeFiles", large.bucket, large.name)
    return large


def _started(account: Account, large: Large) -> Answer:
    started = Version(large.id, large.name, "start", account.now(), b"", "none", large.content_type, large.info)
    return described(account, account.buckets[large.bucket], started)


def _listing(account: Account, key: Key, request: Request) -> tuple[Bucket, str, int]:
    bucket, prefix = bucket_of(account, request), request.get("prefix") or ""
    need(key, "listFiles", bucket.id, prefix)
    count = request.get("maxFileCount") or 100
    if not 1 <= count <= 10_000:
        raise Refusal(400, "out_of_range", "maxFileCount out of range")
    return bucket, prefix, count


def _changed(bucket: Bucket, account: Account, key: Key, request: Request) -> Answer:
    encryption = request.get("defaultServerSideEncryption")
    if encryption is not None:
        need(key, "writeBucketEncryption", bucket.id)
        bucket.encryption = encryption
    bucket.lifecycle = request.get("lifecycleRules", bucket.lifecycle)
    bucket.info = request.get("bucketInfo", bucket.info)
    return _bucket(account, key, bucket)


def _bucket(account: Account, key: Key, bucket: Bucket) -> Answer:
    reads = key.may("readBucketEncryption", bucket.id)
    return {
        "accountId": account.id,
        "bucketId": bucket.id,
        "bucketInfo": bucket.info,
        "bucketName": bucket.name,
        "bucketType": bucket.kind,
        "corsRules": [],
        "defaultServerSideEncryption": {
            "isClientAuthorizedToRead": reads,
            "value": bucket.encryption if reads else None,
        },
        "fileLockConfiguration": {"isClientAuthorizedToRead": False, "value": None},
        "lifecycleRules": bucket.lifecycle,
        "options": [],
        "replicationConfiguration": {"isClientAuthorizedToRead": False, "value": None},
        "revision": bucket.revision,
    }


def _key(account: Account, key: Key) -> Answer:
    return {
        "accountId": account.id,
        "applicationKeyId": key.id,
        "bucketIds": list(key.bucket_ids) if key.bucket_ids is not None else None,
        "capabilities": sorted(key.capabilities & CAPABILITIES),
        "expirationTimestamp": key.expires,
        "keyName": key.name,
        "namePrefix": key.prefix,
        "options": ["s3"],
    }
