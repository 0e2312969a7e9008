#!/usr/bin/env python3
"""Buckets for tests, over the endpoint and keys of 's3 start' (source DIR/s3.env first).

    s3_bucket.py create NAME [--lock] [--default-retention COMPLIANCE:7y|GOVERNANCE:1d]
    s3_bucket.py limit NAME        the limited user may put, get and list, and nothing else
    s3_bucket.py forbid NAME       no policy: the limited user may do nothing
    s3_bucket.py delete-marker NAME KEY
    s3_bucket.py delete NAME KEY VERSION
    s3_bucket.py versions NAME [PREFIX]

Prints the status of the answer; exit 1 when it is no 2xx. Signs by itself, so that it also is a
second opinion on the signatures of the program under test.
"""
import argparse
import base64
import datetime
import hashlib
import hmac
import http.client
import json
import os
import sys
import urllib.parse


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def hmac256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def authorization(method, path, query, headers, payload_hash, key, secret, region):
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [method, path, query]
        + [f"{name}:{headers[name]}" for name in sorted(headers)]
        + ["", names, payload_hash]
    )
    stamp = headers["x-amz-date"]
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signing_key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        signing_key = hmac256(signing_key, part)
    signature = hmac256(signing_key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}").hex()
    return f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"


def request(method, bucket, key="", query=(), headers=(), body=b""):
    """One signed, path-style request; returns (status, headers, body)."""
    endpoint = urllib.parse.urlsplit(os.environ["AK_TEST_S3_ENDPOINT"])
    path = "/" + quote(bucket) + ("/" + quote(key, "/") if key else "")
    encoded = "&".join(sorted(f"{quote(n)}={quote(v)}" for n, v in query))
    payload_hash = hashlib.sha256(body).hexdigest()
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = {name.lower(): value for name, value in headers}
    signed |= {
        "host": endpoint.netloc,
        "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-content-sha256": payload_hash,
    }
    if body:
        signed["content-md5"] = base64.b64encode(hashlib.md5(body).digest()).decode()
    signed["authorization"] = authorization(
        method, path, encoded, dict(signed), payload_hash,
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], "us-east-1",
    )
    connection = http.client.HTTPConnection(endpoint.hostname, endpoint.port, timeout=60)
    connection.request(method, path + ("?" + encoded if encoded else ""), body or None, signed)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def lock_configuration(rule):
    mode, period = rule.split(":")
    unit = {"y": "Years", "d": "Days"}[period[-1]]
    return (
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
        f"<DefaultRetention><Mode>{mode}</Mode><{unit}>{int(period[:-1])}</{unit}>"
        "</DefaultRetention></Rule></ObjectLockConfiguration>"
    ).encode()


def limited_policy(bucket):
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam:::user/limited"]},
            "Action": ["s3:PutObject", "s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }],
    }).encode()


def create(args):
    headers = [("x-amz-bucket-object-lock-enabled", "true")] if args.lock else []
    answer = request("PUT", args.name, headers=headers)
    if args.default_retention and answer[0] == 200:
        answer = request("PUT", args.name, query=[("object-lock", "")],
                         body=lock_configuration(args.default_retention))
    return answer


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for command, arguments in {
        "create": [], "limit": [], "forbid": [], "delete-marker": ["key"],
        "delete": ["key", "version"], "versions": [],
    }.items():
        sub = commands.add_parser(command)
        sub.add_argument("name")
        for argument in arguments:
            sub.add_argument(argument)
        if command == "create":
            sub.add_argument("--lock", action="store_true")
            sub.add_argument("--default-retention")
        if command == "versions":
            sub.add_argument("prefix", nargs="?", default="")
    return parser.parse_args()


def main():
    args = parse()
    actions = {
        "create": lambda: create(args),
        "limit": lambda: request("PUT", args.name, query=[("policy", "")],
                                 body=limited_policy(args.name)),
        "forbid": lambda: request("DELETE", args.name, query=[("policy", "")]),
        "delete-marker": lambda: request("DELETE", args.name, args.key),
        "delete": lambda: request("DELETE", args.name, args.key,
                                  query=[("versionId", args.version)]),
        "versions": lambda: request("GET", args.name,
                                    query=[("versions", ""), ("prefix", args.prefix)]),
    }
    status, _, body = actions[args.command]()
    print(status)
    if body:
        print(body.decode(errors="replace"))
    return 0 if 200 <= status < 300 else 1


if __name__ == "__main__":
    sys.exit(main())
