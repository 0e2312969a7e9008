"""A small S3 client of the tests' own, so that what auditkeep says about S3 can be checked."""
import datetime
import hashlib
import hmac
import http.client
import re
import urllib.parse
import xml.etree.ElementTree as xml

LOCK_ON = (b"<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
           b"</ObjectLockConfiguration>")


class S3:
    """One user of one endpoint; path style, AWS Signature Version 4."""

    def __init__(self, endpoint, access_key, secret_key, region="us-east-1"):
        self.endpoint, self.region = endpoint, region
        self.access_key, self.secret_key = access_key, secret_key

    def _signature(self, day, text):
        key = ("AWS4" + self.secret_key).encode()
        for part in (day, self.region, "s3", "aws4_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key.hex()

    def request(self, method, path, query=None, body=b"", headers=None):
        """(status, headers, body); headers have lower-case names."""
        url = urllib.parse.urlsplit(self.endpoint)
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        fields = {"host": url.netloc, "x-amz-date": now, "x-amz-content-sha256": digest}
        fields.update({name.lower(): value for name, value in (headers or {}).items()})
        path = urllib.parse.quote(path)
        pairs = sorted((urllib.parse.quote(k, safe=""), urllib.parse.quote(v, safe=""))
                       for k, v in (query or {}).items())
        query_text = "&".join(f"{k}={v}" for k, v in pairs)
        names = ";".join(sorted(fields))
        lines = "".join(f"{name}:{fields[name].strip()}\n" for name in sorted(fields))
        canonical = "\n".join([method, path, query_text, lines, names, digest])
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                             hashlib.sha256(canonical.encode()).hexdigest()])
        fields["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, "
            f"Signature={self._signature(now[:8], to_sign)}")
        connection = http.client.HTTPConnection(url.netloc, timeout=30)
        try:
            connection.request(method, f"{path}?{query_text}" if query_text else path, body, fields)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, got, answer.read()
        finally:
            connection.close()

    def must(self, method, path, **more):
        status, headers, body = self.request(method, path, **more)
        assert status < 300, f"{method} {path}: {status} {body[:500]!r}"
        return headers, body

    def make_bucket(self, bucket, lock=True):
        extra = {"x-amz-bucket-object-lock-enabled": "true"} if lock else {}
        self.must("PUT", f"/{bucket}", headers=extra)

    def head(self, bucket, key, version=None):
        query = {"versionId": version} if version else None
        return self.request("HEAD", f"/{bucket}/{key}", query=query)[:2]

    def get(self, bucket, key, version=None):
        query = {"versionId": version} if version else None
        return self.must("GET", f"/{bucket}/{key}", query=query)[1]

    def put(self, bucket, key, body, headers=None):
        return self.must("PUT", f"/{bucket}/{key}", body=body, headers=headers)[0]

    def delete(self, bucket, key, version=None):
        query = {"versionId": version} if version else None
        return self.request("DELETE", f"/{bucket}/{key}", query=query)[0]

    def versions(self, bucket, prefix=""):
        """[(key, version, is_latest, is_delete_marker)], in the order the store lists them."""
        found, more = [], {}
        while True:
            query = {"versions": "", "prefix": prefix, **more}
            root = xml.fromstring(re.sub(rb' xmlns="[^"]*"', b"",
                                         self.must("GET", f"/{bucket}", query=query)[1]))
            for item in root:
                if item.tag in ("Version", "DeleteMarker"):
                    found.append((item.findtext("Key"), item.findtext("VersionId"),
                                  item.findtext("IsLatest") == "true", item.tag == "DeleteMarker"))
            if root.findtext("IsTruncated") != "true":
                return found
            more = {"key-marker": root.findtext("NextKeyMarker"),
                    "version-id-marker": root.findtext("NextVersionIdMarker") or ""}
